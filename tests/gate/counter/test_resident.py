"""A resident at the counter: sees what is held, freezes, withdraws, asks, and takes a copy."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from appliance.errors import AuditError
from appliance.gate.enrolment import receipt as receipts
from appliance.gate.store.audit import AuditEvent, AuditLog
from appliance.terminal import Page, Weight

if TYPE_CHECKING:
    from tests.gate.counter.conftest import Bench


def entry(bench: Bench, who: str, hours: int, kind: str = "entry.granted") -> None:
    at = bench.clock.wall() + timedelta(hours=hours)
    bench.log.append(AuditEvent(kind, at, "gate 1", "card", "granted", who))


def test_nobody_without_a_face_is_offered_to_freeze_or_withdraw_one(bench: Bench) -> None:
    bench.at_home(bench.resident())
    assert bench.cells("face") == ["none"]
    assert not {"freeze", "thaw", "withdraw"} & bench.acts()
    bench.touch("withdraw")
    assert bench.page.fault == "not-allowed"


def test_entries_of_others_are_never_shown(bench: Bench) -> None:
    mine, other = bench.resident(), bench.resident(b"x" * 16)
    entry(bench, other, 0)
    bench.at_home(mine)
    bench.touch("entries")
    assert bench.page.rows == ()
    bench.touch("show")
    assert bench.page.rows == ()


def test_entries_are_hidden_until_touched_and_tell_half_a_day(bench: Bench) -> None:
    who = bench.resident()
    for hour in range(11):
        entry(bench, who, hour - 4)
    entry(bench, who, 9, "entry.refused")
    bench.at_home(who)
    bench.touch("entries")
    assert bench.page.rows == ()
    bench.touch("show")
    # 08:00 UTC is 16:00 in Shanghai.
    assert bench.cells("entry") == ["2026-03-05", "morning", "method-card", "refused"]
    assert (len(bench.page.rows), bench.page.leaf, bench.page.leaves) == (8, 1, 2)
    bench.touch("next")
    assert (len(bench.page.rows), bench.page.leaf) == (4, 2)
    assert [cell.text or cell.word for cell in bench.page.rows[-1].cells] == [
        *("2026-03-04", "afternoon", "method-card", "granted"),
    ]
    assert "next" not in bench.acts()
    bench.touch("back")
    bench.touch("entries")
    assert bench.page.rows == ()


def test_what_is_kept_is_told_whole(bench: Bench) -> None:
    who = bench.with_face()
    bench.archive.roster.set_card_blocked(b"0123456789abcdef")
    bench.at_home(who)
    bench.touch("kept")
    assert bench.cells("household") == ["3-2-1502"]
    assert bench.cells("label") == ["李"]
    assert bench.cells("methods") == ["method-card", "method-face"]
    assert bench.cells("cards") == ["6566 -"]
    assert bench.cells("face") == ["in-use"]
    assert bench.cells("face-until") == [str(1772611200 + 365 * 86400)]


def test_who_looked_is_told(bench: Bench) -> None:
    who = bench.resident()
    bench.archive.journal.happened("person.viewed", who, by="op-1")
    bench.archive.journal.happened("person.viewed", "somebody else", by="op-1")
    bench.archive.journal.happened("log.viewed", by="op-2", why="incident")
    bench.at_home(who)
    bench.touch("viewers")
    assert [[cell.word for cell in row.cells][1:] for row in bench.page.rows] == [
        ["yourself", "own-data"],
        ["auditor", "whole-log"],
        ["manager", "record"],
    ]


def test_a_frozen_face_rests_at_once_and_is_woken_by_undo(bench: Bench) -> None:
    who = bench.with_face()
    bench.at_home(who)
    bench.touch("freeze")
    assert bench.archive.roster.get(who).face_frozen
    assert bench.name == "my.frozen"
    assert {one.weight for one in bench.page.choices} == {Weight.TWIN}
    bench.touch("undo")
    assert not bench.archive.roster.get(who).face_frozen
    bench.touch("freeze")
    bench.touch("done")
    assert bench.cells("face") == ["frozen"]
    bench.touch("thaw")
    assert bench.cells("face") == ["in-use"]


def test_back_from_withdrawal_changes_nothing(bench: Bench) -> None:
    who = bench.with_face()
    bench.at_home(who)
    bench.touch("withdraw")
    assert {one.weight for one in bench.page.choices} == {Weight.TWIN}
    bench.touch("back")
    assert bench.cells("face") == ["in-use"]
    assert "consent.withdrawn" not in bench.kinds()


def test_withdrawal_stops_destroys_and_reads_back_and_gives_a_receipt(bench: Bench) -> None:
    who = bench.with_face()
    bench.at_home(who)
    bench.touch("withdraw")
    bench.said.clear()
    bench.touch("withdraw-yes")
    pages = [one for one in bench.said if isinstance(one, Page)]
    steps = [[row.cells[0].word for row in one.rows] for one in pages if one.name == "my.erasing"]
    assert steps == [
        ["running", "waiting", "waiting"],
        ["done", "running", "waiting"],
        ["done", "done", "running"],
    ]
    assert bench.name == "my.receipt"
    public = bench.archive.roster.store.signer.public_key
    told = receipts.check(bench.page.code, public)
    assert (told.kind, told.claims["sub"]) == ("erasure-receipt", who)
    # The harness keeps freed memory, so that only a real gate's verdict can be "nothing-left".
    assert (told.claims["left"], told.claims["f"]) == (
        0,
        len(list(bench.log.path.parent.iterdir())),
    )
    assert len(bench.archive.gallery) == 0
    bench.touch("done")
    assert bench.cells("face") == ["withdrawn"]
    assert "withdraw" not in bench.acts()
    assert {"consent.withdrawn", "face.erased"} <= set(bench.kinds())
    # Card and code go on.
    assert bench.cells("cards") == ["1"]


def test_a_consent_is_listed_with_its_state_and_its_receipt(bench: Bench) -> None:
    who = bench.with_face()
    bench.at_home(who)
    bench.touch("consents")
    assert bench.cells("consent")[2:] == ["consent-given", "v1"]
    bench.touch("receipt")
    assert bench.cells("what") == ["consent-given"]
    told = receipts.check(bench.page.code, bench.archive.roster.store.signer.public_key)
    assert told.kind == "consent-receipt"


@pytest.mark.parametrize(("page", "topic"), [("correct", "label"), ("complain", "privacy")])
def test_what_is_asked_for_gets_a_number_and_fifteen_days(
    bench: Bench, page: str, topic: str
) -> None:
    bench.at_home(bench.resident())
    bench.touch(page)
    bench.touch("topic", "nonsense")
    assert bench.page.fault == "not-allowed"
    bench.touch("topic", topic)
    assert (bench.cells("number"), bench.cells("topic")) == (["1"], [f"topic-{topic}"])
    assert bench.cells("due") == [str(1772611200 + 15 * 86400)]
    assert "ticket.opened" in bench.kinds()


def test_a_ticket_that_cannot_be_logged_is_not_kept(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.at_home(bench.resident())
    bench.touch("complain")

    def full(*_: object) -> int:
        raise AuditError("log", "disk full", "room")

    with monkeypatch.context() as patch:
        patch.setattr(AuditLog, "extend", full)
        bench.touch("topic", "door")
    assert (bench.name, bench.page.fault) == ("my.complain", "log-failed")
    assert bench.archive.roster.store.rows("SELECT * FROM ticket") == []


def test_nobody_fills_the_store_with_tickets(bench: Bench) -> None:
    bench.at_home(bench.resident())
    for _ in range(20):
        bench.touch("complain")
        bench.touch("topic", "door")
        bench.touch("done")
    bench.touch("complain")
    bench.touch("topic", "door")
    assert (bench.name, bench.page.fault) == ("my.home", "too-many")


@pytest.mark.parametrize("name", ["李" * 60, "\u202eabc\u202c🙂" * 10, "\ud800", "x" * 400])
def test_a_copy_is_signed_and_fits_into_a_code(bench: Bench, name: str) -> None:
    who = bench.with_face()
    profile = bench.archive.roster.get(who).profile
    cards = frozenset({"card", "pass", "face"})
    bench.archive.roster.update(who, type(profile)(name, name, cards))
    for number in range(6):
        bench.archive.roster.add_card(who, bytes([number]) * 16)
    bench.at_home(who)
    bench.touch("copy")
    told = receipts.check(bench.page.code, bench.archive.roster.store.signer.public_key)
    assert (told.kind, told.claims["sub"], told.claims["cn"]) == ("data-copy", who, 7)
    assert told.claims["px"] == 0
    assert len(bench.page.code) <= 1100


def test_a_lock_in_the_middle_of_a_receipt_forgets_it(bench: Bench) -> None:
    who = bench.with_face()
    bench.at_home(who)
    bench.touch("copy")
    bench.wait(119)
    assert bench.name == "my.copy"
    bench.wait(2)
    assert bench.name == ""
    assert bench.counter.page is None
