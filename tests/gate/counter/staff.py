"""A manager at the counter, and what is given there: written cards, phones, faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from appliance.gate.card_writing import NewCard
from appliance.gate.counter.form import go
from appliance.gate.counter.wants import CardWritten, FaceTaken
from appliance.gate.rules import cue_policies
from appliance.gate.store.operators import Operators, Role
from appliance.messages import CueEvidence, FaceEvidence
from appliance.pad_section import PadSection

if TYPE_CHECKING:
    from appliance.gate.counter.session import Session
    from appliance.gate.store.operators import Operator
    from tests.gate.counter.conftest import Bench

PIN = "483920"


def operators(bench: Bench) -> Operators:
    return Operators(bench.archive.roster.store, bench.archive.journal, bench.clock)


def session(bench: Bench) -> Session:
    return bench.counter._session


def log_in(bench: Bench, role: Role = Role.MANAGER, home: str = "manager.home") -> Operator:
    """Stand at the counter as staff who has shown card and PIN."""
    staff = operators(bench)
    found = [one for one in staff.all() if one.role is Role.MANAGER]
    boss = found[0] if found else staff.add("Manager Wang", Role.MANAGER, PIN, None)
    who = boss if role is Role.MANAGER else staff.add(f"the {role.value}", role, PIN, boss)
    session(bench).operator = who
    bench.counter._turn(go(home))
    return who


def new_card(number: int = 1) -> NewCard:
    return NewCard(
        bytes([number]) * 16, bytes([number + 100]) * 16, bytes([4, *[number] * 6]), issue=1
    )


def write(bench: Bench, number: int = 1) -> bytes:
    """Let a card be written; return its id."""
    card = new_card(number)
    bench.give(CardWritten(card, card.number))
    return card.number


def face(seed: int = 1, noise: float = 0.0, texture: float = 0.9) -> FaceEvidence:
    """One part of a face; with noise, another picture of the same person."""
    vector = np.random.default_rng(seed).standard_normal(320)
    vector /= np.linalg.norm(vector)
    if noise:
        other = np.random.default_rng(seed + 1000).standard_normal(320)
        vector = vector + noise * other / np.linalg.norm(other)
        vector /= np.linalg.norm(vector)
    probe = vector.astype("<f4").tobytes()
    others = [one.name for one in cue_policies(PadSection()) if one.name != "texture"]
    cues = (CueEvidence("texture", texture, 9), *(CueEvidence(one, 1.0, 64) for one in others))
    return FaceEvidence(bytes(16), 1, 2, "recipe", probe, 80, 10, cues)


def look(bench: Bench, evidence: FaceEvidence | None = None) -> None:
    """Stand before the camera for what the page wants."""
    bench.give(FaceTaken(face() if evidence is None else evidence))
