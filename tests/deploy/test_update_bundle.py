"""Bundles a technician may bring: each refusal in words, before a byte of a slot has changed."""

# ruff: noqa: RUF001 - Chinese has its own punctuation

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from appliance.cli import build
from tests.deploy.update_world import NEW, Vendor, World, firmware, vendor, world

from update import bundle, files  # isort: skip
from update.install import _alone, inspect, install  # isort: skip
from update.words import WORDS, UpdateError  # isort: skip

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rig.small_disk import SmallDisk


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Vendor:
    return vendor(tmp_path_factory.mktemp("vendor"))


@pytest.fixture
def gate(tmp_path: Path, maker: Vendor) -> World:
    return world(tmp_path / "root", maker.keyring)


def never() -> None:
    raise AssertionError("a refused bundle restarts nothing")


def refused(gate: World, path: Path) -> UpdateError:
    """Demand that a bundle is refused, and that nothing but the workshop knows of it."""
    before = gate.files()
    with pytest.raises(UpdateError) as told:
        install(gate.machine, path, never)
    after = {name: what for name, what in gate.files().items() if "sanmen/update/" not in name}
    assert after == before
    with pytest.raises(UpdateError) as looked:
        inspect(gate.machine, path)
    assert looked.value.code == told.value.code
    assert list(gate.machine.workshop.iterdir()) == []
    return told.value


def test_every_answer_is_in_chinese_and_english_and_says_what_to_do() -> None:
    for code, (chinese, english) in WORDS.items():
        assert any("\u4e00" <= sign <= "\u9fff" for sign in chinese), code
        assert english.isascii(), code
        assert chinese.endswith("。"), code
        assert english.endswith("."), code


@pytest.mark.parametrize("size", [0, 3, 5000, -1, -9, -2000])
def test_a_bundle_cut_short_anywhere_is_refused(
    gate: World, maker: Vendor, tmp_path: Path, size: int
) -> None:
    path = tmp_path / "cut.raucb"
    path.write_bytes(maker.bundle().read_bytes()[:size])

    assert refused(gate, path).code in {"truncated", "signature"}


