"""Checks every part of a gate: pass or fail, what was found, and the fix."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.clock import SystemClock
from appliance.errors import SanmenError
from appliance.gate import process as gate
from appliance.gate.access.presentation import DEVICE_VETOES
from appliance.gate.archive import open_archive
from appliance.gate.store.roots import weakness
from appliance.gate.store.settings import Settings
from appliance.hardening import Measure, environment
from appliance.pad_section import DEMANDS
from appliance.vision import process as vision
from appliance.vision.pad.camera_path import check_origin
from hardware.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.gate.store.records import Fault
    from appliance.pad_section import PadSection
    from appliance.sections import Config

LEAST_FREE_MB = 200
READER_S, READER_LOOK_S = 3.0, 0.05
PAIRS, PAIR_NS = 50, 40_000_000
OPTIONAL_CUES = frozenset(DEMANDS.values())
"""Need a screen or a second camera; a gate without them is as it was delivered."""
PROOFS = {
    "infrared": "STRONG: a second, infrared camera must see a lit, solid head",
    "light": "STRONG in dim light: skin must answer the screen's tints; by day card and code only",
    "any": "FAIR: marks of screens and prints must be absent; a bright replay without an edge "
    "may pass. Stronger: pad.emission = 'light' or 'infrared'",
    "none": "NONE: switch bands, raster and surface on, or screen_light or infrared",
}
"""How strong the configured proof is that no screen or print is held up, in plain words."""
RELEASED = datetime(2026, 11, 22, tzinfo=UTC)
"""A clock before this program's release is wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a self-test.

    Attributes:
        part: what was tested.
        passed: whether it works.
        found: what was met.
        fix: what to do if it failed.

    """

    part: str
    passed: bool
    found: str
    fix: str


def check_all(config: Config) -> tuple[Finding, ...]:
    """Test every part; one that fails does not keep the others from being tested."""
    checks: tuple[tuple[str, Callable[[Config], str], str], ...] = (
        ("models", _models, "flash again, or reinstall; card and code go on without face"),
        ("face cues", _cues, "switch the named ones on in [pad], or accept a weaker gate"),
        ("camera", _camera, "check cable and [camera]; `v4l2-ctl --list-devices` shows webcams"),
        ("infrared camera", _infrared, "check cable, lamp and [infrared], or pad.infrared off"),
        ("relay", _relay, "check [door] pins and the relay's 3.3 V and ground"),
        ("door inputs", _inputs, "check the wiring of door, REX, fire and tamper"),
        ("reader", _reader, "check the reader's cable and [reader]"),
        ("key and store", _store, "restore the key, or begin anew with `sanmen run`"),
        ("sign-off", _sign_off, "technician and manager sign off at the screen; face waits for it"),
        ("log", _log, "keep the file as evidence; call the vendor"),
        ("memory", _memory, "systemd: LimitMEMLOCK=infinity and GLIBC_TUNABLES, or no swap"),
        ("clock", _clock, "set the time; check the RTC's battery"),
        ("disk", _disk, f"make room: at least {LEAST_FREE_MB} MB"),
    )
    findings = []
    for part, check, fix in checks:
        try:
            findings.append(Finding(part, True, check(config), fix))  # noqa: FBT003
        except (SanmenError, DeviceError, OSError) as fault:
            findings.append(Finding(part, False, str(fault), fix))  # noqa: FBT003
    return tuple(findings)


def _models(_: Config) -> str:
    pipeline = vision.open_pipeline()
    if isinstance(pipeline, SanmenError):
        raise pipeline
    return "every hash and shape is right"


def _cues(config: Config) -> str:
    """Tell which presentation attack cues are on; a choice of the operator's is no fault."""
    sections = config.pad.cues
    on = [name for name, one in sections.items() if one.on]
    off = [name for name, one in sections.items() if not one.on and name not in OPTIONAL_CUES]
    weakened = f"WEAKENED, off: {', '.join(off)}; " if off else ""
    return f"{weakened}on: {', '.join(on) or 'none'}; no screen or print: {_proof(config.pad, on)}"


def _proof(pad: PadSection, on: list[str]) -> str:
    proves = pad.emission != "any" or OPTIONAL_CUES & set(on) or set(on) >= DEVICE_VETOES
    return PROOFS[pad.emission if proves else "none"]


def _camera(config: Config) -> str:
    camera = vision.open_camera(vision.camera_options(config), SystemClock())
    try:
        with camera.borrow(timeout_s=5.0) as frame:
            height, width = frame.pixels.shape[:2]
        wanted, there = vision.wanted_origin(config.camera), camera.origin
        if config.pad.camera_path.on:
            check_origin(there, wanted)
        behind = "" if there is None else f", {there.driver} {there.model} at {there.bus}"
        free = "" if wanted is None or wanted.bus else "; any port: set camera.origin.bus"
        return f"{camera.identity}, {width}x{height}{behind}{free}"
    finally:
        camera.close()


