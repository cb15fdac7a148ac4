"""What becomes of an update: the table over every pair, and a new system asked, kept or left."""

# ruff: noqa: RUF001 - Chinese has its own punctuation

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from appliance.clock import SkippingClock
from tests.deploy.test_update_power import written
from tests.deploy.update_world import ALL_WELL, DEPLOY, NEW, OLD, World, firmware, world

from update import backend, record, rooms, store_copy, trial  # isort: skip
from update.__main__ import main, status  # isort: skip
from update.bundle import Offer  # isort: skip
from update.install import ask_to_try, put, target_of  # isort: skip
from update.record import Record  # isort: skip
from update.rooms import Room, Watch  # isort: skip
from update.table import Command, Event, State, after  # isort: skip
from update.words import UpdateError  # isort: skip

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GATE, VISION, UI = rooms.UNITS


@pytest.fixture
def tried(tmp_path: Path) -> World:
    """A machine started into a new system, for a try."""
    gate = written(tmp_path / "root")
    gate.power_on(tried=True)
    return gate


def judge(gate: World, ask: Callable[[], dict[str, Room]]) -> bool:
    return trial.confirm(gate.machine, ask, SkippingClock())


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_every_state_knows_what_to_do_at_every_event(state: State, event: Event) -> None:
    reached, commands = after(state, event)

    if Command.KEEP in commands:
        assert (state, event) == (State.TRYING, Event.ANSWERED)
        assert commands.index(Command.RAISE) < commands.index(Command.KEEP)
    if Command.TRY in commands:
        assert (state, event) == (State.WRITING, Event.WRITTEN)
    if Command.GO_BACK in commands:
        assert event in {Event.STARTED_NEW, Event.SILENT}
        assert reached is state
    if Command.FORGET in commands:
        assert commands[-1] is Command.FORGET
        assert reached is State.IDLE
    if event is Event.STARTED_OLD:
        assert reached is State.IDLE
        assert Command.GO_BACK not in commands  # or it would restart for ever


def test_the_table_as_it_stands() -> None:
    assert after(State.TRYING, Event.ANSWERED) == (
        State.IDLE,
        (Command.RAISE, Command.KEEP, Command.TELL_KEPT, Command.FORGET),
    )
    assert after(State.TRYING, Event.SILENT) == (State.TRYING, (Command.GO_BACK,))
    assert after(State.TRYING, Event.STARTED_OLD) == (
        State.IDLE,
        (Command.TELL_BACK, Command.FORGET),
    )
    assert after(State.TRYING, Event.BEGUN) == (State.TRYING, (Command.REFUSE,))


@pytest.mark.parametrize("unit", rooms.UNITS)
def test_a_room_that_does_not_start_sends_the_update_back(tried: World, unit: str) -> None:
    seen = ALL_WELL | {unit: Room(works=False, starts=7, trouble="")}

    assert not judge(tried, lambda: seen)

    assert tried.restart() == OLD
    assert judge(tried, dict)
    told = tried.machine.outcome.read_text("utf-8")
    assert "已自动退回 0.1.0" in told
    assert "0.2.0 did not answer; 0.1.0 is back by itself" in told
    assert f"{unit} does not run" in told
    assert tried.machine.kept() == "0.0.0"


def test_a_camera_without_pictures_sends_the_update_back(tried: World) -> None:
    seen = ALL_WELL | {VISION: Room(works=True, starts=0, trouble="camera 0: no picture")}

    assert not judge(tried, lambda: seen)
    assert "no picture" in tried.machine.why.read_text("utf-8")


DARK = ALL_WELL | {UI: Room(works=True, starts=0, trouble="no browser has the page open")}


def plug_in_a_screen(gate: World, *states: str) -> None:
    for number, state in enumerate(states):
        socket = gate.machine.root / f"sys/class/drm/card{number}-HDMI-A-1"
        socket.mkdir(parents=True)
        (socket / "status").write_text(f"{state}\n", "ascii")


def test_a_screen_that_stays_dark_sends_the_update_back(tried: World) -> None:
    plug_in_a_screen(tried, "disconnected", "connected")

    assert not judge(tried, lambda: DARK)
    assert "no browser has the page open" in tried.machine.why.read_text("utf-8")


def test_a_system_that_does_not_find_the_screen_of_before_goes_back(tried: World) -> None:
    begun = record.read(tried.machine)
    assert begun is not None
    record.write(tried.machine, msgspec.structs.replace(begun, screen=True))

    assert not judge(tried, lambda: DARK)


def test_whether_there_was_a_screen_is_noted_when_an_update_begins(tmp_path: Path) -> None:
    bare, shown = world(tmp_path / "bare"), world(tmp_path / "shown")
    plug_in_a_screen(shown, "connected")
    for gate, screen in ((bare, False), (shown, True)):
        put(gate.machine, target_of(gate.machine), Offer(NEW, ()))
        begun = record.read(gate.machine)
        assert begun is not None
        assert (begun.state, begun.screen) == (State.TRYING, screen)