def test_a_bundle_cut_short_is_told_in_both_languages(
    gate: World, maker: Vendor, tmp_path: Path
) -> None:
    path = tmp_path / "cut.raucb"
    path.write_bytes(maker.bundle().read_bytes()[:40_000])

    told = refused(gate, path)

    assert told.chinese == "更新包不完整。请重新下载或复制，安全弹出 U 盘后再试。"
    assert told.english.startswith("The bundle is cut short.")


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04 a zip file", b"\x7fELF" + bytes(9000), b"gate.toml = 1\n" * 99]
)
def test_a_file_of_another_kind_is_refused(gate: World, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign.raucb"
    path.write_bytes(content)

    assert refused(gate, path).code == "foreign"


def test_a_bundle_of_somebody_elses_signature_is_refused(gate: World, maker: Vendor) -> None:
    told = refused(gate, maker.bundle(signer="foreign"))

    assert told.code == "signature"
    assert told.chinese == "签名不是本厂的，更新包不可信，请勿使用。"


@pytest.mark.parametrize("offset", [100, 70_000, -3000])
def test_a_bundle_with_one_byte_altered_is_refused(
    gate: World, maker: Vendor, tmp_path: Path, offset: int
) -> None:
    content = bytearray(maker.bundle().read_bytes())
    content[offset] ^= 1
    path = tmp_path / "altered.raucb"
    path.write_bytes(content)

    assert refused(gate, path).code in {"payload", "signature", "truncated"}


@pytest.mark.parametrize(
    ("version", "code"),
    [("0.0.9", "older"), ("0.1.0", "same"), ("0.1.0+0", "same"), ("1.0", "version")],
)
def test_an_older_or_the_same_version_is_refused(
    gate: World, maker: Vendor, version: str, code: str
) -> None:
    assert refused(gate, maker.bundle(version)).code == code


def test_what_was_newest_once_is_the_least_that_may_come(gate: World, maker: Vendor) -> None:
    gate.machine.newest.write_text("0.3.0\n")

    assert refused(gate, maker.bundle()).code == "older"


def test_a_bundle_for_another_kind_of_machine_is_refused(gate: World, maker: Vendor) -> None:
    assert refused(gate, maker.bundle(compatible="coffee")).code == "compatible"


def test_a_bundle_that_brings_a_program_to_run_is_refused(gate: World, maker: Vendor) -> None:
    hook = "hooks=pre-install\n\n[hooks]\nfilename=boot.vfat\n"

    told = refused(gate, maker.bundle(extra=hook))

    assert (told.code, told.found) == ("layout", "programs to run: hooks")


def test_an_image_larger_than_its_partition_is_refused(gate: World, maker: Vendor) -> None:
    gate.machine.slots[1].root.write_bytes(bytes(1000))

    assert refused(gate, maker.bundle()).code == "layout"


def test_a_stick_that_was_pulled_is_told_from_a_dying_card(gate: World, tmp_path: Path) -> None:
    assert refused(gate, tmp_path / "nothing.raucb").code == "no-bundle"
    assert refused(gate, tmp_path).code == "no-bundle"
    # Reading address 0 of a process fails with EIO, as a dying stick does.
    assert refused(gate, Path("/proc/self/mem")).code == "no-bundle"


def test_without_rauc_nothing_is_installed(
    gate: World, maker: Vendor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = maker.bundle()
    monkeypatch.setenv("PATH", str(tmp_path))

    assert refused(gate, path).code == "no-rauc"


@pytest.mark.parametrize("name", ["keyring.pem", "system.conf"])
def test_without_our_certificate_nothing_is_installed(
    gate: World, maker: Vendor, name: str
) -> None:
    gate.machine.settings.with_name(name).unlink()

    assert refused(gate, maker.bundle()).code == "keyring"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[all]\ntryboot_a_b=1\nboot_partition=2\n",
        b"[all]\ntryboot_a_b=1\nboot_partition=2\n[tryboot]\nboot_partition=2\n",
        b"[all]\ntryboot_a_b=0\nboot_partition=2\n[tryboot]\nboot_partition=3\n",
        b"[all]\ntryboot_a_b=1\nboot_partition=2\nboot_partition=3\n[tryboot]\nboot_partition=3\n",
        b"[all]\ntryboot_a_b=1\nboot_partition=2\n[tryboot]\nboot_partition=3\n" + b"#" * 512,
        None,
    ],
)
def test_a_damaged_choice_of_slots_is_refused_and_mended(
    gate: World, maker: Vendor, content: bytes | None
) -> None:
    gate.machine.autoboot.unlink()
    if content is not None:
        gate.machine.autoboot.write_bytes(content)

    told = refused(gate, maker.bundle())
    assert told.code == "autoboot"
    assert "sanmen update repair" in told.chinese

    done = CliRunner().invoke(build(), ["update", "repair", "--root", str(gate.machine.root)])
    assert done.exit_code == 0
    assert gate.power_on() == "0.1.0"
    assert inspect(gate.machine, maker.bundle()).version == NEW


@pytest.mark.parametrize("number", [0, 1, 4, 77])
def test_a_start_from_an_unknown_slot_is_refused(gate: World, maker: Vendor, number: int) -> None:
    firmware(gate.machine, number)

    assert refused(gate, maker.bundle()).code == "slots"


def test_a_firmware_that_tells_nothing_or_nonsense_is_refused(gate: World, maker: Vendor) -> None:
    told = gate.machine.root / "proc/device-tree/chosen/bootloader/partition"
    told.write_bytes(b"\0\2")
    assert refused(gate, maker.bundle()).code == "slots"
    told.unlink()
    assert refused(gate, maker.bundle()).code == "slots"


def test_slots_of_other_numbers_and_a_start_beside_the_choice_are_refused(
    gate: World, maker: Vendor
) -> None:
    text = gate.machine.autoboot.read_text("ascii")
    gate.machine.autoboot.write_text(text.replace("=3", "=5"))
    assert refused(gate, maker.bundle()).code == "slots"
    gate.machine.autoboot.write_text(text)
    firmware(gate.machine, 3)
    assert refused(gate, maker.bundle()).code == "slots"
    firmware(gate.machine, 3, tried=True)
    assert refused(gate, maker.bundle()).code == "on-trial"


