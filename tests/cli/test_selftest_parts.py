"""Each bad part a technician can meet is found by the self-test and told in both languages."""

from __future__ import annotations

import errno
import os
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from gpiozero.pins.mock import MockFactory, MockPin

from appliance import selftest, selftest_door
from appliance import selftest_machine as machine
from appliance.clock import SystemClock
from appliance.errors import SanmenError
from appliance.sections import Config, Site, Store
from appliance.selftest_words import PARTS
from appliance.sign_sections import SoundSection
from hardware.door_gpio import GpioDoor, MockDoor
from hardware.errors import DeviceError
from hardware.ports import DoorOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.rig.small_disk import SmallDisk

CHINESE = re.compile("[\u4e00-\u9fff]")
MOCK = DoorOptions("mock")


def test_every_part_has_a_name_and_a_fix_in_both_languages() -> None:
    assert set(PARTS) == set(selftest.CHECKS)
    for part in PARTS.values():
        assert CHINESE.search(part.name)
        assert CHINESE.search(part.chinese)
        assert part.english
        assert not CHINESE.search(part.english)


# Wiring


class PulledUp(MockPin):
    """A relay board that switches on low."""

    def _set_pull(self, value: str) -> None:
        super()._set_pull(value)
        if self.info.name == "GPIO17":
            self._change_state(True)  # noqa: FBT003 - gpiozero's own


class Grounded(MockPin):
    """The door sensor's wire on the relay's pin."""

    def _set_state(self, value: float) -> None:
        super()._set_state(0 if self.info.name == "GPIO17" else value)


class Crossed(MockPin):
    """The relay's wire also lies on the REX pin, which then goes down and up with it."""

    def _set_state(self, value: float) -> None:
        super()._set_state(value)
        if self.info.name == "GPIO17":
            self.factory.pin(22)._change_state(not value)


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (PulledUp, "被拉高: an active-low board, or a crossed wire"),
        (Grounded, "被拉低: a crossed wire, or a short"),
        (Crossed, "REX: on and off with it 线接错, crossed wires"),
    ],
)
def test_a_relay_that_is_wired_wrong_is_named(kind: type[MockPin], found: str) -> None:
    door = GpioDoor(MOCK, SystemClock(), MockFactory(pin_class=kind))
    with pytest.raises(DeviceError, match=re.escape(found)):
        selftest_door.relay(door)
    assert not door.relay_on
    door.close()


def test_a_relay_wired_right_clicks_and_inputs_at_rest_are_told() -> None:
    door = MockDoor(MOCK, SystemClock())
    assert selftest_door.relay(door) == "off, on, off"
    assert selftest_door.inputs(door) == "door shut, all at rest"
    door.close()


def test_cut_wires_are_named_as_the_inputs_they_belong_to() -> None:
    door = GpioDoor(MOCK, SystemClock(), MockFactory())
    with pytest.raises(DeviceError, match="active: door open, fire, tamper"):
        selftest_door.inputs(door)
    door.close()


# Clock


@pytest.mark.parametrize("year", [1970, 2000, 2025])
def test_a_clock_of_a_flat_battery_is_found(year: int) -> None:
    with pytest.raises(SanmenError, match=f"clock: {year}-01-01 00:00; expected after 2026"):
        machine.clock(datetime(year, 1, 1, tzinfo=UTC), "Asia/Shanghai")
    assert "RTC" in PARTS["clock"].english
    assert "电池" in PARTS["clock"].chinese


def test_a_clock_that_runs_is_shown_with_its_zone() -> None:
    now = datetime(2027, 3, 4, 5, 6, tzinfo=UTC)
    assert machine.clock(now, "Asia/Shanghai") == "2027-03-04 05:06 UTC, zone Asia/Shanghai"


# Card


@pytest.fixture
def disk(small_disk: Callable[[str], SmallDisk]) -> SmallDisk:
    """Give a disk of our own, large enough to pass."""
    return small_disk("400m")


def test_a_full_data_partition_is_found(disk: SmallDisk, tmp_path: Path) -> None:
    assert "takes and gives a file" in machine.card(disk.place / "not/there/yet", tmp_path)
    disk.remount("size=100m")
    with pytest.raises(SanmenError, match=r"disk: \d+ MB free 快满了; expected at least 200 MB"):
        machine.card(disk.place, tmp_path)
    disk.fill()
    with pytest.raises(SanmenError, match="card: full 已满"):
        machine.card(disk.place, tmp_path)
    assert [one.name for one in disk.place.iterdir()] == ["filler"]


def test_a_read_only_card_is_found(disk: SmallDisk, tmp_path: Path) -> None:
    disk.remount("ro")
    with pytest.raises(SanmenError, match="card: read-only 只读: it protects itself"):
        machine.card(disk.place, tmp_path)


def test_a_dying_card_is_found_by_its_errors_and_by_the_kernels_count(tmp_path: Path) -> None:
    def dies(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with pytest.raises(SanmenError, match="failing 损坏: it gives errors"):
        machine.card(tmp_path, tmp_path / "sys", dies)
    count = tmp_path / "sys/fs/ext4/mmcblk0p7/errors_count"
    count.parent.mkdir(parents=True)
    count.write_text("0\n")
    assert "takes and gives" in machine.card(tmp_path, tmp_path / "sys")
    count.write_text("3\n")
    with pytest.raises(SanmenError, match="failing 损坏: 3 errors of its file system"):
        machine.card(tmp_path, tmp_path / "sys")


# Screen and sound


def screen(
    root: Path, *displays: tuple[str, str], touches: tuple[tuple[str, str], ...] = ()
) -> Path:
    for name, status in displays:
        (root / "class/drm" / name).mkdir(parents=True)
        (root / "class/drm" / name / "status").write_text(f"{status}\n")
    for number, (name, properties) in enumerate(touches):
        there = root / f"class/input/input{number}"
        there.mkdir(parents=True)
        (there / "name").write_text(f"{name}\n")
        (there / "properties").write_text(f"{properties}\n")
    return root


def test_a_missing_screen_is_found(tmp_path: Path) -> None:
    with pytest.raises(SanmenError, match="no display connected 没有接屏幕"):
        machine.screen(tmp_path)
    bare = screen(tmp_path, ("card1-HDMI-A-1", "disconnected"), ("card1-Writeback-1", "unknown"))
    with pytest.raises(SanmenError, match="no display connected"):
        machine.screen(bare)


def test_a_screen_whose_touch_is_not_connected_is_found(tmp_path: Path) -> None:
    there = screen(tmp_path, ("card1-DSI-1", "connected"), touches=(("USB Mouse", "0"),))
    with pytest.raises(SanmenError, match="DSI-1, no touch 没有触摸"):
        machine.screen(there)


def test_a_whole_screen_is_named(tmp_path: Path) -> None:
    there = screen(tmp_path, ("card1-DSI-1", "connected"), touches=(("FT5406", "2"),))
    assert machine.screen(there) == "DSI-1, touch FT5406"


def test_a_loudspeaker_that_is_not_there_is_found_and_one_not_fitted_is_no_fault() -> None:
    assert selftest._sound(Config()) == "not fitted"
    gone = Config(sound=SoundSection(driver="alsa", device="hw:99"))
    with pytest.raises(DeviceError, match=r"sound: .*; expected to be played"):
        selftest._sound(gone)


def test_a_simulated_gate_needs_no_screen(tmp_path: Path) -> None:
    config = Config(site=Site(simulation=True), store=Store(folder=str(tmp_path)))
    assert selftest._screen(config) == "simulation site: not needed"