def test_a_gate_without_a_screen_is_updated_all_the_same(tried: World) -> None:
    plug_in_a_screen(tried, "disconnected", "unknown")
    (tried.machine.root / "sys/class/drm/card9-DSI-1/status").mkdir(parents=True)  # not read

    assert judge(tried, lambda: DARK)


def test_a_technician_at_the_screen_is_no_fault_of_the_update(tried: World) -> None:
    plug_in_a_screen(tried, "connected")
    (tried.machine.root / "run/service-shell").mkdir(parents=True)

    assert judge(tried, lambda: DARK)


def test_a_systemd_that_does_not_answer_sends_the_update_back(tried: World) -> None:
    assert not judge(tried, dict)


def test_a_room_that_falls_over_again_and_again_sends_the_update_back(tried: World) -> None:
    looks = 0

    def ask() -> dict[str, Room]:
        nonlocal looks
        looks += 1
        return ALL_WELL | {GATE: Room(works=True, starts=looks // 20, trouble="")}

    assert not judge(tried, ask)
    assert 200 < looks < 400


def test_an_image_of_another_version_than_its_bundle_said_goes_back(tried: World) -> None:
    (tried.machine.root / "etc/os-release").write_text("IMAGE_VERSION=0.1.5\n")

    assert not judge(tried, lambda: ALL_WELL)
    assert "the image says 0.1.5" in tried.machine.why.read_text("utf-8")


def test_a_system_that_answers_is_kept_and_no_older_one_may_come(tried: World) -> None:
    assert "试运行" in status(tried.machine)
    assert judge(tried, lambda: ALL_WELL)

    assert tried.machine.kept() == NEW
    assert not tried.machine.pending.exists()
    assert "更新成功：0.2.0" in status(tried.machine)
    assert "试运行" not in status(tried.machine)
    assert target_of(tried.machine).name == "A"
    assert tried.restart() == NEW
    assert tried.power_on() == NEW


def test_a_system_that_hangs_is_left_by_any_restart(tried: World) -> None:
    assert tried.power_on() == OLD
    assert judge(tried, dict)
    assert "已自动退回" in tried.machine.outcome.read_text("utf-8")


def test_a_new_system_on_a_card_that_takes_no_choice_goes_back(
    tried: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = tried.machine.autoboot.with_suffix(".new")
    draft.mkdir()  # nothing can be written there
    monkeypatch.setattr(rooms, "ask", lambda: ALL_WELL)
    monkeypatch.setattr("update.__main__.SystemClock", SkippingClock)

    assert main(["--root", str(tried.machine.root), "confirm"]) == 1

    assert tried.restart() == OLD


def test_a_fault_in_the_system_from_before_never_restarts_it(
    tried: World, capsys: pytest.CaptureFixture[str]
) -> None:
    root = ["--root", str(tried.machine.root)]
    tried.machine.pending.write_text("{no record")
    assert main([*root, "confirm"]) == 1  # on trial
    tried.power_on()

    assert main([*root, "confirm"]) == 0
    assert "更新记录损坏" in capsys.readouterr().err
    assert main([*root, "store"]) == 0  # or the gate would not start
    firmware(tried.machine, 9, tried=True)
    assert main([*root, "store"]) == 0
    assert main([*root, "confirm"]) == 0


def test_a_new_system_that_cannot_ask_the_firmware_goes_back_and_the_one_before_stays(
    tried: World,
) -> None:
    root = ["--root", str(tried.machine.root)]
    firmware(tried.machine, 9)
    assert main([*root, "store"]) == 0
    assert (tried.store / store_copy.COPY / "version").read_text("ascii") == OLD
    assert main([*root, "confirm"]) == 1
    tried.power_on()
    firmware(tried.machine, 9)

    assert main([*root, "confirm"]) == 0
    assert main([*root, "store"]) == 0


def test_a_try_that_nobody_asked_for_is_not_kept_and_gets_no_copy(tmp_path: Path) -> None:
    gate = written(tmp_path / "root")
    record.write(gate.machine, Record(State.WRITING, "B", NEW, OLD))
    gate.power_on(tried=True)

    assert not judge(gate, lambda: ALL_WELL)
    assert main(["--root", str(gate.machine.root), "store"]) == 2
    assert not (gate.store / store_copy.COPY).exists()
    assert gate.power_on() == OLD


def test_a_store_that_cannot_be_copied_keeps_the_gate_from_opening_it(tried: World) -> None:
    (tried.store / "gate.db").write_bytes(b"no database at all, but long enough to look at")

    assert main(["--root", str(tried.machine.root), "store"]) == 1  # and so the gate's Requires=


def test_all_must_work_for_half_a_minute_without_a_new_start() -> None:
    watch = rooms.seen(Watch(), ALL_WELL, 10.0, screen=True)
    assert (watch.since_s, rooms.answered(watch, 39.9), rooms.answered(watch, 40.0)) == (
        10.0,
        False,
        True,
    )
    again = ALL_WELL | {UI: replace(ALL_WELL[UI], starts=1)}
    watch = rooms.seen(watch, again, 39.0, screen=True)
    assert (watch.since_s, rooms.answered(watch, 68.9), rooms.answered(watch, 69.0)) == (
        39.0,
        False,
        True,
    )
    assert rooms.seen(watch, {GATE: ALL_WELL[GATE]}, 70.0, screen=True).why == (
        "sanmen-vision.service does not run; sanmen-ui.service does not run"
    )


def test_what_systemd_tells_is_read() -> None:
    told = """\
NRestarts=0
StatusText=
Id=sanmen-gate.service
ActiveState=active
SubState=running

NRestarts=3
StatusText=camera /dev/video0: a=b
Id=sanmen-vision.service
ActiveState=active
SubState=running

NRestarts=12
Id=sanmen-ui.service
ActiveState=activating
SubState=auto-restart

Id=evil.service
ActiveState=active
"""
    assert rooms.read(told) == {
        GATE: Room(works=True, starts=0, trouble=""),
        VISION: Room(works=True, starts=3, trouble="camera /dev/video0: a=b"),
        UI: Room(works=False, starts=12, trouble=""),
    }
    assert rooms.read("") == {}


def test_rauc_asks_and_is_answered_from_the_files(tmp_path: Path) -> None:
    gate = world(tmp_path / "root")
    machine = gate.machine
    assert backend.answer(machine, ["get-primary"]) == "A"
    backend.answer(machine, ["set-state", "B", "bad"])
    backend.answer(machine, ["set-primary", "B"])
    assert backend.answer(machine, ["get-primary"]) == "B"
    assert machine.reboot_param.read_bytes() == b"0 tryboot\n"
    backend.answer(machine, ["set-primary", "A"])
    assert backend.answer(machine, ["get-primary"]) == "A"
    record.write(machine, Record(State.WRITING, "B", NEW, OLD))
    assert [backend.answer(machine, ["get-state", name]) for name in "AB"] == ["good", "bad"]


def test_rauc_keeps_a_tried_slot_and_cannot_leave_none_to_start(tried: World) -> None:
    with pytest.raises(UpdateError):
        backend.answer(tried.machine, ["set-state", "A", "bad"])
    assert backend.answer(tried.machine, ["get-primary"]) == "A"
    backend.answer(tried.machine, ["set-state", "B", "good"])
    assert backend.answer(tried.machine, ["get-primary"]) == "B"
    assert tried.power_on() == NEW


@pytest.mark.parametrize(
    "words",
    [
        *([], ["get-primary", "A"], ["get-state"], ["get-state", "C"], ["set-primary", ""]),
        *(["set-state", "B", "fine"], ["set-state", "B", "good"]),
    ],
)
def test_rauc_asking_nonsense_changes_nothing(tmp_path: Path, words: list[str]) -> None:
    gate = world(tmp_path / "root")
    before = gate.files()

    assert main(["--root", str(gate.machine.root), "backend", *words]) == 2
    assert gate.files() == before


def test_the_program_rauc_starts_answers_it(tmp_path: Path) -> None:
    gate = world(tmp_path / "root")
    ask_to_try(gate.machine)
    script = (DEPLOY / "update/tryboot").read_text("utf-8").splitlines()[-1]
    assert script.endswith('/opt/sanmen/bin/python -m update backend "$@"')
    assert os.access(DEPLOY / "update/tryboot", os.X_OK)

    done = subprocess.run(  # noqa: S603 - our own
        [
            sys.executable,
            "-m",
            "update",
            "--root",
            str(gate.machine.root),
            "backend",
            "get-primary",
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": f"{DEPLOY}:{DEPLOY.parent}"},
    )

    assert (done.returncode, done.stdout) == (0, "B\n")


def test_raucs_slots_are_the_machines(tmp_path: Path) -> None:
    text = (DEPLOY / "update/system.conf").read_text("utf-8")
    gate = world(tmp_path / "root")
    for number, slot in enumerate(gate.machine.slots):
        boot, root = (f"/{path.relative_to(gate.machine.root)}" for path in (slot.boot, slot.root))
        assert f"[slot.rootfs.{number}]\ndevice={root}\ntype=raw\nbootname={slot.name}\n" in text
        assert f"[slot.boot.{number}]\ndevice={boot}\ntype=raw\nparent=rootfs.{number}\n" in text
