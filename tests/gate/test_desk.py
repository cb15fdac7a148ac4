"""The manager's desk: no face without consent, another door, life and a face unlike the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from appliance.clock import SkippingClock
from appliance.errors import (
    AuditError,
    ComparisonError,
    EnrolmentError,
    LinkClosedError,
    SanmenError,
)
from appliance.gate.access.presentation import CueKind, CuePolicy
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.enrolment import desk as enrolment
from appliance.gate.enrolment.consent import Consent, GivenBy
from appliance.gate.enrolment.desk import Application
from appliance.gate.enrolment.rights import Rights
from appliance.gate.store.records import Profile
from appliance.link import Link, pair
from appliance.messages import (
    FROM_VISION,
    CueEvidence,
    FaceEvidence,
    Guidance,
    Health,
    Hint,
    Ready,
    VisitAbandoned,
)
from appliance.orders import FROM_GATE, StartVisit
from appliance.sections import Config, Methods, Site, Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from appliance.gate.archive import Archive
    from appliance.messages import Message

CLOCK = SkippingClock()
CUES = (CuePolicy("texture", CueKind.PROOF_TEXTURE, 0.5, 0.5, 3),)
CARD = b"0123456789abcdef"


def face(seed: int = 1) -> FaceEvidence:
    drawn = np.random.default_rng(seed).standard_normal(320)
    probe = (drawn / np.linalg.norm(drawn)).astype("<f4").tobytes()
    return FaceEvidence(bytes(16), 1, 2, "recipe", probe, 80, 10, (CueEvidence("texture", 0.9, 9),))


def application(card: bytes = CARD) -> Application:
    now = CLOCK.wall()
    consent = Consent("v1", "entry", GivenBy.SELF, now, now + timedelta(9), "paper")
    return Application(Profile("1", "Li", frozenset({"card", "face"})), (card,), (), consent)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    config = Config(
        site=Site(simulation=True),
        store=Store(folder=str(tmp_path / "state"), key_file=str(tmp_path / "key")),
        methods=Methods(face=True),
    )
    create_archive(config)
    opened = open_archive(config, CLOCK)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"consent": None}, "declined"),
        ({"cards": ()}, "expected consent, and a card or a pass"),
        ({"child": True}, "guardian"),
    ],
    ids=["no consent", "no other door", "a child's own consent"],
)
def test_vision_is_asked_for_nothing_before_consent_and_another_door(
    archive: Archive, change: dict[str, object], why: str
) -> None:
    asked: list[int] = []

    def capture() -> FaceEvidence:
        asked.append(1)
        return face()

    wanted = replace(application(), **change)  # type: ignore[arg-type]
    with pytest.raises(EnrolmentError, match=why):
        archive.desk(CLOCK).enrol(wanted, capture, CUES, 0.56)
    assert asked == []
    assert len(archive.roster) == 0


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"cues": ()}, EnrolmentError),
        ({"cues": (CueEvidence("texture", 0.1, 9),)}, EnrolmentError),
        ({"probe": b"12345"}, ComparisonError),
        ({"probe": np.full(320, np.nan, "<f4").tobytes()}, ComparisonError),
    ],
    ids=["no cue", "no life", "half a number", "no number"],
)
def test_a_face_that_is_none_enrols_nobody(
    archive: Archive, change: dict[str, object], error: type[SanmenError]
) -> None:
    wrong = replace(face(), **change)  # type: ignore[arg-type]
    with pytest.raises(error):
        archive.desk(CLOCK).enrol(application(), lambda: wrong, CUES, 0.56)
    assert len(archive.roster) == 0


def test_a_look_alike_is_refused(archive: Archive) -> None:
    archive.desk(CLOCK).enrol(application(), face, CUES, 0.56)
    with pytest.raises(EnrolmentError, match="unlike everybody"):
        archive.desk(CLOCK).enrol(application(b"f" * 16), face, CUES, 0.56)
    assert len(archive.roster) == 1


def test_somebody_is_enrolled_with_and_somebody_without_a_face(archive: Archive) -> None:
    desk = archive.desk(CLOCK)
    name = desk.enrol(application(), face, CUES, 0.56)
    other = desk.enrol_without_face(replace(application(b"f" * 16), consent=None))
    assert len(archive.gallery) == 1
    logged = [
        (e.event.kind.partition(".")[2], e.event.pseudonym, e.event.detail["face"])
        for e in archive.log.tail(4)
    ]
    assert logged == [
        ("asked", None, "yes"),
        ("committed", name, "yes"),
        ("asked", None, "no"),
        ("committed", other, "no"),
    ]
    (erased,) = Rights(archive, Config()).erase(name)
    assert erased.report.found == ()
    assert archive.log.tail(1)[0].event.kind == "person.erased"


class Vision:
    """Answers the desk's one question with what the test says."""

    def __init__(self, *answers: Message) -> None:
        near, far = pair()
        self.gate = Link(near, FROM_VISION, CLOCK)
        self.far = Link(far, FROM_GATE, CLOCK)
        self.answers = answers
        self.hints: list[Hint] = []

    def look(self) -> None:
        CLOCK.sleep_until_ns(CLOCK.now_ns() + 1_000_000_000)
        for asked in self.far.receive():
            assert isinstance(asked, StartVisit)
            for answer in self.answers:
                named = isinstance(answer, FaceEvidence | VisitAbandoned)
                self.far.send(replace(answer, visit=asked.visit) if named else answer)  # type: ignore[arg-type,type-var]

    def capture(self) -> FaceEvidence:
        try:
            return enrolment.capture(self.gate, CLOCK, self.look, self.hints.append)
        finally:
            self.gate.close()
            self.far.close()


def test_a_capture_ends_when_nobody_comes_or_vision_cannot() -> None:
    with pytest.raises(EnrolmentError, match="none in time"):
        Vision(Health(1, 1)).capture()
    with pytest.raises(EnrolmentError, match="more_light"):
        Vision(VisitAbandoned(bytes(16), 1, Hint.MORE_LIGHT)).capture()
    with pytest.raises(EnrolmentError, match="SHA"):
        Vision(Ready("recipe", "camera", "SHA-256 wrong")).capture()


def test_a_vision_that_goes_in_mid_capture_is_told() -> None:
    vision = Vision()
    vision.look = vision.far.close  # type: ignore[method-assign]
    with pytest.raises(LinkClosedError):
        vision.capture()


def test_a_capture_gives_its_own_evidence_and_passes_hints_on() -> None:
    vision = Vision(Guidance(1, Hint.COME_CLOSER), face())
    assert vision.capture().probe == face().probe
    assert vision.hints == [Hint.COME_CLOSER]


def test_what_cannot_be_logged_is_neither_captured_nor_kept(archive: Archive) -> None:
    archive.log.close()
    asked: list[str] = []

    def capture() -> FaceEvidence:
        asked.append("face")
        return face()

    with pytest.raises(AuditError):
        archive.desk(CLOCK).enrol(application(), capture, CUES, 0.56)
    with pytest.raises(AuditError):
        archive.desk(CLOCK).enrol_without_face(replace(application(), consent=None))
    assert asked == []
    assert len(archive.roster) == 0
