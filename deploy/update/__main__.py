"""Runs one command of an update: `python -m update inspect|install|confirm|status|...`."""

# ruff: noqa: RUF001 - Chinese has its own punctuation

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

from appliance.clock import SystemClock
from appliance.errors import SanmenError
from update import backend, install, record, rooms, stick, store_copy, trial
from update.machine import Machine
from update.repair import repair
from update.reset import UNREADABLE, gate_name, reset
from update.table import State
from update.words import UpdateError

REFUSED: Final = 2
FAILED: Final = 1
DISK: Final = frozenset({"full", "read-only", "dying", "failed", "store", "no-rauc"})
"""Codes of what failed; the others are refusals."""


def main(arguments: list[str]) -> int:
    """Do what was asked for; return the exit code: 0, 2 = refused, 1 = failed."""
    parser = argparse.ArgumentParser(prog="update")
    parser.add_argument("--root", type=Path, default=Path("/"), help="A folder that stands for /.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("inspect", "install"):
        commands.add_parser(name).add_argument("bundle", type=Path)
    for name in ("confirm", *PLAIN):
        commands.add_parser(name)
    commands.add_parser("reset").add_argument("--gate", required=True)
    commands.add_parser("backend").add_argument("words", nargs="*")
    wanted = parser.parse_args(arguments)
    machine = Machine(wanted.root.absolute())
    try:
        return _do(machine, wanted)
    except UpdateError as fault:
        _tell(fault.told, failed=True)
        code = FAILED if fault.code in DISK else REFUSED
    except SanmenError as fault:
        _tell(f"失败。Failed: {fault}", failed=True)
        code = FAILED
    if wanted.command == "confirm":
        return FAILED if _on_trial(machine) else 0
    return code


def _do(machine: Machine, wanted: argparse.Namespace) -> int:
    match wanted.command:
        case "confirm":
            return 0 if trial.confirm(machine, rooms.ask, SystemClock()) else FAILED
        case "inspect":
            offer = install.inspect(machine, wanted.bundle)
            said = f"可以安装：{offer.version}。Fit to install: {offer.version}."
        case "install":
            version = install.install(machine, wanted.bundle, _restart)
            said = f"{version} 已写入，正在重启试运行。Written; restarting to try {version}."
        case "reset":
            said = _reset(machine, wanted.gate)
        case "backend":
            said = backend.answer(machine, wanted.words)
        case _:
            said = PLAIN[wanted.command](machine)
    if said:
        _tell(said)
    return 0


def status(machine: Machine) -> str:
    """Return what a technician asks: version, slot, update under way, and the last one's end.

    Raises:
        UpdateError: the firmware's files are damaged, or the record is.

    """
    started = machine.started()
    found = record.read(machine)
    lines = [f"版本 version: {machine.running()}", f"系统分区 slot: {started.slot.name}"]
    lines[1] += "（试运行 on trial）" if machine.on_trial() else ""
    lines.append(f"下次启动 next start: {machine.usual().name}")
    if found is not None:
        lines.append(f"更新中 under way: {found.version}, {found.state.value}")
    try:
        lines.append(machine.outcome.read_text("utf-8").strip())
    except (OSError, UnicodeDecodeError):
        lines.append("没有更新过。No update so far.")
    return "\n".join(lines)


def _requested(machine: Machine) -> str:
    """Install what the screen asked for; systemd restarts the machine, as the unit says."""
    version = stick.requested(machine)
    return f"{version} 已写入，即将重启试运行。Written; restarting to try {version}."


def _look(machine: Machine) -> str:
    stick.look(machine)
    return ""


def _forget(machine: Machine) -> str:
    stick.forget(machine)
    return ""


def _store(machine: Machine) -> str:
    return store_copy.at_start(machine, _copy_for(machine))


def _repair(machine: Machine) -> str:
    return "autoboot.txt 已修复。Mended." if repair(machine) else "无需修复。Nothing to mend."


def _reset(machine: Machine, name: str) -> str:
    if name not in {gate_name(machine), UNREADABLE}:
        raise UpdateError("name", "gate", name)
    if machine.root == Path("/"):
        _call("stop", "sanmen.target")  # a running gate has the key in memory, and writes its store
    gone = len(reset(machine))
    return f"已恢复出厂，删除 {gone} 个文件。Reset; {gone} files destroyed."


def _copy_for(machine: Machine) -> str | None:
    """Return the version to keep a copy of the store for; None if this is no trial."""
    if not _on_trial(machine):
        return None
    found = record.read(machine)
    if found is None or found.state is not State.TRYING:
        raise UpdateError("record", "this try", "not asked for here")
    return found.before


def _on_trial(machine: Machine) -> bool:
    """Whether this is a new system nobody has kept yet; the system from before never is.

    Where the firmware does not tell, the versions do: a gate must start in the system from before,
    whatever is damaged, and a new one must not open a store of which there is no copy.
    """
    try:
        return machine.on_trial()
    except UpdateError:
        pass
    try:
        found = record.read(machine)
        return found is not None and machine.running() == found.version != machine.kept()
    except UpdateError:
        return False


def _restart() -> None:
    # Asked for once more here: without an argument systemctl removes what lies in reboot-param.
    _call("reboot", f"--reboot-argument={install.TRY_ONCE.decode().strip()}")


def _call(*words: str) -> None:
    done = subprocess.run(["systemctl", *words], check=False)  # noqa: S603, S607 - systemd's own
    if done.returncode:
        raise UpdateError("failed", f"systemctl {words[0]}", f"exit {done.returncode}")


def _tell(words: str, *, failed: bool = False) -> None:
    (sys.stderr if failed else sys.stdout).write(f"{words}\n")


PLAIN: Final = {
    "status": status,
    "store": _store,
    "repair": _repair,
    "name": gate_name,
    "look": _look,
    "forget": _forget,
    "requested": _requested,
}
"""Commands without arguments."""

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
