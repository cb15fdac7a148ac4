"""The room that decides: devices, store and link -> controller; the only builder in this room."""

from __future__ import annotations

import selectors
import signal
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from appliance.clock import SystemClock
from appliance.config import load
from appliance.errors import LinkError, SanmenError
from appliance.gate.archive import Archive, open_archive
from appliance.gate.controller import Controller
from appliance.gate.credential.card import Desfire
from appliance.gate.credential.card_layout import Site
from appliance.gate.credential.grant import HOUR, VisitorRules
from appliance.gate.credential.pass_token import PassVerifier
from appliance.gate.credential.replay import Ledger
from appliance.gate.credential.trusted_time import TrustedTime
from appliance.gate.notices import describe
from appliance.gate.parts import Parts
from appliance.gate.rules import build_rules
from appliance.hardening import complain, lock_down
from appliance.link import Door, Link
from appliance.messages import FROM_VISION
from appliance.terminal import FROM_SCREEN
from appliance.watchdog import Watchdog
from hardware import board
from hardware.errors import DeviceError
from hardware.ports import DoorOptions, DoorPins, Lock, ReaderOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from appliance.clock import Clock
    from appliance.gate.counter.clerk import Clerk
    from appliance.gate.notices import Notice
    from appliance.sections import Config
    from hardware.ports import DoorIo, Reader

SCREEN_SOCKET = "ui.socket"
"""Where the screen connects: beside the socket of vision. A gate without one works all the same."""
BEAT_S = 0.02
"""Longest time between two looks at card, door and timers, seconds."""


def door_options(config: Config) -> DoorOptions:
    """Return how the configured portal is wired."""
    door = config.door
    return DoorOptions(
        driver=door.driver,
        lock=Lock(door.lock),
        pins=DoorPins(
            relay=door.relay_pin,
            door=_pin(door.door_pin),
            rex=_pin(door.rex_pin),
            fire=_pin(door.fire_pin),
            tamper=_pin(door.tamper_pin),
        ),
        debounce_ms=door.debounce_ms,
        strike_releases_on_fire=door.strike_releases_on_fire,
    )


def _pin(wire: int | str) -> int | None:
    return wire if isinstance(wire, int) else None


def visitor_rules(config: Config) -> VisitorRules:
    """Return what the configured site lets residents pass on to guests."""
    visitors = config.visitors
    return VisitorRules(
        gate=visitors.gate_number,
        allowed=visitors.allowed,
        longest=visitors.max_hours * HOUR,
        most_uses=visitors.max_uses,
        static=visitors.static,
    )


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

    parts = Parts(
        clock=clock,
        door=door,
        reader=reader,
        roster=archive.roster,
        references=archive.references,
        passes=PassVerifier(public_key, visitor_rules(config)),
        ledger=Ledger(archive.roster.store),
        time=TrustedTime(archive.roster.store, archive.journal.newest),
        journal=archive.journal,
        schemes=(Desfire(card_site(config)),),
        site=card_site(config),
        hire=lambda: hire(config, clock),
    )
    return Controller(parts, build_rules(config), tell)


def hire(config: Config, clock: Clock) -> Clerk:
    """Return somebody for the counter.

    Its pages are loaded with the first screen, not before the first card: on a Pi they take half a
    second of a start.
    """
    from appliance.gate.counter.clerk import Clerk  # noqa: PLC0415 - see above
    from appliance.gate.counter.pages import all_forms  # noqa: PLC0415 - the same

    return Clerk(config, clock, all_forms())


def card_site(config: Config) -> Site:
    """Return what tells this community's cards from others'."""
    reader = config.reader
    return Site(bytes.fromhex(reader.application), bytes.fromhex(reader.community))


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
    reader = config.reader
    return board.open_reader(
        ReaderOptions(reader.driver, reader.source, reader.key_file, config.site.simulation), clock
    )


def open_reader_or_none(config: Config, clock: Clock) -> Reader:
    """Return the configured card reader, or one that says it does not work: codes go on."""
    try:
        return open_reader(config, clock)
    except DeviceError as fault:
        sys.stderr.write(f"gate: {fault}\n")
        return board.open_reader(ReaderOptions("none", "", "", simulation=True), clock)


def main(config_path: Path, socket_path: Path) -> int:
    """Run the room until SIGTERM; return the exit code."""
    complain("gate", lock_down())
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
            archive.journal.configured(config)
            reader = open_reader_or_none(config, clock)
            ending.callback(reader.close)
            entrance = Door(socket_path)
            ending.callback(entrance.close)
            hatch = Door(socket_path.with_name(SCREEN_SOCKET))
            ending.callback(hatch.close)
            controller = build_controller(config, archive, clock, door, reader, tell)
            ending.callback(controller.close)
        except (SanmenError, DeviceError) as fault:
            sys.stderr.write(f"gate: {fault}\n")
            return 3
        selector = ending.enter_context(selectors.DefaultSelector())
        selector.register(entrance, selectors.EVENT_READ)
        selector.register(hatch, selectors.EVENT_READ)
        watchdog.ready()
        while not stop:
            _wait(selector, (controller.link, controller.front.link), reader)
            vision = _accepted(entrance, FROM_VISION, clock)
            if vision is not None:
                controller.meet(vision)
            screen = _accepted(hatch, FROM_SCREEN, clock)
            if screen is not None:
                controller.front.meet(screen)
            controller.step()
            watchdog.alive()
    return 0


def _accepted(door: Door, receives: tuple[type[Any], ...], clock: Clock) -> Link | None:
    """Return a new connection of another room, or None."""
    try:
        connection = door.accept()
    except LinkError as fault:
        sys.stderr.write(f"gate: {fault}\n")
        return None
    return None if connection is None else Link(connection, receives, clock)


def _wait(
    selector: selectors.DefaultSelector, links: tuple[Link | None, ...], reader: Reader
) -> None:
    """Wait for vision, screen or a card to say something, at most one beat."""
    said = [link for link in links if link is not None]
    descriptor = reader.fileno()
    waits: list[Link | int] = [*said, descriptor] if descriptor >= 0 else [*said]
    for one in waits:
        selector.register(one, selectors.EVENT_READ)
    try:
        selector.select(BEAT_S)
    finally:
        for one in waits:
            selector.unregister(one)
