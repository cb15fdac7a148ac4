"""A card reader whose cards are presented by calls, or by lines through a named pipe."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
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

if TYPE_CHECKING:
    from hardware.ports import CardEvent, Clock, ReaderOptions

CARD: Final = re.compile(rb"card ([0-9A-Fa-f]{32})")
HOLD: Final = re.compile(rb"hold ([a-z0-9-]{1,32})")
TAKE: Final = b"take"
COPYABLE: Final = re.compile(rb"copyable ([0-9A-Fa-f]{2}){4,10}")
LONGEST_LINE = 64
MOST_BYTES_PER_POLL = 4096
"""A flood waits in the pipe, and its writer with it, instead of holding up the caller."""


class SimReader:
    """Cards out of thin air, for tests and simulation sites.

    `card <32 hex digits>` presents a card that proved itself, `copyable <8 to 20 hex digits>` a
    number anybody could copy. `hold NAME` holds the software card of the file `NAME.card`, beside
    the pipe, to the reader, and `take` takes it away; such a card really talks. Other lines are
    dropped and counted.

    Attributes:
        dropped: lines that were malformed or too long.

    """

    def __init__(self, clock: Clock, pipe: Path | None = None) -> None:
        self.dropped = 0
        self._clock = clock
        self._pipe = pipe
        self._events: list[CardEvent] = []
        self._cards: dict[int, SoftCard] = {}
        self._numbers = count(1)
        self._rest = b""
        self._overlong = False
        self._fd = None if pipe is None else _open_pipe(pipe)
        self._closed = False

    @property
    def identity(self) -> str:
        """Driver and pipe."""
        return f"sim {self._pipe or ''}".rstrip()

    @property
    def working(self) -> bool:
        """Whether a card held to it now would be read."""
        return not self._closed

    def fileno(self) -> int:
        """Return the pipe's descriptor, or -1 without one."""
        return -1 if self._fd is None else self._fd

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
        if self._fd is not None:
            self._read_lines(self._fd)
        events, self._events = tuple(self._events), []
        return events

    def close(self) -> None:
        """Take the pipe away."""
        self._closed = True
        if self._fd is not None and self._pipe is not None:
            with suppress(FileNotFoundError):
                self._pipe.unlink()
            os.close(self._fd)
            self._fd = None

    def _read_lines(self, fd: int) -> None:
        with suppress(BlockingIOError):
            self._rest += os.read(fd, MOST_BYTES_PER_POLL)
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            self._take(line)
        if len(self._rest) > LONGEST_LINE:
            self._rest, self._overlong = b"", True

    def _take(self, line: bytes) -> None:
        overlong, self._overlong = self._overlong or len(line) > LONGEST_LINE, False
        if overlong:
            self.dropped += 1
        elif card := CARD.fullmatch(line):
            self.present(bytes.fromhex(card[1].decode()))
        elif COPYABLE.fullmatch(line):
            self.present(b"", Authenticity.COPYABLE)
        elif (held := HOLD.fullmatch(line)) and self._pipe is not None:
            self._hold_file(self._pipe.with_name(held[1].decode() + ".card"))
        elif line == TAKE:
            for number in tuple(self._cards):
                self.take_away(number)
        else:
            self.dropped += 1

    def _hold_file(self, path: Path) -> None:
        try:
            card = SoftCard(Memory.load(path))
        except (OSError, ValueError):
            self.dropped += 1
        else:
            self.hold(card)


def _open_pipe(pipe: Path) -> int:
    """Make the pipe for this user alone; one left by a crash of the same user is replaced."""
    try:
        with suppress(FileNotFoundError):
            left = pipe.lstat()
            if not stat.S_ISFIFO(left.st_mode) or left.st_uid != os.getuid():
                raise DeviceUnavailableError(
                    "sim reader", f"{pipe} is somebody else's", "a free path for its pipe"
                )
            pipe.unlink()
        os.mkfifo(pipe, 0o600)
        # Open for writing too: so the pipe does not end with each writer.
        return os.open(pipe, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as fault:
        raise DeviceUnavailableError(
            "sim reader", str(fault), "a folder to put its pipe in"
        ) from fault


def open_device(options: ReaderOptions, clock: Clock) -> SimReader:
    """Open a reader with its pipe at `options.source`, or without one if that is empty."""
    if options.source and not Path(options.source).is_absolute():
        raise DeviceSettingError(
            "sim reader", f"source {options.source!r}", "an absolute path, or none"
        )
    return SimReader(clock, Path(options.source) if options.source else None)
