"""Enrolment in one act: without consent, without another door, killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from appliance.errors import ComparisonError, EnrolmentError, RosterError
from appliance.gate.credential.pass_token import PhoneKey
from appliance.gate.enrolment.commit import Enrolment, Face, commit, commit_face
from appliance.gate.enrolment.consent import Consent, GivenBy, Relation
from appliance.gate.store.gallery import Gallery
from appliance.gate.store.records import Profile
from appliance.gate.store.roster import Roster
from appliance.gate.store.schema import Store, create_store, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from appliance.gate.store.roots.file import FileKey

RECIPE = "sface"
CARD = b"0123456789abcdef"


def vector(seed: int = 1) -> NDArray[np.float32]:
    drawn = np.random.default_rng(seed).standard_normal(32)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


def agreed(now: datetime) -> Consent:
    term = now + timedelta(365)
    return Consent("v1", "entry", GivenBy.GUARDIAN, now, term, "signed", Relation.PARENT)


def enrolment(now: datetime) -> Enrolment:
    profile = Profile("1-101", "Li", frozenset({"card", "face"}))
    return Enrolment(profile, (CARD,), (), agreed(now), Face(vector(), RECIPE, 80))


def test_a_person_is_enrolled_whole(roster: Roster, gallery: Gallery, now: datetime) -> None:
    name = commit(roster, gallery, enrolment(now), now)
    assert roster.find_by_card(CARD) is not None
    assert roster.consent(name) == agreed(now)
    assert gallery.load_all(RECIPE, now).subjects == (name,)


def test_card_or_phone_alone_make_a_full_resident(
    roster: Roster, gallery: Gallery, now: datetime
) -> None:
    phone = PhoneKey.create()
    plain = replace(enrolment(now), consent=None, face=None, cards=(), passes=(phone.public_key,))
    name = commit(roster, gallery, plain, now)
    assert roster.has_other_door(name)
    with pytest.raises(EnrolmentError, match="consent"):
        commit_face(roster, gallery, name, None, Face(vector(), RECIPE, 80), now)
    commit_face(roster, gallery, name, agreed(now), Face(vector(), RECIPE, 80), now)
    assert len(gallery) == 1


def test_without_consent_or_another_door_nobody_is_enrolled(
    roster: Roster, gallery: Gallery, now: datetime
) -> None:
    good = enrolment(now)
    stale = replace(agreed(now), given_at=now - timedelta(9), expires_at=now)
    for bad in (replace(good, consent=None), replace(good, consent=stale), replace(good, cards=())):
        with pytest.raises(EnrolmentError):
            commit(roster, gallery, bad, now)
    assert len(roster) == len(gallery) == 0


def test_a_fault_late_in_the_act_leaves_nothing(
    roster: Roster, gallery: Gallery, now: datetime
) -> None:
    good = enrolment(now)
    with pytest.raises(ComparisonError):
        commit(roster, gallery, replace(good, face=Face(vector() * 2, RECIPE, 80)), now)
    with pytest.raises(RosterError):
        commit(roster, gallery, replace(good, cards=(CARD, CARD)), now)
    assert len(roster) == len(gallery) == 0
    name = commit(roster, gallery, good, now)
    roster.set_card_blocked(CARD)
    before = roster.consent(name)
    with pytest.raises(EnrolmentError, match="law 1"):
        commit_face(
            roster, gallery, name, agreed(now + timedelta(0, -1)), Face(vector(), RECIPE, 80), now
        )
    assert roster.consent(name) == before


@pytest.mark.parametrize(
    "fields",
    [
        {"purpose": " "},
        {"how": ""},
        {"notice_version": "x" * 401},
        {"given_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - the fault under test
        {"expires_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - the fault under test
    ],
)
def test_a_consent_that_is_none_is_refused(now: datetime, fields: dict[str, object]) -> None:
    with pytest.raises(EnrolmentError):
        replace(agreed(now), **fields)  # type: ignore[arg-type]
    with pytest.raises(EnrolmentError, match="term"):
        replace(agreed(now), expires_at=now)


WRITER = """
import importlib.util, secrets, sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from appliance.gate.store.roots.file import FileKey
spec = importlib.util.spec_from_file_location("again", sys.argv[3])
again = importlib.util.module_from_spec(spec)
spec.loader.exec_module(again)
roster = again.Roster(again.open_store(Path(sys.argv[1]), FileKey(Path(sys.argv[2]))))
gallery, now = again.Gallery(roster), datetime(2026, 3, 1, 8, tzinfo=UTC)
while True:
    one = replace(again.enrolment(now), cards=(secrets.token_bytes(16),))
    print(again.commit(roster, gallery, one, now), flush=True)
"""


def whole_or_absent(store: Store, now: datetime, said: set[str]) -> None:
    roster = Roster(store)
    names = {resident.pseudonym for resident in roster.residents()}
    assert said <= names
    assert all(roster.has_other_door(name) and roster.consent(name) for name in names)
    loaded = Gallery(roster).load_all(RECIPE, now)
    assert set(loaded.subjects) == names
    assert not loaded.faults


def test_killed_at_any_moment_each_person_is_whole_or_absent(
    folder: Path, root: FileKey, now: datetime
) -> None:
    path = folder / "store.db"
    create_store(path, root)
    said: set[str] = set()
    for cut in range(6):
        writer = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", WRITER, path, root.identity.removeprefix("file:"), __file__],
            stdout=subprocess.PIPE,
        )
        assert writer.stdout is not None
        lines = [writer.stdout.readline()]
        time.sleep(0.007 * cut)
        os.kill(writer.pid, signal.SIGKILL)
        lines += writer.stdout.readlines()
        writer.wait()
        writer.stdout.close()
        said |= {line.decode().strip() for line in lines if line.endswith(b"\n")}
        with open_store(path, root) as store:
            whole_or_absent(store, now, said)
    assert len(said) >= 6
