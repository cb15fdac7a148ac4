"""A counter of a real gate, touched as the screen does; every page drawn is checked for words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from appliance.gate.archive import create_archive, open_archive
from appliance.gate.counter.clerk import tools_of
from appliance.gate.counter.counter import Counter
from appliance.gate.counter.form import Form, View
from appliance.gate.counter.pages import all_forms
from appliance.gate.counter.vocabulary import undeclared
from appliance.gate.counter.wants import CardShown, CodeShown, Given, NotGiven, Passing, Wanted
from appliance.gate.enrolment.commit import Enrolment, Face, commit
from appliance.gate.enrolment.consent import Consent, GivenBy
from appliance.gate.store.operators import Operators
from appliance.gate.store.records import Profile
from appliance.sections import Config, Methods, Site, Store
from appliance.terminal import Field, Ground, NoPage, Page, Touched
from tests.rig.clock import HandClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from appliance.gate.archive import Archive
    from appliance.gate.counter.counter import Out
    from appliance.gate.counter.wants import Event
    from appliance.gate.store.audit import AuditLog

SECOND = 1_000_000_000
CARD = b"0123456789abcdef"


@dataclass
class Bench:
    """A counter, and what the screen and the controller hear of it."""

    archive: Archive
    config: Config
    clock: HandClock
    counter: Counter
    said: list[Out]

    @property
    def page(self) -> Page:
        assert self.counter.page is not None
        return self.counter.page

    @property
    def name(self) -> str:
        return self.counter.page.name if self.counter.page else ""

    @property
    def wanted(self) -> Wanted:
        found = [one for one in self.said if isinstance(one, Wanted)]
        return found[-1] if found else Wanted(0, frozenset(), 0)

    def public(self, act: str) -> None:
        self.counter.take(Touched(self.clock.ns, act))

    def touch(self, act: str, value: str = "", entry: str | None = None) -> None:
        """Touch something of the page that is open."""
        fields = () if entry is None else (Field("entry", entry),)
        self.send(Touched(self.clock.ns, act, self.page.number, value, fields))

    def send(self, touched: Touched) -> None:
        self.clock.ns += SECOND // 10
        self.counter.take(touched)

    def give(self, event: Event) -> None:
        self.counter.take(Given(self.wanted.number, event))

    def card(self, holder: str, card_id: bytes = CARD) -> None:
        self.give(CardShown(card_id, holder))

    def code(self, holder: str) -> None:
        self.give(CodeShown(b"\1" * 8, holder))

    def refuse(self, fault: str) -> None:
        self.give(NotGiven(fault))

    def passing(self, holder: str) -> None:
        self.counter.take(Passing(holder))

    def wait(self, seconds: float) -> None:
        self.clock.ns += round(seconds * SECOND)
        self.counter.tick()

    def cells(self, key: str) -> list[str]:
        """Return what the first row of this key shows."""
        row = next(one for one in self.page.rows if one.key == key)
        return [cell.text or cell.word or str(cell.at) for cell in row.cells]

    def acts(self) -> set[str]:
        return {one.act for one in (*self.page.choices, *self.page.rows) if one.act}

    def resident(self, card: bytes = CARD, household: str = "1-1-101") -> str:
        profile = Profile(household, "Li", frozenset({"card", "pass"}))
        return self.archive.roster.add(profile, (card,))

    def with_face(self, seed: int = 1) -> str:
        drawn = np.random.default_rng(seed).standard_normal(32)
        now = self.clock.wall()
        consent = Consent(
            "v1", "entry", GivenBy.SELF, now, now + timedelta(days=365), "on the screen"
        )
        face = Face((drawn / np.linalg.norm(drawn)).astype(np.float32), "recipe", 80)
        profile = Profile("3-2-1502", "李", frozenset({"card", "face"}))
        enrolment = Enrolment(profile, (CARD,), (), consent, face)
        return commit(self.archive.roster, self.archive.gallery, enrolment, now)

    def at_home(self, who: str) -> None:
        """Open somebody's own data with their card."""
        self.public("my-data")
        self.card(who)
        assert self.name == "my.home"

    @property
    def operators(self) -> Operators:
        return Operators(self.archive.roster.store, self.archive.journal, self.clock)

    def kinds(self) -> list[str]:
        return [one.event.kind for one in self.log.tail(200)]

    @property
    def log(self) -> AuditLog:
        return self.archive.log


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(
        site=Site(simulation=True, operator="物业 Sunny Court", contact="+86 21 5555 0100"),
        store=Store(folder=str(tmp_path / "state"), key_file=str(tmp_path / "device.key")),
        methods=Methods(face=True),
    )


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def bench(config: Config, clock: HandClock) -> Iterator[Bench]:
    create_archive(config)
    archive = open_archive(config, clock)
    # Homes of roles whose pages another branch of the table brings.
    homes = (("manager.home", Ground.MANAGER), ("tech.list", Ground.TECHNICIAN))
    bare = {name: Form(name, ground, lambda _session: View()) for name, ground in homes}
    forms = {**bare, **all_forms()}
    said: list[Out] = []

    def out(message: Out) -> None:
        if isinstance(message, Page):
            assert undeclared(message, forms) == ()
        said.append(message)

    yield Bench(archive, config, clock, Counter(tools_of(archive, config, clock), forms, out), said)
    archive.close()


@pytest.fixture
def closed() -> NoPage:
    return NoPage()
