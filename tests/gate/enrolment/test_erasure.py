"""Erasure: every file read back, what another process holds open, what is planted."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from appliance.cli.clean_memory import ALLOCATOR
from appliance.errors import RosterError, StoreError
from appliance.gate.enrolment import erasure
from appliance.gate.enrolment.beginner import Beginner, beginner, this_process
from appliance.gate.enrolment.burial import Part, bury, bury_face, pending
from appliance.gate.enrolment.commit import Enrolment, Face, commit
from appliance.gate.enrolment.consent import Consent, GivenBy, Withdrawal
from appliance.gate.enrolment.erasure import ErasureReport, prove
from appliance.gate.store.audit import AuditEvent, AuditLog
from appliance.gate.store.gallery import Gallery
from appliance.gate.store.records import Profile
from appliance.gate.store.roster import Roster
from appliance.gate.store.schema import Store, open_store
from appliance.hardening import environment
from appliance.process_memory import still_copy

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


def erase(store: Store, name: str, now: datetime, log: Path | None = None) -> ErasureReport:
    """Bury somebody, or go on where an erasure waits, and prove it."""
    acts = [one for one in pending(store) if one.pseudonym == name] or [bury(store, name, now)]
    return prove(store, acts, log)[-1]


def test_nothing_is_left_of_anybody_erased(store: Store, now: datetime) -> None:
    names = [enrol(store, number, now) for number in range(9)]
    for name in names[::2]:
        Roster(store).freeze_face(name)
    for name in names[:2]:
        report = erase(store, name, now)
        assert report.found == ()
        assert (report.pseudonym, report.rows) == (name, 4)
        assert store.path in report.files
        assert report.bytes_read > 4096
        assert report.patterns > 50
    for report in prove(store, [bury(store, name, now) for name in names[2:4]]):
        assert report.found == ()
    assert len(Roster(store)) == 5
    assert set(Gallery(Roster(store)).load_all("r", now).subjects) <= set(names[4:])
    assert store.rows("PRAGMA integrity_check") == [("ok",)]


def test_a_copy_left_in_the_folder_is_found(store: Store, now: datetime) -> None:
    name = enrol(store, 1, now)
    (sealed,) = store.rows("SELECT sealed FROM reference")[0]
    (store.path.parent / "copy.bak").write_bytes(b"x" * 100 + sealed[64:128])
    report = erase(store, name, now)
    assert report.found == (store.path.parent / "copy.bak",)
    assert not report.clean


def test_the_log_may_keep_pseudonyms_but_no_key(store: Store, root: FileKey, now: datetime) -> None:
    names = [enrol(store, number, now) for number in (1, 2)]
    path = store.path.parent / "audit.db"
    AuditLog.create(path, root)
    log = AuditLog.open(path, root)
    for name in names:
        log.append(AuditEvent("enrolled", now, "north", pseudonym=name))
    assert erase(store, names[0], now, path).found == ()
    assert erase(store, names[1], now).found != ()
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
            erase(store, name, now)
        other.execute("ROLLBACK")
    with pytest.raises(RosterError):
        Roster(store).get(name)
    (waiting,) = pending(store)
    assert (waiting.pseudonym, waiting.rows, waiting.begun_by) == (name, 4, this_process())
    later = erase(store, name, now + timedelta(days=1))
    assert later.found == ()
    assert (later.rows, later.erased_at) == (4, int(now.timestamp()))


def test_an_altered_note_of_a_pending_erasure_is_refused(store: Store, now: datetime) -> None:
    bury(store, enrol(store, 1, now), now)
    store.execute("UPDATE meta SET value = zeroblob(99) WHERE name LIKE 'erasure/%'")
    with pytest.raises(StoreError):
        pending(store)


def test_a_withdrawn_face_is_gone_and_the_card_still_opens(
    store: Store, root: FileKey, now: datetime
) -> None:
    name = enrol(store, 1, now)
    roster = Roster(store)
    sealed = store.rows("SELECT dek, record, sealed FROM person JOIN reference USING (pseudonym)")
    agreed = roster.consent(name)
    assert agreed is not None
    ended = agreed.withdrawn(Withdrawal(now, "at the desk", GivenBy.SELF))
    (report,) = prove(store, [bury_face(store, name, now, ended)])
    assert report.found == ()
    assert (report.part, report.rows) == (Part.FACE, 1)
    assert len(Gallery(roster)) == 0
    assert roster.consent(name) == ended
    assert roster.find_by_card((1).to_bytes(16, "big")) is not None
    after = store.rows("SELECT dek, record FROM person")
    assert not set(after[0]) & set(sealed[0])
    with open_store(store.path, root) as other:
        assert Roster(other).consent(name) == ended


def test_the_erased_are_forgotten_by_those_who_look_like_them(store: Store, now: datetime) -> None:
    first, second = (enrol(store, number, now) for number in (1, 2))
    roster = Roster(store)
    roster.mark_look_alikes(first, frozenset({second}))
    assert erase(store, first, now).found == ()
    assert roster.get(second).look_alikes == frozenset()


def test_an_old_wrapped_key_is_of_no_use_after_an_erasure(store: Store, now: datetime) -> None:
    names = [enrol(store, number, now) for number in (1, 2)]
    keks = store.rows("SELECT * FROM kek")
    report = erase(store, names[0], now)
    assert report.kek == keks[0][0] + 1
    assert not set(keks) & set(store.rows("SELECT * FROM kek"))
    assert keks[0][1] not in store.path.read_bytes()
    assert Roster(store).get(names[1]).profile.label == "Li"


HELD = """
import sys
from datetime import datetime
from pathlib import Path
import numpy as np
from appliance.gate.enrolment.burial import bury, pending
from appliance.gate.enrolment.erasure import prove
from appliance.gate.references import References
from appliance.gate.store.gallery import Gallery
from appliance.gate.store.roots.file import FileKey
from appliance.gate.store.roster import Roster
from appliance.gate.store.schema import open_store
store = open_store(Path(sys.argv[1]), FileKey(Path(sys.argv[2])))
now = datetime.fromisoformat(sys.argv[3])
references = References(Gallery(Roster(store)), Roster(store))
references.want("r")
references.refresh(now)
names = [one.pseudonym for one in Roster(store).residents()]

