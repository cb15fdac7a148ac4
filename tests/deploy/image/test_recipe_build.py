"""`deploy/build`: what it asks first, how it goes on after an interruption, what it signs."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.deploy.image.image_world import DEPLOY, host, shop

from image import preflight, release, stages  # isort: skip
from image.faults import BuildError  # isort: skip
from image.profile import load  # isort: skip
from image.stages import Stage  # isort: skip
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from image.workshop import Workshop

WORK = Path("/work")
BUILD = DEPLOY / "build"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"lacks": ("genimage",)}, "sudo apt install genimage"),
        ({"lacks": ("mcopy", "xz")}, "sudo apt install mtools xz-utils"),
        ({"user": 1000}, "sudo deploy/build"),
        ({"lacks": ("arch-test",)}, "sudo apt install arch-test"),
        (
            {"emulates": False, "lacks": ("qemu-aarch64-static", "update-binfmts")},
            "sudo apt install binfmt-support qemu-user-static",
        ),
        ({"emulates": False}, "update-binfmts --enable qemu-aarch64"),
        ({"architecture": ""}, "Use Debian 12"),
        ({"python": (3, 13)}, "This Python is 3.13"),
        ({"has_pip": False}, "sudo apt install python3-pip"),
        ({"free": 11 * 10**9}, "11 GB free, and 12 GB are needed"),
    ],
)
def test_a_machine_that_cannot_build_is_told_what_to_do(
    answers: dict[str, object], words: str
) -> None:
    found = preflight.problems(host(**answers), load("qemu"), WORK, WORK)  # type: ignore[arg-type]
    assert len(found) == 1
    assert words in found[0]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    poor = host(user=1, free=0, lacks=("rauc",), emulates=False, keys=False)
    found = preflight.problems(poor, load("rpi"), WORK, Path("/out"))
    assert len(found) == 6
    assert "raspberrypi-archive-keyring" in found[-1]


def test_a_machine_that_can_build_is_not_held_up() -> None:
    assert preflight.problems(host(), load("qemu"), WORK, WORK) == []
    native = host(architecture="arm64", emulates=False, lacks=tuple(preflight.FOREIGN_TOOLS))
    assert preflight.problems(native, load("qemu"), WORK, WORK) == []
    assert preflight.problems(host(keys=False), load("qemu"), WORK, WORK) == []


def two_stages(place: Workshop, done: list[str], content: bytes = b"1") -> tuple[Stage, Stage]:
    def make(name: str) -> None:
        done.append(name)
        (place.work / name).write_bytes(b"")

    return (
        Stage("first", "", lambda: [content], (place.work / "first",), lambda: make("first")),
        Stage("second", "", lambda: [b"2"], (place.work / "second",), lambda: make("second")),
    )


def test_a_build_goes_on_where_it_stopped(tmp_path: Path) -> None:
    place, done = shop(tmp_path), []
    stages.run(two_stages(place, done), place, until="first")
    stages.run(two_stages(place, done), place)
    stages.run(two_stages(place, done), place)
    assert done == ["first", "second"]


def test_what_changed_is_done_again_with_all_after_it(tmp_path: Path) -> None:
    place, done = shop(tmp_path), []
    stages.run(two_stages(place, done), place)
    stages.run(two_stages(place, done, b"changed"), place)
    assert done == ["first", "second"] * 2
    (place.work / "second").unlink()
    stages.run(two_stages(place, done, b"changed"), place)
    assert done[4:] == ["second"]
    stages.run(two_stages(place, done, b"changed"), place, again="first")
    assert done[5:] == ["first", "second"]


def test_what_carries_the_builds_time_is_made_anew_for_another(tmp_path: Path) -> None:
    """Else a build that goes on has other bytes than one from nothing."""
    now = shop(tmp_path)
    signer = release.Signer(Path("key"), Path("certificate"), test=True)
    wish = stages.Wish(load("qemu"), "1", "http://debian.invalid", False, signer)  # noqa: FBT003
    one, other = (
        {stage.name: stage.inputs for stage in stages.plan(wish, place)}
        for place in (now, replace(now, epoch=now.epoch + 1))
    )
    for name in ("initrd", "squashfs"):
        assert list(one[name]()) != list(other[name]()), name


def test_a_stage_that_broke_off_is_not_taken_for_done(tmp_path: Path) -> None:
    place, done = shop(tmp_path), []
    first, second = two_stages(place, done)

    def breaks() -> None:
        (place.work / "first").write_bytes(b"half")
        raise BuildError("no space left", "Make room.")

    with pytest.raises(BuildError):
        stages.run((replace(first, action=breaks), second), place)
    stages.run((first, second), place)
    assert done == ["first", "second"]


def test_a_stage_nobody_knows_is_refused_with_those_there_are(tmp_path: Path) -> None:
    place = shop(tmp_path)
    with pytest.raises(BuildError, match="Stages: first, second"):
        stages.run(two_stages(place, []), place, again="third")


def test_a_failed_command_shows_the_end_of_what_it_said_and_where_the_rest_is(
    tmp_path: Path,
) -> None:
    place = shop(tmp_path)
    place.work.mkdir()
    with pytest.raises(BuildError) as told:
        place.call(["sh", "-c", "echo begin; seq 100; echo it is broken; exit 3"])
    assert "sh failed (3)" in str(told.value)
    assert "it is broken" in str(told.value)
    assert "begin" not in str(told.value)
    assert str(place.work / "build.log") in told.value.remedy
    assert "what is done stays" in told.value.remedy
    assert "begin" in (place.work / "build.log").read_text()


def test_a_missing_program_is_told_as_such(tmp_path: Path) -> None:
    place = shop(tmp_path)
    place.work.mkdir()
    with pytest.raises(BuildError, match="no-such-program cannot be started"):
        place.call(["no-such-program"])


def test_a_full_disk_stops_a_build_with_the_disks_own_words(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("/dev/full is not there")
    place = shop(tmp_path)
    place.work.mkdir()
    with pytest.raises(BuildError, match="No space left on device") as told:
        place.call(["cp", "/etc/passwd", "/dev/full"])
    assert "The disk is full: make room" in told.value.remedy
    with pytest.raises(BuildError, match="write a list: No space left on device") as told:
        place.do("write a list", full.write_text, "1")
    assert "The disk is full: make room" in told.value.remedy


@pytest.mark.parametrize("name", ["qemu", "rpi"])
def test_a_dry_run_says_every_step_and_does_none(tmp_path: Path, name: str) -> None:
    said = subprocess.run(  # noqa: S603 - our own
        [str(BUILD), name, "--dry-run", "--work", str(tmp_path / "work")],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHON": shutil.which("python3") or "python3"},
    )
    assert said.returncode == 0
    for word in ("mmdebstrap", "mksquashfs", "genimage", "bmaptool", "xz", "openssl", "rauc"):
        assert word in said.stdout
    for number in range(1, 9):
        assert f"{number}/8 " in said.stdout
    assert "nothing was done" in said.stdout
    assert "TEST KEY" in said.stdout
    assert ("never built or booted" in said.stdout) == (name == "rpi")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["pi5"], "there is no profile 'pi5'"),
        (["qemu", "--version", "1.2"], "the version is '1.2'"),
        (["qemu", "--key", "k.pem"], "a key goes with its certificate"),
    ],
)
def test_what_is_asked_for_wrongly_is_refused_before_anything_is_begun(
    tmp_path: Path, words: list[str], told: str
) -> None:
    said = subprocess.run(  # noqa: S603 - our own
        [str(BUILD), *words, "--work", str(tmp_path / "work")],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHON": shutil.which("python3") or "python3"},
    )
    assert said.returncode == 2
    assert told in said.stderr
    assert list(tmp_path.iterdir()) == []
