"""What the log gets told: pseudonyms and reason codes, durably, in order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from appliance.clock import SkippingClock
from appliance.errors import AuditError
from appliance.gate.access.decision import AccessDecision, Moment, refuse
from appliance.gate.access.reasons import Method, Reason
from appliance.gate.journal import Journal
from appliance.gate.store.audit import AuditLog
from appliance.gate.store.roots.file import FileKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AT = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AuditLog]:
    root = FileKey.create(tmp_path / "device.key")
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    AuditLog.create(folder / "audit.db", root)
    opened = AuditLog.open(folder / "audit.db", root)
    yield opened
    opened.close()


def test_a_log_that_cannot_be_written_is_told_and_the_newest_time_stays(log: AuditLog) -> None:
    journal = Journal(log, "gate 1", SkippingClock())
    log.close()
    with pytest.raises(AuditError):
        journal.decision(refuse(Method.CARD, Reason.UNKNOWN_CARD, Moment(AT)))
    with pytest.raises(AuditError):
        journal.happened("door.alarm_forced")
    assert journal.newest.year == 1


def test_what_is_too_long_for_the_log_is_an_error_of_the_log(log: AuditLog) -> None:
    with pytest.raises(AuditError, match="long"):
        Journal(log, "x" * 65, SkippingClock()).happened("door.alarm_forced")


def test_a_decision_is_one_line_of_number_time_and_codes(log: AuditLog) -> None:
    journal = Journal(log, "gate 1", SkippingClock())
    granted = AccessDecision(
        granted=True, reason=Reason.GRANTED, method=Method.QR, pseudonym="00ff", at=AT
    )
    assert journal.decision(granted) == "#1 08:00:00 entry.granted qr granted 00ff"
    refused = refuse(Method.FACE, Reason.NO_MATCH, Moment(AT))
    assert journal.decision(refused) == "#2 08:00:00 entry.refused face face-no-match -"
    assert [entry.event.kind for entry in log.tail(2)] == ["entry.granted", "entry.refused"]
    assert log.verify() == ()


def test_the_newest_time_never_goes_back_and_survives_a_restart(log: AuditLog) -> None:
    journal = Journal(log, "gate 1", SkippingClock())
    journal.decision(refuse(Method.CARD, Reason.UNKNOWN_CARD, Moment(AT)))
    journal.decision(refuse(Method.CARD, Reason.UNKNOWN_CARD, Moment(AT - timedelta(1))))
    assert journal.newest == AT
    journal.decision(refuse(Method.CARD, Reason.UNKNOWN_CARD, Moment(AT)))
    assert Journal(log, "gate 1", SkippingClock()).newest == AT


def test_an_act_of_a_person_keeps_its_detail(log: AuditLog) -> None:
    journal = Journal(log, "gate 1", SkippingClock())
    assert journal.happened("enrolment.committed", "00ff", face="yes").startswith("#1 ")
    event = log.tail(1)[0].event
    assert (event.pseudonym, event.detail, event.portal) == ("00ff", {"face": "yes"}, "gate 1")
