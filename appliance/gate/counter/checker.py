"""Looks at one device for the technician's page, turn by turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from appliance.gate.counter.wants import CheckOrder, CheckSeen, Want
from appliance.gate.update_seen import Updates
from hardware.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.gate.counter.front import Front
    from appliance.gate.faults import Faults
    from appliance.gate.parts import Parts
    from appliance.gate.update_seen import UpdateSeen

NO_WANT: Final = -1
BOTH: Final = 2
INPUTS: Final = {
    "door-sensor": ("open", "shut"),
    "rex": ("pressed", "at-rest"),
    "fire": ("pressed", "at-rest"),
}
"""Input -> words for active and not; a check passes once both were seen."""
UPDATES_NS: Final = 500_000_000
"""Between two looks at a stick."""
RELAY: Final = "relay"
SOUND: Final = "sound"
TRIAL: Final = "help"
"""The sound that is played for the technician."""
SWAPPED: Final = "swapped"
"""The door opened while the relay was off, and nobody let it: the lock hangs on the other contact,
or the board switches on low."""


class Checker:
    """One check at a time, for the page that wants it.

    Args:
        front: whose page waits.
        parts: of the controller: door, reader.
        faults: what does not work.
        release: lets the relay click, as for a person who may pass.

    """

    def __init__(
        self, front: Front, parts: Parts, faults: Faults, release: Callable[[], None]
    ) -> None:
        self._front = front
        self._parts = parts
        self._faults = faults
        self._release = release
        self._want = NO_WANT
        self._seen: set[str] = set()
        self._told: CheckSeen | None = None
        self._name = ""
        self._rested = False
        self._swapped = False
        self._updates = Updates()
        self._updates_ns = 0
        self._updates_told: tuple[int, UpdateSeen] | None = None

    def step(self, *, sees: bool) -> None:
        """Look once, and tell the page what is new: of a device, or of an update.

        Args:
            sees: vision is there.

        """
        wanted = self._front.wanted
        self._look_for_updates(wanted.number)
        if not self._front.wants(Want.CHECK) or not isinstance(wanted.detail, CheckOrder):
            self._want, self._name = NO_WANT, ""
            return
        order = wanted.detail
        if order.name != self._name:
            self._name, self._rested, self._swapped = order.name, False, False
        if wanted.number != self._want:
            self._want, self._told = wanted.number, None
            self._seen.clear()
            if order.name == RELAY and order.run:
                self._release()
            if order.name == SOUND and order.run:
                self._front.play(TRIAL)
        found = self._look(order, sees=sees)
        if found != self._told:
            self._told = found
            self._front.give(found)

    def _look_for_updates(self, number: int) -> None:
        now_ns = self._parts.clock.now_ns()
        if not self._front.wants(Want.UPDATE):
            self._updates_told = None
        elif now_ns >= self._updates_ns:
            self._updates_ns = now_ns + UPDATES_NS
            found = (number, self._updates.seen())
            if found != self._updates_told:
                self._updates_told = found
                self._front.give(found[1])

    def _look(self, order: CheckOrder, *, sees: bool) -> CheckSeen:
        name = order.name
        if name in INPUTS:
            return self._input(name)
        if name == RELAY:
            return self._relay()
        if name == SOUND:
            return CheckSeen("played" if order.run else "waiting", passed=False)
        works = {
            "camera": sees and not self._faults.of("camera"),
            "reader": self._parts.reader.working and not self._faults.of("reader"),
            "clock": not self._faults.of("clock"),
        }.get(name, False)
        return CheckSeen("works" if works else "broken", passed=works)

    def _relay(self) -> CheckSeen:
        """Compare the relay with its own line and with the door: a person judges the rest."""
        door = self._parts.door
        if door.wiring:
            return CheckSeen(door.wiring, passed=False)
        on = door.relay_on
        try:
            seen = door.read()
        except DeviceError:
            return CheckSeen("broken", passed=False)
        let_go = seen.rex or seen.fire or on
        self._swapped = self._swapped or (self._rested and seen.door_open and not let_go)
        self._rested = not seen.door_open and not let_go
        if self._swapped:
            return CheckSeen(SWAPPED, passed=False)
        return CheckSeen("on" if on else "off", passed=False)

    def _input(self, name: str) -> CheckSeen:
        try:
            seen = self._parts.door.read()
        except DeviceError:
            return CheckSeen("broken", passed=False)
        active = {"door-sensor": seen.door_open, "rex": seen.rex, "fire": seen.fire}[name]
        live = INPUTS[name][0 if active else 1]
        self._seen.add(live)
        return CheckSeen(live, passed=len(self._seen) == BOTH)
