"""Runs a reader whose library blocks in its own thread, and finds it again when it was gone."""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from itertools import count
from threading import Condition, Thread
from typing import TYPE_CHECKING, Final, Protocol

from hardware.errors import DeviceError, DeviceStuckError, DeviceUnavailableError
from hardware.ports import CardGone, CardSeen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hardware.ports import CardEvent

PACE_S: Final = (0.5, 1.0, 2.0, 5.0)
"""Pauses between looks for a reader that is gone; the last one repeats."""
MOST_EVENTS = 256
"""So many events wait for `poll`; then the thread waits too, so a flood costs no memory."""
MOST_COMMANDS = 8
"""A card answers one command before the next is sent; more waiting is a caller's mistake."""
_JOIN_S = 2.0


class Session(Protocol):
    """A reader while it is plugged in; used by the thread alone, except for `working`."""

    @property
    def working(self) -> bool:
        """Whether a card held to it now would be read."""
        ...

    @property
    def pause_s(self) -> float:
        """How long the thread may rest before the next look for cards; a command ends the rest."""
        ...

    def step(self, command: tuple[int, bytes] | None) -> Sequence[CardEvent]:
        """Send `command` (card, APDU) to a card that is there, or look for cards; within 1 s.

        Raises:
            DeviceError: the reader is gone or stuck; the thread closes the session and opens
                another. OSError means the same.

        """
        ...

    def close(self) -> None:
        """Let go of the device; never raises."""
        ...


class ReaderThread:
    """The `Reader` port over a `Session`; each CardSeen is followed by exactly one CardGone.

    `find(numbers)` opens a session, or raises DeviceError or OSError while there is no reader;
    `next(numbers)` is the running number of the next card, which goes on over sessions.
    """

    def __init__(
        self,
        identity: str,
        find: Callable[[count[int]], Session],
        pace_s: tuple[float, ...] = PACE_S,
    ) -> None:
        self.identity = identity
        self._find = find
        self._pace_s = pace_s
        self._numbers = count(1)
        self._changed = Condition()
        self._events: deque[CardEvent] = deque()
        self._commands: deque[tuple[int, bytes]] = deque()
        self._present: set[int] = set()
        self._session: Session | None = None
        self._fault: Exception | None = None
        self._broken: DeviceError | None = None
        self._closed = False
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._thread = Thread(target=self._run, name=identity, daemon=True)
        self._thread.start()

    @property
    def working(self) -> bool:
        """Whether a card held to it now would be read."""
        session = self._session
        return session is not None and session.working and not self._closed

    @property
    def fault(self) -> Exception | None:
        """Why the reader is not there, for the self-test; None while it is."""
        return self._fault

    def fileno(self) -> int:
        """Return what becomes readable when events wait or `working` changed; -1 once closed."""
        return -1 if self._closed else self._wake

    def poll(self) -> tuple[CardEvent, ...]:
        """Return what happened since the last call, oldest first; never blocks.

        Raises:
            DeviceUnavailableError: the reader is closed, or its driver ended by a mistake of ours.

        """
        with self._changed:
            if self._closed:
                raise DeviceUnavailableError(self.identity, "closed", "an open reader")
            with suppress(BlockingIOError):
                os.eventfd_read(self._wake)
            events = tuple(self._events)
            self._events.clear()
            if self._broken is not None and not events:
                raise self._broken
            self._changed.notify_all()
            return events

    def send(self, card: int, command: bytes) -> None:
        """Let `command` be sent to `card`; one that is gone gave its CardGone and gets nothing.

        Raises:
            DeviceUnavailableError: the reader is closed.
            DeviceStuckError: more commands wait than a card could be asked.

        """
        with self._changed:
            if self._closed:
                raise DeviceUnavailableError(self.identity, "closed", "an open reader")
            if len(self._commands) >= MOST_COMMANDS:
                raise DeviceStuckError(
                    self.identity, f"{MOST_COMMANDS} commands wait", "one answer before the next"
                )
            self._commands.append((card, command))
            self._changed.notify_all()

    def close(self) -> None:
        """Stop the thread; one stuck in its library lets go of the device when it returns."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._events.clear()
            self._commands.clear()
            os.close(self._wake)
            self._changed.notify_all()
        self._thread.join(_JOIN_S)

    def _run(self) -> None:
        attempt = 0
        try:
            while not self._closed:
                if self._serve_one_session():
                    attempt = 0
                self._rest(self._pace_s[min(attempt, len(self._pace_s) - 1)])
                attempt += 1
        except Exception as fault:  # noqa: BLE001 - a mistake in a driver must reach gate, not die here
            self._broken = DeviceUnavailableError(
                self.identity, f"{type(fault).__name__}: {fault}", "a driver without mistakes"
            )
            self._hand_over(())

    def _serve_one_session(self) -> bool:
        """Find the reader and work with it until it is gone; False: it was never there."""
        try:
            session = self._find(self._numbers)
        except (DeviceError, OSError) as fault:
            self._fault = fault
            return False
        try:
            self._session, self._fault = session, None
            self._hand_over(())
            self._work(session)
        except (DeviceError, OSError) as fault:
            self._fault = fault
        finally:
            with self._changed:
                self._session = None
                self._commands.clear()
            session.close()
            self._hand_over([CardGone(card) for card in sorted(self._present)])
        return True

    def _work(self, session: Session) -> None:
        was_working = session.working
        while not self._closed:
            events = session.step(self._take_command())
            if events or session.working != was_working:
                was_working = session.working
                self._hand_over(events)
            self._rest(session.pause_s)

    def _take_command(self) -> tuple[int, bytes] | None:
        """Return the next command to a card that is still there."""
        with self._changed:
            while self._commands:
                card, command = self._commands.popleft()
                if card in self._present:
                    return card, command
            return None

    def _rest(self, pause_s: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._due(), pause_s)

    def _due(self) -> bool:
        return self._session is not None and bool(self._commands)

    def _hand_over(self, events: Sequence[CardEvent]) -> None:
        with self._changed:
            for event in events:
                self._changed.wait_for(lambda: self._closed or len(self._events) < MOST_EVENTS)
                if isinstance(event, CardSeen):
                    self._present.add(event.card)
                elif isinstance(event, CardGone):
                    self._present.discard(event.card)
                if self._closed:
                    return
                self._events.append(event)
                os.eventfd_write(self._wake, 1)
            if not self._closed:
                os.eventfd_write(self._wake, 1)
