"""The face itself: glasses, guided capture, look-alikes, one more look, and only then kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from appliance.errors import ComparisonError
from appliance.gate.counter.arrival import STEPS, Arrival, arrival, forget
from appliance.gate.counter.form import BACK, Form, Turn, View, go, stay, text, twins, word
from appliance.gate.counter.wants import FaceProgress, FaceTaken, NotGiven, Want
from appliance.gate.enrolment.face_desk import FaceDesk, FaceRefusedError
from appliance.gate.enrolment.gathering import TURNS, Part, PartRefusedError
from appliance.gate.enrolment.session import EnrolmentRefusal
from appliance.messages import Hint
from appliance.messages import Turn as HeadTurn
from appliance.terminal import Choice, Ground, Row, Weight

if TYPE_CHECKING:
    from collections.abc import Mapping

    from appliance.gate.counter.form import Taker, Touch
    from appliance.gate.counter.session import Session

AGAIN: Final = Choice("again", Weight.NEXT)
HINTS: Final = tuple(one.value for one in Hint)
CAPTURE_FAULTS: Final = ("no-face-in-time", "not-unlike", "face-off")
DONE_FAULTS: Final = ("no-other-door", "no-consent", "alike")


@dataclass(frozen=True, slots=True)
class FaceOrder:
    """What vision is asked for; the detail of a want for a face.

    Attributes:
        turn: how the head is to be held.
        number: of the try, so that each is a want of its own.

    """

    turn: HeadTurn
    number: int


def _glasses(session: Session) -> View:
    turning = () if not arrival(session).turning else (Choice("no-turn", Weight.PART),)
    return View(choices=(BACK, *twins("glasses-yes", "glasses-no"), *turning), step=7, steps=STEPS)


def _no_turn(session: Session, _touch: Touch) -> Turn:
    arrival(session).turning = False
    return stay()


def _begin(session: Session, touch: Touch) -> Turn:
    arrival(session).glasses = touch.act == "glasses-yes"
    return _capture_anew(session)


def _capture_anew(session: Session) -> Turn:
    person = arrival(session)
    if person.face is None:
        return go("enrol.done", "no-consent")
    person.face.begin(glasses=person.glasses, turning=person.turning)
    return _look(person, "enrol.capture")


def _look(person: Arrival, page: str) -> Turn:
    """Let vision look once more."""
    person.tries += 1
    person.hint, person.share, person.paused = Hint.NONE, 0, False
    return go(page)


def _stop(session: Session, _touch: Touch) -> Turn:
    """End without a face; card and phone stay."""
    arrival(session).drop_face()
    return go("enrol.done")


def _capture(session: Session) -> View:
    person = arrival(session)
    gathering = person.face.gathering if person.face else None
    parts = gathering.parts if gathering else ()
    done = len(gathering.done) if gathering else 0
    now = gathering.next if gathering else None
    rows = [
        Row(part.value, (word(_state(place, done, paused=person.paused)),))
        for place, part in enumerate(parts)
    ]
    rows.append(Row("share", (text(str(person.share)),)))
    if person.hint is not Hint.NONE:
        rows.append(Row("hint", (word(person.hint.value),)))
    looks = now is not None and not person.paused
    return View(
        rows=tuple(rows),
        choices=(BACK, *((AGAIN,) if person.paused else ())),
        preview=looks,
        wants=frozenset({Want.FACE}) if looks else frozenset(),
        detail=FaceOrder(TURNS.get(now, HeadTurn.FRONT), person.tries) if now else None,
        step=7,
        steps=STEPS,
    )


def _state(place: int, done: int, *, paused: bool) -> str:
    if place < done:
        return "done"
    return "running" if place == done and not paused else "waiting"


def _progress(session: Session, event: FaceProgress) -> Turn:
    person = arrival(session)
    person.hint, person.share = event.hint, event.share
    return stay()


def _part_taken(session: Session, event: FaceTaken) -> Turn:
    person = arrival(session)
    if person.face is None:
        return go("enrol.done", "no-consent")
    try:
        whole = person.face.add(event.evidence)
    except PartRefusedError as refused:
        person.paused, person.share = True, 0
        return stay(refused.fault.value)
    except (FaceRefusedError, ComparisonError):
        return _ended(session)
    if not whole:
        turn = _look(person, "enrol.capture")
        # Whoever has to take off glasses says when that is done.
        person.paused = person.face.gathering.next is Part.BARE
        return turn
    if person.face.alike:
        return go("enrol.alike")
    return _look(person, "enrol.trial")


def _not_given(session: Session, event: NotGiven) -> Turn:
    person = arrival(session)
    person.paused, person.share = True, 0
    return stay(event.fault if event.fault in CAPTURE_FAULTS else "no-face-in-time")


def _again(session: Session, _touch: Touch) -> Turn:
    return _look(arrival(session), "")


def _ended(session: Session) -> Turn:
    """Say that no face was added; what had been gathered is overwritten."""
    person = arrival(session)
    refusal = _refusal(person.face)
    person.drop_face()
    return go("enrol.done", refusal)


def _refusal(face: FaceDesk | None) -> str:
    found = face.refusal if face else None
    if found is EnrolmentRefusal.NO_OTHER_DOOR:
        return "no-other-door"
    return "store-failed" if found is not EnrolmentRefusal.DUPLICATE else "alike"


def _alike(_session: Session) -> View:
    """Say that the face is near to another, and not to whose (law 9)."""
    return View(choices=twins("card-and-face", "without-face"), step=8, steps=STEPS)


def _with_card(session: Session, _touch: Touch) -> Turn:
    return _look(arrival(session), "enrol.trial")


def _trial(session: Session) -> View:
    person = arrival(session)
    rows = [Row("share", (text(str(person.share)),))]
    if person.hint is not Hint.NONE:
        rows.append(Row("hint", (word(person.hint.value),)))
    choices = (BACK, *((AGAIN, Choice("start", Weight.PART)) if person.paused else ()))
    return View(
        rows=tuple(rows),
        choices=choices,
        preview=not person.paused,
        wants=frozenset() if person.paused else frozenset({Want.FACE}),
        detail=None if person.paused else FaceOrder(HeadTurn.FRONT, person.tries),
        step=8,
        steps=STEPS,
    )


def _tried(session: Session, event: FaceTaken) -> Turn:
    """Keep the face if this look, too, is of the same person."""
    person = arrival(session)
    if person.face is None:
        return go("enrol.done", "no-consent")
    try:
        same = person.face.gathering.resembles(event.evidence)
    except PartRefusedError as refused:
        person.paused, person.share = True, 0
        return stay(refused.fault.value)
    except ComparisonError:
        return _ended(session)
    if not same:
        person.paused, person.share = True, 0
        return stay("not-unlike")
    try:
        person.face.commit()
    except FaceRefusedError:
        return _ended(session)
    except BaseException:
        person.drop_face()
        raise
    person.face = None
    person.receipt = session.tools.rights.receipt(person.pseudonym).token
    return go("enrol.done")


def _anew(session: Session, _touch: Touch) -> Turn:
    """Gather the face once more, under the consent that was given."""
    person = arrival(session)
    if person.face is None or person.consent is None:
        return go("enrol.done", "no-consent")
    person.face = person.face.anew()
    person.face.agree(person.consent)
    return go("enrol.glasses")


def _done(session: Session) -> View:
    person = arrival(session)
    face = "active" if person.receipt else "none"
    rows = (
        Row("household", (text(person.household),)),
        Row("label", (text(person.name),)),
        Row("face", (word(face),)),
    )
    choices = (Choice("done", Weight.NEXT),)
    return View(rows=rows, choices=choices, code=person.receipt, step=8, steps=STEPS)


def _finish(session: Session, _touch: Touch) -> Turn:
    forget(session)
    return go("manager.home")


TAKES: Final[Mapping[type, Taker]] = {FaceProgress: _progress, NotGiven: _not_given}
FORMS = (
    Form(
        "enrol.glasses",
        Ground.MANAGER,
        _glasses,
        {"back": _stop, "glasses-yes": _begin, "glasses-no": _begin, "no-turn": _no_turn},
    ),
    Form(
        "enrol.capture",
        Ground.MANAGER,
        _capture,
        {"back": _stop, "again": _again},
        {**TAKES, FaceTaken: _part_taken},
        rows=(*(one.value for one in Part), "share", "hint"),
        words=("done", "running", "waiting", *HINTS),
        faults=CAPTURE_FAULTS,
    ),
    Form(
        "enrol.alike",
        Ground.MANAGER,
        _alike,
        {"card-and-face": _with_card, "without-face": _stop},
    ),
    Form(
        "enrol.trial",
        Ground.MANAGER,
        _trial,
        {"back": _stop, "again": _again, "start": _anew},
        {**TAKES, FaceTaken: _tried},
        rows=("share", "hint"),
        words=HINTS,
        faults=CAPTURE_FAULTS,
    ),
    Form(
        "enrol.done",
        Ground.MANAGER,
        _done,
        {"done": _finish},
        rows=("household", "label", "face"),
        words=("active", "none"),
        faults=DONE_FAULTS,
    ),
)
