"""Measures for a process' memory, held over real processes: each can be seen to fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from appliance.hardening import TUNABLES, Measure, complain, environment, swaps

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

OVERWRITTEN = (
    "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0:glibc.malloc.mmap_threshold=1048576"
)


def run(code: str, env: dict[str, str]) -> str:
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        env=env,
        capture_output=True,
        check=True,
        timeout=60,
        text=True,
    )
    return done.stdout


def bare() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != TUNABLES}


def measures(env: dict[str, str]) -> dict[str, bool]:
    code = """
import json
from appliance.hardening import lock_down
print(json.dumps({one.name: one.held for one in lock_down()}))
"""
    held: dict[str, bool] = json.loads(run(code, env))
    return held


def test_without_the_tunables_freed_memory_is_found_to_be_kept() -> None:
    assert measures(bare())["freed memory overwritten"] is False


def test_perturb_alone_is_found_to_leave_small_blocks() -> None:
    env = {**bare(), TUNABLES: "glibc.malloc.perturb=165"}
    assert measures(env)["freed memory overwritten"] is False


def test_a_process_started_as_a_room_holds_what_needs_no_right() -> None:
    held = measures(environment(bare()))
    del held["no swap"]  # depends on the machine and the user
    assert held == {
        "no core dump": True,
        "no debugger or dump": True,
        "no new privileges": True,
        "freed memory overwritten": True,
    }


def mapped_after_free(env: dict[str, str]) -> bool:
    """Whether a picture's memory is still the process's own after it, and one before, was freed."""
    code = """
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
for _ in range(2):
    block = libc.malloc(4 << 20)
    libc.free(block)
spans = [line.split()[0].split("-") for line in open("/proc/self/maps")]
print(any(int(first, 16) <= block < int(last, 16) for first, last in spans))
"""
    return run(code, env).strip() == "True"


def test_the_memory_of_a_picture_goes_back_to_the_machine_with_it() -> None:
    assert mapped_after_free(bare())  # what glibc does by itself
    assert not mapped_after_free(environment(bare()))


def test_a_locked_down_process_leaves_no_core_even_if_it_is_asked_to(tmp_path: Path) -> None:
    code = f"""
import os, resource
os.chdir({str(tmp_path)!r})
from appliance.hardening import lock_down
lock_down()
try:
    resource.setrlimit(resource.RLIMIT_CORE, (1 << 30, 1 << 30))
    print("raised")  # only a privileged process may
except (ValueError, PermissionError):
    print("kept")
print(open("/proc/self/status").read())
if os.fork() == 0:
    os.abort()
print(os.WCOREDUMP(os.wait()[1]))
"""
    lines = run(code, environment(bare())).splitlines()
    assert lines[-1] == "False"
    assert "NoNewPrivs:\t1" in lines
    assert list(tmp_path.iterdir()) == []


def test_tunables_that_are_there_are_kept_and_ours_win() -> None:
    given = {TUNABLES: "glibc.malloc.arena_max=2:glibc.malloc.perturb=0", "HOME": "/x"}
    assert environment(given) == {
        TUNABLES: f"glibc.malloc.arena_max=2:{OVERWRITTEN}",
        "HOME": "/x",
    }
    assert environment({}) == {TUNABLES: OVERWRITTEN}


def test_a_machine_swaps_if_the_kernel_lists_a_device_or_cannot_be_asked(tmp_path: Path) -> None:
    listed = tmp_path / "swaps"
    assert swaps(listed) is True
    listed.write_text("Filename\tType\tSize\tUsed\tPriority\n")
    assert swaps(listed) is False
    listed.write_text("Filename\tType\tSize\tUsed\tPriority\n/dev/zram0 partition 1 0 100\n")
    assert swaps(listed) is True


def test_what_does_not_hold_is_said_once_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    complain("vision", (Measure("no swap", held=False, found="why"), Measure("b", True, "c")))  # noqa: FBT003
    assert capsys.readouterr().err == "vision: memory: no swap does not hold: why\n"
