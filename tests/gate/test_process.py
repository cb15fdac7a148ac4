"""The room that decides, as a builder: what cannot be opened is named, and the relay is off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from appliance.clock import SystemClock
from appliance.config import load, parse
from appliance.errors import KeyMissingError, StoreError
from appliance.gate import process
from appliance.gate.access.presentation import CueKind, CuePolicy
from appliance.gate.access.reasons import Method
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.rules import build_rules
from appliance.gate.store.roots.file import FileKey
from appliance.link import Link, connect
from appliance.terminal import TO_SCREEN, NoPage, Page, Terminal, Touched
from hardware.ports import Lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from appliance.sections import Config

PAIR = '[infrared]\ndriver = "v4l2"\nsource = "/dev/video2"\n[pad.infrared]\non = true\n'
TEXT = '[site]\nsimulation = true\n[door]\ndriver = "mock"\n[reader]\ndriver = "sim"\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "gate.toml"
    file.write_text(TEXT)
    return file


@pytest.fixture
def config(path: Path) -> Config:
    return load(path)


class Silent:
    """A watchdog that nobody listens to; sdnotify leaves its socket open then."""

    def ready(self) -> None:
        pass

    def alive(self) -> None:
        pass


def test_no_page_of_the_counter_is_loaded_before_a_card_can_pass() -> None:
    code = (
        "import sys, appliance.gate.process\n"
        "print([name for name in sys.modules if name.endswith(('.clerk', '.pages'))])"
    )
    root = str(Path(__file__).parents[2])
    said = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    ).stdout
    assert said == "[]\n"


@pytest.fixture(autouse=True)
def handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(process, "Watchdog", Silent)
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_a_gate_without_its_store_does_not_start(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert process.main(path, path.parent / "link") == 3
    assert "gate: " in capsys.readouterr().err


def test_a_gate_with_a_wrong_configuration_does_not_start(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text("colour = 1")
    assert process.main(path, path.parent / "link") == 3
    assert "colour" in capsys.readouterr().err


def test_a_store_with_another_key_does_not_open(config: Config) -> None:
    create_archive(config)
    Path(config.store.key_file).unlink()
    with pytest.raises(StoreError, match="key"):
        create_archive(config)
    FileKey.create(Path(config.store.key_file))
    with pytest.raises(KeyMissingError):
        open_archive(config, SystemClock())


def test_a_damaged_log_does_not_open_and_leaves_the_store_closed(config: Config) -> None:
    create_archive(config)
    (Path(config.store.folder) / "audit.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError):
        open_archive(config, SystemClock())


def test_making_a_gate_twice_changes_nothing(config: Config) -> None:
    create_archive(config)
    key = Path(config.store.key_file).read_bytes()
    create_archive(config)
    assert Path(config.store.key_file).read_bytes() == key


@pytest.mark.parametrize("pulse_s", [1.0, 30.0])
@pytest.mark.parametrize("attempts", [1, 10])
def test_every_configuration_that_loads_makes_rules(pulse_s: float, attempts: int) -> None:
    extremes = (
        f"{TEXT}[methods]\nface = true\n[face]\nattempts = {attempts}\npause_s = 3600.0\n"
        f"grace_h = 24.0\n"
    ).replace('driver = "mock"\n', f'driver = "mock"\npulse_s = {pulse_s}\nheld_open_s = 5.0\n')
    rules = build_rules(parse(extremes))
    assert rules.door.pulse_ns == pulse_s * 1_000_000_000
    assert rules.lockout.failures == attempts
    assert {"texture", "parallax"} <= {cue.name for cue in rules.cues}
    assert rules.policy.methods == frozenset(Method)


def test_hours_and_wiring_reach_the_core(config: Config) -> None:
    text = '[[schedule.periods]]\ndays = ["mon"]\nopens = "22:00"\ncloses = "24:00"\n'
    period = build_rules(parse(TEXT + text)).policy.schedule.periods[0]
    assert (period.from_minute, period.to_minute) == (22 * 60, 24 * 60)
    options = process.door_options(config)
    assert (options.lock, options.pins.relay, options.driver) == (Lock.STRIKE, 17, "mock")


def test_the_room_runs_until_sigterm_and_its_relay_is_off(
    path: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_archive(config)
    doors = []
    opened = process.open_door

    def watched(given: Config, clock: SystemClock) -> object:
        doors.append(opened(given, clock))
        return doors[-1]

    monkeypatch.setattr(process, "open_door", watched)
    turns: list[int] = []

    def count(_: object) -> None:
        turns.append(1)
        if len(turns) == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Silent, "alive", count)
    assert process.main(path, path.parent / "link") == 0
    assert not doors[0].relay_on
    assert not (path.parent / "link").exists()


def test_only_cues_that_are_on_are_asked_for_and_by_their_kind() -> None:
    text = f"{TEXT}[pad.parallax]\non = false\n[pad.texture]\nsupports = 0.7\nframes = 4\n"
    first = build_rules(parse(text)).cues[0]
    assert first == CuePolicy("texture", CueKind.PROOF_TEXTURE, 0.7, 0.5, 4)
    assert "parallax" not in {cue.name for cue in build_rules(parse(text)).cues}
    kinds = {cue.name: cue.kind for cue in build_rules(parse(TEXT)).cues}
    assert kinds["parallax"] is CueKind.PROOF_GEOMETRY
    pair = {cue.name: cue for cue in build_rules(parse(f"{TEXT}{PAIR}")).cues}["infrared"]
    assert (pair.kind, pair.also) == (CueKind.PROOF_EMISSION, CueKind.PROOF_GEOMETRY)


def test_a_screen_beside_vision_is_told_the_state_and_served(
    path: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_archive(config)
    screens: list[Link] = []
    heard: list[object] = []
    turns: list[int] = []

    def look(_: object) -> None:
        turns.append(1)
        if not screens:
            there = path.parent / "ui.socket"
            assert there.stat().st_mode & 0o777 == 0o600
            screens.append(Link(connect(there), TO_SCREEN, SystemClock()))
            screens[0].send(Touched(SystemClock().now_ns(), "help"))
            return
        heard.extend(screens[0].receive())
        if any(isinstance(one, Page) for one in heard) or len(turns) > 3000:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Silent, "alive", look)
    assert process.main(path, path.parent / "link") == 0
    screens[0].close()
    assert isinstance(heard[0], NoPage)
    assert isinstance(heard[1], Terminal)
    assert [one.name for one in heard if isinstance(one, Page)] == ["help"]
    assert not (path.parent / "ui.socket").exists()
