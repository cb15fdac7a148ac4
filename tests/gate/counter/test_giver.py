"""New cards and faces through a whole gate: screen, controller, reader, and the test as vision."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from appliance.gate import process
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.counter.clerk import tools_of
from appliance.gate.counter.counter import Counter
from appliance.gate.counter.pages import all_forms
from appliance.light import PlaySound
from appliance.link import Link, pair
from appliance.messages import (
    FROM_VISION,
    FaceEvidence,
    Gathered,
    Guidance,
    Health,
    Hint,
    IntentSeen,
    Purpose,
    Ready,
    Turn,
    VisitAbandoned,
)
from appliance.orders import FROM_GATE, StartVisit, StopVisit
from appliance.sections import Config, Methods, ReaderSection, Site, Store
from appliance.terminal import FROM_SCREEN, TO_SCREEN, Field, NoPage, Page, Touched
from hardware.ports import CardTechnology, DoorOptions
from hardware.sim.card import SoftCard
from hardware.sim.card_memory import Memory
from hardware.sim.door import SimDoor
from hardware.sim.reader import SimReader
from tests.gate.counter.staff import face, log_in
from tests.rig.clock import HandClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from appliance.gate.archive import Archive
    from appliance.gate.counter.counter import In, Out
    from appliance.messages import Message

SECOND = 1_000_000_000
UID = bytes.fromhex("04782E21801D80")
OTHER_UID = bytes.fromhex("04AABBCCDDEE80")
WRONG = b"w" * 16


class Inline:
    """A clerk without its thread: the same counter, in step with the test."""

    lost = False

    def __init__(self, archive: Archive, config: Config, clock: HandClock) -> None:
        self._out: list[Out] = []
        self.archive, self.clock = archive, clock
        tools = tools_of(archive, config, clock)
        self.counter = Counter(tools, all_forms(), self._out.append)

    def hand(self, message: In) -> bool:
        self.counter.take(message)
        return True

    def said(self) -> list[Out]:
        self.counter.tick()
        out, self._out[:] = list(self._out), []
        return out

    def stop(self, patience_s: float = 0.0) -> None:
        assert patience_s >= 0.0


class Gate:
    """A controller with reader, door, screen and vision."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:  # noqa: ANN401 - any section
        self.config = Config(
            site=Site(simulation=True),
            store=Store(folder=str(folder / "state"), key_file=str(folder / "device.key")),
            reader=ReaderSection(driver="sim"),
            methods=Methods(face=True),
            **more,
        )
        self.clock = HandClock()
        create_archive(self.config)
        self.archive = open_archive(self.config, self.clock)
        self.own = open_archive(self.config, self.clock)
        self.clerk = Inline(self.own, self.config, self.clock)
        monkeypatch.setattr(process, "hire", lambda *_: self.clerk)
        self.reader = SimReader(self.clock)
        self.door = SimDoor(DoorOptions("sim"), self.clock)
        self.controller = process.build_controller(
            self.config, self.archive, self.clock, self.door, self.reader, lambda _: None
        )
        near, far = pair()
        self.screen = Link(far, TO_SCREEN, self.clock)
        self.controller.front.meet(Link(near, FROM_SCREEN, self.clock))
        near, far = pair()
        self.vision = Link(far, FROM_GATE, self.clock)
        self.controller.meet(Link(near, FROM_VISION, self.clock))
        self.page: Page | None = None
        self.sounds: list[str] = []
        self.asked: list[Message] = []
        self.say(Ready("recipe", "camera"))

    def step(self, seconds: float = 0.02) -> None:
        self.clock.ns += round(seconds * SECOND)
        for _ in range(3):
            self.controller.step()
        for message in self.screen.receive():
            if isinstance(message, Page | NoPage):
                self.page = message if isinstance(message, Page) else None
            elif isinstance(message, PlaySound):
                self.sounds.append(message.name)
        if self.controller.link is not None:
            self.asked += self.vision.receive()

    def say(self, *messages: Message) -> None:
        for message in messages:
            self.vision.send(message)
        self.step()

    def wait(self, seconds: float) -> None:
        until = self.clock.ns + round(seconds * SECOND)
        while self.clock.ns < until:
            self.vision.send(Health(self.clock.ns, 1))
            self.step(0.5)

    @property
    def name(self) -> str:
        return self.page.name if self.page else ""

    @property
    def fault(self) -> str:
        return self.page.fault if self.page else ""

    def touch(self, act: str, entry: str | None = None, value: str = "") -> None:
        assert self.page is not None
        fields = () if entry is None else (Field("entry", entry),)
        self.screen.send(Touched(self.clock.ns, act, self.page.number, value, fields))
        self.step()

    def to_card(self) -> None:
        """Enrol up to the page that waits for a card."""
        log_in(self.clerk)  # type: ignore[arg-type] - archive, clock and counter are all it needs
        self.step()
        self.touch("enrol")
        self.touch("next", "3-1-101")
        self.touch("identity")
        self.touch("adult")
        self.touch("next")
        self.touch("next")
        assert self.name == "enrol.card"

    def hold(self, card: SoftCard, technology: CardTechnology = CardTechnology.ISO_DEP) -> None:
        number = self.reader.hold(card, technology)
        for _ in range(20):
            self.step(0.001)
        self.reader.take_away(number)
        self.step()

    def to_capture(self) -> SoftCard:
        """Enrol with a card, and agree to face with it."""
        card = SoftCard(Memory(UID))
        self.to_card()
        self.hold(card)
        self.touch("tell-more")
        self.touch("next")
        self.touch("read")
        self.touch("consent-yes")
        self.hold(card)
        assert self.name == "enrol.glasses"
        return card

    def started(self) -> StartVisit:
        found = [one for one in self.asked if isinstance(one, StartVisit)]
        return found[-1]

    def evidence(self, visit: bytes) -> FaceEvidence:
        return replace(face(), visit=visit, intent_ns=self.clock.ns, taken_ns=self.clock.ns)

    def close(self) -> None:
        self.screen.close()
        self.vision.close()
        self.controller.close()
        self.archive.close()
        self.own.close()


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate(tmp_path, monkeypatch)
    yield made
    made.close()


