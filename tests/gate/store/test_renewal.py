"""Renewal of a gate: scores kept, old references unlinkable, killed half-way, beside a reader."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from appliance.errors import SealBrokenError
from appliance.gate.enrolment.consent import Consent, GivenBy
from appliance.gate.store import renewal
from appliance.gate.store.gallery import Gallery
from appliance.gate.store.records import Profile
from appliance.gate.store.reference import Reference
from appliance.gate.store.renewal import Rotations, finish, renew, unfinished
from appliance.gate.store.roster import Roster
from appliance.gate.store.schema import Store, open_store
from tests.rig.killed import killed_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from appliance.gate.store.roots.file import FileKey

RECIPE = "r"
DIMENSION = 128


def face(seed: int) -> NDArray[np.float32]:
    vector = np.random.default_rng(seed).standard_normal(DIMENSION)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def enrol(store: Store, count: int, now: datetime) -> list[str]:
    roster, names = Roster(store), []
    for seed in range(count):
        name = roster.add(Profile("1", str(seed), frozenset()), [seed.to_bytes(16, "big")])
        consent = Consent("v1", "entry", GivenBy.SELF, now, now + timedelta(9), "signed")
        roster.set_face_consent(name, consent)
        Gallery(roster).put(name, face(seed), RECIPE, 80, now)
        names.append(name)
    return names


def scores(store: Store, names: list[str], now: datetime) -> NDArray[np.float32]:
    """Return every face's score against every reference, in the order of the names."""
    gallery = Gallery(Roster(store))
    loaded = gallery.load_all(RECIPE, now)
    assert loaded.faults == ()
    order = [loaded.subjects.index(name) for name in names]
    probes = np.stack([gallery.rotate(face(seed)) for seed in range(len(names))])
    found: NDArray[np.float32] = probes @ loaded.matrix[order].T
    return found


def stored(store: Store) -> dict[str, NDArray[np.float32]]:
    found = {}
    for name, revision, sealed in store.rows("SELECT * FROM reference"):
        with store.person(name).reference(revision, sealed) as content:
            found[name] = Reference.decode(name, content).vector
    return found


def test_scores_stay_and_old_references_meet_nobody(store: Store, now: datetime) -> None:
    names = enrol(store, 30, now)
    before, old = scores(store, names, now), stored(store)
    assert renew(store) == 1
    after, new = scores(store, names, now), stored(store)
    assert np.abs(after - before).max() < 1e-6
    same = np.array([float(old[name] @ new[name]) for name in names])
    # Chance level at 128 dimensions: deviation 1/sqrt(128) = 0.088.
    assert np.abs(same).max() < 0.45
    assert abs(float(same.mean())) < 0.06
    assert renew(store) == 2
    assert np.abs(scores(store, names, now) - before).max() < 1e-6
    store.verify()


def test_everybody_has_new_keys_and_no_old_seal_is_left(store: Store, now: datetime) -> None:
    enrol(store, 5, now)
    tables = ("credential", "consent", "reference")
    old = store.rows("SELECT dek FROM person UNION SELECT record FROM person")
    for table in tables:
        old += store.rows(f"SELECT sealed FROM {table}")  # noqa: S608
    renew(store)
    assert store.rows("SELECT DISTINCT kek, born FROM person") == [(2, 2)]
    assert store.rows("SELECT number FROM kek") == [(2,)]
    content = b"".join(path.read_bytes() for path in store.path.parent.iterdir())
    assert not [seal for (seal,) in old if seal[:32] in content]
    people = list(Roster(store).residents())
    assert sorted(one.profile.label for one in people) == ["0", "1", "2", "3", "4"]
    assert all(Roster(store).has_other_door(one.pseudonym) for one in people)
    assert Roster(store).find_by_card((3).to_bytes(16, "big")) is not None


def test_an_old_row_does_not_fit_a_renewed_person(
    store: Store, now: datetime, tamper: Callable[..., None]
) -> None:
    (name,) = enrol(store, 1, now)
    ((born, dek, record),) = store.rows("SELECT born, dek, record FROM person")
    renew(store)
    tamper("UPDATE person SET record = ?", (record,))
    with pytest.raises(SealBrokenError):
        Roster(store).get(name)
    tamper("UPDATE person SET dek = ?, born = ?", (dek, born))
    with pytest.raises(SealBrokenError):
        Roster(store).get(name)


def test_in_the_middle_of_it_everybody_is_compared_right(
    store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = enrol(store, 7, now)
    before = scores(store, names, now)
    monkeypatch.setattr(renewal, "BATCH", 2)
    plain, seen = renewal._renew_some, []

    def some(*args: object) -> bool:
        more = plain(*args)  # type: ignore[arg-type]
        # Somebody else reads after every batch; somebody new comes, too.
        found = scores(store, names, now)
        assert np.abs(found - before).max() < 1e-6
        seen.append(len({r[0] for r in store.rows("SELECT born FROM person")}))
        return more

    monkeypatch.setattr(renewal, "_renew_some", some)
    renew(store)
    assert 2 in seen


@pytest.mark.parametrize("people", [1, 3, 5])
def test_killed_in_the_middle_it_goes_on_at_the_next_opening(
    store: Store, root: FileKey, now: datetime, people: int
) -> None:
    names = enrol(store, 6, now)
    before = scores(store, names, now)
    path = store.path
    store.close()
    killed_at(
        path, root, renewal.__name__, "_turn", batch=2, left=people, work="module.renew(store)"
    )
    with open_store(path, root) as opened:
        assert not unfinished(opened)
        assert opened.rows("SELECT DISTINCT born FROM person") == [(2,)]
        assert Rotations(opened).current == 1
        assert np.abs(scores(opened, names, now) - before).max() < 1e-6
        finish(opened)


def test_an_altered_renewal_number_is_refused(
    store: Store, now: datetime, tamper: Callable[..., None]
) -> None:
    enrol(store, 1, now)
    renew(store)
    tamper("UPDATE meta SET value = x'00' WHERE name = 'renewal'")
    with pytest.raises(SealBrokenError):
        Gallery(Roster(store)).rotate(face(0))
    sealed = store.seal_own("meta", b"", "renewal", 1, b"short")
    tamper("UPDATE meta SET value = ? WHERE name = 'renewal'", (sealed,))
    with pytest.raises(SealBrokenError, match="5 bytes"):
        renew(store)
