"""Databases of earlier versions: a frozen one of version 1, damaged, killed half-way, rolled on."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from appliance.errors import KeyMissingError, SealBrokenError, StoreError
from appliance.gate.enrolment.consent import Consent, GivenBy, Relation
from appliance.gate.store.gallery import Gallery
from appliance.gate.store.records import Credential, CredentialKind, Profile, Resident
from appliance.gate.store.roots.file import FileKey
from appliance.gate.store.roster import Roster
from appliance.gate.store.schema import open_store

FROZEN = Path(__file__).with_name("gate_v1.sql")
"""Made by the last program of version 1, with the key 00 01 02 .. 1f."""
LI, WANG, SUN = "3b5305262f98aeeb", "27873d2116bb6d26", "5fe88b5b7fd15ed4"
PHONE = bytes.fromhex(
    "04bb771ed86371ec18a979d8524d435c64766077e8bfe25fd572c5c21f54e71d0"
    "343a94e972153c6a7e2f92af71c4f373f8f9dda093198209d66cde0fa6d40ff45"
)
FROZEN_2 = Path(__file__).with_name("gate_v2.sql")
"""Made by the last program of version 2, with the same key: Li, Sun and the manager Wang."""
LI_2, SUN_2 = "608c8652dda9a416", "3095d54f8c7a0db6"
THEN = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def old(folder: Path) -> Path:
    path = folder / "gate.db"
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(FROZEN.read_text("utf-8"))
    path.chmod(0o600)
    return path


@pytest.fixture
def old_root(tmp_path: Path) -> FileKey:
    path = tmp_path / "old.key"
    path.write_bytes(bytes(range(32)))
    path.chmod(0o600)
    return FileKey(path)


def face(seed: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    vector = np.random.default_rng(seed).standard_normal(32)
    turned: np.ndarray[tuple[int], np.dtype[np.float32]] = vector / np.linalg.norm(vector)
    return turned.astype(np.float32)


def test_everybody_of_version_1_is_there_afterwards(old: Path, old_root: FileKey) -> None:
    for _ in range(2):
        with open_store(old, old_root) as store:
            roster = Roster(store)
            term = THEN + timedelta(days=365)
            assert list(roster.residents()) == sorted(
                [
                    Resident(
                        LI,
                        Profile(
                            "3-1201",
                            "Li 李",
                            frozenset({"card", "face"}),
                            THEN,
                            THEN + timedelta(days=700),
                        ),
                    ),
                    Resident(
                        WANG,
                        Profile("2-202", "Wang", frozenset({"pass", "face"})),
                        face_frozen=True,
                    ),
                    Resident(
                        SUN,
                        Profile("1-101", "\ud800 '; DROP TABLE person; --", frozenset({"card"})),
                    ),
                ],
                key=lambda resident: resident.pseudonym,
            )
            assert roster.credentials(SUN) == (
                Credential(CredentialKind.CARD, b"x" * 16, active=False),
                Credential(CredentialKind.CARD, b"y" * 16),
            )
            assert roster.credentials(WANG)[0].public_key == PHONE
            found = roster.find_by_card(b"0123456789abcdef")
            assert found is not None
            assert found.resident.pseudonym == LI
            agreed = roster.consent(WANG)
            assert agreed is not None
            # Version 1 knew no relation of a guardian, and no number of a record.
            assert agreed == Consent(
                *("v1", "entry", GivenBy.GUARDIAN, THEN, term, "signed"),
                relation=Relation.UNRECORDED,
                record_id=agreed.record_id,
            )
            gallery = Gallery(roster)
            loaded = gallery.load_all("sface+mobile", THEN)
            assert (loaded.subjects, loaded.resting, loaded.faults) == ((LI,), (WANG,), ())
            # The frozen face still meets its probe: nobody enrols anew.
            assert float(loaded.matrix[0] @ gallery.rotate(face(1))) == pytest.approx(1.0, abs=1e-6)
            assert store.generation == 1
            assert len(store.gate_id) == 16


def test_old_seals_are_gone_from_the_files(old: Path, old_root: FileKey) -> None:
    with closing(sqlite3.connect(old)) as conn:
        seals = [
            row[0] for row in conn.execute("SELECT dek FROM person UNION SELECT record FROM person")
        ]
    open_store(old, old_root).close()
    content = b"".join(path.read_bytes() for path in old.parent.iterdir())
    assert not [seal for seal in seals if seal in content]


def test_another_key_changes_no_byte_of_an_old_database(old: Path, other_root: FileKey) -> None:
    before = old.read_bytes()
    with pytest.raises(KeyMissingError, match="another key"):
        open_store(old, other_root)
    assert old.read_bytes() == before
    assert [path.name for path in old.parent.iterdir()] == ["gate.db"]


def test_a_damaged_row_of_version_1_stops_the_step_and_is_named(
    old: Path, old_root: FileKey
) -> None:
    with closing(sqlite3.connect(old)) as conn, conn:
        conn.execute("UPDATE consent SET revision = 7 WHERE pseudonym = ?", (LI,))
    with pytest.raises(SealBrokenError, match=f"consent.sealed of {LI}"):
        open_store(old, old_root)
    with closing(sqlite3.connect(old)) as conn:
        assert conn.execute("SELECT value FROM meta WHERE name = 'schema'").fetchall() == [(b"1",)]
        assert conn.execute("SELECT count(*) FROM person").fetchall() == [(3,)]


@pytest.mark.parametrize("writes", [1, 5, 9, 14, 20])
def test_killed_in_the_middle_it_starts_again(old: Path, old_root: FileKey, writes: int) -> None:
    code = f"""
