"""Enrolment at the screen: what is refused, what is left when it is cut, and a whole one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appliance.errors import AuditError
from appliance.gate.comparison import vector
from appliance.gate.counter.wants import FaceProgress, PhoneShown, Want
from appliance.gate.credential.pass_token import PhoneKey
from appliance.gate.enrolment.consent import GivenBy, Relation
from appliance.messages import Hint, Turn
from appliance.terminal import Touched, Weight
from tests.gate.counter.staff import face, log_in, look, new_card, session, write

if TYPE_CHECKING:
    from appliance.gate.enrolment.gathering import Gathering
    from appliance.gate.store.records import Resident
    from tests.gate.counter.conftest import Bench


def begin(bench: Bench, household: str = "3-2-1502", age: str = "adult") -> None:
    """Enter household and person, up to the choice of ways in."""
    log_in(bench)
    bench.touch("enrol")
    bench.touch("next", entry=household)
    bench.touch("identity")
    bench.touch(age)
    bench.touch("next")
    assert bench.name == "enrol.methods"


def saved(bench: Bench, household: str = "3-2-1502", age: str = "adult", number: int = 1) -> str:
    """Enrol with a card; return the pseudonym."""
    before = {one.pseudonym for one in bench.archive.roster.residents()}
    begin(bench, household, age)
    bench.touch("next")
    write(bench, number)
    assert bench.name == "enrol.saved"
    (new,) = {one.pseudonym for one in bench.archive.roster.residents()} - before
    return new


def informed(bench: Bench) -> None:
    """Read the notice to its end."""
    bench.touch("tell-more")
    while "read" not in bench.acts():
        bench.touch("next")
    bench.touch("read")


def agreed(bench: Bench, household: str = "3-2-1502", number: int = 1) -> str:
    """Enrol, and agree to face; return the pseudonym."""
    who = saved(bench, household, number=number)
    informed(bench)
    bench.touch("consent-yes")
    bench.card(who)
    assert bench.name == "enrol.glasses"
    return who


def captured(bench: Bench, seed: int = 1) -> None:
    bench.touch("glasses-no")
    for _ in range(3):
        look(bench, face(seed))


def resident(bench: Bench, pseudonym: str) -> Resident:
    return bench.archive.roster.get(pseudonym)


def has_face(bench: Bench, pseudonym: str) -> bool:
    sql = "SELECT 1 FROM reference WHERE pseudonym = ?"
    return bool(bench.archive.roster.store.rows(sql, (pseudonym,)))


def gathering(bench: Bench) -> Gathering:
    found: Gathering = session(bench).draft["arrival"].face.gathering
    return found


@pytest.mark.parametrize(
    "typed",
    ["", "3", "3-", "-3-1", "3-2-1-4", "12345-1", "3--1", "0x3-1", "a-b", "3-1 ", "\uff13-\uff11"],
)
def test_what_is_no_household_is_refused(bench: Bench, typed: str) -> None:
    log_in(bench)
    bench.touch("enrol")
    bench.touch("next", entry=typed)
    assert bench.name == "enrol.household"
    assert bench.page.fault in {"household-form", "not-allowed"}


def test_nobody_goes_on_before_identity_and_age_are_said(bench: Bench) -> None:
    log_in(bench)
    bench.touch("enrol")
    bench.touch("next", entry="3-1")
    assert "next" not in bench.acts()
    bench.touch("adult")
    assert "next" not in bench.acts()
    bench.touch("identity")
    assert "next" in bench.acts()
    bench.touch("identity")
    bench.touch("next")
    assert (bench.name, bench.page.fault) == ("enrol.person", "not-allowed")


def test_face_is_not_among_the_ways_in(bench: Bench) -> None:
    begin(bench)
    assert bench.acts() == {"back", "card", "phone", "next"}


def test_nobody_is_enrolled_without_card_and_phone(bench: Bench) -> None:
    begin(bench)
    bench.touch("card")
    assert "next" not in bench.acts()


@pytest.mark.parametrize(
    "label",
    ["visitor:guest", "x" * 61, "a\nb", "\u202eevil", "a\u200fb", "\x00"],
    ids=["a visitor's", "61", "newline", "RTL override", "RTL mark", "NUL"],
)
def test_labels_that_could_mislead_are_refused(bench: Bench, label: str) -> None:
    begin(bench)
    bench.touch("back")
    bench.touch("label")
    bench.touch("next", entry=label)
    assert bench.name == "enrol.label"
    assert bench.page.fault in {"not-allowed", "too-long"}


@pytest.mark.parametrize("label", ["王" * 60, "شقة ١٢ علي", "外婆 👵🏽", "玥曈垚"])
def test_names_of_any_script_are_kept_as_they_are(bench: Bench, label: str) -> None:
    begin(bench)
    bench.touch("back")
    bench.touch("label")
    bench.touch("next", entry=label)
    bench.touch("next")
    bench.touch("next")
    write(bench)
    (one,) = bench.archive.roster.residents()
    assert one.profile.label == label
    assert bench.cells("label") == [label]


def test_an_empty_label_leaves_the_preset_one_which_counts_the_household(bench: Bench) -> None:
    saved(bench)
    bench.touch("no-finish")
    begin(bench)
    bench.touch("back")
    assert bench.cells("others") == ["1"]
    assert bench.cells("label") == ["住户2"]


@pytest.mark.parametrize("typed", ["03-002-1502", "3-2-1502"])
def test_a_household_is_one_however_its_zeros_are_typed(bench: Bench, typed: str) -> None:
    saved(bench)
    bench.touch("no-finish")
    begin(bench, typed)
    bench.touch("back")
    assert bench.cells("household") == ["3-2-1502"]
    assert bench.cells("others") == ["1"]


@pytest.mark.parametrize(
    "fault", ["card-taken", "wrong-card", "pulled-away", "two-cards", "reader-fault"]
)
def test_a_card_that_cannot_be_written_enrols_nobody_and_is_waited_for(
    bench: Bench, fault: str
) -> None:
    begin(bench)
    bench.touch("next")
    bench.refuse(fault)
    assert (bench.name, bench.page.fault) == ("enrol.card", fault)
    assert bench.wanted.kinds == {Want.NEW_CARD}
    assert len(bench.archive.roster) == 0


def test_a_card_enrolled_elsewhere_meanwhile_enrols_nobody(bench: Bench) -> None:
    bench.resident(new_card().number)
    begin(bench)
    bench.touch("next")
    write(bench)
    assert (bench.name, bench.page.fault) == ("enrol.methods", "card-taken")
    assert len(bench.archive.roster) == 1


def test_a_phone_that_is_somebodys_is_refused(bench: Bench) -> None:
    phone = PhoneKey.create()
    bench.archive.roster.add_pass(bench.resident(), phone.public_key)
    begin(bench)
    bench.touch("card")
    bench.touch("phone")
    bench.touch("next")
    for shown, fault in (
        (phone.enrolment(bench.clock.wall()), "phone-taken"),
        (phone.sign(bench.clock.wall()), "not-a-phone-key"),
        ("https://example.org", "not-a-phone-key"),
    ):
        bench.give(PhoneShown(shown))
        assert (bench.name, bench.page.fault) == ("enrol.phone", fault)
    assert len(bench.archive.roster) == 1


def test_what_cannot_be_logged_enrols_nobody(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(bench)
    bench.touch("next")
    journal = type(bench.archive.journal)
    real = journal.happened

    def full(self: object, kind: str, pseudonym: str | None = None, **detail: str) -> str:
        if kind == "card.issued":
            raise AuditError("log", "full", "room")
        return real(self, kind, pseudonym, **detail)  # type: ignore[arg-type]

    monkeypatch.setattr(journal, "happened", full)
    write(bench)
    assert bench.page.fault == "log-failed"
    assert len(bench.archive.roster) == 0


@pytest.mark.parametrize("page", ["enrol.person", "enrol.methods", "enrol.card", "enrol.phone"])
def test_a_lock_before_all_is_there_leaves_nothing(bench: Bench, page: str) -> None:
    begin(bench)
    if page == "enrol.person":
        bench.touch("back")
    elif page == "enrol.card":
        bench.touch("next")
    elif page == "enrol.phone":
        bench.touch("phone")
        bench.touch("next")
        write(bench)
    assert bench.name == page
    bench.wait(90)
    assert bench.name == ""
    assert len(bench.archive.roster) == 0
    assert session(bench).draft == {}
    assert session(bench).operator is None


def test_a_second_touch_of_next_enters_nothing_twice(bench: Bench) -> None:
    log_in(bench)
    bench.touch("enrol")
    bench.touch("next", entry="3-1")
    bench.touch("identity")
    old = Touched(bench.clock.ns, "adult", bench.page.number)
    bench.send(old)
    bench.touch("next")
    bench.send(old)
    assert bench.name == "enrol.methods"


def test_the_notice_is_read_to_its_end_before_anybody_is_asked(bench: Bench) -> None:
    saved(bench)
    bench.touch("tell-more")
    assert bench.page.leaves == 2
    assert "read" not in bench.acts()
    bench.touch("read")
    assert (bench.name, bench.page.fault) == ("enrol.notice", "not-allowed")


def test_yes_and_no_are_equal_and_no_costs_nothing(bench: Bench) -> None:
    who = saved(bench)
    informed(bench)
    assert [(one.act, one.weight) for one in bench.page.choices] == [
        ("consent-no", Weight.TWIN),
        ("consent-yes", Weight.TWIN),
    ]
    bench.touch("consent-no")
    assert (bench.name, bench.page.fault) == ("enrol.done", "")
    assert bench.cells("face") == ["none"]
    assert not has_face(bench, who)
    assert bench.archive.roster.consent(who) is None
    assert bench.kinds()[-1] == "consent.declined"
    assert bench.archive.roster.has_other_door(who)


def test_whoever_has_lost_the_only_card_is_asked_for_no_face(bench: Bench) -> None:
    who = saved(bench)
    bench.touch("tell-more")
    bench.touch("next")
    bench.archive.roster.set_card_blocked(new_card().number)
    bench.touch("read")
    assert (bench.name, bench.page.fault) == ("enrol.notice", "no-other-door")
    assert not has_face(bench, who)


def test_a_card_blocked_in_the_middle_keeps_no_face(bench: Bench) -> None:
    who = agreed(bench)
    captured(bench)
    bench.archive.roster.set_card_blocked(new_card().number)
    look(bench)
    assert (bench.name, bench.page.fault) == ("enrol.done", "no-other-door")
    assert not has_face(bench, who)
    assert bench.archive.roster.consent(who) is None


def test_the_camera_is_asked_for_nothing_before_consent_is_confirmed(bench: Bench) -> None:
    saved(bench)
    informed(bench)
    bench.touch("consent-yes")
    asked = {kind for one in bench.said if hasattr(one, "kinds") for kind in one.kinds}
    assert Want.FACE not in asked
    assert bench.wanted.kinds == {Want.CARD, Want.CODE}
    assert not any(getattr(one, "preview", False) for one in bench.said)


def test_somebody_elses_card_confirms_nothing(bench: Bench) -> None:
    neighbour = bench.resident(b"n" * 16, "3-2-1502")
    who = saved(bench)
    informed(bench)
    bench.touch("consent-yes")
    bench.card(neighbour)
    assert (bench.name, bench.page.fault) == ("enrol.confirm", "not-yours")
    bench.code(neighbour)
    assert (bench.name, bench.page.fault) == ("enrol.confirm", "not-yours")
    bench.code(who)
    assert bench.name == "enrol.glasses"


def test_a_childs_face_needs_somebody_else_of_the_household(bench: Bench) -> None:
    stranger = bench.resident(b"s" * 16, "3-2-1503")
    mother = bench.resident(b"m" * 16, "3-2-1502")
    child = saved(bench, age="child")
    informed(bench)
    assert bench.name == "enrol.guardian"
    bench.touch("relation", "mother")
    bench.touch("consent-yes")
    for wrong in (child, stranger):
        bench.card(wrong)
        assert (bench.name, bench.page.fault) == ("enrol.confirm", "not-yours")
    bench.card(mother)
    captured(bench)
    look(bench)
    consent = bench.archive.roster.consent(child)
    assert consent is not None
    assert (consent.given_by, consent.relation) == (GivenBy.GUARDIAN, Relation.PARENT)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_another_person_in_the_middle_is_joined_to_nobody(bench: Bench, part: int) -> None:
    who = agreed(bench)
    bench.touch("glasses-no")
    for _ in range(part):
        look(bench)
    look(bench, face(2))
    if part == 0:
        look(bench)
        assert bench.page.fault == "not-unlike"
        return
    assert (bench.name, bench.page.fault) == ("enrol.capture", "not-unlike")
    assert bench.wanted.kinds == frozenset()
    bench.touch("again")
    for _ in range(3 - part):
        look(bench)
    assert bench.name == "enrol.trial"
    assert not has_face(bench, who)


def test_no_living_face_is_told_as_no_good_view(bench: Bench) -> None:
    agreed(bench)
    bench.touch("glasses-no")
    look(bench, face(texture=0.1))
    assert (bench.name, bench.page.fault) == ("enrol.capture", "no-face-in-time")
    assert len(gathering(bench).done) == 0


def test_a_look_that_is_not_that_persons_keeps_nothing(bench: Bench) -> None:
    who = agreed(bench)
    captured(bench)
    look(bench, face(2))
    assert (bench.name, bench.page.fault) == ("enrol.trial", "not-unlike")
    assert not has_face(bench, who)
    bench.touch("start")
    assert bench.name == "enrol.glasses"
    captured(bench)
    look(bench)
    assert bench.name == "enrol.done"
    assert has_face(bench, who)


@pytest.mark.parametrize("parts", [1, 3])
def test_whatever_was_gathered_is_overwritten_when_it_ends_early(bench: Bench, parts: int) -> None:
    who = agreed(bench)
    bench.touch("glasses-no")
    for _ in range(parts):
        look(bench)
    kept = list(gathering(bench)._vectors)
    assert all(one.any() for one in kept)
    if parts == 1:
        bench.touch("back")
        assert bench.name == "enrol.done"
    else:
        bench.wait(90)
        assert bench.name == ""
    assert not any(one.any() for one in kept)
    assert not has_face(bench, who)
    assert bench.archive.roster.consent(who) is None
    assert resident(bench, who).profile.methods == {"card"}


def test_a_look_alike_is_told_without_whose_and_gets_no_face_if_they_like(bench: Bench) -> None:
    first = agreed(bench)
    captured(bench)
    look(bench)
    bench.touch("done")
    second = agreed(bench, "4-1-101", number=2)
    captured(bench)
    assert bench.name == "enrol.alike"
    assert bench.page.rows == ()
    bench.touch("without-face")
    assert bench.cells("face") == ["none"]
    assert not has_face(bench, second)
    assert resident(bench, first).look_alikes == frozenset()


def test_a_look_alike_may_choose_card_and_face_and_both_are_marked(bench: Bench) -> None:
    first = agreed(bench)
    captured(bench)
    look(bench)
    bench.touch("done")
    second = agreed(bench, "4-1-101", number=2)
    captured(bench)
    bench.touch("card-and-face")
    look(bench)
    assert has_face(bench, second)
    assert resident(bench, first).look_alikes == {second}
    assert resident(bench, second).look_alikes == {first}


def test_no_face_in_time_waits_for_a_touch(bench: Bench) -> None:
    agreed(bench)
    bench.touch("glasses-no")
    first = bench.wanted.number
    bench.refuse("no-face-in-time")
    assert (bench.page.fault, bench.page.preview) == ("no-face-in-time", False)
    assert bench.wanted.kinds == frozenset()
    bench.touch("again")
    assert bench.wanted.kinds == {Want.FACE}
    assert bench.wanted.number > first
    assert bench.page.preview


def test_each_part_asks_for_its_turn_of_the_head_and_shows_how_far_it_is(bench: Bench) -> None:
    agreed(bench)
    bench.touch("glasses-yes")
    turns = []
    for _ in range(3):
        turns.append(bench.wanted.detail.turn)
        look(bench)
    assert turns == [Turn.FRONT, Turn.LEFT, Turn.RIGHT]
    # Glasses come off first, for which nobody is hurried.
    assert bench.wanted.kinds == frozenset()
    assert bench.cells("bare") == ["waiting"]
    bench.touch("again")
    number = bench.page.number
    bench.give(FaceProgress(Hint.COME_CLOSER, 50))
    assert bench.cells("hint") == ["come_closer"]
    assert bench.cells("share") == ["50"]
    assert bench.page.number == number
    look(bench)
    assert bench.name == "enrol.trial"


def test_whoever_cannot_turn_is_looked_at_from_the_front_alone(bench: Bench) -> None:
    who = agreed(bench)
    bench.touch("no-turn")
    bench.touch("glasses-no")
    look(bench)
    assert bench.name == "enrol.trial"
    look(bench, face(noise=0.4))
    assert has_face(bench, who)


def test_a_resident_with_card_and_face_takes_at_most_25_touches(bench: Bench) -> None:
    log_in(bench)
    touches = 0

    def touch(act: str, entry: str | None = None) -> None:
        nonlocal touches
        # Fields advance by themselves: a household costs its digits and the step forward.
        touches += 1 + sum(one.isdigit() for one in entry or "")
        bench.touch(act, entry=entry)

    touch("enrol")
    touch("next", "3-2-1502")
    touch("identity")
    touch("adult")
    touch("next")
    touch("next")
    write(bench)
    (one,) = bench.archive.roster.residents()
    touch("tell-more")
    touch("next")
    touch("read")
    touch("consent-yes")
    bench.card(one.pseudonym)
    touch("glasses-no")
    for _ in range(4):
        look(bench)
    assert bench.name == "enrol.done"
    touch("done")
    assert bench.name == "manager.home"
    assert touches == 18
    assert has_face(bench, one.pseudonym)


def test_a_whole_enrolment_is_kept_logged_and_has_its_receipt(bench: Bench) -> None:
    who = agreed(bench)
    captured(bench)
    look(bench)
    assert bench.cells("face") == ["active"]
    assert bench.page.code.count(".") >= 1
    assert resident(bench, who).profile.methods == {"card", "face"}
    consent = bench.archive.roster.consent(who)
    assert consent is not None
    assert consent.given_by is GivenBy.SELF
    assert (consent.expires_at - consent.given_at).days == 365
    assert [one for one in bench.kinds() if one.split(".")[0] in {"enrolment", "card"}] == [
        "enrolment.asked",
        "card.issued",
        "enrolment.committed",
        "enrolment.asked",
        "enrolment.committed",
    ]
    bench.archive.references.want("recipe")
    ((name, score),) = bench.archive.references.candidates(vector(face().probe), bench.clock.wall())
    assert name == who
    assert score == pytest.approx(1.0, abs=1e-5)
