"""What the gate sees of updates: bundles on a stick, and what became of a request it left.

The gate can ask, and no more: deploy/update takes the request away, checks the bundle as always,
and leaves word in a folder that the gate can only read. What stands there is taken as text.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from appliance.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

PLACE: Final = Path("/run/sanmen")
LARGEST: Final = 8192
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,50}\.raucb\Z")]
Words = Annotated[str, Meta(max_length=200)]


T = TypeVar("T")


class _Bundle(msgspec.Struct, frozen=True):
    name: Name
    size: Annotated[int, Meta(ge=0)]


class _Offers(msgspec.Struct, frozen=True):
    running: Annotated[str, Meta(max_length=40)] = ""
    bundles: Annotated[list[_Bundle], Meta(max_length=6)] = []


class _Told(msgspec.Struct, frozen=True):
    ask: Words = ""
    state: Annotated[str, Meta(pattern=r"^(running|refused|written)?\Z")] = ""
    chinese: Words = ""
    english: Words = ""


@dataclass(frozen=True, slots=True)
class UpdateSeen:
    """All there is to see now (UPDATE).

    Attributes:
        running: version of this machine's system, or empty where nobody tells.
        bundles: names of files on the stick.
        ask: the request that `state` is about.
        state: "running", "refused" or "written"; empty = nothing was asked for.
        chinese: why it was refused.
        english: the same.

    """

    running: str = ""
    bundles: tuple[str, ...] = ()
    ask: str = ""
    state: str = ""
    chinese: str = ""
    english: str = ""


class Updates:
    """The folders in which gate and updates meet.

    Args:
        place: of all rooms' folders.

    """

    def __init__(self, place: Path = PLACE) -> None:
        self._status = place / "update-status"
        self._request = place / "update-request" / "install"

    def seen(self) -> UpdateSeen:
        """Return what there is to see; what cannot be read or understood is as if not there."""
        offers = _read(self._status / "offers.json", msgspec.json.Decoder(_Offers).decode)
        told = _read(self._status / "told.json", msgspec.json.Decoder(_Told).decode)
        offers, told = offers or _Offers(), told or _Told()
        return UpdateSeen(
            offers.running,
            tuple(one.name for one in offers.bundles),
            told.ask,
            told.state,
            told.chinese,
            told.english,
        )

    def ask(self, bundle: str, store: Path) -> str:
        """Leave a request; return its name.

        Args:
            bundle: as it was seen.
            store: the gate's, whose copy needs room that nobody else can reckon.

        Raises:
            StoreError: it cannot be left: this machine takes no updates from its screen.

        """
        name = secrets.token_hex(8)
        draft = self._request.with_suffix(".new")
        try:
            kept = sum(one.stat().st_size for one in store.glob("*") if one.is_file())
            draft.unlink(missing_ok=True)
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o640)
            with os.fdopen(handle, "w") as file:
                os.fchmod(handle, 0o640)  # its group is root's, by the folder's set-gid bit
                json.dump({"ask": name, "bundle": bundle, "kept": kept}, file)
            draft.replace(self._request)
        except OSError as fault:
            raise StoreError(f"request {self._request}", fault.strerror, "to be left") from fault
        return name


def _read(path: Path, decode: Callable[[bytes], T]) -> T | None:
    with suppress(OSError, msgspec.MsgspecError, UnicodeError), path.open("rb") as file:
        return decode(file.read(LARGEST))
    return None
