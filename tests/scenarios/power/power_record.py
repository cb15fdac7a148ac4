"""Works as a gate for a while; started with the shim preloaded, which records its writes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import power_world as world
from power_model import FEWEST_PEOPLE, choose

from appliance.gate.store import database

if TYPE_CHECKING:
    from sqlite_utils import Database

SAID = "said"
"""File beside the state: a line in it stands for what the world has been told."""


CARELESS = "careless"
"""Word that makes a gate that never syncs: the cuts must find out."""


def main(place: Path, seed: int, acts: int, manner: str = "") -> None:
    rng = Random(seed)  # noqa: S311 - chance, not a secret
    if manner == CARELESS:
        _never_sync()
    handle = os.open(place / SAID, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def say(said: dict[str, object]) -> None:
        os.write(handle, json.dumps(said).encode() + b"\n")

    ledger = world.Ledger({})
    with world.small_batches():
        if acts == 0:
            # A gate of version 1 lies there: its opening is all there is to see.
            world.opened(place)[0].close()
            return
        world.create(place)
        say({"created": 1})
        archive, clock = world.opened(place)
        world.age(archive)
        for number in range(acts):
            act = choose(rng, ledger.people, "enrol" if number < FEWEST_PEOPLE else "")
            say({"begin": act.told()})
            if act.kind == "reopen":
                archive.close()
                archive, clock = world.opened(place)
            else:
                world.perform(archive, clock, act, say)
            ledger.people = world.after(ledger.people, act)
            say({"done": archive.roster.store.generation})
        archive.close()


def _never_sync() -> None:
    connect = database._connect

    def careless(path: Path) -> Database:
        db = connect(path)
        db.conn.execute("PRAGMA synchronous = OFF")
        return db

    database._connect = careless


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
