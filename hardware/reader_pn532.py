"""A PN532 as card reader: what its cards do, as events of the reader's port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hardware.cards import CardAnswered, CardGone, CardsCollided, CardSeen, CardTechnology
from hardware.errors import DeviceSettingError
from hardware.pn532_chip import Pn532
from hardware.pn532_link import check_source, demand_library, open_link
from hardware.reader_thread import ReaderThread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from itertools import count

    from hardware.cards import CardEvent, ReaderOptions
    from hardware.pn532_chip import Target
    from hardware.pn532_link import Link
    from hardware.ports import Clock

PAUSE_S: Final = 0.03
LOOKS_BEFORE_GONE: Final = 2
"""A single lost answer is noise; two are a card pulled away."""
_LEAST_RESPONSE = 2


class Pn532Session:
    """The chip while it is plugged in.

    One card at a time is served. While two are in the field none is, until one is taken away.
    An ISO-DEP card is asked whether it is there without disturbing its session; any other card
    is listed anew with the field switched off and on.
    """

    working = True
    pause_s = PAUSE_S

    def __init__(self, link: Link, identity: str, clock: Clock, numbers: count[int]) -> None:
        self._link = link
        self._chip = Pn532(link, identity)
        self._clock = clock
        self._numbers = numbers
        self._card = 0
        self._target: Target | None = None
        self._misses = 0
        self._collided = False

    def start(self) -> None:
        """Make the chip ready; see `Pn532.start`."""
        self._chip.start()

    def step(self, command: tuple[int, bytes] | None) -> Sequence[CardEvent]:
        """Send `command` to the card, or see which cards are there."""
        if command is not None:
            return self._exchange(*command)
        if self._target is None:
            return self._meet(self._list())
        found = self._find_again(self._target)
        if [one.uid for one in found] == [self._target.uid]:
            self._misses = 0
            return ()
        self._misses += 1
        if not found and self._misses < LOOKS_BEFORE_GONE:
            return ()
        return (*self._lose(), *self._meet(found))

    def close(self) -> None:
        """Let go of the device; the chip's field goes off at the next start."""
        self._link.close()

    def _list(self) -> tuple[Target, ...]:
        return self._chip.list_a() or self._chip.list_b()

    def _find_again(self, target: Target) -> tuple[Target, ...]:
        if target.technology is CardTechnology.ISO_DEP:
            return (target,) if self._chip.present() else ()
        self._chip.field_off()
        return self._list()

    def _meet(self, found: tuple[Target, ...]) -> tuple[CardEvent, ...]:
        if len(found) > 1:
            self._chip.field_off()  # so that both answer at the next look
            collided, self._collided = self._collided, True
            return () if collided else (CardsCollided(self._clock.now_ns()),)
        self._collided = False
        if not found:
            return ()
        self._target, self._misses, self._card = found[0], 0, next(self._numbers)
        technology, uid = found[0].technology, found[0].uid
        return (CardSeen(self._card, self._clock.now_ns(), technology, uid),)

    def _lose(self) -> tuple[CardEvent, ...]:
        """Forget the card; if it is still there after all, it comes back as a new one."""
        self._target = None
        self._chip.release()
        self._chip.field_off()
        return (CardGone(self._card),)

    def _exchange(self, card: int, command: bytes) -> tuple[CardEvent, ...]:
        target = self._target
        if target is None or card != self._card or target.technology is not CardTechnology.ISO_DEP:
            return ()
        response = self._chip.exchange(target.number, command)
        if response is None or len(response) < _LEAST_RESPONSE:
            return self._lose()
        return (CardAnswered(card, response),)


def open_device(options: ReaderOptions, clock: Clock) -> ReaderThread:
    """Open the chip at `options.source`: "uart:/dev/ttyAMA0", "i2c:1" or "spi:0.0".

    Raises:
        DeviceSettingError: the source is none of these, or a key file is named.
        DeviceUnavailableError: the extra `pn532` is not installed. An absent chip is looked for.

    """
    check_source(options.source)
    if options.key_file:
        raise DeviceSettingError("pn532 reader", "a key_file", "none; gate holds the cards' keys")
    demand_library(options.source)
    identity = f"pn532 {options.source}"

    def find(numbers: count[int]) -> Pn532Session:
        session = Pn532Session(open_link(options.source, clock), identity, clock, numbers)
        try:
            session.start()
        except BaseException:
            session.close()
            raise
        return session

    return ReaderThread(identity, find)