def test_a_card_that_can_be_copied_is_refused_on_the_page(gate: Gate) -> None:
    gate.to_card()
    gate.hold(SoftCard(Memory(UID)), CardTechnology.CLASSIC)
    assert (gate.name, gate.fault) == ("enrol.card", "wrong-card")


def test_somebody_elses_card_in_the_middle_neither_enrols_nor_opens(gate: Gate) -> None:
    other = SoftCard(Memory(OTHER_UID))
    gate.to_card()
    gate.hold(other)
    gate.touch("no-finish")
    assert gate.name == "manager.home"
    gate.clerk.counter.close()
    gate.step()
    gate.to_card()
    gate.hold(other)
    assert (gate.name, gate.fault) == ("enrol.card", "card-taken")
    assert len(gate.archive.roster) == 1
    assert not gate.door.relay_on


def test_a_card_held_after_the_page_is_left_is_not_written(gate: Gate) -> None:
    card = SoftCard(Memory(UID))
    gate.to_card()
    gate.touch("back")
    gate.hold(card)
    assert card.memory.applications == {}
    assert len(gate.archive.roster) == 0


def test_a_lock_in_the_middle_of_a_card_enrols_nobody_and_the_same_card_is_taken_later(
    gate: Gate,
) -> None:
    card = SoftCard(Memory(UID))
    gate.to_card()
    gate.reader.hold(card)
    gate.controller._cards.step(gate.clock.ns)
    gate.clerk.counter.close()
    gate.step()
    assert len(gate.archive.roster) == 0
    gate.reader.take_away(1)
    gate.step()
    gate.to_card()
    gate.hold(card)
    assert gate.name == "enrol.saved"


