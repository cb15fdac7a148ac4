"""The table of one door: its states, what can happen to it, and what the lock and alarm do.

Rule 1: everything that changes a door's state stands in TRANSITIONS. A pair that is not in it
changes nothing and commands nothing. `portal.py` turns levels and time into these events.

Choices made here:
- The lock is secured as soon as the door opened, strike or maglock, not only at the pulse end.
- A grant or REX while the pulse runs starts it anew and so never shortens it. While the door
  stands open it releases the lock again, so that the next person is not shut out when it closes;
  when the door already stands in alarm (held, forced) there is nothing to release.
- TAMPERED keeps the door secured and the alarm on until tamper ends; card, QR and REX still work,
  because people must get home. The controller refuses face meanwhile (`Reason.TAMPERED`).
- Fire overrides everything; the door's level says where it goes afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class DoorState(Enum):
    """Where the door is."""

    SECURED = "secured"
    ACCESSED = "accessed"
    """Released for a pulse, not opened yet."""
    OPEN = "open"
    """Opened after access; the lock is secured again."""
    OPEN_ACCESSED = "open_accessed"
    """Open, and released for a pulse for the next person."""
    HELD_OPEN = "held_open"
    FORCED_OPEN = "forced_open"
    FIRE_RELEASE = "fire_release"
    TAMPERED = "tampered"
    TAMPERED_ACCESSED = "tampered_accessed"
    """Tampered, and released for a pulse by card, QR or REX."""


class DoorEvent(Enum):
    """What can happen to it."""

    GRANTED = "granted"
    """A decision that is durably in the log (law 5)."""
    REX = "rex"
    """The exit button was pressed; the wire has released the lock already (law 5)."""
    OPENED = "opened"
    CLOSED = "closed"
    FOUND_OPEN = "found_open"
    """The door stands open and nobody saw how: after a start or after fire release."""
    PULSE_ENDED = "pulse_ended"
    HELD_TIME_ENDED = "held_time_ended"
    FIRE_ON = "fire_on"
    FIRE_OFF = "fire_off"
    TAMPER_ON = "tamper_on"
    TAMPER_OFF = "tamper_off"


class DoorCommand(Enum):
    """What is to be done; timers are kept by `Portal` itself and told for the record."""

    RELEASE = "release"
    SECURE = "secure"
    RELEASE_FOR_FIRE = "release_for_fire"
    START_PULSE_TIMER = "start_pulse_timer"
    START_HELD_TIMER = "start_held_timer"
    STOP_TIMERS = "stop_timers"
    ALARM_FORCED = "alarm_forced"
    ALARM_HELD = "alarm_held"
    ALARM_FIRE = "alarm_fire"
    ALARM_TAMPER = "alarm_tamper"
    ALARM_CLEARED = "alarm_cleared"
    """Every alarm of this door ends."""


@dataclass(frozen=True, slots=True)
class DoorStep:
    """One row of the table.

    Attributes:
        state: the next state.
        commands: what to do, in this order.

    """

    state: DoorState
    commands: tuple[DoorCommand, ...] = ()


_S, _E, _C = DoorState, DoorEvent, DoorCommand
_LET_PASS = (_C.RELEASE, _C.START_PULSE_TIMER)
_ON_FIRE = DoorStep(_S.FIRE_RELEASE, (_C.STOP_TIMERS, _C.RELEASE_FOR_FIRE, _C.ALARM_FIRE))
_LOCK_UP = DoorStep(_S.SECURED, (_C.SECURE, _C.STOP_TIMERS))
_END_ALARM = DoorStep(_S.SECURED, (_C.SECURE, _C.STOP_TIMERS, _C.ALARM_CLEARED))
_STANDS_OPEN = DoorStep(_S.OPEN, (_C.SECURE, _C.STOP_TIMERS, _C.START_HELD_TIMER))
_TAMPER = DoorStep(_S.TAMPERED, (_C.SECURE, _C.STOP_TIMERS, _C.ALARM_TAMPER))
_TAMPER_PULSE = DoorStep(_S.TAMPERED_ACCESSED, (_C.ALARM_TAMPER,))
_TAMPER_LOCK = DoorStep(_S.TAMPERED, (_C.SECURE, _C.STOP_TIMERS))

TRANSITIONS: dict[DoorState, dict[DoorEvent, DoorStep]] = {
    _S.SECURED: {
        _E.GRANTED: DoorStep(_S.ACCESSED, _LET_PASS),
        _E.REX: DoorStep(_S.ACCESSED, _LET_PASS),
        _E.OPENED: DoorStep(_S.FORCED_OPEN, (_C.ALARM_FORCED,)),
        _E.FOUND_OPEN: _STANDS_OPEN,
        _E.FIRE_ON: _ON_FIRE,
        _E.TAMPER_ON: _TAMPER,
    },
    _S.ACCESSED: {
        _E.GRANTED: DoorStep(_S.ACCESSED, _LET_PASS),
        _E.REX: DoorStep(_S.ACCESSED, _LET_PASS),
        _E.OPENED: _STANDS_OPEN,
        _E.PULSE_ENDED: _LOCK_UP,
        _E.FIRE_ON: _ON_FIRE,
        _E.TAMPER_ON: _TAMPER_PULSE,
    },
    _S.OPEN: {
        _E.GRANTED: DoorStep(_S.OPEN_ACCESSED, (*_LET_PASS, _C.START_HELD_TIMER)),
        _E.REX: DoorStep(_S.OPEN_ACCESSED, (*_LET_PASS, _C.START_HELD_TIMER)),
        _E.CLOSED: _LOCK_UP,
        _E.HELD_TIME_ENDED: DoorStep(_S.HELD_OPEN, (_C.ALARM_HELD,)),
        _E.FIRE_ON: _ON_FIRE,
        _E.TAMPER_ON: _TAMPER,
    },
    _S.OPEN_ACCESSED: {
        _E.GRANTED: DoorStep(_S.OPEN_ACCESSED, (*_LET_PASS, _C.START_HELD_TIMER)),
        _E.REX: DoorStep(_S.OPEN_ACCESSED, (*_LET_PASS, _C.START_HELD_TIMER)),
        _E.CLOSED: DoorStep(_S.ACCESSED),
        _E.PULSE_ENDED: DoorStep(_S.OPEN, (_C.SECURE,)),
        _E.HELD_TIME_ENDED: DoorStep(_S.HELD_OPEN, (_C.SECURE, _C.STOP_TIMERS, _C.ALARM_HELD)),
        _E.FIRE_ON: _ON_FIRE,
        _E.TAMPER_ON: _TAMPER_PULSE,
    },
    _S.HELD_OPEN: {
        _E.CLOSED: _END_ALARM,
        _E.FIRE_ON: _ON_FIRE,
        _E.TAMPER_ON: _TAMPER,
    },
    _S.FORCED_OPEN: {
        _E.CLOSED: _END_ALARM,
        _E.FIRE_ON: _ON_FIRE,
        _E.TAMPER_ON: _TAMPER,
    },
    _S.FIRE_RELEASE: {
        _E.FIRE_OFF: _END_ALARM,
        _E.TAMPER_ON: DoorStep(_S.FIRE_RELEASE, (_C.ALARM_TAMPER,)),
    },
    _S.TAMPERED: {
        _E.GRANTED: DoorStep(_S.TAMPERED_ACCESSED, _LET_PASS),
        _E.REX: DoorStep(_S.TAMPERED_ACCESSED, _LET_PASS),
        _E.OPENED: DoorStep(_S.TAMPERED, (_C.ALARM_FORCED,)),
        _E.FIRE_ON: _ON_FIRE,
        _E.TAMPER_OFF: _END_ALARM,
    },
    _S.TAMPERED_ACCESSED: {
        _E.GRANTED: DoorStep(_S.TAMPERED_ACCESSED, _LET_PASS),
        _E.REX: DoorStep(_S.TAMPERED_ACCESSED, _LET_PASS),
        _E.OPENED: _TAMPER_LOCK,
        _E.PULSE_ENDED: _TAMPER_LOCK,
        _E.FIRE_ON: _ON_FIRE,
        _E.TAMPER_OFF: DoorStep(_S.ACCESSED, (_C.ALARM_CLEARED,)),
    },
}


def transition(state: DoorState, event: DoorEvent) -> DoorStep:
    """Return the row for the pair; a pair not in the table stays, without command."""
    return TRANSITIONS[state].get(event, DoorStep(state))
