"""Screen, counter and door together: what happens at the counter never costs anybody the door."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from appliance.gate import notices, process
from appliance.gate.access.card_proof import CardProof
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.cards import JudgedCard
from appliance.gate.counter import pages
from appliance.gate.counter.clerk import HANG_NS
from appliance.gate.counter.pages import all_forms
from appliance.gate.credential.pass_token import PhoneKey
from appliance.gate.store.records import Profile
from appliance.link import Link, pair
from appliance.messages import FROM_VISION, Health, IntentSeen, QrRead, Ready
from appliance.orders import FROM_GATE, SetPreview, StartVisit, StopVisit
from appliance.terminal import TO_SCREEN, NoPage, Page, Phase, Standing, Terminal, Touched
from hardware.ports import DoorOptions
from hardware.sim.door import SimDoor
from hardware.sim.reader import SimReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from appliance.gate.counter.form import Form, View
    from appliance.gate.counter.session import Session
    from appliance.messages import Message
    from appliance.sections import Config
    from tests.rig.clock import HandClock

SECOND = 1_000_000_000
CARD, OTHER = b"0123456789abcdef", b"fedcba9876543210"
PATIENCE_S = 20


class Terrace:
    """A whole gate with a screen and a vision at the far ends of their links."""

    def __init__(self, config: Config, clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> None:
        create_archive(config)
        self.clock = clock
        self.archive = open_archive(config, clock)
        self.door = SimDoor(DoorOptions("sim"), clock)
        self.told: list[notices.Notice] = []
        self.forms: dict[str, Form] = dict(all_forms())
        monkeypatch.setattr(pages, "all_forms", lambda: self.forms)
        reader = SimReader(clock)
        self.controller = process.build_controller(
            config, self.archive, clock, self.door, reader, self.told.append
        )
        near, far = pair()
        self.vision = Link(far, FROM_GATE, clock)
        self.controller.meet(Link(near, FROM_VISION, clock))
        self.vision.send(Ready("recipe", "camera"))
        self.commands: list[Message] = []
        self.page: Page | None = None
        self.terminal: Terminal | None = None
        self.closings = 0
        self.screen = self.connect()

    def connect(self) -> Link:
        near, far = pair()
        self.controller.front.meet(Link(near, (Touched,), self.clock))
        return Link(far, TO_SCREEN, self.clock)

    def step(self, passed_ns: int = 0) -> None:
        self.clock.ns += passed_ns
        self.vision.send(Health(self.clock.ns, 1))
        self.controller.step()
        self.commands += self.vision.receive()  # type: ignore[arg-type]
        for message in self.screen.receive():
            match message:
                case Page():
                    self.page = message
                case NoPage():
                    self.page, self.closings = None, self.closings + 1
                case Terminal():
                    self.terminal = message

    def until(self, reached: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not reached():
            assert time.monotonic() < end, (self.page, self.terminal)
            self.step(1000)
            time.sleep(0.002)

    def until_page(self, name: str) -> Page:
        self.until(lambda: self.page is not None and self.page.name == name)
        assert self.page is not None
        return self.page

    def touch(self, act: str, value: str = "") -> None:
        number = self.page.number if self.page else b""
        self.screen.send(Touched(self.clock.ns, act, number, value))
        self.step(1000)

    def card(self, card_id: bytes = CARD, proof: CardProof = CardProof.PROVEN) -> None:
        self.controller.present_card(JudgedCard(proof, card_id, self.clock.ns))
        self.step(1000)

    def resident(self, card: bytes = CARD, phone: PhoneKey | None = None) -> str:
        phones = (phone.public_key,) if phone else ()
        profile = Profile("1-1-101", "Li", frozenset({"card", "pass"}))
        return self.archive.roster.add(profile, (card,), phones)

    @property
    def opened(self) -> int:
        return sum(on for _, on in self.door.switchings)

    def close(self) -> None:
        self.controller.close()
        self.archive.close()
        self.vision.close()
        self.screen.close()


@pytest.fixture
def gate(config: Config, clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terrace]:
    made = Terrace(config, clock, monkeypatch)
    yield made
    made.close()


def spoil(gate: Terrace, draw: Callable[[Session], View]) -> None:
    gate.forms["help"] = replace(gate.forms["help"], draw=draw)


def test_a_clerk_that_crashes_closes_the_counter_and_no_door(gate: Terrace) -> None:
    def crash(_: Session) -> View:
        raise ZeroDivisionError

    gate.resident()
    spoil(gate, crash)
    gate.step()
    closings = gate.closings
    gate.touch("help")
    gate.until(lambda: gate.closings > closings)
    gate.card()
    assert gate.opened == 1
    # A new one takes its place after a second, and the other pages work.
    gate.step(SECOND)
    gate.step()
    gate.touch("staff")
    gate.until_page("staff.card")


def test_a_clerk_that_hangs_is_given_up_while_cards_open_the_door(gate: Terrace) -> None:
    held: list[bool] = []

    def hang(_: Session) -> View:
        held.append(True)
        while len(held) == 1:
            time.sleep(0.002)
        raise InterruptedError

    gate.resident()
    spoil(gate, hang)
    gate.step()
    gate.touch("help")
    gate.until(lambda: bool(held))
    for opened in (1, 2, 3):
        gate.card()
        assert gate.opened == opened
        gate.step(6 * SECOND)
    closings = gate.closings
    gate.clock.ns += HANG_NS
    gate.vision.send(Health(gate.clock.ns, 1))
    gate.step()
    assert gate.closings == closings + 1
    held.append(False)


def test_a_wanted_card_opens_the_page_and_not_the_door(gate: Terrace) -> None:
    gate.resident()
    gate.touch("my-data")
    gate.until_page("my.open")
    gate.card()
    gate.until_page("my.home")
    assert gate.opened == 0
    # Without a want, the same card opens the door, and the page stays.
    gate.card()
    assert gate.opened == 1
    assert gate.page is not None
    assert gate.page.name == "my.home"


def test_somebody_else_s_card_in_the_middle_opens_the_door_and_not_the_page(
    gate: Terrace,
) -> None:
    gate.resident()
    gate.resident(OTHER)
    gate.touch("my-data")
    gate.until_page("my.open")
    gate.card()
    page = gate.until_page("my.home")
    gate.card(OTHER)
    assert gate.opened == 1
    gate.touch("kept")
    kept = gate.until_page("my.kept")
    assert kept.number != page.number
    cards = next(row for row in kept.rows if row.key == "cards")
    assert cards.cells[0].text == "6566"


def test_two_fingers_at_once_do_one_thing(gate: Terrace) -> None:
    gate.resident()
    gate.touch("my-data")
    gate.until_page("my.open")
    gate.card()
    page = gate.until_page("my.home")
    for act in ("correct", "complain", "leave", "kept"):
        gate.screen.send(Touched(gate.clock.ns, act, page.number))
    gate.until_page("my.correct")
    for _ in range(20):
        gate.step(1000)
        time.sleep(0.005)
    assert gate.page is not None
    assert gate.page.name == "my.correct"


@pytest.mark.parametrize(
    ("proof", "fault"),
    [
        (CardProof.CLASSIC, "unknown-card"),
        (CardProof.MISMATCH, "unknown-card"),
        (CardProof.COLLIDED, "two-cards"),
        (CardProof.PULLED_AWAY, "pulled-away"),
        (CardProof.READER_FAULT, "reader-fault"),
    ],
)
def test_a_card_that_is_not_proven_opens_neither(
    gate: Terrace, proof: CardProof, fault: str
) -> None:
    gate.touch("my-data")
    gate.until_page("my.open")
    gate.card(CARD, proof)
    gate.until(lambda: gate.page is not None and gate.page.fault == fault)
    assert gate.opened == 0


def test_a_blocked_or_unknown_card_opens_nobody_s_data(gate: Terrace) -> None:
    gate.resident()
    gate.archive.roster.set_card_blocked(CARD)
    for card in (CARD, OTHER):
        gate.touch("my-data")
        gate.until_page("my.open")
        gate.card(card)
        gate.until(lambda: gate.page is not None and gate.page.fault == "unknown-card")
        gate.touch("back")
        gate.until(lambda: gate.page is None)


def test_a_live_code_opens_the_page_once_and_a_used_one_nothing(gate: Terrace) -> None:
    phone = PhoneKey.create()
    gate.resident(phone=phone)
    shown = phone.sign(gate.clock.wall())
    gate.touch("my-data")
    gate.until_page("my.open")
    gate.vision.send(QrRead(gate.clock.ns, shown))
    gate.until_page("my.home")
    gate.touch("leave")
    gate.until(lambda: gate.page is None)
    gate.touch("my-data")
    gate.until_page("my.open")
    gate.vision.send(QrRead(gate.clock.ns, shown))
    gate.until(lambda: gate.page is not None and gate.page.fault == "unknown-code")
    # Nor does it open the door any more.
    gate.touch("back")
    gate.until(lambda: gate.page is None)
    gate.vision.send(QrRead(gate.clock.ns, shown))
    gate.step()
    assert gate.opened == 0


def test_standing_before_a_page_is_no_wish_to_enter(gate: Terrace) -> None:
    gate.step()
    gate.touch("help")
    gate.until_page("help")
    gate.vision.send(IntentSeen(gate.clock.ns))
    gate.step()
    assert not [one for one in gate.commands if isinstance(one, StartVisit)]
    gate.touch("back")
    gate.until(lambda: gate.page is None)
    gate.vision.send(IntentSeen(gate.clock.ns))
    gate.step()
    assert [one for one in gate.commands if isinstance(one, StartVisit)]


def test_touching_face_begins_a_visit_and_stop_ends_it(gate: Terrace) -> None:
    gate.step()
    assert gate.terminal is not None
    assert gate.terminal.doors.face is Standing.OPEN
    gate.touch("face")
    gate.until(lambda: gate.terminal is not None and gate.terminal.phase is Phase.FACE)
    assert SetPreview(on=True) in gate.commands
    gate.touch("stop")
    gate.until(lambda: gate.terminal is not None and gate.terminal.phase is Phase.IDLE)
    assert isinstance(gate.commands[-2], StopVisit)
    assert gate.commands[-1] == SetPreview(on=False)


def test_touching_code_shows_the_picture_for_twenty_seconds_at_most(gate: Terrace) -> None:
    gate.step()
    gate.touch("code")
    gate.step()
    assert gate.terminal is not None
    assert (gate.terminal.phase, gate.terminal.preview) == (Phase.CODE, True)
    gate.step(20 * SECOND)
    gate.step()
    assert (gate.terminal.phase, gate.terminal.preview) == (Phase.IDLE, False)
    assert gate.commands[-1] == SetPreview(on=False)


def test_a_screen_that_talks_nonsense_or_goes_is_let_go_and_a_new_one_is_told_all(
    gate: Terrace,
) -> None:
    gate.resident()
    gate.touch("help")
    page = gate.until_page("help")
    gate.screen.close()
    gate.controller.step()
    gate.controller.step()
    assert gate.controller.front.link is None
    gate.screen = gate.connect()
    gate.page = gate.terminal = None
    gate.step()
    assert gate.page == page
    assert gate.terminal is not None
    gate.card()
    assert gate.opened == 1


def test_the_state_is_told_once_a_second_and_at_every_change(gate: Terrace) -> None:
    gate.step()
    first = gate.terminal
    gate.step(SECOND // 2)
    assert gate.terminal is first
    gate.step(SECOND // 2)
    assert gate.terminal is not first


def test_without_a_screen_there_is_no_clerk(
    config: Config, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hired: list[int] = []
    monkeypatch.setattr(process, "hire", lambda *_: hired.append(1))
    create_archive(config)
    archive = open_archive(config, clock)
    controller = process.build_controller(
        config, archive, clock, SimDoor(DoorOptions("sim"), clock), SimReader(clock), print
    )
    controller.step()
    controller.close()
    archive.close()
    assert hired == []


def test_a_thousand_residents_are_served_as_quickly_as_one_and_the_door_goes_on(
    gate: Terrace,
) -> None:
    with gate.archive.roster.store.transaction():
        for number in range(1000):
            profile = Profile(f"1-1-{number}", "\u202e名" * 30, frozenset({"card"}))
            gate.archive.roster.add(profile, (number.to_bytes(16, "big"),))
    gate.touch("my-data")
    gate.until_page("my.open")
    gate.card((777).to_bytes(16, "big"))
    gate.until_page("my.home")
    gate.touch("kept")
    page = gate.until_page("my.kept")
    assert page.rows[0].cells[0].text == "1-1-777"
    gate.card((778).to_bytes(16, "big"))
    assert gate.opened == 1
