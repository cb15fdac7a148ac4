"""A real gate's state in a folder: made, opened, worked on, compared with what must be there."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from power_model import NO_FACE, Act, People, Person, after
from rich.console import Console

from appliance.cli.run import prepare
from appliance.gate.access.decision import AccessDecision
from appliance.gate.access.reasons import Method, Reason
from appliance.gate.archive import Archive, open_archive
from appliance.gate.enrolment import burial
from appliance.gate.enrolment.commit import Enrolment, Face, commit, commit_face
from appliance.gate.enrolment.consent import Consent, GivenBy
from appliance.gate.enrolment.erasure import prove
from appliance.gate.enrolment.rights import Rights
from appliance.gate.store import audit_prune, keyring, renewal
from appliance.gate.store.audit import AuditEvent
from appliance.gate.store.audit_findings import Witnesses
from appliance.gate.store.records import CredentialKind, Profile
from appliance.gate.store.reference import Reference
from appliance.gate.store.renewal import Rotations
from appliance.sections import Config, LogSection, Methods, Site, Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

Say = Callable[[dict[str, object]], None]
"""Tells the world something it may rely on from then on."""
START = datetime(2026, 3, 1, 8, tzinfo=UTC)
STEP = timedelta(days=1)
OLD_EVENTS = 220
"""220 days of them, so that a pruning has something to remove."""
RECIPE = "recipe 1"
DIMENSION = 32
KEEP = timedelta(days=180)
SITE = Config(site=Site(simulation=True))


class WorldClock:
    """A wall clock that says what it is told; a day passes from event to event."""

    def __init__(self) -> None:
        self.at = START

    def now_ns(self) -> int:
        return 0

    def sleep_until_ns(self, at_ns: int) -> None:
        del at_ns

    def wall(self) -> datetime:
        return self.at


def config_of(folder: Path) -> Config:
    return Config(
        site=Site(simulation=True, portal="gate 1"),
        store=Store(folder=str(folder / "state"), key_file=str(folder / "device.key")),
        methods=Methods(face=True),
        log=LogSection(checkpoint_every=16),
    )


@contextmanager
def small_batches() -> Iterator[None]:
    """Let a dozen people take as many transactions as thousands do."""
    modules = (keyring, renewal, audit_prune)
    was = [module.BATCH for module in modules]
    for module in modules:
        module.BATCH = 3
    try:
        yield
    finally:
        for module, batch in zip(modules, was, strict=True):
            module.BATCH = batch


def create(folder: Path) -> None:
    """Make a gate as `sanmen run` does at first boot."""
    prepare(config_of(folder), Console(quiet=True))


def opened(folder: Path) -> tuple[Archive, WorldClock]:
    clock = WorldClock()
    archive = open_archive(config_of(folder), clock)
    tick(archive, clock)
    return archive, clock


def tick(archive: Archive, clock: WorldClock) -> datetime:
    clock.at = START + archive.log.span[1] * STEP
    return clock.at


def age(archive: Archive) -> None:
    """Fill the log with the events of 200 days."""
    first = archive.log.span[1]
    archive.log.extend(
        AuditEvent("entry.granted", START + (first + n) * STEP, "gate 1", "card", "granted")
        for n in range(OLD_EVENTS)
    )


def vector(seed: int) -> NDArray[np.float32]:
    drawn = np.random.default_rng(seed).standard_normal(DIMENSION)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


def agreed(seed: int, now: datetime) -> Consent:
    return Consent(
        f"notice {seed}", "entry", GivenBy.SELF, now, now + timedelta(days=1000), "signed"
    )


def pseudonym_of(archive: Archive, label: str) -> str:
    for one in archive.roster.residents():
        if one.profile.label == label:
            return one.pseudonym
    raise LookupError(label)


def nobody(said: dict[str, object]) -> None:
    """Tell nobody."""
    del said


def perform(  # noqa: C901, PLR0912 - a plain list of acts
    archive: Archive, clock: WorldClock, act: Act, say: Say
) -> None:
    """Do one act as the gate and its commands do it, and say when the world may rely on it."""
    now = tick(archive, clock)
    roster, journal = archive.roster, archive.journal
    name = pseudonym_of(archive, act.who) if act.who and act.kind != "enrol" else ""
    match act.kind:
        case "decide":
            made = AccessDecision(True, Reason.GRANTED, Method.CARD, name, now)  # noqa: FBT003
            line = journal.decision(made)
            # From here on the door is open: this event must never be missing.
            say({"opened": int(line.split()[0][1:]), "at": now.isoformat(), "who": name})
        case "enrol":
            face = None
            if act.face >= 0:
                face = Face(vector(act.face), RECIPE, act.face)
            consent = agreed(act.face, now) if face else None
            profile = Profile(act.household, act.who, frozenset({"card", "pass", "face"}))
            phones = (bytes.fromhex(act.phone),) if act.phone else ()
            one = Enrolment(profile, (bytes.fromhex(act.card),), phones, consent, face)
            journal.happened("person.enrolled", commit(roster, archive.gallery, one, now))
        case "face":
            face = Face(vector(act.face), RECIPE, act.face)
            commit_face(roster, archive.gallery, name, agreed(act.face, now), face, now)
        case "erase":
            Rights(archive, SITE).erase(name)
        case "move":
            profile = roster.get(name).profile
            moved = Profile(act.household, profile.label, profile.methods)
            roster.update(name, moved)
        case "withdraw":
            Rights(archive, SITE).withdraw(name, "at the desk", GivenBy.SELF)
        case "freeze" | "thaw":
            roster.freeze_face(name, frozen=act.kind == "freeze")
        case "card":
            roster.add_card(name, bytes.fromhex(act.card))
        case "block" | "unblock":
            roster.set_card_blocked(bytes.fromhex(act.card), blocked=act.kind == "block")
        case "rotate":
            roster.store.keyring.rotate()
        case "renew":
            renewal.renew(roster.store)
        case "prune":
            audit_prune.prune(
                archive.log,
                now,
                KEEP,
                lambda first, last: journal.happened("log.pruned", first=first, last=last) and None,
            )
        case "sign":
            archive.log.checkpoint()
        case "settle":
            roster.store.checkpoint()
        case _:
            raise AssertionError(act.kind)


def observe(archive: Archive, faults: list[str]) -> People:
    """Read everybody by the program's own functions; what does not fit together is a fault."""
    store, roster = archive.roster.store, archive.roster
    rotations = Rotations(store)
    people: People = {}
    for resident in roster.residents():
        name = resident.pseudonym
        cards, passes = set(), set()
        for one in roster.credentials(name):
            if one.kind is CredentialKind.CARD:
                cards.add((one.number.hex(), one.active))
                held = roster.find_by_card(one.number)
            else:
                passes.add(one.public_key.hex())
                held = roster.find_by_pass(one.number)
            if held is None or held.resident != resident:
                faults.append(f"{name}: a credential leads to somebody else")
        consent = roster.consent(name)
        seed = NO_FACE
        for revision, sealed in store.rows(
            "SELECT revision, sealed FROM reference WHERE pseudonym = ?", (name,)
        ):
            with store.person(name).reference(revision, sealed) as content:
                reference = Reference.decode(name, content)
            seed = reference.quality
            turned = archive.gallery.rotate(vector(seed))
            if reference.turned_by != rotations.current:
                faults.append(f"{name}: reference turned by {reference.turned_by}")
            if float(turned @ reference.vector) < 0.9999:
                faults.append(f"{name}: the face does not meet its own reference")
        # A withdrawn consent may stay as a fact; nothing is compared on it.
        holds = consent is not None and getattr(consent, "withdrawal", None) is None
        people[resident.profile.label] = Person(
            resident.profile.household,
            frozenset(cards),
            frozenset(passes),
            consent.notice_version if consent is not None and holds else "",
            seed,
            resident.face_frozen,
        )
    return people


