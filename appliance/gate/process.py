"""The room that decides: devices, store and link -> controller; the only builder in this room."""

from __future__ import annotations

import selectors
import signal
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from appliance.clock import SystemClock
from appliance.config import load
from appliance.errors import LinkError, SanmenError, StoreError
from appliance.gate.access.lockout import LockoutPolicy
from appliance.gate.access.policy import FaceSettings, PortalPolicy
from appliance.gate.access.portal import DoorTiming
from appliance.gate.access.presentation import CuePolicy
from appliance.gate.access.reasons import Method
from appliance.gate.access.schedule import ALWAYS, MINUTES_PER_DAY, Period, Schedule, Weekday
from appliance.gate.controller import Controller, Parts, Rules
from appliance.gate.credential.pass_token import (
    FUTURE_SKEW_SECONDS,
    WINDOW_SECONDS,
    PassVerifier,
)
from appliance.gate.credential.replay import ReplayMemory
from appliance.gate.enrolment.desk import Desk
from appliance.gate.enrolment.erasure import ErasureReport, erase
from appliance.gate.journal import Journal
from appliance.gate.notices import describe
from appliance.gate.references import References
from appliance.gate.store.audit import AuditLog
from appliance.gate.store.files import private_folder
from appliance.gate.store.gallery import Gallery
from appliance.gate.store.keys import FileKey
from appliance.gate.store.roster import Roster
from appliance.gate.store.schema import create_store, open_store
from appliance.link import Door, Link
from appliance.messages import FROM_VISION
from appliance.watchdog import Watchdog
from hardware import board
from hardware.errors import DeviceError
from hardware.ports import DoorOptions, DoorPins, Lock, ReaderOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.clock import Clock
    from appliance.config import Config
    from appliance.gate.notices import Notice
    from hardware.ports import DoorIo, Reader

BEAT_S = 0.02
"""Longest time between two looks at card, door and timers, seconds."""
TEXTURE_FRAMES = 3
"""Fewest pictures whose texture counts as evidence."""
_DAYS = dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), Weekday, strict=True))


def build_rules(config: Config) -> Rules:
    """Return what a configuration asks the gate to hold.

    Raises:
        ValueError: it breaks a law of the product; `config.load` refuses such a file earlier.

    """
    chosen = config.methods
    methods = {Method.CARD: chosen.card, Method.QR: chosen.qr, Method.FACE: chosen.face}
    face = config.face
    second = 1_000_000_000
    return Rules(
        policy=PortalPolicy(
            methods=frozenset(method for method, on in methods.items() if on),
            schedule=_schedule(config),
            zone=ZoneInfo(config.site.timezone),
            face=FaceSettings(face.threshold, face.margin) if chosen.face else None,
            grace_ns=int(face.grace_h * 3600 * second),
        ),
        cues=(CuePolicy("texture", face.pad_threshold, TEXTURE_FRAMES),),
        lockout=LockoutPolicy(
            failures=face.attempts,
            pause_ns=int(face.pause_s * second),
            longest_pause_ns=int(16 * face.pause_s * second),
        ),
        door=DoorTiming(
            pulse_ns=int(config.door.pulse_s * second),
            held_open_ns=int(max(config.door.held_open_s, config.door.pulse_s) * second),
        ),
    )


def _schedule(config: Config) -> Schedule:
    if not config.schedule.periods:
        return ALWAYS
    return Schedule(
        tuple(
            Period(
                frozenset(_DAYS[day] for day in period.days),
                _minute(period.opens) % MINUTES_PER_DAY,
                _minute(period.closes),
            )
            for period in config.schedule.periods
        )
    )


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def door_options(config: Config) -> DoorOptions:
    """Return how the configured portal is wired."""
    door = config.door
    return DoorOptions(
        driver=door.driver,
        lock=Lock(door.lock),
        pins=DoorPins(door.relay_pin, door.door_pin, door.rex_pin, door.fire_pin, door.tamper_pin),
        debounce_ms=door.debounce_ms,
        strike_releases_on_fire=door.strike_releases_on_fire,
    )


@dataclass(frozen=True, slots=True)
class Archive:
    """The opened store of a gate: who lives here, their references, and the log."""

    roster: Roster
    gallery: Gallery
    references: References
    log: AuditLog
    journal: Journal

    def desk(self, clock: Clock) -> Desk:
        """Return where people are enrolled."""
        return Desk(self.roster, self.gallery, self.references, self.journal, clock)

    def erase(self, pseudonym: str) -> ErasureReport:
        """Erase a person, read back, and log it (law 7).

        Raises:
            RosterError: nobody has this pseudonym.
            StoreError: the proof could not be made.

        """
        report = erase(self.roster.store, pseudonym, self.log.path)
        self.journal.happened("person.erased", pseudonym, clean=str(report.clean))
        self.references.wipe()
        return report

    def close(self) -> None:
        """Overwrite what was opened and let go of the files."""
        self.references.wipe()
        self.roster.store.close()
        self.log.close()


