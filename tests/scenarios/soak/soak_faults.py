"""What goes wrong at a gate in a month: processes, devices, disk, clock; each made and mended."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from soak_rooms import Rooms
    from soak_screen import Client
    from soak_street import Street
    from soak_time import SoakTime

    from tests.rig.small_disk import SmallDisk

HEALED_S = 240.0
"""A room is back by then, on a machine with other work too."""
TRIES = 6


class Faults:
    """Makes faults one by one and looks whether the gate heals.

    Args:
        rooms: that suffer.
        street: whose devices fail.
        client: on the screen.
        soak: whose clock is set wrong.
        disk: of the state, or None where it cannot be had.

    Attributes:
        made: how often each was made.
        unhealed: which did not heal, and on which day.

    """

    def __init__(
        self,
        rooms: Rooms,
        street: Street,
        client: Client,
        soak: SoakTime,
        disk: SmallDisk | None,
    ) -> None:
        self.made: dict[str, int] = {}
        self.unhealed: list[str] = []
        self._rooms = rooms
        self._street = street
        self._client = client
        self._soak = soak
        self._disk = disk
        self._all: dict[str, Callable[[], bool]] = {
            "vision killed": lambda: self._end("vision", signal.SIGKILL),
            "vision hangs": lambda: self._end("vision", signal.SIGSTOP),
            "ui killed": lambda: self._end("ui", signal.SIGKILL),
            "gate killed": lambda: self._end("gate", signal.SIGKILL),
            "reader pulled": self._reader,
            "camera gone": self._camera,
            "browser crashes": self._browser,
            "clock set wrong": self._clock,
        }
        if disk is not None:
            self._all["disk full"] = self._full

    @property
    def names(self) -> tuple[str, ...]:
        """All faults that can be made here."""
        return tuple(self._all)

    def make(self, name: str, day: int) -> None:
        """Make one and wait until it is healed."""
        self.made[name] = self.made.get(name, 0) + 1
        if not self._all[name]():
            self.unhealed.append(f"{name} on day {day}")

    def _well(self) -> bool:
        """Whether all rooms are back and a card is answered."""
        if not self._rooms.until(self._rooms.all_ready, HEALED_S):
            return False
        return self._opens()

    def _opens(self) -> bool:
        def count() -> int:
            return self._rooms.decided["card granted"]

        before = count()
        for _ in range(10):
            self._street.tell("reader", "hold card-0")
            opened = self._rooms.until(lambda: count() > before, 3.0)
            self._street.tell("reader", "take")
            if opened:
                return True
        return False

    def _shows_code(self, wanted: str, before: int) -> bool:
        """Show fresh codes until one is decided as wanted; as people do, more than once."""
        for _ in range(TRIES):
            self._street.tell("camera", f"code {self._street.sign()}")
            seen = self._rooms.until(lambda: self._rooms.decided[wanted] > before, 5.0)
            self._street.tell("camera", "nobody")
            if seen:
                return True
        return False

    def _end(self, room: str, number: signal.Signals) -> bool:
        starts = self._rooms.room(room).starts
        os.kill(self._rooms.pid(room), number)
        if room != "gate" and not self._opens():
            return False  # the card goes on while vision or ui is away
        back = self._rooms.until(lambda: self._rooms.room(room).starts > starts, HEALED_S)
        return back and self._well()

    def _reader(self) -> bool:
        said = self._rooms.said
        before = said["reader: works"]
        self._street.tell("reader", "unplug")
        self._rooms.live(1.0)
        self._soak.leap(timedelta(minutes=20))
        self._street.tell("reader", "plug")
        return self._rooms.until(lambda: said["reader: works"] > before, 10.0) and self._well()

    def _camera(self) -> bool:
        before = self._rooms.decided["qr granted"]
        starts = self._rooms.room("vision").starts
        self._street.tell("camera", "gone")
        self._rooms.live(2.0)
        if not self._opens():
            return False
        self._soak.leap(timedelta(minutes=20))
        if not self._rooms.until(lambda: self._rooms.room("vision").starts > starts, HEALED_S):
            return False
        if not self._well():
            return False
        return self._shows_code("qr granted", before)

    def _browser(self) -> bool:
        self._client.drop()
        self._rooms.live(0.5)
        return self._rooms.until(self._client.start, 20.0)

    def _full(self) -> bool:
        assert self._disk is not None
        granted = self._rooms.decided["card granted"]
        self._disk.fill()
        for number in range(20):
            self._street.tell("reader", f"hold card-{number % 3}")
            self._rooms.live(0.2)
            self._street.tell("reader", "take")
        refused = self._rooms.decided["card log-failed"] + self._rooms.decided["card store-failed"]
        opened = self._rooms.decided["card granted"] - granted
        self._disk.clear()
        # Some events still fit into what the log had taken from the disk before.
        return (refused > 0 or opened > 0) and self._well()

    def _clock(self) -> bool:
        unsure = self._rooms.decided["qr clock-unsure"]
        self._soak.set_wrong(timedelta(hours=-5))
        self._rooms.live(0.5)
        told = self._shows_code("qr clock-unsure", unsure)
        opens = self._opens()
        self._soak.set_wrong(timedelta())
        self._rooms.live(0.5)
        return told and opens and self._well()
