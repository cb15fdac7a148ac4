"""Records the writes of a working gate, cuts the power after any of them, and counts losses."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import power_world as world
from power_disk import MODES, Disk, read_record
from power_kill import Tally, check_migrated, make_old
from power_record import SAID

if TYPE_CHECKING:
    from power_disk import Op

HERE = Path(__file__).parent
ACTS = 60
TEARS_EACH = 250
"""Cuts into one recording."""
OLD_SHARE = 8
"""One recording of so many is of a gate of version 1 being brought forward."""


def build(folder: Path) -> Path:
    """Compile the shim.

    Raises:
        LookupError: there is no compiler.

    """
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise LookupError("gcc")
    shim = folder / "shim.so"
    subprocess.run(  # noqa: S603 - our own source
        [compiler, "-O1", "-shared", "-fPIC", "-o", shim, HERE / "power_shim.c"], check=True
    )
    return shim


class Tearing:
    """Recordings, and cuts into each.

    Args:
        folder: for states.
        seed: of every random choice.
        manner: of the gate: as it is, or CARELESS to see that the cuts find a bad one.

    """

    def __init__(self, folder: Path, seed: int, manner: str = "") -> None:
        self._manner = manner
        self._folder = folder
        self._rng = Random(seed)  # noqa: S311 - chance, not a secret
        self._shim = build(folder)
        self.tally = Tally()
        self.writes = 0

    def run(self, tears: int, each: int = TEARS_EACH, acts: int = ACTS) -> Tally:
        """Cut so often."""
        done = turn = 0
        while done < tears:
            old = turn % OLD_SHARE == OLD_SHARE - 1
            turn += 1
            here = min(each, tears - done)
            self._record_and_cut(0 if old else acts, here)
            done += here
        return self.tally

    def _record_and_cut(self, acts: int, cuts: int) -> None:
        place, record = self._folder / "recorded", self._folder / "record"
        shutil.rmtree(place, ignore_errors=True)
        record.unlink(missing_ok=True)
        if acts:
            place.mkdir(mode=0o700)
        else:
            make_old(place)
        disk = Disk(place)
        self._record(place, record, acts)
        ops = list(read_record(record))
        self.writes += sum(op.kind == "W" for op in ops)
        inode = (place / SAID).stat().st_ino
        wanted = sorted(self._rng.choices(range(len(ops) + 1), k=cuts))
        ledger = world.Ledger({})
        ledger.created = acts == 0
        told = b""
        with world.small_batches():
            for number in range(len(ops) + 1):
                for _ in range(wanted.count(number)):
                    self._cut(disk, ledger, acts)
                if number == len(ops):
                    break
                disk.do(ops[number])
                told = self._hear(ops[number], inode, told, ledger)

    def _record(self, place: Path, record: Path, acts: int) -> None:
        paths = [str(HERE), str(HERE.parents[2]), os.environ.get("PYTHONPATH", "")]
        words = [sys.executable, str(HERE / "power_record.py"), str(place)]
        words += [str(self._rng.randrange(2**32)), str(acts), self._manner]
        done = subprocess.run(  # noqa: S603 - our own program
            words,
            check=False,
            capture_output=True,
            text=True,
            env={
                **os.environ,
                "LD_PRELOAD": str(self._shim),
                "SANMEN_ROOT": str(place),
                "SANMEN_RECORD": str(record),
                "PYTHONPATH": os.pathsep.join(filter(None, paths)),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
        )
        if done.returncode:
            raise RuntimeError(done.stderr)

    @staticmethod
    def _hear(op: Op, inode: int, told: bytes, ledger: world.Ledger) -> bytes:
        if op.kind != "W" or op.inode != inode:
            return told
        *lines, told = (told + op.data).split(b"\n")
        for line in lines:
            ledger.hear(line.decode())
        return told

    def _cut(self, disk: Disk, ledger: world.Ledger, acts: int) -> None:
        cut = self._folder / "cut"
        shutil.rmtree(cut, ignore_errors=True)
        mode = self._rng.choice(MODES)
        disk.leave(cut, mode, self._rng)
        # The check moves a ledger on; the recording is not yet there.
        copy = world.Ledger(ledger.people)
        copy.current, copy.created = ledger.current, ledger.created
        copy.opened, copy.generation = dict(ledger.opened), ledger.generation
        failed = self.tally.failed
        if acts:
            self.tally.count(mode, copy, lambda: world.check(cut, copy))
        else:
            self.tally.count(f"{mode}, migration", copy, lambda: check_migrated(cut))
        self.tally.inside += ledger.current is not None
        if self.tally.failed > failed:
            shutil.copytree(cut, self._folder / f"failed-{self.tally.failed}", dirs_exist_ok=True)