def create_archive(config: Config) -> None:
    """Make key, store and log of a new gate; an existing one is never touched.

    Raises:
        StoreError: part of it is there already, or cannot be written.

    """
    folder, key_file = Path(config.store.folder), Path(config.store.key_file)
    private_folder(folder)
    if not key_file.exists():
        if any(folder.iterdir()):
            raise StoreError(f"key file {key_file}", "missing", f"the key of the store in {folder}")
        FileKey.create(key_file)
    root = FileKey(key_file)
    if not (folder / "gate.db").exists():
        create_store(folder / "gate.db", root)
    if not (folder / "audit.db").exists():
        AuditLog.create(folder / "audit.db", root)


def open_archive(config: Config, clock: Clock) -> Archive:
    """Open the store and log of a gate.

    Raises:
        StoreError: not there, not whole, or sealed with another key.

    """
    folder = Path(config.store.folder)
    root = FileKey(Path(config.store.key_file))
    with ExitStack() as undo:
        store = open_store(folder / "gate.db", root)
        undo.callback(store.close)
        log = AuditLog.open(folder / "audit.db", root)
        undo.callback(log.close)
        roster = Roster(store)
        gallery = Gallery(roster)
        archive = Archive(
            roster,
            gallery,
            References(gallery, roster),
            log,
            Journal(log, config.site.portal, clock),
        )
        undo.pop_all()
    return archive


def build_controller(
    config: Config,
    archive: Archive,
    clock: Clock,
    door: DoorIo,
    reader: Reader,
    tell: Callable[[Notice], None],
) -> Controller:
    """Return the controller of a gate."""

    def public_key(number: bytes) -> bytes | None:
        holder = archive.roster.find_by_pass(number)
        return holder.credential.public_key if holder else None

    # What was used before the start is not known: nothing issued before it passes.
    started = int(clock.wall().timestamp())
    memory = ReplayMemory(WINDOW_SECONDS, floor=started + FUTURE_SKEW_SECONDS)
    parts = Parts(
        clock=clock,
        door=door,
        reader=reader,
        roster=archive.roster,
        references=archive.references,
        passes=PassVerifier(public_key, memory),
        journal=archive.journal,
    )
    return Controller(parts, build_rules(config), tell)


def open_door(config: Config, clock: Clock) -> DoorIo:
    """Return the configured door, relay off.

    Raises:
        DeviceError: it cannot be opened.

    """
    return board.open_door(door_options(config), clock)


def open_reader(config: Config, clock: Clock) -> Reader:
    """Return the configured card reader.

    Raises:
        DeviceError: it cannot be opened.

    """
    return board.open_reader(ReaderOptions(config.reader.driver, config.reader.source), clock)


def main(config_path: Path, socket_path: Path) -> int:
    """Run the room until SIGTERM; return the exit code."""
    clock = SystemClock()
    stop: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stop.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    watchdog = Watchdog()

    def tell(notice: Notice) -> None:
        sys.stdout.write(f"{clock.wall():%H:%M:%S} {describe(notice)}\n")
        sys.stdout.flush()

    with ExitStack() as ending:
        try:
            config = load(config_path)
            # The door first: relay off before anything else can fail.
            door = open_door(config, clock)
            ending.callback(door.close)
            archive = open_archive(config, clock)
            ending.callback(archive.close)
            reader = open_reader(config, clock)
            ending.callback(reader.close)
            entrance = Door(socket_path)
            ending.callback(entrance.close)
            controller = build_controller(config, archive, clock, door, reader, tell)
            ending.callback(controller.close)
        except (SanmenError, DeviceError) as fault:
            sys.stderr.write(f"gate: {fault}\n")
            return 3
        selector = ending.enter_context(selectors.DefaultSelector())
        selector.register(entrance, selectors.EVENT_READ)
        watchdog.ready()
        while not stop:
            _wait(selector, controller)
            try:
                connection = entrance.accept()
            except LinkError as fault:
                sys.stderr.write(f"gate: {fault}\n")
                connection = None
            if connection is not None:
                controller.meet(Link(connection, FROM_VISION, clock))
            controller.step()
            watchdog.alive()
    return 0


def _wait(selector: selectors.DefaultSelector, controller: Controller) -> None:
    """Wait for vision to say something, at most one beat."""
    link = controller.link
    if link is None:
        selector.select(BEAT_S)
        return
    selector.register(link, selectors.EVENT_READ)
    try:
        selector.select(BEAT_S)
    finally:
        selector.unregister(link)
