"""Checks every part of a gate: pass or fail, what was found, and the fix."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from appliance import selftest_door as door
from appliance import selftest_machine as machine
from appliance.clock import SystemClock
from appliance.errors import SanmenError
from appliance.gate import process as gate
from appliance.gate.access.presentation import DEVICE_VETOES
from appliance.gate.archive import open_archive
from appliance.gate.store.roots import weakness
from appliance.gate.store.settings import Settings
from appliance.hardening import Measure, environment
from appliance.pad_section import DEMANDS
from appliance.selftest_words import PARTS
from appliance.ui import process as ui
from appliance.vision import process as vision
from appliance.vision.pad.camera_path import check_origin
from hardware.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from appliance.gate.store.records import Fault
    from appliance.pad_section import PadSection
    from appliance.sections import Config
LISTEN_S = 1.0
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


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a self-test.

    Attributes:
        part: what was tested.
        passed: whether it works.
        found: what was met.
        fix: what to do if it failed, in Chinese and English.
        name: of the part in Chinese.

    """

    part: str
    passed: bool
    found: str
    fix: str
    name: str = ""


def check_all(config: Config) -> tuple[Finding, ...]:
    """Test every part; one that fails does not keep the others from being tested."""
    findings = []
    for part, check in CHECKS.items():
        name, chinese, english = PARTS[part]
        fix = f"{chinese}。{english}"
        try:
            findings.append(Finding(part, True, check(config), fix, name))  # noqa: FBT003
        except (SanmenError, DeviceError, OSError) as fault:
            findings.append(Finding(part, False, str(fault), fix, name))  # noqa: FBT003
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
    opened = gate.open_door(config, SystemClock())
    try:
        return door.relay(opened)
    finally:
        opened.close()


def _inputs(config: Config) -> str:
    opened = gate.open_door(config, SystemClock())
    try:
        return door.inputs(opened)
    finally:
        opened.close()


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
    strength = f"WEAK KEY: {weak}" if weak else "key bound to this board"
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
    return machine.clock(SystemClock().wall(), config.site.timezone)


def _disk(config: Config) -> str:
    return machine.card(Path(config.store.folder))


def _screen(config: Config) -> str:
    return "simulation site: not needed" if config.site.simulation else machine.screen()


def _sound(config: Config) -> str:
    """Play a sound; a person must hear it, but a player that fails says so itself."""
    if config.sound.driver == "none":
        return "not fitted"
    with ExitStack() as ending:
        sound, _ = ui.open_devices(config, SystemClock(), ending)
        if sound is None:
            raise DeviceError("sound", "cannot be opened", "a loudspeaker")
        sound.play("help", 1.0)
        until = time.monotonic() + LISTEN_S
        while not (why := getattr(sound, "fault", "")) and time.monotonic() < until:
            time.sleep(READER_LOOK_S)
    if why:
        raise DeviceError("sound", why, "to be played")
    return f"played on {config.sound.device}"


CHECKS: Final[Mapping[str, Callable[[Config], str]]] = MappingProxyType(
    {
        "models": _models,
        "face cues": _cues,
        "camera": _camera,
        "infrared camera": _infrared,
        "relay": _relay,
        "door inputs": _inputs,
        "reader": _reader,
        "screen": _screen,
        "sound": _sound,
        "key and store": _store,
        "sign-off": _sign_off,
        "log": _log,
        "memory": _memory,
        "clock": _clock,
        "disk": _disk,
    }
)
"""Part -> what tells how it is; raises an error if it does not work."""
