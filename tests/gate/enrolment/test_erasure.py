"""Erasure: every file read back, what another process holds open, what is planted."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from appliance.errors import RosterError, StoreError
from appliance.gate.enrolment import erasure
from appliance.gate.enrolment.commit import Enrolment, Face, commit
from appliance.gate.enrolment.consent import Consent, GivenBy
from appliance.gate.enrolment.erasure import erase
from appliance.gate.store.audit import AuditEvent, AuditLog
from appliance.gate.store.gallery import Gallery
from appliance.gate.store.records import Profile
from appliance.gate.store.roster import Roster
from appliance.gate.store.schema import Store, open_store

if TYPE_CHECKING:
    from appliance.gate.store.roots.file import FileKey


def enrol(store: Store, number: int, now: datetime) -> str:
    vector = np.random.default_rng(number).standard_normal(320)
    face = Face((vector / np.linalg.norm(vector)).astype(np.float32), "r", 80)
    consent = Consent("v1", "entry", GivenBy.SELF, now, now + timedelta(9), "signed")
    profile = Profile("1", "Li", frozenset())
    roster = Roster(store)
    act = Enrolment(profile, (number.to_bytes(16, "big"),), (), consent, face)
    return commit(roster, Gallery(roster), act, now)


def test_nothing_is_left_of_anybody_erased(store: Store, now: datetime) -> None:
    names = [enrol(store, number, now) for number in range(40)]
    for name in names[::2]:
        Roster(store).freeze_face(name)
    for name in names[:30]:
        report = erase(store, name)
        assert report.clean
        assert (report.pseudonym, report.rows) == (name, 4)
        assert store.path in report.files
        assert report.bytes_read > 4096
        assert report.patterns > 50
    assert len(Roster(store)) == 10
    assert set(Gallery(Roster(store)).load_all("r", now).subjects) <= set(names[30:])
    assert store.rows("PRAGMA integrity_check") == [("ok",)]


def test_a_copy_left_in_the_folder_is_found(store: Store, now: datetime) -> None:
    name = enrol(store, 1, now)
    (sealed,) = store.rows("SELECT sealed FROM reference")[0]
    (store.path.parent / "copy.bak").write_bytes(b"x" * 100 + sealed[64:128])
    report = erase(store, name)
    assert report.found == (store.path.parent / "copy.bak",)
    assert not report.clean


def test_the_log_may_keep_pseudonyms_but_no_key(store: Store, root: FileKey, now: datetime) -> None:
    names = [enrol(store, number, now) for number in (1, 2)]
    path = store.path.parent / "audit.db"
    AuditLog.create(path, root)
    log = AuditLog.open(path, root)
    for name in names:
        log.append(AuditEvent("enrolled", now, "north", pseudonym=name))
    assert erase(store, names[0], path).clean
    assert not erase(store, names[1]).clean
    log.close()


def test_a_reader_that_holds_the_old_state_delays_the_proof(
    store: Store, root: FileKey, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "TRIES", 2)
    store.execute("PRAGMA busy_timeout = 1")
    name = enrol(store, 1, now)
    with open_store(store.path, root) as other:
        other.execute("BEGIN")
        other.rows("SELECT * FROM person")
        with pytest.raises(StoreError, match="another process"):
            erase(store, name)
        other.execute("ROLLBACK")
    with pytest.raises(RosterError):
        erase(store, name)
    with pytest.raises(RosterError):
        Roster(store).get(name)


def test_a_file_that_cannot_be_read_is_no_proof(
    store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "denied")

    name = enrol(store, 1, now)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(StoreError, match="read back"):
        erase(store, name)
