"""Rotation of the key-encryption key: beside other readers and writers, killed, with bad keys."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from appliance.errors import RosterError, SealBrokenError
from appliance.gate.store import keyring
from appliance.gate.store.records import Profile
from appliance.gate.store.roster import Roster
from appliance.gate.store.schema import Store, open_store
from tests.rig.killed import killed_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from appliance.gate.store.roots.file import FileKey

SOMEBODY = Profile("1-101", "Li", frozenset({"card"}))


def fill(store: Store, count: int) -> list[str]:
    roster = Roster(store)
    return [roster.add(SOMEBODY, [number.to_bytes(16, "big")]) for number in range(count)]


def test_everybody_is_wrapped_anew_and_the_old_key_is_in_no_file(store: Store) -> None:
    names = fill(store, 3)
    ((old,),) = store.rows("SELECT wrapped FROM kek")
    deks = store.rows("SELECT dek FROM person")
    assert store.keyring.rotate() == 2
    assert store.keyring.current == 2
    assert store.rows("SELECT kek, born FROM person") == [(2, 1)] * 3
    assert [store.person(name).born for name in names] == [1] * 3
    assert [one.profile for one in Roster(store).residents()] == [SOMEBODY] * 3
    content = b"".join(path.read_bytes() for path in store.path.parent.iterdir())
    assert not [seal for (seal,) in [(old,), *deks] if seal in content]
    store.verify()


def test_an_old_wrapped_key_opens_nothing_any_more(
    store: Store, tamper: Callable[..., None]
) -> None:
    (name,) = fill(store, 1)
    ((old,),) = store.rows("SELECT dek FROM person")
    store.keyring.rotate()
    tamper("UPDATE person SET dek = ?", (old,))
    with pytest.raises(SealBrokenError):
        Roster(store).get(name)


def test_an_empty_store_rotates_too(store: Store) -> None:
    assert [store.keyring.rotate() for _ in range(3)] == [2, 3, 4]
    assert store.rows("SELECT number FROM kek") == [(4,)]


def test_strangers_have_no_key(store: Store) -> None:
    with pytest.raises(RosterError, match="unknown"):
        store.person("0" * 16)
    assert repr(store.keyring) == "Keyring(...)"


def test_others_read_and_write_all_the_while(
    store: Store, root: FileKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "BATCH", 3)
    names = fill(store, 40)
    done, faults, added = threading.Event(), [], []

    def work() -> None:
        try:
            with open_store(store.path, root) as mine:
                roster = Roster(mine)
                while not done.is_set() or not added:
                    for name in names[::7]:
                        assert roster.get(name).profile == SOMEBODY
                    number = 1000 + len(added)
                    added.append(roster.add(SOMEBODY, [number.to_bytes(16, "big")]))
        except Exception as error:  # noqa: BLE001 - told to the test
            faults.append(error)

    other = threading.Thread(target=work)
    other.start()
    for _ in range(5):
        store.keyring.rotate()
    done.set()
    other.join()
    assert faults == []
    assert added
    assert len(Roster(store)) == 40 + len(added)
    assert {one.profile for one in Roster(store).residents()} == {SOMEBODY}
    assert store.rows("SELECT count(*) FROM kek") == [(1,)]
    store.verify()


@pytest.mark.parametrize("wraps", [1, 4, 8, 12])
def test_killed_in_the_middle_it_goes_on_at_the_next_opening(
    store: Store, root: FileKey, wraps: int
) -> None:
    names = fill(store, 10)
    path = store.path
    store.close()
    killed_at(
        path,
        root,
        keyring.__name__,
        "dek_place",
        batch=3,
        left=wraps,
        work="store.keyring.rotate()",
    )
    assert keks(path) == [1, 2]
    with open_store(path, root) as opened:
        assert opened.rows("SELECT number FROM kek") == [(2,)]
        assert opened.rows("SELECT DISTINCT kek FROM person") == [(2,)]
        assert sorted(one.pseudonym for one in Roster(opened).residents()) == sorted(names)


def keks(path: Path) -> list[int]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as conn:
        return [row[0] for row in conn.execute("SELECT number FROM kek ORDER BY number")]
