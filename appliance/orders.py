"""What gate says to vision: what it may look for, show and give."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.messages import Hint, Nanoseconds, Purpose, Score, Tint, Trigger, Turn, VisitId


@dataclass(frozen=True, slots=True)
class SetMode:
    """Gate tells vision what it may look for; nothing until told."""

    face: bool
    qr: bool


@dataclass(frozen=True, slots=True)
class StartVisit:
    """Gate allows face work for one person until a deadline.

    Attributes:
        visit: its name.
        purpose: compare once, or gather for an enrolment.
        deadline_ns: give evidence or give up by then.
        trigger: the act of intent.
        turn: how the head is to be held, of an enrolment; None = as quality allows.

    """

    visit: VisitId
    purpose: Purpose
    deadline_ns: Nanoseconds
    trigger: Trigger = Trigger.DWELL
    turn: Turn | None = None


@dataclass(frozen=True, slots=True)
class StopVisit:
    """Gate takes a visit back; its pictures and vectors are overwritten at once."""

    visit: VisitId


@dataclass(frozen=True, slots=True)
class Conclude:
    """Gate has seen enough: give the visit's evidence now. Nothing is decided by it."""

    visit: VisitId


@dataclass(frozen=True, slots=True)
class Prompted:
    """The screen asks the person for one small action since `shown_ns`.

    Attributes:
        visit: the visit.
        asked: the action.
        shown_ns: when the screen showed it.

    """

    visit: VisitId
    asked: Hint
    shown_ns: Nanoseconds


@dataclass(frozen=True, slots=True)
class LightShown:
    """The screen shows one step of a light sequence since `shown_ns`.

    Attributes:
        visit: the visit.
        tint: its colour.
        brightness: 0 to 1 of the screen's own.
        shown_ns: when the screen began to show it, as the screen's own clock tells.

    """

    visit: VisitId
    tint: Tint
    brightness: Score
    shown_ns: Nanoseconds


@dataclass(frozen=True, slots=True)
class SetPreview:
    """Gate tells vision whether the screen may show the camera's picture; not until told.

    Vision sends none outside a visit all the same, but for the half minute in which somebody who
    asked for it aims a code.
    """

    on: bool


FROM_GATE = (SetMode, StartVisit, StopVisit, Conclude, Prompted, LightShown, SetPreview)

Order = SetMode | StartVisit | StopVisit | Conclude | Prompted | LightShown | SetPreview