@pytest.fixture
def disk(small_disk: Callable[[str], SmallDisk]) -> SmallDisk:
    return small_disk("40m")


@pytest.fixture
def mounted(disk: SmallDisk, maker: Vendor) -> World:
    """A machine on a disk of its own."""
    return world(disk.place / "root", maker.keyring)


def test_a_full_data_partition_is_told_before_anything_is_written(
    mounted: World, maker: Vendor
) -> None:
    (mounted.machine.state / "ballast").write_bytes(bytes(9 << 20))

    told = refused(mounted, maker.bundle())

    assert told.code == "full"
    assert "MB free" in str(told.found)


def test_a_disk_that_fills_up_meanwhile_fails_and_leaves_the_slots(
    mounted: World, maker: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = shutil.disk_usage(mounted.machine.state).free
    (mounted.machine.state / "ballast").write_bytes(bytes(free - 200_000))
    monkeypatch.setattr(bundle, "SPARE", -(1 << 30))

    with pytest.raises(UpdateError) as told:
        install(mounted.machine, maker.bundle(), never)

    assert told.value.code == "full"
    assert mounted.power_on() == "0.1.0"


def test_a_read_only_card_is_told(mounted: World, maker: Vendor, disk: SmallDisk) -> None:
    disk.remount("ro")
    with pytest.raises(UpdateError) as told:
        install(mounted.machine, maker.bundle(), never)

    assert told.value.code == "read-only"
    assert told.value.chinese.startswith("存储卡写保护或已损坏成只读")


def test_a_dying_card_is_told_and_the_system_that_runs_is_untouched(
    gate: World, tmp_path: Path
) -> None:
    source = tmp_path / "image"
    source.write_bytes(b"x" * 5000)
    # Writing to and reading from address 0 of a process fails with EIO, as a dying card does.
    for work in (
        lambda: files.fill(source, Path("/proc/self/mem")),
        lambda: files.digest(Path("/proc/self/mem"), 100),
    ):
        with pytest.raises(UpdateError) as told:
            work()
        assert told.value.code == "dying"
        assert "换卡" in told.value.chinese
    assert gate.power_on() == "0.1.0"


def test_a_slot_that_takes_no_more_fails_the_update_and_the_old_system_starts(
    gate: World, maker: Vendor
) -> None:
    target = gate.machine.slots[1].root
    target.unlink()
    target.symlink_to("/proc/self/mem")

    with pytest.raises(UpdateError) as told:
        install(gate.machine, maker.bundle(), never)

    assert told.value.code in {"dying", "slots", "layout"}
    assert gate.restart() == "0.1.0"


def test_a_second_update_at_the_same_time_is_refused(gate: World, maker: Vendor) -> None:
    def restart() -> None:
        restarted.append(1)

    restarted: list[int] = []
    path = maker.bundle()

    with _alone(gate.machine), pytest.raises(UpdateError) as told:
        install(gate.machine, path, never)

    assert told.value.code == "busy"
    install(gate.machine, path, restart)
    assert restarted == [1]


def test_the_command_answers_in_both_languages_and_with_an_exit_code(
    gate: World, maker: Vendor, capfd: pytest.CaptureFixture[str]
) -> None:
    root = ["--root", str(gate.machine.root)]
    runner = CliRunner()

    assert runner.invoke(build(), ["update", "inspect", str(maker.bundle()), *root]).exit_code == 0
    assert "Fit to install: 0.2.0" in capfd.readouterr().out
    old = str(maker.bundle("0.0.9"))
    assert runner.invoke(build(), ["update", "install", "--yes", old, *root]).exit_code == 2
    told = capfd.readouterr().err
    assert "不能降级" in told
    assert "older than what ran here" in told
    assert runner.invoke(build(), ["update", "install", old, *root], input="n\n").exit_code == 1
    assert runner.invoke(build(), ["update", "status", *root]).exit_code == 0
    assert "没有更新过" in capfd.readouterr().out
