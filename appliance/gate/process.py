"""The room that decides: devices, store and link -> controller; the only builder in this room."""

from __future__ import annotations

import selectors
import signal
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from appliance.clock import SystemClock
from appliance.config import load
from appliance.errors import LinkError, SanmenError
from appliance.gate.archive import Archive, open_archive
from appliance.gate.controller import Controller, Parts
from appliance.gate.credential.pass_token import (
    FUTURE_SKEW_SECONDS,
    WINDOW_SECONDS,
    PassVerifier,
)
from appliance.gate.credential.replay import ReplayMemory
from appliance.gate.notices import describe
from appliance.gate.rules import build_rules
from appliance.link import Door, Link
from appliance.messages import FROM_VISION
from appliance.watchdog import Watchdog
from hardware import board
from hardware.errors import DeviceError
from hardware.ports import DoorOptions, DoorPins, Lock, ReaderOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from appliance.clock import Clock
    from appliance.gate.notices import Notice
    from appliance.sections import Config
    from hardware.ports import DoorIo, Reader

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
            archive.journal.configured(config)
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
