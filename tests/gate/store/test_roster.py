"""The roster: swapped and damaged rows, cards and passes of strangers, every kind of text."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.errors import EnrolmentError, RosterError, SealBrokenError
from appliance.gate.credential.pass_token import PhoneKey
from appliance.gate.enrolment.consent import Consent, GivenBy
from appliance.gate.store.records import Credential, CredentialKind, Fault, Profile, Resident
from appliance.gate.store.rows import PersonKey
from appliance.gate.store.sealed import Sealer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from appliance.gate.store.roster import Roster

LI = Profile("1-101", "Li", frozenset({"card", "face"}))
WANG = Profile("2-202", "Wang", frozenset({"pass"}))
CARD = b"0123456789abcdef"
HOURS = '{"periods": [{"days": ["mon", "sun"], "from": 420, "to": 1320}]}'


def consent(now: datetime) -> Consent:
    return Consent("v1", "entry", GivenBy.SELF, now, now + timedelta(days=365), "signed")


def test_a_resident_comes_back_whole(roster: Roster, now: datetime) -> None:
    profile = Profile("1", "x", frozenset({"pass"}), now, now + timedelta(1), HOURS)
    name = roster.add(profile)
    assert roster.get(name) == Resident(name, profile)
    assert len(name) == 16
    assert len(roster) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.text(max_size=400), st.text(max_size=400))
def test_any_text_comes_back_as_it_was(roster: Roster, household: str, label: str) -> None:
    name = roster.add(Profile(household, label, frozenset()))
    assert (roster.get(name).profile.household, roster.get(name).profile.label) == (
        household,
        label,
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"label": "x" * 100_000},
        {"household": "x" * 401},
        {"methods": frozenset({"uid"})},
        {"valid_from": datetime(2026, 1, 1)},  # noqa: DTZ001 - the fault under test
        {"schedule": "not json"},
        {"schedule": "[" * 19_999},
        {"schedule": " " * 20_001},
    ],
)
def test_what_no_resident_has_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(RosterError):
        Profile(**{"household": "1", "label": "x", "methods": frozenset(), **fields})  # type: ignore[arg-type]


def test_nothing_personal_is_readable_in_the_files(roster: Roster, folder: Path) -> None:
    phone = PhoneKey.create()
    name = roster.add(Profile("HOUSEHOLD-77", "LABEL-88", frozenset()), [CARD], [phone.public_key])
    roster.set_face_consent(name, consent(datetime.now(UTC)))
    content = b"".join(path.read_bytes() for path in folder.iterdir())
    for secret in (b"HOUSEHOLD", b"LABEL", CARD, CARD.hex().encode(), phone.key_id, b"signed"):
        assert secret not in content
    assert name.encode() in content


def test_a_card_finds_its_holder_until_it_is_blocked(roster: Roster) -> None:
    name = roster.add(LI, [CARD])
    found = roster.find_by_card(CARD)
    assert found is not None
    assert (found.resident.pseudonym, found.credential.active) == (name, True)
    roster.set_card_blocked(CARD)
    found = roster.find_by_card(CARD)
    assert found is not None
    assert not found.credential.active
    assert not roster.has_other_door(name)
    roster.set_card_blocked(CARD, blocked=False)
    assert roster.has_other_door(name)


def test_a_pass_finds_its_key(roster: Roster) -> None:
    phone = PhoneKey.create()
    name = roster.add(WANG, passes=[phone.public_key])
    found = roster.find_by_pass(phone.key_id)
    assert found is not None
    assert found.credential.public_key == phone.public_key
    roster.set_pass_blocked(phone.key_id)
    assert [held.active for held in roster.credentials(name)] == [False]


def test_strangers_find_nobody(roster: Roster) -> None:
    roster.add(LI, [CARD])
    assert roster.find_by_card(b"x" * 16) is None
    assert roster.find_by_pass(CARD) is None
    with pytest.raises(RosterError):
        roster.set_card_blocked(b"x" * 16)
    for act in (roster.get, roster.credentials, roster.consent):
        with pytest.raises(RosterError, match="unknown"):
            act("0" * 16)
    with pytest.raises(RosterError):
        roster.add_card("0" * 16, CARD[::-1])


def test_one_card_has_one_holder_and_a_failed_add_adds_nobody(roster: Roster) -> None:
    roster.add(LI, [CARD])
    for cards in ([CARD], [b"x" * 16, b"x" * 16], [b"short"]):
        with pytest.raises(RosterError):
            roster.add(WANG, cards)
    assert len(roster) == 1
    assert roster.find_by_card(b"x" * 16) is None


@pytest.mark.parametrize("point", [b"", bytes(65), b"\x04" + b"\x01" * 64, b"\x02" + bytes(32)])
def test_a_key_off_the_curve_is_refused(roster: Roster, point: bytes) -> None:
    with pytest.raises(RosterError, match="P-256"):
        roster.add(WANG, passes=[point])


def test_changes_are_kept(roster: Roster) -> None:
    name = roster.add(LI)
    roster.freeze_face(name)
    roster.update(name, WANG)
    assert roster.get(name) == Resident(name, WANG, face_frozen=True)
    roster.freeze_face(name, frozen=False)
    assert not roster.get(name).face_frozen


def test_consent_is_kept_replaced_and_withdrawn(roster: Roster, now: datetime) -> None:
    name = roster.add(LI)
    assert roster.consent(name) is None
    roster.set_face_consent(name, consent(now))
    roster.set_face_consent(name, consent(now + timedelta(1)))
    assert roster.consent(name) == consent(now + timedelta(1))
    roster.set_face_consent(name, None)
    assert roster.consent(name) is None


@pytest.mark.parametrize("column", ["record", "dek", "record = (SELECT record", "revision"])
def test_rows_swapped_between_people_are_broken(
    roster: Roster, column: str, tamper: Callable[..., None]
) -> None:
    one, two = roster.add(LI), roster.add(WANG)
    if column == "revision":
        tamper("UPDATE person SET revision = 2 WHERE pseudonym = ?", (one,))
    else:
        column = column.split(" ", maxsplit=1)[0]
        tamper(
            f"UPDATE person SET {column} = (SELECT {column} FROM person WHERE pseudonym = ?) "  # noqa: S608
            "WHERE pseudonym = ?",
            (two, one),
        )
    with pytest.raises(SealBrokenError):
        roster.get(one)
    faults: list[Fault] = []
    assert [resident.pseudonym for resident in roster.residents(faults)] == [two]
    assert [fault.pseudonym for fault in faults] == [one]
    with pytest.raises(SealBrokenError):
        list(roster.residents())


def test_a_card_given_to_somebody_else_in_the_file_is_broken(
    roster: Roster, tamper: Callable[..., None]
) -> None:
    roster.add(LI, [CARD])
    two = roster.add(WANG, [b"x" * 16])
    tamper("UPDATE credential SET pseudonym = ?", (two,))
    with pytest.raises(SealBrokenError):
        roster.find_by_card(CARD)


def test_an_old_state_of_a_card_does_not_come_back(
    roster: Roster, tamper: Callable[..., None]
) -> None:
    roster.add(LI, [CARD])
    ((old,),) = roster.store.rows("SELECT sealed FROM credential")
    roster.set_card_blocked(CARD)
    tamper("UPDATE credential SET sealed = ?", (old,))
    with pytest.raises(SealBrokenError):
        roster.find_by_card(CARD)


def test_somebody_erased_while_the_list_is_read_is_left_out(roster: Roster) -> None:
    names = sorted([roster.add(LI), roster.add(WANG)])
    people = roster.residents()
    assert next(people).pseudonym == names[0]
    with roster.store.transaction():
        roster.store.execute("DELETE FROM person WHERE pseudonym = ?", (names[1],))
    assert list(people) == []


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"null", b'{"label": 1}', b"\xff"])
def test_records_of_another_make_are_refused(content: bytes, now: datetime) -> None:
    with pytest.raises(SealBrokenError):
        Resident.decode("ab", content)
    with pytest.raises(SealBrokenError):
        Credential.decode(content)
    with pytest.raises(EnrolmentError):
        Consent.decode(content)
    key = PersonKey("ab", 1, Sealer(bytes(32)))
    with pytest.raises(SealBrokenError):
        key.consent(1, key.seal(content, "consent", "sealed", 1))
    fields = json.loads(consent(now).encode())
    with pytest.raises(EnrolmentError):
        Consent.decode(json.dumps({**fields, "given_by": "neighbour"}).encode())


def test_a_credential_survives_its_seal() -> None:
    card = Credential(CredentialKind.CARD, CARD, active=False)
    assert Credential.decode(card.encode()) == card
