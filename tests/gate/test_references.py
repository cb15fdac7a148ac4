"""The references in memory: never of another recipe, never past a consent, wiped at the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from appliance.errors import ComparisonError, StoreError
from appliance.gate.comparison import vector as read_vector
from appliance.gate.enrolment.commit import Enrolment, Face, commit
from appliance.gate.enrolment.consent import Consent, GivenBy, Withdrawal
from appliance.gate.references import References
from appliance.gate.store.gallery import Gallery
from appliance.gate.store.records import Profile
from appliance.gate.store.roots.file import FileKey
from appliance.gate.store.roster import Roster
from appliance.gate.store.schema import Store, create_store, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

NOW = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
RECIPE = "recipe 1"


def vector(seed: int) -> NDArray[np.float32]:
    drawn = np.random.default_rng(seed).standard_normal(64)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    root = FileKey.create(tmp_path / "device.key")
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    create_store(folder / "gate.db", root)
    with open_store(folder / "gate.db", root) as opened:
        yield opened


@pytest.fixture
def roster(store: Store) -> Roster:
    return Roster(store)


@pytest.fixture
def references(roster: Roster) -> References:
    return References(Gallery(roster), roster)


def enrol(roster: Roster, seed: int, days: int = 10) -> str:
    consent = Consent("v1", "entry", GivenBy.SELF, NOW, NOW + timedelta(days), "paper")
    profile = Profile("1", "Li", frozenset({"card", "face"}))
    card = seed.to_bytes(16, "big")
    face = Face(vector(seed), RECIPE, 80)
    enrolment = Enrolment(profile, (card,), (), consent, face)
    return commit(roster, Gallery(roster), enrolment, NOW)


def test_before_a_recipe_is_known_nothing_is_compared(
    roster: Roster, references: References
) -> None:
    enrol(roster, 1)
    assert references.candidates(vector(1), NOW) == ()


def test_references_of_another_recipe_are_not_compared(
    roster: Roster, references: References
) -> None:
    enrol(roster, 1)
    references.want("recipe 2")
    assert references.candidates(vector(1), NOW) == ()


def test_a_probe_of_another_length_or_no_number_is_refused(
    roster: Roster, references: References
) -> None:
    enrol(roster, 1)
    references.want(RECIPE)
    for wrong in (vector(1)[:10], np.full(64, np.nan, np.float32), np.zeros(64, np.float32)):
        with pytest.raises(ComparisonError):
            references.candidates(wrong, NOW)
    with pytest.raises(ComparisonError, match="bytes"):
        read_vector(b"12345")


def test_a_closed_store_is_told_and_nothing_is_compared(
    roster: Roster, references: References
) -> None:
    enrol(roster, 1)
    references.want(RECIPE)
    assert references.candidates(vector(1), NOW)
    roster.store.close()
    with pytest.raises(StoreError):
        references.candidates(vector(1), NOW)


def test_the_second_a_consent_ends_its_reference_is_gone(
    roster: Roster, references: References
) -> None:
    short, long = enrol(roster, 1, days=1), enrol(roster, 2, days=9)
    references.want(RECIPE)
    found = dict(references.candidates(vector(1), NOW))
    assert found.keys() == {short, long}
    assert dict(references.candidates(vector(1), NOW + timedelta(1))).keys() == {long}


def test_a_wiped_set_is_overwritten(roster: Roster, references: References) -> None:
    enrol(roster, 1)
    references.want(RECIPE)
    references.refresh(NOW)
    held = references._set
    assert held is not None
    references.wipe()
    assert len(held) == 0
    assert not held._matrix.any()


def test_a_change_by_another_process_is_seen(
    roster: Roster, references: References, tmp_path: Path
) -> None:
    first = enrol(roster, 1)
    references.want(RECIPE)
    assert dict(references.candidates(vector(2), NOW)).keys() == {first}
    root = FileKey(tmp_path / "device.key")
    with open_store(tmp_path / "state" / "gate.db", root) as other:
        second = enrol(Roster(other), 2)
    assert references.candidates(vector(2), NOW)[0] == (second, pytest.approx(1.0, abs=1e-5))


def test_a_clock_that_goes_back_revives_no_consent(roster: Roster, references: References) -> None:
    short, long = enrol(roster, 1, days=1), enrol(roster, 2, days=9)
    references.want(RECIPE)
    assert dict(references.candidates(vector(1), NOW)).keys() == {short, long}
    assert dict(references.candidates(vector(1), NOW + timedelta(1))).keys() == {long}
    assert dict(references.candidates(vector(1), NOW)).keys() == {long}


def test_withdrawal_and_freeze_by_another_process_hold_at_once(
    roster: Roster, references: References, tmp_path: Path
) -> None:
    names = [enrol(roster, seed) for seed in (1, 2, 3)]
    references.want(RECIPE)
    assert dict(references.candidates(vector(1), NOW, 3)).keys() == set(names)
    with open_store(tmp_path / "state" / "gate.db", FileKey(tmp_path / "device.key")) as other:
        elsewhere = Roster(other)
        agreed = elsewhere.consent(names[0])
        assert agreed is not None
        ended = agreed.withdrawn(Withdrawal(NOW, "at the desk", GivenBy.SELF))
        elsewhere.set_face_consent(names[0], ended)
        assert dict(references.candidates(vector(1), NOW, 3)).keys() == set(names[1:])
        elsewhere.freeze_face(names[1])
        assert dict(references.candidates(vector(1), NOW, 3)).keys() == {names[2]}
