"""The demonstration as a newcomer runs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

SANMEN = [sys.executable, "-c", "from appliance.cli import main; main()"]
IN_AN_EMPTY_NETWORK = [
    "unshare",
    "--net",
    "sh",
    "-c",
    '"$@"; code=$?; cat /proc/net/dev; exit $code',
    "sh",
]


def run(*arguments: str, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "100", "TERM": "dumb"}
    return subprocess.run(  # noqa: S603 - our own command
        [*prefix, *SANMEN, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=240,
    )


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--svg", "/nowhere/shown.svg"), "/nowhere/shown.svg"),
        (("--svg", "."), "picture ."),
        (("--screen", "--fast"), "--fast"),
        (("--screen", "--svg", "shown.svg"), "--svg"),
    ],
)
def test_what_cannot_be_done_is_said_at_once(words: tuple[str, ...], named: str) -> None:
    done = run("demo", *words)

    assert done.returncode == 2
    assert not done.stdout
    assert done.stderr.startswith("sanmen: ")
    assert named in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def shown() -> subprocess.CompletedProcess[str]:
    return run("demo", "--fast")


def test_it_ends_well(shown: subprocess.CompletedProcess[str]) -> None:
    assert shown.returncode == 0, shown.stdout + shown.stderr


@pytest.mark.parametrize(
    ("scene", "happened"),
    [
        ("A stranger's portrait", "face-attack"),
        ("Two people at once", "one_person"),
        ("A face too far away", "come_closer"),
        ("Her face on a phone", "face-attack"),
        ("She walks up", "granted"),
        ("7 Her card", "granted"),
        ("A copy of her card", "card-mismatch"),
        ("9 Her code", "granted"),
        ("A photo of her code", "pass-replayed"),
        ("Her guest", "granted"),
    ],
)
def test_each_scene_ends_as_it_must(
    shown: subprocess.CompletedProcess[str], scene: str, happened: str
) -> None:
    table = shown.stdout.partition("What happened")[2]
    row = next(line for line in table.splitlines() if scene in line)

    assert re.search(rf"{happened}\b.*\byes\b", row)


def test_the_relay_is_on_only_in_the_four_scenes_that_open(
    shown: subprocess.CompletedProcess[str],
) -> None:
    scenes = shown.stdout.partition("What happened")[0].split("\n")
    on: set[str] = set()
    scene = ""
    for line in scenes:
        title = re.match(r"\d+ ", line)
        scene = title[0].strip() if title else scene
        if "relay ON" in line:
            on.add(scene)

    assert on == {"2", "7", "9", "11"}


def test_each_opening_was_logged_before_the_relay_switched(
    shown: subprocess.CompletedProcess[str],
) -> None:
    lines = [line.strip() for line in shown.stdout.splitlines()]
    opened = [number for number, line in enumerate(lines) if "relay ON" in line]

    assert len(opened) == 4
    assert all("entry.granted" in lines[number - 1] for number in opened)


def test_nothing_leaves_the_machine() -> None:
    if shutil.which("unshare") is None or os.geteuid() != 0:
        pytest.skip("needs root and unshare to make an empty network")
    done = run("demo", "--fast", prefix=tuple(IN_AN_EMPTY_NETWORK))

    assert done.returncode == 0, done.stdout + done.stderr
    counted = re.findall(r"^\s*(\w+):((?:\s+\d+)+)$", done.stdout, re.MULTILINE)
    assert counted, "the network's counters were not shown"
    for interface, counters in counted:
        assert not any(map(int, counters.split())), f"packets on {interface}"


def test_no_store_is_left(shown: subprocess.CompletedProcess[str]) -> None:
    lay = re.search(r"gallery lay in (\S+)", shown.stdout)

    assert lay is not None
    assert not os.path.exists(lay[1])  # noqa: PTH110 - the path is only looked for
