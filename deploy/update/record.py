"""The record of an update under way: a small file that appears and changes whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from update import files
from update.table import State  # noqa: TC001 - msgspec reads it
from update.words import UpdateError, of_system

if TYPE_CHECKING:
    from update.machine import Machine

LARGEST: Final = 4096


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An update under way.

    Attributes:
        state: how far it is.
        slot: name of the slot it goes to.
        version: it brings.
        before: version it was begun from.
        screen: one was connected then; a system that does not even find it is no better.

    """

    state: State
    slot: Annotated[str, Meta(pattern=r"^[AB]\Z")]
    version: Annotated[str, Meta(max_length=40)]
    before: Annotated[str, Meta(max_length=40)]
    screen: bool = False


def read(machine: Machine) -> Record | None:
    """Return the record, or None if no update is under way.

    Raises:
        UpdateError: it is damaged or cannot be read.

    """
    try:
        with machine.pending.open("rb") as file:
            content = file.read(LARGEST)
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise of_system(f"file {machine.pending}", fault) from fault
    try:
        return msgspec.json.decode(content, type=Record)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise UpdateError("record", f"file {machine.pending}", fault) from fault


def write(machine: Machine, record: Record) -> None:
    """Let the record be this one."""
    files.publish(machine.pending, msgspec.json.encode(record) + b"\n")
