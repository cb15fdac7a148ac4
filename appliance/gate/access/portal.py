"""One portal in time: turns input levels and timers into the events of the door's table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from appliance.gate.access.door import DoorCommand, DoorEvent, DoorState, transition
from appliance.gate.access.reasons import Reason
from appliance.gate.access.wrong import check_range

_MS_NS = 1_000_000
_TAMPERED = (DoorState.TAMPERED, DoorState.TAMPERED_ACCESSED)


@dataclass(frozen=True, slots=True)
class DoorLevels:
    """The debounced inputs of one portal; True = active, False also where not wired."""

    door_open: bool = False
    rex: bool = False
    fire: bool = False
    tamper: bool = False


@dataclass(frozen=True, slots=True)
class DoorTiming:
    """The spans of one portal, nanoseconds.

    Attributes:
        pulse_ns: pulse time, how long a grant releases the lock; 0.5 to 30 s.
        held_open_ns: how long the door may stand open; 5 s to 10 min, not shorter than the pulse.

    Raises:
        ValueError: a span is out of range.

    """

    pulse_ns: int = 5_000 * _MS_NS
    held_open_ns: int = 30_000 * _MS_NS

    def __post_init__(self) -> None:
        check_range("door.pulse_ns", self.pulse_ns, 500 * _MS_NS, 30_000 * _MS_NS)
        shortest = max(5_000 * _MS_NS, self.pulse_ns)
        check_range("door.held_open_ns", self.held_open_ns, shortest, 600_000 * _MS_NS)


@dataclass(frozen=True, slots=True)
class Portal:
    """One door as last seen.

    Attributes:
        timing: its spans.
        state: its state in the table.
        levels: the inputs as of the last `tick`.
        pulse_until_ns: end of the running pulse, monotonic nanoseconds, or None.
        held_until_ns: when an open door becomes held open, monotonic nanoseconds, or None.

    """

    timing: DoorTiming = field(default_factory=DoorTiming)
    state: DoorState = DoorState.SECURED
    levels: DoorLevels = field(default_factory=DoorLevels)
    pulse_until_ns: int | None = None
    held_until_ns: int | None = None

    @property
    def face_refusal(self) -> Reason | None:
        """Why this door takes no face now: TAMPERED, or None; card and QR never ask."""
        return Reason.TAMPERED if self.state in _TAMPERED else None


@dataclass(frozen=True, slots=True)
class PortalStep:
    """What time or an event did.

    Attributes:
        portal: the portal after it.
        commands: what to do now, in order.
        events: what happened, in order, for the log.

    """

    portal: Portal
    commands: tuple[DoorCommand, ...] = ()
    events: tuple[DoorEvent, ...] = ()


def start(timing: DoorTiming, levels: DoorLevels, now_ns: int) -> PortalStep:
    """Secure the door and take it up where the levels say; a door found open is not forced."""
    events = [DoorEvent.FOUND_OPEN] if levels.door_open else []
    events += [DoorEvent.TAMPER_ON] if levels.tamper else []
    events += [DoorEvent.FIRE_ON] if levels.fire else []
    outcome = _run(Portal(timing, levels=levels), events, now_ns)
    return replace(outcome, commands=(DoorCommand.SECURE, *outcome.commands))


def step(portal: Portal, event: DoorEvent, now_ns: int) -> PortalStep:
    """Apply one event; the controller calls it with GRANTED only, `tick` derives the others."""
    return _run(portal, [event], now_ns)


def tick(portal: Portal, levels: DoorLevels, now_ns: int) -> PortalStep:
    """Look at the inputs and the timers at the monotonic time `now_ns`.

    Call it on each change and at least every 100 ms. Levels count before timers: a door that
    opened within the pulse, but is seen late, was not forced.
    """
    seen = _run(replace(portal, levels=levels), _edges(portal.levels, levels), now_ns)
    late = _run(seen.portal, _due(seen.portal, now_ns), now_ns)
    return PortalStep(late.portal, seen.commands + late.commands, seen.events + late.events)


def _edges(before: DoorLevels, now: DoorLevels) -> list[DoorEvent]:
    """Derive what happened between two looks; fire first, then tamper, the button, the door.

    A button still held when the door opens counts again: its wire releases the lock for as long
    as it is held, so nobody forced the door.
    """
    fire_ended = before.fire and not now.fire
    tamper_ended = before.tamper and not now.tamper
    opened = now.door_open and not before.door_open
    pairs = (
        (now.fire and not before.fire, DoorEvent.FIRE_ON),
        (fire_ended, DoorEvent.FIRE_OFF),
        (fire_ended and now.door_open, DoorEvent.FOUND_OPEN),
        (tamper_ended, DoorEvent.TAMPER_OFF),
        (now.tamper and (fire_ended or not before.tamper), DoorEvent.TAMPER_ON),
        (now.rex and (opened or not before.rex), DoorEvent.REX),
        (opened or (tamper_ended and now.door_open), DoorEvent.OPENED),
        (before.door_open and not now.door_open, DoorEvent.CLOSED),
    )
    return [event for happened, event in pairs if happened]


def _due(portal: Portal, now_ns: int) -> list[DoorEvent]:
    timers = (
        (portal.pulse_until_ns, DoorEvent.PULSE_ENDED),
        (portal.held_until_ns, DoorEvent.HELD_TIME_ENDED),
    )
    return [event for until_ns, event in timers if until_ns is not None and now_ns >= until_ns]


def _run(portal: Portal, events: list[DoorEvent], now_ns: int) -> PortalStep:
    commands: list[DoorCommand] = []
    for event in events:
        row = transition(portal.state, event)
        portal = replace(_expire(portal, event), state=row.state)
        for command in row.commands:
            portal = _keep_time(portal, command, now_ns)
        commands += row.commands
    return PortalStep(portal, tuple(commands), tuple(events))


def _expire(portal: Portal, event: DoorEvent) -> Portal:
    match event:
        case DoorEvent.PULSE_ENDED:
            return replace(portal, pulse_until_ns=None)
        case DoorEvent.HELD_TIME_ENDED:
            return replace(portal, held_until_ns=None)
        case _:
            return portal


def _keep_time(portal: Portal, command: DoorCommand, now_ns: int) -> Portal:
    match command:
        case DoorCommand.START_PULSE_TIMER:
            return replace(portal, pulse_until_ns=now_ns + portal.timing.pulse_ns)
        case DoorCommand.START_HELD_TIMER:
            return replace(portal, held_until_ns=now_ns + portal.timing.held_open_ns)
        case DoorCommand.STOP_TIMERS:
            return replace(portal, pulse_until_ns=None, held_until_ns=None)
        case DoorCommand.SECURE:
            return replace(portal, pulse_until_ns=None)
        case _:
            return portal