def finish_erasures(archive: Archive, faults: list[str]) -> None:
    """Make the proofs a cut interrupted, as the next sweep does."""
    store = archive.roster.store
    waiting = burial.pending(store)
    faults += [
        f"{one.pseudonym}: half erased"
        for one in waiting
        if one.part is burial.Part.PERSON and one.pseudonym in archive.roster
    ]
    reports = prove(store, waiting, archive.log.path) if waiting else ()
    # Of files alone: unlike the commands that erase, this process does not overwrite freed memory.
    faults += [f"{one.pseudonym}: still in {one.found}" for one in reports if one.found]
    if burial.pending(store) and all(one.clean for one in reports):
        faults.append("an erasure waits for its proof for ever")


class Ledger:
    """What the parent was told before the cut: what must be there after it."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.current: Act | None = None
        self.opened: dict[int, tuple[str, str]] = {}
        self.generation = 0
        self.created = True
        self._perhaps: list[People] = []

    def hear(self, line: str) -> None:
        """Take one line of `say`; half a line was never said."""
        said = json.loads(line)
        if "begin" in said:
            self.current = Act(**said["begin"])
        elif "opened" in said:
            self.opened[said["opened"]] = (said["at"], said["who"])
        elif "done" in said:
            if self.current is not None:
                self.people = after(self.people, self.current)
            self.current = None
            self.generation = max(self.generation, said["done"])
        elif "created" in said:
            self.created = True

    def allowed(self) -> list[People]:
        """Return the states the gate may be in now: before the act in hand, or after it."""
        now = [self.people]
        if self.current is not None:
            now.append(after(self.people, self.current))
        return now + self._perhaps

    def perhaps(self, lines: list[str]) -> None:
        """Take what was said while the power went: it may be there, and it may not."""
        ghost = Ledger(self.people)
        ghost.current = self.current
        for line in lines:
            ghost.hear(line)
            self._perhaps += ghost.allowed()

    def settle(self, people: People) -> None:
        """Go on from what was found."""
        self.people, self.current, self._perhaps = people, None, []
        self.opened.clear()


def check(folder: Path, ledger: Ledger) -> list[str]:
    """Open the state as after a power cut and return what was lost; empty = nothing."""
    faults: list[str] = []
    if not ledger.created:
        create(folder)
    archive, clock = opened(folder)
    try:
        log, store = archive.log, archive.roster.store
        found = log.verify(Witnesses(generation=store.generation))
        faults += [str(one) for one in found if one.tampering]
        first, last = log.span
        faults += [f"opening {n} lost" for n in ledger.opened if not first <= n <= last]
        if ledger.opened:
            for entry in log.entries(min(ledger.opened), max(ledger.opened)):
                at, who = ledger.opened.get(entry.sequence, ("", ""))
                event = entry.event
                if at and (event.at.isoformat(), event.pseudonym) != (at, who):
                    faults.append(f"opening {entry.sequence} is another event: {event}")
        if store.generation < ledger.generation:
            faults.append(f"generation {store.generation}, said {ledger.generation}")
        ((keks,),) = store.rows("SELECT count(*) FROM kek")
        if keks != 1:
            faults.append(f"{keks} key-encryption keys after opening")
        people = observe(archive, faults)
        finish_erasures(archive, faults)
        if observe(archive, faults) != people:
            faults.append("finishing an erasure changed somebody")
        if people not in ledger.allowed():
            faults.append(f"people {people} where one of {ledger.allowed()}")
        loaded = archive.gallery.load_all(RECIPE, clock.wall())
        faults += [f"{one.pseudonym}: {one.reason}" for one in loaded.faults]
        ledger.settle(people)
        # The gate goes on.
        if people:
            perform(archive, clock, Act("decide", min(people)), nobody)
    finally:
        archive.close()
    return faults
