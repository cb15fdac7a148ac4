"""The gallery: no consent, no other door, swapped and damaged references, other recipes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from appliance.errors import ComparisonError, EnrolmentError, RosterError
from appliance.gate.comparison import ReferenceSet
from appliance.gate.enrolment.consent import Consent, GivenBy
from appliance.gate.store.records import Profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from appliance.gate.store.gallery import Gallery
    from appliance.gate.store.roster import Roster

RECIPE = "sface+mobile"


def face(seed: int, dimension: int = 32) -> NDArray[np.float32]:
    vector = np.random.default_rng(seed).standard_normal(dimension)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def enrol(roster: Roster, gallery: Gallery, seed: int, now: datetime, days: int = 365) -> str:
    name = roster.add(Profile("1", "x", frozenset()), [seed.to_bytes(16, "big")])
    term = now + timedelta(days=days)
    roster.set_face_consent(name, Consent("v1", "entry", GivenBy.SELF, now, term, "signed"))
    gallery.put(name, face(seed), RECIPE, 80, now)
    return name


def test_probes_meet_references_as_if_nothing_were_turned(
    roster: Roster, gallery: Gallery, now: datetime
) -> None:
    names = [enrol(roster, gallery, seed, now, days=seed + 1) for seed in range(5)]
    loaded = gallery.load_all(RECIPE, now)
    assert sorted(loaded.subjects) == sorted(names)
    assert [loaded.faults, loaded.other_features, loaded.resting] == [(), (), ()]
    assert loaded.next_expiry == now + timedelta(days=1)
    found = ReferenceSet(loaded.subjects, loaded.matrix, RECIPE).candidates(gallery.rotate(face(3)))
    assert found[0][0] == names[3]
    assert found[0][1] == pytest.approx(1.0, abs=1e-6)
    exact = max(float(face(3) @ face(other)) for other in (0, 1, 2, 4))
    assert found[1][1] == pytest.approx(exact, abs=1e-6)
    plain = {face(seed).tobytes() for seed in range(5)}
    assert not plain & {row.tobytes() for row in loaded.matrix}


def test_no_consent_no_reference(roster: Roster, gallery: Gallery, now: datetime) -> None:
    name = roster.add(Profile("1", "x", frozenset()), [b"0" * 16])
    with pytest.raises(EnrolmentError, match="consent"):
        gallery.put(name, face(1), RECIPE, 80, now)
    consent = Consent("v1", "entry", GivenBy.SELF, now, now + timedelta(1), "signed")
    roster.set_face_consent(name, consent)
    for when in (now - timedelta(seconds=1), now + timedelta(1)):
        with pytest.raises(EnrolmentError, match="consent"):
            gallery.put(name, face(1), RECIPE, 80, when)
    assert len(gallery) == 0


def test_no_other_door_no_reference(roster: Roster, gallery: Gallery, now: datetime) -> None:
    name = enrol(roster, gallery, 1, now)
    roster.set_card_blocked((1).to_bytes(16, "big"))
    with pytest.raises(EnrolmentError, match="law 1"):
        gallery.put(name, face(2), RECIPE, 80, now)
    with pytest.raises(RosterError):
        gallery.put("0" * 16, face(2), RECIPE, 80, now)


def test_from_the_second_of_expiry_nothing_is_compared(
    roster: Roster, gallery: Gallery, now: datetime
) -> None:
    name = enrol(roster, gallery, 1, now, days=1)
    assert gallery.load_all(RECIPE, now + timedelta(hours=23)).subjects == (name,)
    late = gallery.load_all(RECIPE, now + timedelta(1))
    assert (late.subjects, late.resting, late.next_expiry) == ((), (name,), None)


def test_withdrawal_takes_the_reference_along(
    roster: Roster, gallery: Gallery, now: datetime
) -> None:
    name = enrol(roster, gallery, 1, now)
    roster.set_face_consent(name, roster.consent(name))
    assert len(gallery) == 1
    roster.set_face_consent(name, None)
    assert len(gallery) == 0
    assert not gallery.remove(name)


def test_a_frozen_face_rests_and_wakes(roster: Roster, gallery: Gallery, now: datetime) -> None:
    name = enrol(roster, gallery, 1, now)
    roster.freeze_face(name)
    assert gallery.load_all(RECIPE, now).resting == (name,)
    roster.freeze_face(name, frozen=False)
    assert gallery.load_all(RECIPE, now).subjects == (name,)


def test_damaged_and_swapped_references_are_named_and_the_others_load(
    roster: Roster, gallery: Gallery, now: datetime, tamper: Callable[..., None]
) -> None:
    one, two, three, four = sorted(enrol(roster, gallery, seed, now) for seed in range(4))
    store = roster.store
    ((other,),) = store.rows("SELECT sealed FROM reference WHERE pseudonym = ?", (two,))
    tamper("UPDATE reference SET sealed = ? WHERE pseudonym = ?", (other, one))
    tamper("UPDATE consent SET sealed = x'00' WHERE pseudonym = ?", (three,))
    loaded = gallery.load_all(RECIPE, now)
    assert loaded.subjects == (two, four)
    assert [fault.pseudonym for fault in loaded.faults] == [one, three]


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\0\0\0", b"\xff" * 8, b"\0\0\0\2{}", b'\0\0\0\x10{"features":"x"}', b"\0\0\0\2[]abc"],
)
def test_a_reference_of_another_make_is_a_fault(
    roster: Roster, gallery: Gallery, now: datetime, content: bytes
) -> None:
    name = enrol(roster, gallery, 1, now)
    sealed = roster.store.person(name).seal(content, "reference", "sealed", 1)
    with roster.store.transaction():
        roster.store.execute("UPDATE reference SET sealed = ?", (sealed,))
    assert [fault.pseudonym for fault in gallery.load_all(RECIPE, now).faults] == [name]


def test_other_recipes_are_told_apart(roster: Roster, gallery: Gallery, now: datetime) -> None:
    names = sorted(enrol(roster, gallery, seed, now) for seed in range(3))
    gallery.put(names[0], face(9), "other", 80, now)
    gallery.put(names[2], face(9, 16), RECIPE, 80, now)
    loaded = gallery.load_all(RECIPE, now)
    assert (loaded.subjects, loaded.other_features) == ((names[1],), (names[0],))
    assert [fault.pseudonym for fault in loaded.faults] == [names[2]]


def test_a_later_reference_replaces_the_first(
    roster: Roster, gallery: Gallery, now: datetime
) -> None:
    name = enrol(roster, gallery, 1, now)
    gallery.put(name, face(2), RECIPE, 90, now)
    loaded = gallery.load_all(RECIPE, now)
    assert np.allclose(loaded.matrix, gallery.rotate(face(2)))
    assert gallery.remove(name)
    assert gallery.load_all(RECIPE, now).matrix.shape == (0, 0)


def test_a_vector_that_is_none_is_refused(gallery: Gallery, now: datetime) -> None:
    with pytest.raises(ComparisonError):
        gallery.put("x", face(1) * 2, RECIPE, 80, now)
