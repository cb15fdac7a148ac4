"""Moves the lock as the door's table says, and tells and logs its alarms."""

# ruff: noqa: RUF001 - Chinese has marks of its own

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from appliance.errors import AuditError
from appliance.gate import notices
from appliance.gate.access import portal
from appliance.gate.access.door import DoorCommand, DoorEvent
from hardware.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.gate.access.portal import DoorTiming
    from appliance.gate.access.reasons import Reason
    from appliance.gate.faults import Faults
    from appliance.gate.journal import Journal
    from hardware.ports import DoorIo


WIRING: Final = {
    "held-high": "held high from outside: an active-low board, or a crossed wire; "
    "继电器板必须是高电平触发，或线接错了",
    "held-low": "held low from outside: a crossed wire or a short; 继电器信号线接错或短路",
}
"""What the relay's pin tells, for the technician."""


class Doorkeeper:
    """One portal's lock and inputs.

    Args:
        door: the lock and inputs.
        journal: hears of alarms.
        faults: hears of inputs that cannot be read and a relay that does not move.
        tell: is told of every change.
        timing: pulse and held-open time.
        now_ns: monotonic time at the start.

    """

    def __init__(
        self,
        door: DoorIo,
        journal: Journal,
        faults: Faults,
        tell: Callable[[notices.Notice], None],
        timing: DoorTiming,
        now_ns: int,
    ) -> None:
        self._door = door
        self._journal = journal
        self._faults = faults
        self._tell = tell
        self._portal = portal.Portal(timing)
        self._command(portal.start(timing, self._levels(), now_ns))

    @property
    def stuck(self) -> bool:
        """Whether this door cannot be released, because its relay is wired wrong."""
        return bool(self._door.wiring)

    @property
    def face_refusal(self) -> Reason | None:
        """Why this door takes no face now, or None."""
        return self._portal.face_refusal

    def grant(self, now_ns: int) -> None:
        """Let one person pass; only for a decision that is in the log (law 5)."""
        self._command(portal.step(self._portal, DoorEvent.GRANTED, now_ns))

    def tick(self, now_ns: int) -> None:
        """Look at the inputs and the timers."""
        if self.stuck:
            self._faults.note("relay", WIRING.get(self._door.wiring, self._door.wiring))
        self._command(portal.tick(self._portal, self._levels(), now_ns))

    def close(self) -> None:
        """Secure the door and let go of it."""
        self._door.close()

    def _levels(self) -> portal.DoorLevels:
        try:
            seen = self._door.read()
            self._faults.note("door", "")
        except DeviceError as fault:
            # Inputs that cannot be read are taken as tampered with: face stops, alarm sounds.
            self._faults.note("door", str(fault))
            return portal.DoorLevels(tamper=True)
        return portal.DoorLevels(seen.door_open, seen.rex, seen.fire, seen.tamper)

    def _command(self, step: portal.PortalStep) -> None:
        before, relay = self._portal.state, self._door.relay_on
        self._portal = step.portal
        for command in step.commands:
            try:
                self._do(command)
            except DeviceError as fault:
                self._faults.note("relay", str(fault))
        if step.portal.state is not before or self._door.relay_on is not relay:
            self._tell(notices.DoorChanged(step.portal.state, self._door.relay_on))

    def _do(self, command: DoorCommand) -> None:
        match command:
            case DoorCommand.RELEASE:
                self._door.release()
            case DoorCommand.SECURE:
                self._door.secure()
            case DoorCommand.RELEASE_FOR_FIRE:
                self._door.release_for_fire()
            case _ if command.value.startswith("alarm"):
                self._alarm(command)
            case _:
                pass  # timers are kept by the portal

    def _alarm(self, command: DoorCommand) -> None:
        self._tell(notices.Alarmed(command))
        try:
            self._tell(notices.Logged(self._journal.happened(f"door.{command.value}")))
        except AuditError as fault:
            self._faults.note("log", str(fault))