def erased(name, hold=None):
    if hold == "key":
        with store.keyring.plain(name) as plain:
            held = bytes(plain)
    if hold == "reference":
        matrix = references._set._matrix
        held = matrix[references._set.subjects.index(name)].copy()
    if hold == "one wide":
        matrix = references._set._matrix
        row = references._set.subjects.index(name)
        held = matrix[row].astype(np.float64)
    references.wipe()
    acts = [one for one in pending(store) if one.pseudonym == name] or [bury(store, name, now)]
    (report,) = prove(store, acts)
    assert report.found == ()
    print(name, hold, report.memory)
    references.wipe()
    return report.clean, report.memory.left > 0, len(pending(store))

assert erased(names[0]) == (True, False, 0)
for name, hold in zip(names[1:], ("key", "reference", "one wide")):
    references.refresh(now)
    assert erased(name, hold) == (False, True, 1), hold
    assert erased(name) == (True, False, 0), hold
store.close()
"""


def test_what_this_process_holds_makes_a_report_unclean_and_a_second_erasure_is_clean(
    store: Store, root: FileKey, now: datetime
) -> None:
    for number in range(5):
        enrol(store, number, now)
    done = subprocess.run(  # noqa: S603 - our own program
        [
            *(sys.executable, "-c", HELD, str(store.path)),
            *(root.identity.removeprefix("file:"), now.isoformat()),
        ],
        env=environment(os.environ) | ALLOCATOR,
        check=False,
    )
    assert done.returncode == 0


def test_an_erasure_begun_by_a_process_that_still_runs_is_not_proven(
    store: Store, now: datetime
) -> None:
    burial = bury(store, enrol(store, 1, now), now)
    with still_copy() as other:
        stat = Path(f"/proc/{other}/stat").read_bytes().rpartition(b")")[2].split()
        boot = this_process().split()[0]
        begun = f"{boot} {other} {int(stat[19])}"
        (report,) = prove(store, [replace(burial, begun_by=begun)])
        assert (report.begun_by, report.clean) == (Beginner.RUNNING, False)
    assert beginner(begun) is Beginner.ENDED
    assert beginner(this_process()) is Beginner.THIS


@pytest.mark.parametrize("name", ["", "unknown", "boot", "boot 1", "boot x 1", "boot -1 1"])
def test_a_beginner_that_cannot_be_told_counts_as_running(name: str) -> None:
    assert beginner(name) is Beginner.RUNNING


def test_a_file_that_cannot_be_read_is_no_proof(
    store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "denied")

    name = enrol(store, 1, now)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(StoreError, match="read back"):
        erase(store, name, now)
