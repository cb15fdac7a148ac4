"""Consent to face, apart from all else: notice, yes or no, and the resident's own card (S99)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from appliance.gate.counter.arrival import STEPS, arrival
from appliance.gate.counter.form import BACK, LEAF_ROWS, Form, Turn, View, go, stay, text, to, twins
from appliance.gate.counter.office import face_limits, face_offered, residents_of, visitor_kind
from appliance.gate.counter.wants import CardShown, CodeShown, Want
from appliance.gate.enrolment.consent import Consent, GivenBy, Relation
from appliance.gate.enrolment.face_desk import FaceDesk, FaceRefusedError
from appliance.gate.enrolment.notice import PURPOSE, face_notice
from appliance.gate.enrolment.session import EnrolmentRefusal
from appliance.terminal import Choice, Ground, Row, Weight

if TYPE_CHECKING:
    from appliance.gate.counter.form import Touch
    from appliance.gate.counter.session import Session

NOTICE_ROWS: Final = 5
"""Headings of the notice on one leaf, in large type."""
RELATIONS: Final = {
    "mother": Relation.PARENT,
    "father": Relation.PARENT,
    "grandparent": Relation.GRANDPARENT,
    "guardian": Relation.OTHER,
}
CONFIRM_FAULTS: Final = ("no-other-door", "no-consent")


def _notice(session: Session) -> View:
    lines = face_notice(session.tools.config).lines
    leaves = -(-len(lines) // NOTICE_ROWS)
    leaf = min(max(1, session.leaf), leaves)
    shown = lines[(leaf - 1) * NOTICE_ROWS : leaf * NOTICE_ROWS]
    rows = tuple(
        Row("notice", (text(one.head_zh), text(one.head_en), text(one.zh), text(one.en)))
        for one in shown
    )
    # Offered on the last leaf alone: nobody agrees to what was not shown.
    read = (Choice("read", Weight.NEXT),) if leaf == leaves else ()
    return View(
        choices=(BACK, *read),
        listed=rows,
        total=leaves * LEAF_ROWS,
        step=6,
        steps=STEPS,
    )


def _notice_back(session: Session, _touch: Touch) -> Turn:
    arrival(session).drop_face()
    return go("enrol.saved")


def _read(session: Session, _touch: Touch) -> Turn:
    """Open the enrolment of the face: refused at once to whoever has no other door (S14)."""
    person = arrival(session)
    person.drop_face()
    if not face_offered(session):
        return stay("face-off")
    try:
        person.face = FaceDesk(
            session.tools.archive,
            person.pseudonym,
            face_limits(session),
            child=bool(person.child),
        )
    except FaceRefusedError:
        return stay("no-other-door")
    return go("enrol.guardian" if person.child else "enrol.consent")


def _guardian(_session: Session) -> View:
    choices = (Choice("relation", Weight.TILE, one, one) for one in RELATIONS)
    return View(choices=(BACK, *choices), step=6, steps=STEPS)


def _related(session: Session, touch: Touch) -> Turn:
    arrival(session).relation = RELATIONS[touch.value]
    return go("enrol.consent")


def _consent(_session: Session) -> View:
    return View(choices=twins("consent-no", "consent-yes"), step=6, steps=STEPS)


def _no(session: Session, _touch: Touch) -> Turn:
    person = arrival(session)
    if person.face is not None:
        person.face.decline()
    person.drop_face()
    return go("enrol.done")


def _yes(session: Session, _touch: Touch) -> Turn:
    return go("enrol.confirm") if arrival(session).face else go("enrol.notice", "no-consent")


def _confirm(_session: Session) -> View:
    wants = frozenset({Want.CARD, Want.CODE})
    return View(choices=(BACK,), wants=wants, step=6, steps=STEPS)


def _confirmed(session: Session, event: CardShown | CodeShown) -> Turn:
    """Take the consent, if the one it is for, or the child's household, has confirmed it."""
    person = arrival(session)
    if person.face is None:
        return go("enrol.notice", "no-consent")
    if not _may_confirm(session, event.holder):
        return stay("not-yours")
    config, now = session.tools.config, session.tools.clock.wall()
    how = "card" if isinstance(event, CardShown) else "phone code"
    consent = Consent(
        notice_version=face_notice(config).version,
        purpose=PURPOSE,
        given_by=GivenBy.GUARDIAN if person.child else GivenBy.SELF,
        given_at=now,
        expires_at=now + timedelta(days=config.consent.term_days),
        how=f"on this terminal's screen, confirmed by {how}",
        relation=person.relation if person.child else None,
    )
    try:
        person.face.agree(consent)
    except FaceRefusedError as refused:
        person.drop_face()
        lacking = refused.refusal is EnrolmentRefusal.NO_OTHER_DOOR
        return go("enrol.notice", "no-other-door" if lacking else "no-consent")
    person.consent = consent
    return go("enrol.glasses")


def _may_confirm(session: Session, holder: str) -> bool:
    person = arrival(session)
    if not person.child:
        return holder == person.pseudonym
    # A guardian is somebody else of the same household who lives there.
    home = residents_of(session, person.household)
    lives = {one.pseudonym for one in home if not visitor_kind(one.profile.label)}
    return holder != person.pseudonym and holder in lives


FORMS = (
    Form(
        "enrol.notice",
        Ground.MANAGER,
        _notice,
        {"back": _notice_back, "read": _read},
        leaves=True,
        rows=("notice",),
        faults=("face-off", "no-other-door", "no-consent"),
    ),
    Form(
        "enrol.guardian",
        Ground.MANAGER,
        _guardian,
        {"back": to("enrol.notice"), "relation": _related},
        words=tuple(RELATIONS),
    ),
    Form(
        "enrol.consent",
        Ground.MANAGER,
        _consent,
        {"consent-no": _no, "consent-yes": _yes},
    ),
    Form(
        "enrol.confirm",
        Ground.MANAGER,
        _confirm,
        {"back": to("enrol.consent")},
        {CardShown: _confirmed, CodeShown: _confirmed},
        faults=CONFIRM_FAULTS,
    ),
)
