"""The gate's one consumer, with real stores, a real link and a scripted vision: refusals first."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from appliance.errors import LinkClosedError
from appliance.gate import notices, process
from appliance.gate.access.card_proof import CardProof
from appliance.gate.access.door import DoorCommand
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.cards import JudgedCard
from appliance.gate.credential.pass_token import PhoneKey
from appliance.gate.enrolment.commit import Enrolment, Face, commit
from appliance.gate.enrolment.consent import Consent, GivenBy
from appliance.gate.enrolment.rights import Rights
from appliance.gate.rules import cue_policies
from appliance.gate.store.audit import AuditLog
from appliance.gate.store.records import Profile
from appliance.gate.store.roots.file import FileKey
from appliance.light import LightAnswered, ShowLight
from appliance.link import Link, pair
from appliance.messages import (
    FROM_VISION,
    CueEvidence,
    CuesSeen,
    FaceEvidence,
    Guidance,
    Health,
    Hint,
    IntentSeen,
    QrRead,
    Ready,
    Tint,
    VisitAbandoned,
)
from appliance.orders import FROM_GATE, LightShown, Prompted, SetMode, StartVisit, StopVisit
from appliance.pad_section import PadSection, ScreenLightSection
from appliance.sections import Config, Methods, OpenPeriod, ScheduleSection, Site, Store
from appliance.terminal import FROM_SCREEN, TO_SCREEN
from hardware.errors import DeviceUnavailableError
from hardware.ports import Authenticity, DoorInputs, DoorOptions
from hardware.sim.door import SimDoor
from hardware.sim.reader import SimReader
from tests.rig.clock import HandClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from appliance.messages import Message

SECOND = 1_000_000_000
RECIPE = "recipe 1"
CARD = b"0123456789abcdef"
OTHER_CARD = b"fedcba9876543210"
VISIT = b"\0" * 16
LIVE = tuple(CueEvidence(cue.name, 0.999, 64) for cue in cue_policies(PadSection()))


def with_texture(score: float, frames: int = 64) -> tuple[CueEvidence, ...]:
    """Return what a living person gives, but for the texture."""
    return (CueEvidence("texture", score, frames), *LIVE[1:])


class WitnessedDoor(SimDoor):
    """A door that notes what stands in the log, read by another connection, as it releases."""

    def __init__(self, clock: HandClock, log: Callable[[], list[str]]) -> None:
        super().__init__(DoorOptions("sim"), clock)
        self.log = log
        self.seen: list[list[str]] = []
        self.reads_fail = False
        self.releases_fail = False

    def read(self) -> DoorInputs:
        if self.reads_fail:
            raise DeviceUnavailableError("sim door", "wires cut", "wires")
        return super().read()

    def release(self) -> None:
        if self.releases_fail:
            raise DeviceUnavailableError("sim door", "burnt out", "a relay")
        self.seen.append(self.log())
        super().release()


def vector(seed: int) -> NDArray[np.float32]:
    drawn = np.random.default_rng(seed).standard_normal(320)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


def between(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    joined = one + other
    return (joined / np.linalg.norm(joined)).astype(np.float32)


class Gate:
    """A controller, its devices, and the far end of its link."""

    def __init__(self, config: Config) -> None:
        self.clock = HandClock()
        self.config = config
        create_archive(config)
        self.archive = open_archive(config, self.clock)
        self.door = WitnessedDoor(self.clock, self.reasons)
        self.reader = SimReader(self.clock)
        self.told: list[notices.Notice] = []
        self.controller = process.build_controller(
            config, self.archive, self.clock, self.door, self.reader, self.told.append
        )
        self.vision: Link | None = None
        self._visions: list[Link] = []
        self._inbox: list[Message] = []
        self.now = self.clock.wall()

    def log_path(self) -> Path:
        return Path(self.config.store.folder) / "audit.db"

    def events(self) -> list[tuple[str, str, str | None]]:
        log = AuditLog.open(self.log_path(), FileKey(Path(self.config.store.key_file)))
        with closing(log):
            return [(e.event.kind, e.event.reason, e.event.pseudonym) for e in log.tail(100)]

    def reasons(self) -> list[str]:
        return [reason for _, reason, _ in self.events() if reason]

    def resident(
        self,
        seed: int = 1,
        card: bytes = CARD,
        face: NDArray[np.float32] | None = None,
        **more: object,
    ) -> str:
        consent = Consent(
            "v1", "entry", GivenBy.SELF, self.now - timedelta(1), self.now + timedelta(1), "paper"
        )
        profile = Profile("1-101", "Li", frozenset({"card", "pass", "face"}), **more)  # type: ignore[arg-type]
        given = vector(seed) if face is None else face
        enrolment = Enrolment(profile, (card,), (), consent, Face(given, RECIPE, 80))
        return commit(self.archive.roster, self.archive.gallery, enrolment, self.now)

    def meet(self, *, ready: bool = True) -> Link:
        near, far = pair()
        self.vision = Link(far, FROM_GATE, self.clock)
        self._visions.append(self.vision)
        self.controller.meet(Link(near, (*FROM_VISION, SetMode), self.clock))
        if ready:
            self.say(Ready(RECIPE, "camera"))
        return self.vision

    def say(self, *messages: Message) -> None:
        assert self.vision is not None
        for message in messages:
            self.vision.send(message)
        self.controller.step()

    def heard(self) -> list[Message]:
        assert self.vision is not None
        inbox, self._inbox = [*self._inbox, *self.vision.receive()], []
        return inbox

    def wait(self, seconds: float, *, alive: bool = True) -> None:
        """Let time pass as the rooms do: in steps, with vision's heartbeat."""
        until = self.clock.ns + round(seconds * SECOND)
        while self.clock.ns < until:
            self.clock.ns = min(until, self.clock.ns + SECOND // 2)
            if alive and self.controller.link is not None:
                self.say(Health(self.clock.ns, 1))
            else:
                self.controller.step()
            with suppress(LinkClosedError):
                self._inbox = self.heard() if self.vision else []

    def visit(self) -> StartVisit:
        self.controller.step()
        self.heard()
        self.say(IntentSeen(self.clock.ns))
        started = [one for one in self.heard() if isinstance(one, StartVisit)]
        assert len(started) == 1
        self.clock.ns += SECOND // 2
        return started[0]

    def evidence(self, visit: bytes, seed: int = 1) -> FaceEvidence:
        now = self.clock.ns
        return FaceEvidence(
            visit, now - SECOND // 2, now, RECIPE, vector(seed).tobytes(), 80, 4, LIVE
        )

    def show_face(self, seed: int = 1) -> None:
        self.say(self.evidence(self.visit().visit, seed))
        self.wait(2.5)

    @property
    def decided(self) -> list[str]:
        return [one.decision.reason.value for one in self.told if isinstance(one, notices.Decided)]

    @property
    def faults(self) -> dict[str, str]:
        return {one.part: one.text for one in self.told if isinstance(one, notices.Fault)}

    @property
    def opened(self) -> bool:
        return any(on for _, on in self.door.switchings)

    def close(self) -> None:
        self.controller.close()
        self.archive.close()
        for vision in self._visions:
            vision.close()


def simulated(folder: Path) -> Config:
    return Config(
        site=Site(simulation=True),
        store=Store(folder=str(folder / "state"), key_file=str(folder / "device.key")),
        methods=Methods(face=True),
    )


@pytest.fixture
def make() -> Iterator[Callable[[Config], Gate]]:
    made: list[Gate] = []

    def build(config: Config) -> Gate:
        made.append(Gate(config))
        return made[-1]

    yield build
    for one in made:
        one.close()


@pytest.fixture
def gate(make: Callable[[Config], Gate], tmp_path: Path) -> Gate:
    return make(simulated(tmp_path))


# What is refused of faces


def test_nothing_is_said_before_vision_was_told_what_it_may_look_for(gate: Gate) -> None:
    gate.meet()
    assert gate.heard() == [SetMode(face=True, qr=True)]


WRONG = {
    "wrong recipe": ({"features": "recipe 2"}, "face-features-differ"),
    "below the threshold of life": ({"cues": with_texture(0.3)}, "face-attack"),
    "no cue": ({"cues": ()}, "face-unproven"),
    "another cue": ({"cues": (*LIVE[1:], CueEvidence("wink", 1.0, 4))}, "face-unproven"),
    "a cue twice": ({"cues": (*LIVE, LIVE[0])}, "face-unproven"),
    "too few pictures": ({"cues": with_texture(0.97, 2)}, "face-unproven"),
    "wrong length": ({"probe": vector(1)[:100].tobytes()}, "face-broken"),
    "half a number": ({"probe": vector(1).tobytes()[:-1]}, "face-broken"),
    "no number": ({"probe": np.full(320, np.nan, "<f4").tobytes()}, "face-broken"),
    "infinite": ({"probe": np.full(320, np.inf, "<f4").tobytes()}, "face-broken"),
    "zero": ({"probe": np.zeros(320, "<f4").tobytes()}, "face-broken"),
    "not of unit length": ({"probe": (2 * vector(1)).tobytes()}, "face-broken"),
    "a stranger": ({"probe": vector(9).tobytes()}, "face-no-match"),
    "unknown visit": ({"visit": VISIT}, "stale"),
    "picture from before the visit": ({"taken_ns": 1}, "stale"),
    "picture from the future": ({"taken_ns": 1 << 62}, "stale"),
    "picture from before its own intent": ({"intent_ns": 1 << 62}, "stale"),
}


@pytest.mark.parametrize(("change", "reason"), WRONG.values(), ids=WRONG)
def test_wrong_evidence_opens_nothing(gate: Gate, change: dict[str, object], reason: str) -> None:
    gate.resident()
    gate.meet()
    gate.say(replace(gate.evidence(gate.visit().visit), **change))  # type: ignore[arg-type]
    assert gate.decided == [reason]
    assert not gate.opened


def test_a_score_that_is_no_number_does_not_even_arrive(gate: Gate) -> None:
    gate.resident()
    gate.meet()
    cues = with_texture(float("nan"))
    gate.say(replace(gate.evidence(gate.visit().visit), cues=cues))
    assert gate.controller.link is None
    assert gate.decided == []


def test_evidence_shown_twice_counts_once(gate: Gate) -> None:
    gate.resident()
    gate.meet()
    evidence = gate.evidence(gate.visit().visit)
    gate.say(evidence, evidence)
    assert gate.decided == ["granted", "replayed"]
    assert len(gate.door.seen) == 1


def test_evidence_without_a_visit_opens_nothing(gate: Gate) -> None:
    gate.resident()
    gate.meet()
    gate.say(gate.evidence(VISIT))
    assert gate.decided == ["stale"]


def test_evidence_after_the_deadline_opens_nothing(gate: Gate) -> None:
    gate.resident()
    gate.meet()
    visit = gate.visit()
    gate.wait(4)
    assert StopVisit(visit.visit) in gate.heard()
    gate.say(gate.evidence(visit.visit))
    assert gate.decided == ["stale"]
    assert not gate.opened


def test_an_intent_from_the_future_is_one_of_now(gate: Gate) -> None:
    gate.meet()
    gate.heard()
    gate.say(IntentSeen(2**63))
    assert any(isinstance(one, StartVisit) for one in gate.heard())


def test_an_empty_gallery_knows_nobody(gate: Gate) -> None:
    gate.meet()
    gate.show_face()
    assert gate.decided == ["face-no-match"]


def test_between_two_look_alikes_nobody_is_guessed(gate: Gate) -> None:
    gate.resident(1)
    gate.resident(card=OTHER_CARD, face=between(between(vector(1), vector(2)), vector(1)))
    gate.meet()
    probe = between(between(between(vector(1), vector(2)), vector(1)), vector(1))
    gate.say(replace(gate.evidence(gate.visit().visit), probe=probe.tobytes()))
    assert gate.decided == ["face-not-clear"]
    assert not gate.opened


def test_a_face_whose_consent_has_ended_is_not_compared(gate: Gate) -> None:
    gate.resident()
    gate.meet()
    gate.wait(1)
    gate.clock.wall_shift = timedelta(days=2)
    gate.show_face()
    assert gate.decided == ["face-no-match"]


def test_a_frozen_face_is_not_compared(gate: Gate) -> None:
    name = gate.resident()
    gate.meet()
    visit = gate.visit()
    gate.archive.roster.freeze_face(name)
    gate.say(gate.evidence(visit.visit))
    assert gate.decided == ["face-no-match"]


def test_somebody_erased_in_mid_visit_is_nobody(gate: Gate) -> None:
    name = gate.resident()
    gate.meet()
    visit = gate.visit()
    assert Rights(gate.archive, gate.config).erase(name)
    gate.say(gate.evidence(visit.visit))
    assert gate.decided == ["face-no-match"]
    assert not gate.opened


def test_somebody_whose_days_are_over_is_refused_by_face_and_card_alike(gate: Gate) -> None:
    gate.resident(valid_until=gate.now)
    gate.meet()
    gate.show_face()
    gate.reader.present(CARD)
    gate.controller.step()
    assert gate.decided == ["validity-ended", "validity-ended"]


def test_three_failures_pause_face_and_the_card_still_opens(gate: Gate) -> None:
    gate.resident()
    gate.meet()
    for _ in range(3):
        gate.show_face(seed=9)
    assert SetMode(face=False, qr=True) in gate.heard()
    gate.say(IntentSeen(gate.clock.ns))
    assert not any(isinstance(one, StartVisit) for one in gate.heard())
    gate.reader.present(CARD)
    gate.controller.step()
    assert gate.decided == ["face-no-match"] * 3 + ["granted"]
    gate.wait(60)
    assert SetMode(face=True, qr=True) in gate.heard()


def test_a_tampered_gate_takes_no_face_but_the_card(gate: Gate) -> None:
    gate.resident()
    gate.meet()
    visit = gate.visit()
    gate.door.tamper()
    gate.controller.step()
    sent = gate.heard()
    assert StopVisit(visit.visit) in sent
    assert SetMode(face=False, qr=True) in sent
    gate.say(gate.evidence(visit.visit))
    gate.reader.present(CARD)
    gate.controller.step()
    assert gate.decided == ["stale", "granted"]
    assert notices.Alarmed(DoorCommand.ALARM_TAMPER) in gate.told


def test_inputs_that_cannot_be_read_count_as_tampered_with(gate: Gate) -> None:
    gate.meet()
    gate.door.reads_fail = True
    gate.controller.step()
    assert "wires cut" in gate.faults["door"]
    assert gate.heard()[-1] == SetMode(face=False, qr=True)
    gate.door.reads_fail = False
    gate.controller.step()
    assert gate.faults["door"] == ""
    assert gate.heard()[-1] == SetMode(face=True, qr=True)


def test_a_model_fault_stops_face_and_leaves_codes(gate: Gate) -> None:
    gate.meet(ready=False)
    gate.say(Ready(RECIPE, "camera", "model sface: SHA-256 wrong"))
    assert gate.heard() == [SetMode(face=False, qr=True)]
    gate.say(IntentSeen(gate.clock.ns))
    gate.controller.touch()
    assert gate.heard() == []
    assert "sface" in gate.faults["face"]


# What is refused of cards and codes


def test_a_card_that_could_be_copied_never_opens(gate: Gate) -> None:
    gate.resident()
    gate.reader.present(CARD, Authenticity.COPYABLE)
    gate.reader.present(CARD, Authenticity.FAILED)
    gate.reader.present(OTHER_CARD)
    gate.controller.step()
    assert gate.decided == ["card-copyable", "card-not-proven", "card-unknown"]
    assert not gate.opened


def test_a_blocked_card_is_refused(gate: Gate) -> None:
    name = gate.resident()
    gate.archive.roster.set_card_blocked(CARD)
    gate.reader.present(CARD)
    gate.controller.step()
    assert gate.events() == [("entry.refused", "card-blocked", name)]


@pytest.mark.parametrize("age_s", [3, -1])
def test_a_card_seen_long_ago_or_not_yet_is_refused(gate: Gate, age_s: int) -> None:
    gate.resident()
    seen_ns = gate.clock.ns - age_s * SECOND
    gate.controller.present_card(JudgedCard(CardProof.PROVEN, CARD, seen_ns))
    assert gate.decided == ["stale"]


def test_a_wrong_pass_is_refused(gate: Gate) -> None:
    phone, stranger = PhoneKey.create(), PhoneKey.create()
    name = gate.archive.roster.add(Profile("1", "Li", frozenset({"pass"})), (), (phone.public_key,))
    gate.meet()
    gate.wait(60)
    wall, now = gate.clock.wall(), gate.clock.ns
    good = phone.sign(wall)
    expired = phone.sign(wall - timedelta(seconds=31))
    forged = good[:-4] + ("0000" if good[-4:] != "0000" else "1111")
    gate.say(QrRead(now, expired), QrRead(now, forged), QrRead(now, stranger.sign(wall)))
    gate.say(QrRead(now, "https://example.org"), QrRead(now - 3 * SECOND, good))
    gate.say(QrRead(now + SECOND, good))
    assert gate.decided == ["pass-expired"] + ["pass-invalid"] * 3 + ["stale"] * 2
    assert not gate.opened
    gate.say(QrRead(now, good), QrRead(now, good))
    gate.archive.roster.set_pass_blocked(phone.key_id)
    gate.say(QrRead(now, phone.sign(wall)))
    assert gate.decided[-3:] == ["granted", "pass-replayed", "pass-blocked"]
    assert gate.events()[-1] == ("entry.refused", "pass-blocked", name)


def test_a_fresh_pass_opens_at_once_after_the_start_and_an_old_one_stays_used(
    make: Callable[[Config], Gate], tmp_path: Path
) -> None:
    gate = make(simulated(tmp_path))
    phone = PhoneKey.create()
    gate.archive.roster.add(Profile("1", "Li", frozenset({"pass"})), (), (phone.public_key,))
    gate.meet()
    text = phone.sign(gate.clock.wall())
    gate.say(QrRead(gate.clock.ns, text), QrRead(gate.clock.ns, text))
    assert gate.decided == ["granted", "pass-replayed"]


def test_an_unsure_clock_refuses_codes_alone_alarms_and_heals(gate: Gate) -> None:
    phone = PhoneKey.create()
    gate.archive.roster.add(Profile("1", "Li", frozenset({"pass"})), (), (phone.public_key,))
    gate.resident()
    gate.meet()
    gate.clock.wall_shift = timedelta(days=2)
    gate.say(QrRead(gate.clock.ns, phone.sign(gate.clock.wall())))
    gate.reader.present(CARD)
    gate.controller.step()
    assert gate.decided == ["clock-unsure", "granted"]
    assert "leapt" in gate.faults["clock"]
    gate.clock.wall_shift = timedelta(0)
    gate.say(QrRead(gate.clock.ns, phone.sign(gate.clock.wall())))
    assert gate.faults["clock"] == ""
    assert gate.decided[-1] == "granted"
    kinds = [kind for kind, _, _ in gate.events()]
    assert [one for one in kinds if one.startswith("clock")] == [
        "clock.unsure",
        "clock.back",
        "clock.sure",
    ]


def test_a_phone_with_a_wrong_clock_is_told_by_how_much(gate: Gate) -> None:
    phone = PhoneKey.create()
    gate.archive.roster.add(Profile("1", "Li", frozenset({"pass"})), (), (phone.public_key,))
    gate.meet()
    wall = gate.clock.wall()
    fast, slow = phone.sign(wall + timedelta(minutes=7)), phone.sign(wall - timedelta(seconds=40))
    gate.say(QrRead(gate.clock.ns, fast), QrRead(gate.clock.ns, slow))
    lines = [notices.describe(one) for one in gate.told if isinstance(one, notices.Decided)]
    assert lines[0].endswith("; the phone's clock is 7 minutes fast)")
    assert "40 s slow, or this is an old picture" in lines[1]
    assert not gate.opened


def test_a_guest_passes_as_often_as_given_and_not_when_withdrawn_or_the_host_is_blocked(
    gate: Gate,
) -> None:
    host, guest = PhoneKey.create(), PhoneKey.create()
    name = gate.archive.roster.add(Profile("1", "Li", frozenset({"pass"})), (), (host.public_key,))
    gate.meet()
    wall, now = gate.clock.wall(), gate.clock.ns
    grants = [
        host.grant(guest.public_key, wall, wall + timedelta(hours=1), uses=2) for _ in range(3)
    ]
    for _ in range(3):
        gate.say(QrRead(now, guest.sign(wall, grants[0])))
    assert gate.decided == ["granted", "granted", "pass-used-up"]
    gate.say(QrRead(now, host.withdraw(grants[1], wall)), QrRead(now, guest.sign(wall, grants[1])))
    assert gate.decided[3:] == ["visit-withdrawn", "pass-withdrawn"]
    gate.archive.roster.set_pass_blocked(host.key_id)
    gate.say(QrRead(now, guest.sign(wall, grants[2])), QrRead(now, host.withdraw(grants[2], wall)))
    assert gate.decided[5:] == ["pass-blocked"] * 2
    event = gate.archive.log.tail(6)[0].event
    assert event.pseudonym == name
    assert event.detail["visit"].startswith(host.key_id.hex())


def test_outside_the_hours_every_method_is_refused(
    make: Callable[[Config], Gate], tmp_path: Path
) -> None:
    night = OpenPeriod(days=("mon", "tue", "wed"), opens="22:00", closes="06:00")
    config = msgspec.structs.replace(
        simulated(tmp_path), schedule=ScheduleSection(periods=(night,))
    )
    gate = make(config)
    gate.resident()
    gate.meet()
    gate.reader.present(CARD)
    gate.show_face()
    assert gate.decided == ["outside-schedule", "outside-schedule"]


# Law 5 and faults


def test_what_cannot_be_logged_opens_nothing(gate: Gate) -> None:
    gate.resident()
    gate.meet()
    visit = gate.visit()
    gate.archive.log.close()
    gate.reader.present(CARD)
    gate.say(gate.evidence(visit.visit))
    assert gate.decided == ["log-failed", "log-failed"]
    assert "log" in gate.faults["log"]
    assert not gate.opened


def test_a_log_that_another_holds_or_altered_opens_nothing(gate: Gate) -> None:
    gate.resident()
    gate.reader.present(CARD)
    gate.controller.step()
    gate.wait(10)
    with closing(sqlite3.connect(gate.log_path())) as thief:
        thief.execute("DELETE FROM event")
        thief.commit()
    before = len(gate.door.switchings)
    gate.reader.present(CARD)
    gate.controller.step()
    assert gate.decided == ["granted", "log-failed"]
    assert len(gate.door.switchings) == before


def test_a_full_disk_opens_nothing_and_room_made_opens_again(gate: Gate) -> None:
    gate.resident()
    pages = gate.archive.log.db.execute("PRAGMA page_count").fetchone()[0]
    gate.archive.log.db.execute(f"PRAGMA max_page_count = {pages}")
    for _ in range(200):
        gate.reader.present(OTHER_CARD)
        gate.controller.step()
        if gate.decided[-1] == "log-failed":
            break
    gate.reader.present(CARD)
    gate.controller.step()
    assert gate.decided[-2:] == ["log-failed", "log-failed"]
    assert not gate.opened
    gate.archive.log.db.execute("PRAGMA max_page_count = 100000")
    gate.reader.present(CARD)
    gate.controller.step()
    assert gate.decided[-1] == "granted"
    assert gate.faults["log"] == ""


def test_a_broken_store_refuses_every_method_and_stays_alive(gate: Gate) -> None:
    gate.resident()
    gate.meet()
    visit = gate.visit()
    gate.archive.roster.store.close()
    gate.reader.present(CARD)
    gate.say(gate.evidence(visit.visit))
    assert gate.decided == ["store-failed", "store-failed"]
    assert gate.faults["store"]
    assert not gate.opened


def test_a_relay_that_does_not_switch_is_told_and_the_gate_lives(gate: Gate) -> None:
    gate.resident()
    gate.door.releases_fail = True
    gate.reader.present(CARD)
    gate.controller.step()
    assert "burnt out" in gate.faults["relay"]
    assert not gate.opened


def test_a_clock_set_back_is_unsure_and_refuses_whose_rights_depend_on_time(gate: Gate) -> None:
    gate.resident(valid_until=gate.now + timedelta(days=9))
    gate.reader.present(CARD)
    gate.controller.step()
    gate.clock.wall_shift = -timedelta(hours=2)
    gate.reader.present(CARD)
    gate.controller.step()
    assert gate.decided == ["granted", "clock-unsure"]


@pytest.mark.parametrize("grace_over", [False, True])
def test_when_no_other_door_works_the_gate_alarms_at_once_and_suspends_face_after_the_grace(
    gate: Gate, *, grace_over: bool
) -> None:
    gate.resident()
    gate.meet()
    gate.controller.step()
    gate.reader.close()
    gate.say(Health(gate.clock.ns, 1, camera_fault="stuck"))
    assert "help is needed" in gate.faults["other doors"]
    assert "closed" in gate.faults["reader"]
    assert ("doors.unequal", "", None) in gate.events()
    gate.heard()
    gate.clock.ns += (5 if grace_over else 3) * 3600 * SECOND
    gate.say(Health(gate.clock.ns, 1, camera_fault="stuck"))
    assert gate.heard() == ([SetMode(face=False, qr=True)] if grace_over else [])
    gate.say(Health(gate.clock.ns, 1))
    assert gate.faults["other doors"] == ""
    assert gate.events()[-1][0] == "doors.equal"


def test_face_never_starts_where_no_other_door_ever_worked(gate: Gate) -> None:
    gate.reader.close()
    gate.meet(ready=False)
    gate.say(Health(gate.clock.ns, 0, camera_fault="none"), Ready(RECIPE, "camera"))
    assert gate.heard() == [SetMode(face=False, qr=True)]


# Vision


def test_vision_lost_in_mid_visit_leaves_the_card(gate: Gate) -> None:
    gate.resident()
    gate.meet()
    gate.visit()
    assert gate.vision is not None
    gate.vision.close()
    gate.controller.step()
    assert gate.controller.link is None
    assert gate.faults["vision"]
    gate.reader.present(CARD)
    gate.controller.step()
    assert gate.decided == ["granted"]


def test_a_silent_vision_is_taken_for_lost_and_a_new_one_is_met(gate: Gate) -> None:
    name = gate.resident()
    gate.meet()
    gate.wait(3, alive=False)
    assert gate.controller.link is None
    assert gate.faults["vision"] == "silent"
    gate.meet()
    assert gate.faults["vision"] == ""
    gate.show_face()
    assert gate.events()[-1] == ("entry.granted", "granted", name)


def test_a_vision_that_sends_nonsense_is_let_go(gate: Gate) -> None:
    gate.meet()
    gate.say(SetMode(face=True, qr=True))
    assert gate.controller.link is None
    gate.meet()
    assert gate.vision is not None
    gate.vision._connection.send(b"open the door")
    gate.controller.step()
    assert gate.controller.link is None


def test_a_vision_that_does_not_read_is_let_go(gate: Gate) -> None:
    gate.meet()
    for _ in range(5000):
        gate.say(Health(gate.clock.ns, 1, face_fault="a"))
        gate.say(Health(gate.clock.ns, 1))
        if gate.controller.link is None:
            break
    assert gate.controller.link is None


def test_a_second_vision_replaces_the_first(gate: Gate) -> None:
    first = gate.meet()
    gate.meet()
    assert first.receive() == [SetMode(face=True, qr=True)]
    with pytest.raises(LinkClosedError):
        first.receive()


def test_hints_and_the_end_of_a_visit_reach_the_screen(gate: Gate) -> None:
    gate.meet()
    gate.say(Guidance(gate.clock.ns, Hint.COME_CLOSER))
    visit = gate.visit()
    gate.say(VisitAbandoned(visit.visit, gate.clock.ns, Hint.MORE_LIGHT))
    assert notices.Hinted(Hint.COME_CLOSER) in gate.told
    assert notices.VisitBegan() in gate.told
    assert notices.VisitEnded(Hint.MORE_LIGHT) in gate.told


def test_every_notice_has_plain_words_without_name_or_score(gate: Gate) -> None:
    name = gate.resident()
    gate.meet()
    gate.show_face()
    gate.say(Guidance(gate.clock.ns, Hint.NONE), Guidance(gate.clock.ns, Hint.LOOK_AHEAD))
    gate.door.tamper()
    gate.wait(0.1)
    words = [notices.describe(one) for one in gate.told]
    assert all(words)
    assert not any("Li" in line or "1-101" in line for line in words)
    assert "looking at one face" in words
    assert any(line.startswith("face: ENTER (granted") for line in words)
    assert any(line.startswith("log #1 ") and name in line for line in words)
    assert "relay ON" in " ".join(words)
    ended = notices.describe(notices.VisitEnded(Hint.MORE_LIGHT))
    assert ended.startswith("no usable face; card and code open too. More light")


# The door


def test_a_door_forced_open_alarms_and_is_logged(gate: Gate) -> None:
    gate.door.open()
    gate.controller.step()
    assert notices.Alarmed(DoorCommand.ALARM_FORCED) in gate.told
    assert gate.events()[-1][0].startswith("door.alarm")


def test_an_alarm_that_cannot_be_logged_still_sounds(gate: Gate) -> None:
    gate.archive.log.close()
    gate.door.open()
    gate.controller.step()
    assert notices.Alarmed(DoorCommand.ALARM_FORCED) in gate.told
    assert gate.faults["log"]


def test_fire_asks_the_driver_and_the_exit_button_never_waits_for_the_log(gate: Gate) -> None:
    gate.door.fire()
    gate.controller.step()
    gate.door.fire(active=False)
    gate.controller.step()
    assert not gate.opened  # a fail-secure strike has its inside handle
    gate.archive.log.close()
    gate.door.press_rex()
    gate.controller.step()
    assert gate.door.push()


def test_the_relay_is_off_after_the_gate_stops(gate: Gate) -> None:
    gate.resident()
    gate.reader.present(CARD)
    gate.controller.step()
    assert gate.door.relay_on
    gate.controller.close()
    assert not gate.door.relay_on


# Successes


def test_a_card_opens_logs_first_and_secures_again(gate: Gate) -> None:
    name = gate.resident()
    gate.reader.present(CARD)
    gate.controller.step()
    assert gate.door.relay_on
    assert gate.door.seen == [["granted"]]
    assert gate.events() == [("entry.granted", "granted", name)]
    gate.wait(4)
    assert not gate.door.relay_on


def test_a_pass_opens_and_the_log_holds_the_pseudonym_alone(gate: Gate) -> None:
    phone = PhoneKey.create()
    profile = Profile("7-702", "Wang Fang", frozenset({"pass"}))
    name = gate.archive.roster.add(profile, (), (phone.public_key,))
    gate.meet()
    gate.wait(10)
    gate.say(QrRead(gate.clock.ns, phone.sign(gate.clock.wall())))
    assert gate.door.relay_on
    assert gate.events() == [("entry.granted", "granted", name)]
    content = gate.log_path().read_bytes() + Path(f"{gate.log_path()}-wal").read_bytes()
    assert b"Wang" not in content
    assert b"7-702" not in content


def test_a_face_opens_after_its_visit_and_the_next_one_too(gate: Gate) -> None:
    name, other = gate.resident(), gate.resident(2, OTHER_CARD)
    gate.meet()
    gate.say(gate.evidence(gate.visit().visit))
    assert gate.door.relay_on
    assert gate.door.seen == [["granted"]]
    gate.wait(5)
    assert not gate.door.relay_on
    gate.controller.touch()
    started = [one for one in gate.heard() if isinstance(one, StartVisit)]
    gate.clock.ns += SECOND
    gate.say(gate.evidence(started[0].visit, 2))
    assert gate.events() == [
        ("entry.granted", "granted", name),
        ("entry.granted", "granted", other),
    ]


LIGHT_PAD = PadSection(emission="light", screen_light=ScreenLightSection(on=True))


def acted(times: int, *, turned: bool = True) -> tuple[CueEvidence, ...]:
    """What a living person gives who answered so many acts, and showed relief or not yet."""
    given = {one.cue: one for one in LIVE} | {
        "challenge": CueEvidence("challenge", 0.75 if times else 0.0, times)
    }
    if not turned:
        given["parallax"] = CueEvidence("parallax", 0.0, 0)
    return tuple(given.values())


def asked_for(gate: Gate, visit: bytes, times: int = 0) -> list[Hint]:
    """Let a picture pass in which no relief is seen; return the acts asked for."""
    gate.clock.ns += round(1.3 * SECOND)
    gate.say(CuesSeen(visit, gate.clock.ns, acted(times, turned=False)))
    return [one.asked for one in gate.heard() if isinstance(one, Prompted)]


@pytest.mark.parametrize(("times", "opens"), [(0, False), (1, True)])
def test_whoever_was_asked_for_an_act_gets_in_by_answering_it(
    filmed: Gate, times: int, *, opens: bool
) -> None:
    visit = filmed.visit().visit
    assert len(asked_for(filmed, visit)) == 1
    filmed.say(replace(filmed.evidence(visit), cues=acted(times)))
    assert filmed.decided == ["granted" if opens else "face-unproven"]
    assert filmed.opened is opens


def test_whoever_was_refused_is_asked_for_two_acts_for_two_minutes(filmed: Gate) -> None:
    visit = filmed.visit().visit
    filmed.say(replace(filmed.evidence(visit), cues=acted(0, turned=False)))
    assert filmed.decided == ["face-unproven"]
    filmed.wait(3)
    visit = filmed.visit().visit
    first = asked_for(filmed, visit)
    assert len({*first, *asked_for(filmed, visit, 1), *asked_for(filmed, visit, 1)}) == 2
    filmed.wait(121)
    visit = filmed.visit().visit
    assert asked_for(filmed, visit)[0] in {Hint.TURN_LEFT, Hint.TURN_RIGHT}
    assert asked_for(filmed, visit, 1) == []


@pytest.fixture
def filmed(tmp_path: Path) -> Iterator[Gate]:
    """A gate whose camera looks at people, who can be asked for something."""
    config = simulated(tmp_path)
    camera = msgspec.structs.replace(config.camera, driver="libcamera", source="0")
    one = Gate(msgspec.structs.replace(config, camera=camera))
    one.resident()
    one.meet()
    yield one
    one.close()


def with_light(light: float, frames: int) -> tuple[CueEvidence, ...]:
    """What a living person gives, and this of the light."""
    names = (cue.name for cue in cue_policies(LIGHT_PAD))
    others = [CueEvidence(name, 0.999, 64) for name in names if name != "screen_light"]
    return (*others, CueEvidence("screen_light", light, frames))


@pytest.fixture
def lit(tmp_path: Path) -> Iterator[Gate]:
    one = Gate(msgspec.structs.replace(simulated(tmp_path), pad=LIGHT_PAD))
    one.resident()
    one.meet()
    yield one
    one.close()


@pytest.mark.parametrize(("light", "frames"), [(0.0, 0), (0.1, 40), (0.4, 40), (0.9, 15)])
def test_without_the_light_no_face_opens(lit: Gate, light: float, frames: int) -> None:
    visit = lit.visit().visit
    lit.say(replace(lit.evidence(visit), cues=with_light(light, frames)))
    assert len(lit.decided) == 1
    assert not lit.opened


def test_a_face_that_answers_the_light_opens(lit: Gate) -> None:
    visit = lit.visit().visit
    lit.say(replace(lit.evidence(visit), cues=with_light(0.9, 40)))
    assert lit.opened


def test_a_screen_plays_the_light_until_it_is_gone(lit: Gate) -> None:
    near, far = pair()
    screen = Link(far, TO_SCREEN, lit.clock)
    lit.controller.front.meet(Link(near, FROM_SCREEN, lit.clock))

    def lights() -> list[ShowLight]:
        return [one for one in screen.receive() if isinstance(one, ShowLight)]

    visit = lit.visit().visit
    lit.clock.ns += SECOND
    lit.say(CuesSeen(visit, lit.clock.ns, with_light(0.0, 0)))
    lit.controller.step()
    (first,) = lights()
    assert first.tint is Tint.NEUTRAL
    screen.send(LightAnswered(Tint.NEUTRAL, first.brightness, lit.clock.ns))
    lit.controller.step()
    assert LightShown(visit, Tint.NEUTRAL, first.brightness, lit.clock.ns) in lit.heard()
    screen.close()
    lit.controller.step()
    lit.clock.ns += SECOND // 4
    lit.controller.step()
    assert not lit.controller._visits.screen_can_light
