"""A disk as a power cut leaves it: what was synced stays, of the rest anything may be missing."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

_HEAD = struct.Struct("<cQQI")
SECTOR = 512
FOLDER = -1
MODES = ("synced only", "everything", "prefix", "subset", "subset", "torn", "torn", "noise")
"""What becomes of unsynced writes: see `Disk.leave`."""


@dataclass(frozen=True, slots=True)
class Op:
    """One recorded call: what `power_shim.c` notes of it."""

    kind: str
    inode: int
    offset: int
    data: bytes


def read_record(path: Path) -> Iterator[Op]:
    content = path.read_bytes()
    at = 0
    while at < len(content):
        kind, inode, offset, length = _HEAD.unpack_from(content, at)
        at += _HEAD.size
        yield Op(kind.decode(), inode, offset, content[at : at + length])
        at += length


@dataclass(slots=True)
class _File:
    """What is on the disk for certain, and what was written since without a sync."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[str, int, bytes]] = field(default_factory=list)


class Disk:
    """Files and names below one folder, after some of the recorded calls.

    A harsher disk than most: a new file's name is on it only when its folder was synced, and
    writes of one file reach it in any choice, each cut anywhere. What it grants is what SQLite
    asks of a disk: a write changes nothing outside its own bytes.

    Args:
        root: the folder recorded; what lies in it now is taken for synced.

    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[int, _File] = {}
        self._number: dict[int, int] = {}
        self._names: dict[str, int] = {}
        self._synced: dict[str, int] = {}
        self._moves: dict[str, list[tuple[tuple[str, int | None], ...]]] = {}
        for path in sorted(root.rglob("*")):
            if path.is_dir():
                self._synced[str(path)] = FOLDER
            else:
                number = self._new(path.stat().st_ino)
                self._files[number].durable[:] = path.read_bytes()
                self._synced[str(path)] = number
        self._names.update(self._synced)

    def do(self, op: Op) -> None:
        """Take one recorded call."""
        text = op.data if op.kind in "CDUSLR" else b""
        path = text.split(b"\0")[0].decode()
        match op.kind:
            case "W" | "T":
                self._files[self._number[op.inode]].pending.append((op.kind, op.offset, op.data))
            case "S" if self._names.get(path) == FOLDER or Path(path) == self._root:
                self._settle(path)
            case "S":
                file = self._files[self._number[op.inode]]
                for one in file.pending:
                    _apply(file.durable, *one)
                file.pending.clear()
            case "C":
                self._move((path, self._new(op.inode)))
            case "D":
                self._move((path, FOLDER))
            case "U":
                self._move((path, None))
            case "L":
                self._move((text.split(b"\0")[1].decode(), self._names[path]))
            case "R":
                self._move((text.split(b"\0")[1].decode(), self._names[path]), (path, None))
            case _:
                raise AssertionError(op.kind)

    def leave(self, place: Path, mode: str, rng: Random) -> None:
        """Write out what a power cut may leave now.

        Modes: "synced only" drops, "everything" keeps all that was not synced; "prefix" keeps the
        writes of each file up to a moment; "subset" any choice of them; "torn" the same with the
        last one cut at a sector or a byte; "noise" the same with the cut sector turned to noise.
        """
        names = dict(self._synced)
        for moves in self._moves.values():
            # A journal keeps the order of names; whole folders' journals stand each for itself.
            kept = {"synced only": 0, "everything": len(moves)}.get(mode)
            for move in moves[: rng.randint(0, len(moves)) if kept is None else kept]:
                _rename(names, move)
        place.mkdir(mode=0o700)
        contents: dict[int, bytes] = {}
        for path, number in sorted(names.items()):
            target = place / Path(path).relative_to(self._root)
            if not target.parent.exists() or path.endswith("-shm"):
                continue
            if number == FOLDER:
                target.mkdir(mode=0o700)
                continue
            if number not in contents:
                contents[number] = self._content(self._files[number], mode, rng)
            target.touch(mode=0o600)
            target.write_bytes(contents[number])

    def _content(self, file: _File, mode: str, rng: Random) -> bytes:
        left = bytearray(file.durable)
        pending = file.pending
        match mode:
            case "synced only":
                kept = []
            case "everything":
                kept = pending
            case "prefix":
                kept = pending[: rng.randint(0, len(pending))]
            case _:
                likely = rng.random()
                kept = [one for one in pending if rng.random() < likely]
        if kept and mode in {"torn", "noise"}:
            kind, offset, data = kept[-1]
            whole = rng.randrange(len(data) + 1)
            if rng.random() < 0.5:
                whole = max(0, (offset + whole) // SECTOR * SECTOR - offset)
            torn = data[:whole]
            if mode == "noise":
                torn += rng.randbytes(min(SECTOR, len(data) - whole))
            kept = [*kept[:-1], (kind, offset, torn)]
        for one in kept:
            _apply(left, *one)
        return bytes(left)

    def _new(self, inode: int) -> int:
        # Inode numbers are given again once a file is gone; ours are not.
        number = len(self._files)
        self._number[inode] = number
        self._files[number] = _File()
        return number

    def _move(self, *move: tuple[str, int | None]) -> None:
        _rename(self._names, move)
        self._moves.setdefault(str(Path(move[0][0]).parent), []).append(move)

    def _settle(self, folder: str) -> None:
        for move in self._moves.pop(folder, ()):
            _rename(self._synced, move)


def _rename(names: dict[str, int], move: tuple[tuple[str, int | None], ...]) -> None:
    for path, number in move:
        if number is None:
            names.pop(path, None)
        else:
            names[path] = number


def _apply(content: bytearray, kind: str, offset: int, data: bytes) -> None:
    if kind == "T":
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    if not data:
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data
