"""The gate of a soak: its settings, its residents with cards, phones and a face, its old log."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import process_time_ns
from typing import TYPE_CHECKING

from appliance.cli.demo_screen import CLIP, ENROL_S
from appliance.cli.house import House
from appliance.clock import SkippingClock
from appliance.config import load
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.credential.pass_token import PhoneKey
from appliance.gate.enrolment.consent import Consent, GivenBy
from appliance.gate.enrolment.desk import Application
from appliance.gate.store.audit import AuditEvent
from appliance.gate.store.records import CredentialKind, Profile
from appliance.vision import process as vision
from hardware.ports import CameraOptions
from hardware.sim.card import SoftCard
from hardware.sim.card_memory import Memory, SoftApplication
from hardware.sim.library import footage_path
from tests.rig.gate_file import gate_file

if TYPE_CHECKING:
    from pathlib import Path

    from soak_time import SoakTime

    from appliance.gate.archive import Archive

START = datetime(2027, 3, 1, 0, 0, tzinfo=UTC)
OLD_DAYS = 200
"""Of events before the soak begins: the log is as long as its retention lets it be."""
DIFFERS: dict[str, dict[str, object]] = {
    "site": {"operator": "soak"},
    "camera": {"fps": 10},
    "door": {"pulse_s": 1.0},
    "retention": {"moved_out_days": 0},
}


class DeskClock(SkippingClock):
    """The soak's civil time; what others do on this machine does not age a face's pictures."""

    def __init__(self, soak: SoakTime) -> None:
        super().__init__(process_time_ns)
        self._soak = soak

    def wall(self) -> datetime:
        """Return the soak's civil time."""
        return self._soak.wall()


@dataclass(frozen=True, slots=True)
class People:
    """Who comes to the gate.

    Attributes:
        cards: names of cards that open.
        blocked: of cards that are blocked.
        strangers: of cards of nobody here.
        copies: of copies without the keys.
        phones: whose codes open.

    """

    cards: tuple[str, ...]
    blocked: tuple[str, ...]
    strangers: tuple[str, ...]
    copies: tuple[str, ...]
    phones: tuple[PhoneKey, ...]


def create(folder: Path, time: SoakTime, residents: int, moving_out: int, a_day: int) -> People:
    """Make the gate's store with everybody in it.

    Args:
        folder: of the gate.
        time: of the soak.
        residents: how many.
        moving_out: how many more, one of whom moves out on each day.
        a_day: events a day in the log before.

    """
    (folder / "gate.toml").write_text(gate_file(**DIFFERS), "utf-8")
    config = load(folder / "gate.toml")
    create_archive(config)
    archive = open_archive(config, time)
    try:
        _age(archive, time.wall(), a_day)
    finally:
        archive.close()
    clock = DeskClock(time)
    house = House(config, clock, lambda _: None)
    try:
        phones = tuple(PhoneKey.create() for _ in range(4))
        _enrol_her(house, clock, phones[0])
        return _settle(folder, house, clock, (residents, moving_out), phones)
    finally:
        house.close()


def _age(archive: Archive, now: datetime, a_day: int) -> None:
    for day in range(OLD_DAYS, 0, -1):
        first = now - timedelta(days=day)
        archive.log.extend(
            AuditEvent(
                "entry.granted",
                first + timedelta(seconds=number * 86_000 / a_day),
                "1号门",
                "card",
                "granted",
                "0" * 26,
            )
            for number in range(a_day)
        )


def _enrol_her(house: House, time: DeskClock, phone: PhoneKey) -> None:
    agreed = Consent(
        "soak", "entry", GivenBy.SELF, time.wall(), time.wall() + timedelta(days=300), "licence"
    )
    camera = vision.open_camera(
        CameraOptions("file", str(footage_path(CLIP)), start_s=ENROL_S), time
    )
    try:
        profile = Profile("3-1-1201", "", frozenset({"card", "pass", "face"}))
        house.enrol(Application(profile, (), (phone.public_key,), agreed), camera, lambda _: None)
    finally:
        camera.close()


def _settle(
    folder: Path,
    house: House,
    time: DeskClock,
    counts: tuple[int, int],
    phones: tuple[PhoneKey, ...],
) -> People:
    roster = house.archive.roster
    cards, blocked, copies = [], [], []
    residents, moving_out = counts
    for number in range(residents + moving_out):
        leaves = number - residents
        until = time.wall() + timedelta(days=leaves, hours=12) if leaves >= 0 else None
        profile = Profile(
            f"1-1-{number}", "", frozenset({"card", "pass"}), valid_until=until, valid_from=None
        )
        spare = phones[1:][number : number + 1]
        first = () if spare else (secrets.token_bytes(16),)
        points = tuple(one.public_key for one in spare)
        pseudonym = house.archive.desk(time).enrol_without_face(
            Application(profile, first, points, None)
        )
        if leaves >= 0:
            continue
        name = f"card-{number}"
        memory = house.issue_card(pseudonym).memory
        _keep(memory, folder, name)
        if number % 10 == 9:
            blocked.append(name)
            for one in roster.credentials(pseudonym):
                if one.kind is CredentialKind.CARD:
                    roster.set_card_blocked(one.number)
        else:
            cards.append(name)
        if number < 3:
            _keep(_copied(memory), folder, f"copy-{number}")
            copies.append(f"copy-{number}")
    strangers = tuple(f"stranger-{number}" for number in range(3))
    for name in strangers:
        SoftCard.blank(b"\x04" + secrets.token_bytes(6), kept=folder / f"{name}.card")
    return People(tuple(cards), tuple(blocked), strangers, tuple(copies), phones)


def _copied(card: Memory) -> Memory:
    """Return what somebody gets who copies a card: its number and settings, but no key."""
    copied = {
        aid: SoftApplication(one.settings, [secrets.token_bytes(16) for _ in one.keys], [0, 0, 0])
        for aid, one in card.applications.items()
    }
    return Memory(card.uid, card.version, copied)


def _keep(memory: Memory, folder: Path, name: str) -> None:
    memory.kept = folder / f"{name}.card"
    memory.save()
