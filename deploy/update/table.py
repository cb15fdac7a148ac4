"""What becomes of an update: every state with every event, and nothing else decides."""

from __future__ import annotations

from enum import Enum
from typing import Final


class State(Enum):
    """What the record on the data partition says; no record is IDLE."""

    IDLE = "idle"
    WRITING = "writing"
    TRYING = "trying"


class Event(Enum):
    """What happened."""

    BEGUN = "a bundle was accepted"
    WRITTEN = "its images are in the other slot, read back and whole"
    STARTED_OLD = "this is the slot from before"
    STARTED_NEW = "this is the new slot, started once for a try"
    STARTED_KEPT = "this is the new slot, started as a rule"
    ANSWERED = "gate, vision, screen, camera and store have answered"
    SILENT = "they have not, in the time they had"


class Command(Enum):
    """What is to be done, in this order."""

    REMEMBER = "write the record, with the new state"
    TRY = "restart once into the new slot"
    ASK = "ask the rooms"
    RAISE = "let no older version in from now on"
    KEEP = "start the new slot as a rule"
    GO_BACK = "restart into the slot from before"
    FORGET = "remove the record"
    REFUSE = "refuse what was begun"
    TELL_KEPT = "leave word: kept"
    TELL_BACK = "leave word: went back"
    TELL_CUT = "leave word: broken off"


S, E, C = State, Event, Command
TABLE: Final[dict[tuple[State, Event], tuple[State, tuple[Command, ...]]]] = {
    (S.IDLE, E.BEGUN): (S.WRITING, (C.REMEMBER,)),
    (S.IDLE, E.WRITTEN): (S.IDLE, (C.REFUSE,)),
    (S.IDLE, E.STARTED_OLD): (S.IDLE, ()),
    # A try nobody here asked for: it is kept by nobody, and the next start goes back.
    (S.IDLE, E.STARTED_NEW): (S.IDLE, (C.GO_BACK,)),
    (S.IDLE, E.STARTED_KEPT): (S.IDLE, ()),
    (S.IDLE, E.ANSWERED): (S.IDLE, ()),
    (S.IDLE, E.SILENT): (S.IDLE, ()),
    (S.WRITING, E.BEGUN): (S.WRITING, (C.REMEMBER,)),
    # Remembered before it is asked for: what then comes up in the old slot went back.
    (S.WRITING, E.WRITTEN): (S.TRYING, (C.REMEMBER, C.TRY)),
    (S.WRITING, E.STARTED_OLD): (S.IDLE, (C.TELL_CUT, C.FORGET)),
    # Half a system that starts all the same is not asked whether it works.
    (S.WRITING, E.STARTED_NEW): (S.WRITING, (C.GO_BACK,)),
    (S.WRITING, E.STARTED_KEPT): (S.IDLE, (C.TELL_CUT, C.FORGET)),
    (S.WRITING, E.ANSWERED): (S.WRITING, ()),
    (S.WRITING, E.SILENT): (S.WRITING, ()),
    (S.TRYING, E.BEGUN): (S.TRYING, (C.REFUSE,)),
    (S.TRYING, E.WRITTEN): (S.TRYING, (C.REFUSE,)),
    (S.TRYING, E.STARTED_OLD): (S.IDLE, (C.TELL_BACK, C.FORGET)),
    (S.TRYING, E.STARTED_NEW): (S.TRYING, (C.ASK,)),
    # Power went between KEEP and FORGET.
    (S.TRYING, E.STARTED_KEPT): (S.IDLE, (C.RAISE, C.TELL_KEPT, C.FORGET)),
    (S.TRYING, E.ANSWERED): (S.IDLE, (C.RAISE, C.KEEP, C.TELL_KEPT, C.FORGET)),
    (S.TRYING, E.SILENT): (S.TRYING, (C.GO_BACK,)),
}


def after(state: State, event: Event) -> tuple[State, tuple[Command, ...]]:
    """Return the next state, and what is to be done."""
    return TABLE[state, event]