import os, signal, sys
from pathlib import Path
from appliance.gate.store import migrations
from appliance.gate.store.roots.file import FileKey
from appliance.gate.store.schema import open_store
left = {writes}
plain = migrations.PersonKey.seal
def seal(*args):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return plain(*args)
migrations.PersonKey.seal = seal
open_store(Path(sys.argv[1]), FileKey(Path(sys.argv[2])))
"""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code, str(old), old_root.identity.removeprefix("file:")], check=False
    )
    # Eleven rows are sealed: later than that, the step is done.
    assert done.returncode == (-signal.SIGKILL if writes <= 11 else 0)
    with open_store(old, old_root) as store:
        assert len(Roster(store)) == 3
        assert Roster(store).consent(LI) is not None


@pytest.fixture
def old_2(folder: Path) -> Path:
    path = folder / "gate.db"
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(FROZEN_2.read_text("utf-8"))
    path.chmod(0o600)
    return path


def test_a_row_cut_from_version_2_still_shows_after_the_step(
    old_2: Path, old_root: FileKey
) -> None:
    with closing(sqlite3.connect(old_2)) as conn, conn:
        conn.execute("DELETE FROM credential WHERE pseudonym = ?", (SUN_2,))
    with pytest.raises(StoreError, match="credential: 1 rows where 2 were written"):
        open_store(old_2, old_root)


def test_an_altered_manifest_of_version_2_stops_the_step(old_2: Path, old_root: FileKey) -> None:
    with closing(sqlite3.connect(old_2)) as conn, conn:
        conn.execute("UPDATE meta SET value = x'00' WHERE name = 'manifest'")
    with pytest.raises(SealBrokenError):
        open_store(old_2, old_root)
    with closing(sqlite3.connect(old_2)) as conn:
        assert conn.execute("SELECT value FROM meta WHERE name = 'schema'").fetchall() == [(b"2",)]
        assert not conn.execute("SELECT 1 FROM sqlite_schema WHERE name = 'ticket'").fetchall()


def test_everything_of_version_2_is_there_afterwards(old_2: Path, old_root: FileKey) -> None:
    for _ in range(2):
        with open_store(old_2, old_root) as store:
            roster = Roster(store)
            assert [one.profile.label for one in map(roster.get, (LI_2, SUN_2))] == ["Li 李", "Sun"]
            gallery = Gallery(roster)
            loaded = gallery.load_all("sface+mobile", THEN)
            assert loaded.subjects == (LI_2,)
            assert float(loaded.matrix[0] @ gallery.rotate(face(1))) == pytest.approx(1.0, abs=1e-6)
            assert store.generation == 4
            assert store.gate_id.hex() == "6a4fba247a7699d661aa3b7334337b36"
            assert store.rows("SELECT count(*) FROM operator") == [(1,)]
            assert store.rows("SELECT * FROM ticket UNION SELECT * FROM setting") == []