def test_a_blank_card_is_written_enrolled_and_opens_the_door(gate: Gate) -> None:
    card = SoftCard(Memory(UID))
    gate.to_card()
    gate.hold(card)
    assert gate.name == "enrol.saved"
    assert not gate.door.relay_on
    gate.touch("no-finish")
    gate.hold(card)
    assert gate.door.relay_on


def test_vision_is_asked_for_nothing_before_the_own_card_has_confirmed(gate: Gate) -> None:
    gate.to_capture()
    assert not [one for one in gate.asked if isinstance(one, StartVisit)]
    assert not gate.door.relay_on
    gate.touch("glasses-no")
    start = gate.started()
    assert (start.purpose, start.turn) == (Purpose.ENROL, Turn.FRONT)


def test_evidence_of_another_visit_enrols_nothing(gate: Gate) -> None:
    gate.to_capture()
    gate.touch("glasses-no")
    gate.say(Gathered(WRONG, 1.0), gate.evidence(WRONG))
    assert gate.name == "enrol.capture"
    assert gate.page is not None
    assert [row.cells[0].word for row in gate.page.rows if row.key == "front"] == ["running"]


def test_a_visit_without_a_face_is_told_and_begun_again_by_touch(gate: Gate) -> None:
    gate.to_capture()
    gate.touch("glasses-no")
    first = gate.started().visit
    gate.say(VisitAbandoned(first, gate.clock.ns, Hint.MORE_LIGHT))
    assert (gate.name, gate.fault) == ("enrol.capture", "no-face-in-time")
    gate.touch("again")
    assert gate.started().visit != first


def test_vision_that_never_answers_is_waited_for_21_seconds(gate: Gate) -> None:
    gate.to_capture()
    gate.touch("glasses-no")
    gate.wait(20)
    assert gate.fault == ""
    gate.wait(1.5)
    assert gate.fault == "no-face-in-time"
    assert StopVisit(gate.started().visit) in gate.asked


def test_vision_that_is_lost_in_the_middle_is_told(gate: Gate) -> None:
    gate.to_capture()
    gate.touch("glasses-no")
    gate.vision.close()
    gate.step()
    gate.step()
    assert (gate.name, gate.fault) == ("enrol.capture", "no-face-in-time")
    gate.touch("again")
    assert gate.fault == "face-off"


def test_leaving_the_page_takes_the_visit_back(gate: Gate) -> None:
    gate.to_capture()
    gate.touch("glasses-no")
    visit = gate.started().visit
    gate.touch("back")
    assert gate.name == "enrol.done"
    assert StopVisit(visit) in gate.asked
    gate.say(gate.evidence(visit))
    assert gate.archive.roster.store.rows("SELECT 1 FROM reference") == []


def test_nobody_who_stands_there_is_identified_while_a_page_is_open(gate: Gate) -> None:
    gate.to_capture()
    gate.say(IntentSeen(gate.clock.ns))
    assert not [one for one in gate.asked if isinstance(one, StartVisit)]


def test_a_face_is_gathered_in_turns_with_hints_and_kept(gate: Gate) -> None:
    gate.to_capture()
    gate.touch("glasses-no")
    turns = []
    for _ in range(3):
        start = gate.started()
        turns.append(start.turn)
        gate.say(Guidance(gate.clock.ns, Hint.HOLD_STILL), Gathered(start.visit, 0.6))
        assert gate.page is not None
        shown = {row.key: row.cells[0] for row in gate.page.rows}
        assert (shown["hint"].word, shown["share"].text) == ("hold_still", "50")
        gate.say(gate.evidence(start.visit))
    assert turns == [Turn.FRONT, Turn.LEFT, Turn.RIGHT]
    assert gate.name == "enrol.trial"
    gate.say(gate.evidence(gate.started().visit))
    assert gate.name == "enrol.done"
    assert gate.page is not None
    assert gate.page.code
    assert len(gate.archive.roster.store.rows("SELECT 1 FROM reference")) == 1