def _infrared(config: Config) -> str:
    if not config.pad.infrared.on:
        return "not used"
    clock = SystemClock()
    second = vision.open_second(config, clock)
    if second is None or isinstance(second, DeviceError):
        raise second or DeviceError("infrared", "none", "the second camera")
    try:
        if config.pad.camera_path.on:
            check_origin(second.origin, vision.wanted_origin(config.infrared), "infrared camera")
        for _ in range(PAIRS):
            clock.sleep_until_ns(clock.now_ns() + PAIR_NS)
            with second.beside(clock.now_ns()) as seen:
                if seen is not None:
                    return f"{config.infrared.driver} {config.infrared.source}, lamp switched"
    finally:
        second.close()
    raise DeviceError("infrared", f"no picture in {PAIRS} tries", "one with the first camera's")


def _relay(config: Config) -> str:
    door = gate.open_door(config, SystemClock())
    try:
        states = [door.relay_on]
        door.release()
        states.append(door.relay_on)
        door.secure()
        states.append(door.relay_on)
    finally:
        door.close()
    if states != [False, True, False]:
        raise DeviceError("relay", f"off, on, off read back as {states}", "to follow")
    return "off, on, off"


def _inputs(config: Config) -> str:
    door = gate.open_door(config, SystemClock())
    try:
        seen = door.read()
    finally:
        door.close()
    names = {"door open": seen.door_open, "REX": seen.rex, "fire": seen.fire}
    names["tamper"] = seen.tamper
    active = [name for name, on in names.items() if on]
    if active:
        raise DeviceError("inputs", f"active: {', '.join(active)}", "door shut and all at rest")
    return "door shut, all at rest"


def _reader(config: Config) -> str:
    if not config.methods.card:
        return "card is switched off"
    reader = gate.open_reader(config, SystemClock())
    try:
        # A driver with a thread looks for its reader by itself; give it the time to.
        until = time.monotonic() + READER_S
        while not reader.working and time.monotonic() < until and config.reader.driver != "none":
            time.sleep(READER_LOOK_S)
        if not reader.working:
            why = getattr(reader, "fault", None) or "none"
            raise DeviceError("reader", str(why), "a card reader for method card")
    finally:
        reader.close()
    return reader.identity


def _store(config: Config) -> str:
    archive = open_archive(config, SystemClock())
    try:
        faults: list[Fault] = []
        count = sum(1 for _ in archive.roster.residents(faults))
        if faults:
            raise SanmenError("store", f"{len(faults)} damaged rows", "none")
    finally:
        archive.close()
    weak = weakness(config.store)
    strength = f"WEAK KEY: {weak}" if weak else "key bound to this device"
    return f"{strength}; {count} residents"


def _sign_off(config: Config) -> str:
    if not config.methods.face:
        return "face is switched off"
    if config.site.simulation:
        return "simulation site: not needed"
    archive = open_archive(config, SystemClock())
    try:
        signed = Settings(archive.roster.store, archive.journal).commissioned()
    finally:
        archive.close()
    if signed is None:
        raise SanmenError("sign-off", "none", "a technician's and a manager's (S144, S154)")
    return f"{signed.at:%Y-%m-%d} by {signed.technician} and {signed.manager}"


def _log(config: Config) -> str:
    archive = open_archive(config, SystemClock())
    try:
        bad = [one for one in archive.log.verify() if one.tampering]
    finally:
        archive.close()
    if bad:
        raise SanmenError("log", "; ".join(map(str, bad[:3])), "an unbroken chain")
    return "chain unbroken"


def _memory(config: Config) -> str:
    """Ask a process started as the rooms are; this one would have to give up too much itself."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "appliance.hardening"],
            env=environment(os.environ),
            capture_output=True,
            check=True,
            timeout=30,
        )
        measures = [Measure(**one) for one in json.loads(done.stdout)]
    except (subprocess.SubprocessError, ValueError, TypeError) as fault:
        raise SanmenError("memory", str(fault), "a process that can be looked at") from fault
    # A laptop with a simulated gate may swap; a real gate may not.
    open_ones = [one for one in measures if not one.held]
    if [one for one in open_ones if not (config.site.simulation and one.name == "no swap")]:
        found = "; ".join(f"{one.name} does not hold: {one.found}" for one in open_ones)
        raise SanmenError("memory", found, "all of them to hold")
    swap = "swap possible, simulation site" if open_ones else "no swap"
    return f"no core dumps, {swap}, freed memory overwritten"


def _clock(config: Config) -> str:
    now = SystemClock().wall()
    if now < RELEASED:
        raise SanmenError("clock", f"{now:%Y-%m-%d %H:%M}", f"after {RELEASED:%Y-%m-%d}")
    return f"{now:%Y-%m-%d %H:%M} UTC, zone {config.site.timezone}"


def _disk(config: Config) -> str:
    folder = Path(config.store.folder)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free // 2**20
    if free < LEAST_FREE_MB:
        raise SanmenError("disk", f"{free} MB free", f"at least {LEAST_FREE_MB} MB")
    return f"{free} MB free"
