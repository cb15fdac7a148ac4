"""How long a gate needs from its key to a gallery ready to compare, for many residents."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from appliance.gate.comparison import ReferenceSet
from appliance.gate.credential.pass_token import PhoneKey
from appliance.gate.enrolment.consent import Consent, GivenBy
from appliance.gate.store.gallery import Gallery
from appliance.gate.store.records import Profile
from appliance.gate.store.renewal import renew
from appliance.gate.store.roots.file import FileKey
from appliance.gate.store.roster import Roster
from appliance.gate.store.schema import Store, create_store, open_store

DIMENSION = 320
RECIPE = "bench"
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
BATCH = 500


def store_costs(residents: int) -> dict[str, float]:
    """Return milliseconds of opening, loading, KEK rotation and renewal.

    Args:
        residents: each with card, phone, consent and face, in a temporary store.

    """
    with TemporaryDirectory() as folder:
        root = FileKey.create(Path(folder) / "root.key")
        path = Path(folder) / "state" / "gate.db"
        create_store(path, root)
        with open_store(path, root) as store:
            _fill(store, residents)
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
        return {f"{name}_{residents}_ms": round(cost, 1) for name, cost in costs.items()}


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
