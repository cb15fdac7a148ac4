"""How long a gate needs to be ready to compare, to renew its keys and to erase, for many."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from appliance.cli.clean_memory import ALLOCATOR
from appliance.clock import SystemClock
from appliance.errors import StoreError
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.comparison import ReferenceSet
from appliance.gate.credential.pass_token import PhoneKey
from appliance.gate.enrolment.consent import Consent, GivenBy
from appliance.gate.enrolment.rights import Rights
from appliance.gate.store.gallery import Gallery
from appliance.gate.store.records import Profile
from appliance.gate.store.renewal import renew
from appliance.gate.store.roots.file import FileKey
from appliance.gate.store.roster import Roster
from appliance.gate.store.schema import Store, open_store
from appliance.hardening import environment
from appliance.sections import Config, Site
from appliance.sections import Store as Section

DIMENSION = 320
RECIPE = "bench"
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
BATCH = 500
ERASING = """
import sys, time
from appliance.cli.bench_store import erase_one
print(erase_one(*sys.argv[1:]))
"""


def erase_one(folder: str, key_file: str, name: str) -> float:
    """Erase somebody in this process; return the seconds it took.

    Raises:
        StoreError: traces were found.

    """
    config = Config(site=Site(simulation=True), store=Section(folder=folder, key_file=key_file))
    archive = open_archive(config, SystemClock())
    try:
        start = time.perf_counter()
        (erased,) = Rights(archive, config).erase(name)
        if not erased.report.clean:
            raise StoreError("erasure", f"{erased.report.memory}", "no trace")
        return time.perf_counter() - start
    finally:
        archive.close()


def store_costs(residents: int) -> dict[str, float]:
    """Return milliseconds of opening, loading, KEK rotation and renewal, and seconds of erasures.

    Erasing comes first, as it does to a gate: `erase_s` is one act with its proof and receipt in a
    process of its own, from its start; `erase_act_s` the act alone, once the store is open.

    Args:
        residents: each with card, phone, consent and face, in a temporary store.

    Raises:
        SanmenError: an erasure was not proven.

    """
    with TemporaryDirectory() as folder:
        state = Section(folder=str(Path(folder) / "state"), key_file=str(Path(folder) / "root.key"))
        config = Config(site=Site(simulation=True), store=state)
        create_archive(config)
        root, path = FileKey(Path(state.key_file)), Path(state.folder) / "gate.db"
        with open_store(path, root) as store:
            _fill(store, residents)
            name = next(iter(Roster(store).residents())).pseudonym
        erasing = _erased(config, name)
        costs = {}
        start = time.perf_counter()
        with open_store(path, root) as store:
            opened = time.perf_counter()
            loaded = Gallery(Roster(store)).load_all(RECIPE, NOW)
            ready = ReferenceSet(loaded.subjects, loaded.matrix, RECIPE)
            end = time.perf_counter()
            costs["store_check"] = 1000 * (opened - start)
            costs["store_load"] = 1000 * (end - opened)
            costs["store_open"] = 1000 * (end - start)
            ready.wipe()
            for name, work in (("rotate", store.keyring.rotate), ("renew", lambda: renew(store))):
                start = time.perf_counter()
                work()
                costs[f"store_{name}"] = 1000 * (time.perf_counter() - start)
        named = {f"{name}_{residents}_ms": round(cost, 1) for name, cost in costs.items()}
        return named | {name: round(cost, 2) for name, cost in erasing.items()}


def _erased(config: Config, name: str) -> dict[str, float]:
    start = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", ERASING, config.store.folder, config.store.key_file, name],
        env=environment(os.environ) | ALLOCATOR,
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        raise StoreError("erasure", done.stderr[-400:], "a proof")
    return {"erase_s": time.perf_counter() - start, "erase_act_s": float(done.stdout)}


def _fill(store: Store, residents: int) -> None:
    roster, draw = Roster(store), np.random.default_rng(1)
    gallery = Gallery(roster)
    consent = Consent("v1", "entry", GivenBy.SELF, NOW, NOW + timedelta(365), "signed")
    profile = Profile("3-1201", "resident", frozenset({"card", "pass", "face"}))
    for first in range(0, residents, BATCH):
        with store.transaction():
            for number in range(first, min(first + BATCH, residents)):
                vector = draw.standard_normal(DIMENSION)
                unit = (vector / np.linalg.norm(vector)).astype(np.float32)
                point = PhoneKey.create().public_key
                name = roster.add(profile, [number.to_bytes(16, "big")], [point])
                roster.set_face_consent(name, consent)
                gallery.put(name, unit, RECIPE, 80, NOW)
