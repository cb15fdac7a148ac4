"""What is done at a start after an update: the new system asked and kept, or what became of it."""

# ruff: noqa: RUF001 - Chinese has its own punctuation

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from update import autoboot, files, record, rooms
from update.record import Record
from update.table import Command, Event, State, after
from update.version import parse
from update.words import UpdateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.clock import Clock
    from update.machine import Machine
    from update.rooms import Room

WORDS: Final = {
    Command.TELL_KEPT: (
        "更新成功：{version} 已启用。",
        "Updated: {version} is kept.",
    ),
    Command.TELL_BACK: (
        "更新未通过检查，已自动退回 {before}。门照常使用。请把更新包版本 {version} 告诉厂家。",
        "{version} did not answer; {before} is back by itself, the gate works. Tell the vendor.",
    ),
    Command.TELL_CUT: (
        "更新 {version} 中断（可能断电），本机仍是 {before}。请重新安装。",
        "The update to {version} was cut short; {before} goes on. Install it again.",
    ),
}
NOBODY: Final = Record(State.IDLE, "A", "0.0.0", "0.0.0")


def event_of(machine: Machine, found: Record) -> Event:
    """Return how this system was started, as far as the update is concerned.

    Raises:
        UpdateError: the firmware does not tell.

    """
    trial = machine.on_trial()
    if found.state is State.IDLE:
        return Event.STARTED_NEW if trial else Event.STARTED_OLD
    if machine.started().slot.name != found.slot:
        return Event.STARTED_OLD
    return Event.STARTED_NEW if trial else Event.STARTED_KEPT


def confirm(machine: Machine, ask: Callable[[], dict[str, Room]], clock: Clock) -> bool:
    """Keep the new system if everything answers; return False if it is to go back.

    Raises:
        UpdateError: a file of the update cannot be read or written. On trial that means going
            back, too.

    """
    found = record.read(machine) or NOBODY
    state, commands = after(found.state, event_of(machine, found))
    if Command.ASK in commands:
        why = _missing(machine, found, ask, clock)
        if why:
            files.publish(machine.why, f"{why}\n".encode())
        state, commands = after(state, Event.SILENT if why else Event.ANSWERED)
    for command in commands:
        _do(machine, found, command)
    return Command.GO_BACK not in commands


def settle(machine: Machine) -> None:
    """In the system from before: leave word on the last update and forget it, if it is over.

    Raises:
        UpdateError: on trial now, or a file cannot be read or written.

    """
    try:
        found = record.read(machine) or NOBODY
    except UpdateError as fault:
        if fault.code != "record":
            raise
        files.remove(machine.pending)  # what it told is lost; this system runs, and goes on
        return
    _, commands = after(found.state, event_of(machine, found))
    if Command.ASK in commands or Command.GO_BACK in commands:
        raise UpdateError("on-trial", "this system", found.state.value)
    for command in commands:
        _do(machine, found, command)


def keep(machine: Machine, name: str) -> None:
    """Have the firmware start this slot as a rule, and try the other one when asked."""
    slot = next(one for one in machine.slots if one.name == name)
    choice = autoboot.Choice(slot.number, machine.other(slot).number)
    files.publish(machine.autoboot, autoboot.render(choice))


def _do(machine: Machine, found: Record, command: Command) -> None:
    if command is Command.RAISE:
        if parse(found.version) > parse(machine.kept()):
            files.publish(machine.newest, found.version.encode() + b"\n")
    elif command is Command.KEEP:
        keep(machine, found.slot)
    elif command is Command.FORGET:
        files.remove(machine.pending)
    elif command in WORDS:
        chinese, english = WORDS[command]
        told = f"{chinese}\n{english}\n".format(version=found.version, before=found.before)
        if command is Command.TELL_BACK:
            told += _why(machine)
        files.publish(machine.outcome, told.encode())


def _missing(
    machine: Machine, found: Record, ask: Callable[[], dict[str, Room]], clock: Clock
) -> str:
    """Look at the rooms until they have answered, or time is up; return what was missing."""
    if machine.running() != found.version:
        return f"the image says {machine.running()}, its bundle said {found.version}"
    start_ns = clock.now_ns()
    watch = rooms.Watch()
    now_s = 0.0
    while now_s < rooms.LIMIT_S:
        screen = (found.screen or machine.has_screen()) and not machine.is_serviced()
        watch = rooms.seen(watch, ask(), now_s, screen=screen)
        if rooms.answered(watch, now_s):
            return ""
        clock.sleep_until_ns(clock.now_ns() + round(rooms.LOOK_S * 1e9))
        now_s = (clock.now_ns() - start_ns) / 1e9
    return watch.why


def _why(machine: Machine) -> str:
    """Return what the system on trial left word of; nothing if it hung or lost power."""
    try:
        return f"({machine.why.read_text('utf-8', 'replace').strip()[:400]})\n"
    except OSError:
        return ""
