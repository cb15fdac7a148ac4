"""A card reader whose cards are presented by calls, or by lines through a named pipe."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hardware.errors import DeviceSettingError, DeviceUnavailableError
from hardware.ports import (
    Authenticity,
    CardAnswered,
    CardGone,
    CardPresentation,
    CardsCollided,
    CardSeen,
    CardTechnology,
)
from hardware.sim.card import SoftCard
from hardware.sim.card_memory import Memory
from hardware.sim.pipe import LinePipe

if TYPE_CHECKING:
    from hardware.ports import CardEvent, Clock, ReaderOptions

CARD: Final = re.compile(r"card ([0-9A-Fa-f]{32})")
HOLD: Final = re.compile(r"hold ([a-z0-9-]{1,32})")
TAKE: Final = "take"
PLUGS: Final = {"unplug": False, "plug": True}
COPYABLE: Final = re.compile(r"copyable ([0-9A-Fa-f]{2}){4,10}")
LONGEST_LINE = 64


class SimReader:
    """Cards out of thin air, for tests and simulation sites.

    `card <32 hex digits>` presents a card that proved itself, `copyable <8 to 20 hex digits>` a
    number anybody could copy. `hold NAME` holds the software card of the file `NAME.card`, beside
    the pipe, to the reader, and `take` takes it away; such a card really talks. `unplug` pulls
    the reader's own plug, its cards with it, and `plug` puts it back. Other lines are dropped and
    counted.

    """

    def __init__(self, clock: Clock, pipe: Path | None = None) -> None:
        self._malformed = 0
        self._clock = clock
        self._path = pipe
        self._events: list[CardEvent] = []
        self._cards: dict[int, SoftCard] = {}
        self._numbers = count(1)
        self._pipe = None if pipe is None else LinePipe(pipe, "sim reader", LONGEST_LINE)
        self._closed = False
        self._plugged = True

    @property
    def identity(self) -> str:
        """Driver and pipe."""
        return f"sim {self._path or ''}".rstrip()

    @property
    def dropped(self) -> int:
        """Lines that were malformed or too long."""
        return self._malformed + (self._pipe.dropped if self._pipe is not None else 0)

    @property
    def working(self) -> bool:
        """Whether a card held to it now would be read."""
        return self._plugged and not self._closed

    def fileno(self) -> int:
        """Return the pipe's descriptor, or -1 without one."""
        return -1 if self._pipe is None else self._pipe.fileno()

    def send(self, card: int, command: bytes) -> None:
        """Let the software card answer; one that is gone meanwhile does not."""
        if card in self._cards:
            self._events.append(CardAnswered(card, self._cards[card].transmit(command)))

    def hold(self, card: SoftCard, technology: CardTechnology = CardTechnology.ISO_DEP) -> int:
        """Hold a software card to the reader; return the number of this insertion."""
        number = next(self._numbers)
        card.reset()
        self._cards[number] = card
        self._events.append(CardSeen(number, self._clock.now_ns(), technology, card.uid))
        return number

    def take_away(self, number: int) -> None:
        """Take a card away; one that is gone already stays so."""
        if self._cards.pop(number, None) is not None:
            self._events.append(CardGone(number))

    def collide(self) -> None:
        """Hold two cards to the reader at once."""
        self._events.append(CardsCollided(self._clock.now_ns()))

    def present(self, card_id: bytes, authenticity: Authenticity = Authenticity.MUTUAL) -> None:
        """Hold a card to the reader."""
        self._events.append(CardPresentation(card_id, authenticity, self._clock.now_ns()))

    def poll(self) -> tuple[CardEvent, ...]:
        """Return what happened since the last call."""
        if self._closed:
            raise DeviceUnavailableError("sim reader", "closed", "an open reader")
        for line in self._pipe.lines() if self._pipe is not None else ():
            self._take(line)
        events, self._events = tuple(self._events), []
        return events

    def close(self) -> None:
        """Take the pipe away."""
        self._closed = True
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None

    def _take(self, line: str) -> None:
        if line in PLUGS:
            self._plugged = PLUGS[line]
            self._take_all()
        elif not self._plugged:
            self._malformed += 1
        elif card := CARD.fullmatch(line):
            self.present(bytes.fromhex(card[1]))
        elif COPYABLE.fullmatch(line):
            self.present(b"", Authenticity.COPYABLE)
        elif (held := HOLD.fullmatch(line)) and self._path is not None:
            self._hold_file(self._path.with_name(held[1] + ".card"))
        elif line == TAKE:
            self._take_all()
        else:
            self._malformed += 1

    def _take_all(self) -> None:
        for number in tuple(self._cards):
            self.take_away(number)

    def _hold_file(self, path: Path) -> None:
        try:
            card = SoftCard(Memory.load(path))
        except (OSError, ValueError):
            self._malformed += 1
        else:
            self.hold(card)


def open_device(options: ReaderOptions, clock: Clock) -> SimReader:
    """Open a reader with its pipe at `options.source`, or without one if that is empty."""
    if options.source and not Path(options.source).is_absolute():
        raise DeviceSettingError(
            "sim reader", f"source {options.source!r}", "an absolute path, or none"
        )
    return SimReader(clock, Path(options.source) if options.source else None)
