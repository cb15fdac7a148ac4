"""Runs a counter in a thread of its own, with an archive of its own, behind bounded queues."""

from __future__ import annotations

import queue
import sys
import threading
from typing import TYPE_CHECKING

from appliance.gate import backup
from appliance.gate.archive import open_archive
from appliance.gate.counter.counter import Counter
from appliance.gate.counter.session import Tools
from appliance.gate.enrolment.rights import Rights
from appliance.gate.store.operators import Operators

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from appliance.clock import Clock
    from appliance.gate.archive import Archive
    from appliance.gate.counter.counter import In, Out
    from appliance.gate.counter.form import Form
    from appliance.sections import Config

WAITING = 64
"""Messages in a queue; a screen that touches faster loses touches."""
BEAT_S = 0.05
HANG_NS = 120_000_000_000
"""A clerk that works on one thing for longer is given up: erasure takes seconds, reading a log of a
million events a minute."""


def tools_of(archive: Archive, config: Config, clock: Clock) -> Tools:
    """Return what the pages work with, of an archive that this thread has opened."""
    operators = Operators(archive.roster.store, archive.journal, clock)
    rights = Rights(archive, config, lambda: backup.renew(archive))
    return Tools(archive, config, clock, operators, rights)


class Clerk:
    """One thread at the counter; once lost it is not used again.

    Args:
        config: of the gate.
        clock: shared with the controller.
        forms: all pages.
        make: opens what the pages work with; called in the thread.

    """

    def __init__(
        self,
        config: Config,
        clock: Clock,
        forms: Mapping[str, Form],
        make: Callable[[Archive, Config, Clock], Tools] = tools_of,
    ) -> None:
        self._config = config
        self._clock = clock
        self._forms = forms
        self._make = make
        self._inbox: queue.Queue[In] = queue.Queue(WAITING)
        self._outbox: queue.Queue[Out] = queue.Queue(WAITING)
        self._stop = threading.Event()
        self._busy_since_ns = clock.now_ns()
        self._idle = threading.Event()
        # A daemon: a clerk that hangs must not keep the gate from ending.
        self._thread = threading.Thread(target=self._run, name="clerk", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> bool:
        """Whether it has died, or works on one thing for too long."""
        if not self._thread.is_alive():
            return True
        return not self._idle.is_set() and self._clock.now_ns() - self._busy_since_ns > HANG_NS

    def hand(self, message: In) -> bool:
        """Hand something over without waiting; False if there is no room for it."""
        try:
            self._inbox.put_nowait(message)
        except queue.Full:
            return False
        return True

    def said(self) -> list[Out]:
        """Return what it has said since the last call, oldest first; never waits."""
        found: list[Out] = []
        while len(found) < WAITING:
            try:
                found.append(self._outbox.get_nowait())
            except queue.Empty:
                break
        return found

    def stop(self, patience_s: float = 0.0) -> None:
        """Let it end, and wait so long for it to close its archive."""
        self._stop.set()
        if patience_s:
            self._thread.join(patience_s)

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as fault:  # noqa: BLE001 - a thread that dies must not take the gate along
            # The kind alone: what a page was working on stays out of the journal of the system.
            if not self._stop.is_set():
                sys.stderr.write(f"gate: the clerk is lost: {type(fault).__name__}\n")

    def _serve(self) -> None:
        archive = open_archive(self._config, self._clock)
        try:
            counter = Counter(
                self._make(archive, self._config, self._clock), self._forms, self._say
            )
            while not self._stop.is_set():
                self._idle.set()
                message = self._next()
                self._busy_since_ns = self._clock.now_ns()
                self._idle.clear()
                if message is not None:
                    counter.take(message)
                counter.tick()
        finally:
            archive.close()

    def _next(self) -> In | None:
        try:
            return self._inbox.get(timeout=BEAT_S)
        except queue.Empty:
            return None

    def _say(self, message: Out) -> None:
        if self._stop.is_set():
            raise InterruptedError  # given up meanwhile: nothing more is done for anybody
        # Full: the controller has stopped listening, so that this clerk is lost to it anyway.
        self._outbox.put_nowait(message)
