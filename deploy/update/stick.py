"""An update asked for at the screen: what lies on the stick, the request, what became of it.

The gate's user cannot mount, write partitions or restart, and never learns to. It leaves a request
in a folder of its own; systemd sees it and starts a service, which comes here. What the request
names is taken as a name and no more: signature, content and version decide, as for anybody.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from update import files
from update.install import install
from update.words import UpdateError, of_system

if TYPE_CHECKING:
    from pathlib import Path

    from update.machine import Machine

MOST_BUNDLES: Final = 6
LARGEST_REQUEST: Final = 1024
PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,50}\.raucb\Z"
READABLE: Final = 0o644
Name = Annotated[str, Meta(pattern=PATTERN)]
Ask = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
Bytes = Annotated[int, Meta(ge=0, le=1 << 40)]


class Bundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file on the stick that is named as a bundle is; what it is nobody has looked at."""

    name: Name
    size: Bytes


class Offers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the gate is told of the stick, and of this machine."""

    running: Annotated[str, Meta(max_length=40)] = ""
    bundles: Annotated[list[Bundle], Meta(max_length=MOST_BUNDLES)] = []


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a manager asked for.

    Attributes:
        ask: names this request; comes back with what became of it.
        bundle: on the stick.
        kept: bytes of the gate's store, which only the gate can see; its copy needs room.

    """

    ask: Ask
    bundle: Name
    kept: Bytes


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of a request: "running", "refused" or "written", and why, for people."""

    ask: str
    state: str
    chinese: str = ""
    english: str = ""


def look(machine: Machine) -> None:
    """Leave word of what lies on the stick, as far as it is named as a bundle.

    Raises:
        UpdateError: the stick cannot be read.

    """
    name = msgspec.json.Decoder(Name)
    found = []
    try:
        for entry in sorted(os.scandir(machine.stick), key=lambda one: one.name):
            if len(found) < MOST_BUNDLES and entry.is_file(follow_symlinks=False):
                try:
                    named = name.decode(msgspec.json.encode(entry.name))
                except (msgspec.MsgspecError, UnicodeError):
                    continue
                found.append(Bundle(named, entry.stat(follow_symlinks=False).st_size))
    except OSError as fault:
        raise UpdateError("no-bundle", "stick", fault.strerror) from fault
    _leave(machine.offers, Offers(machine.running(), found))


def forget(machine: Machine) -> None:
    """Leave word that there is no stick any more."""
    _leave(machine.offers, Offers(machine.running()))


def requested(machine: Machine) -> str:
    """Install what a manager asked for at the screen; whoever calls restarts the machine after.

    Raises:
        UpdateError: refused or failed; the screen is told the same.

    """
    wanted = _taken(machine)
    _leave(machine.told, Told(wanted.ask, "running"))
    try:
        version = install(machine, machine.stick / wanted.bundle, lambda: None, kept=wanted.kept)
    except UpdateError as fault:
        _leave(machine.told, Told(wanted.ask, "refused", fault.chinese, fault.english))
        raise
    _leave(machine.told, Told(wanted.ask, "written", version, version))
    return version


def _taken(machine: Machine) -> Request:
    """Read a request and remove it first of all, so that none is done twice.

    Raises:
        UpdateError: there is none, or it is none.

    """
    try:
        handle = os.open(machine.request, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            content = os.read(handle, LARGEST_REQUEST + 1)
        finally:
            os.close(handle)
    except OSError as fault:
        raise UpdateError("no-bundle", "request", fault.strerror) from fault
    finally:
        try:
            machine.request.unlink(missing_ok=True)
        except OSError as fault:
            raise of_system(f"file {machine.request}", fault) from fault
    try:
        return msgspec.json.decode(content, type=Request)
    except (msgspec.MsgspecError, UnicodeError) as fault:
        raise UpdateError("no-bundle", "request", fault) from fault


def _leave(path: Path, word: Offers | Told) -> None:
    """Let the gate read it; what it read before is replaced whole."""
    files.publish(path, msgspec.json.encode(word))
    try:
        path.chmod(READABLE)  # the service's umask took that
    except OSError as fault:
        raise of_system(f"file {path}", fault) from fault
