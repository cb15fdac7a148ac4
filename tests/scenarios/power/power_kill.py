"""Kills a working gate with SIGKILL at random moments, opens its state again, and counts losses."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import time
import traceback
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import power_world as world
from power_model import FEWEST_PEOPLE, KINDS, Act, choose

if TYPE_CHECKING:
    from collections.abc import Callable

    from power_world import Say

FROZEN = Path(__file__).parents[2] / "gate" / "store"
"""Databases as version 1 wrote them, with the key 00 01 02 .. 1f."""
OVERSHOOT = 1.15
"""Kills fall evenly into so much of an act's mean duration: some come just after its end."""
WORLD_LIFE = 60
"""Kills one state lives through before a fresh one: damage that adds up would be seen."""
RECOVERY = 0.3
"""So many kills are followed by another one, in the middle of the recovery."""
PARTS = 5
ALL_KINDS = (*KINDS, "create", "migrate")


@dataclass(slots=True)
class Tally:
    """What was tried, and what came of it.

    Attributes:
        cuts: by kind of act.
        inside: of them, before the act was said to be done.
        spread: kills by the fifth of the act's mean duration they fell into.
        opened: openings of the door that were said and looked for.
        losses: what was missing, half done or refused.
        failed: of the losses, how many cuts.

    """

    cuts: Counter[str] = field(default_factory=Counter)
    inside: int = 0
    spread: Counter[int] = field(default_factory=Counter)
    opened: int = 0
    losses: list[str] = field(default_factory=list)
    failed: int = 0

    def told(self) -> dict[str, object]:
        return {
            "cuts": self.cuts.total(),
            "losses": self.failed,
            "inside_an_act": self.inside,
            "openings_looked_for": self.opened,
            "by_kind": dict(sorted(self.cuts.items())),
            "by_fifth_of_the_act": dict(sorted(self.spread.items())),
            "first_losses": self.losses[:20],
        }

    def count(self, kind: str, ledger: world.Ledger, look: Callable[[], list[str]]) -> None:
        """Note a cut and what is found after it."""
        self.cuts[kind] += 1
        self.opened += len(ledger.opened)
        act = ledger.current
        try:
            faults = look()
        except Exception:  # noqa: BLE001 - whatever it is, the program did not start
            faults = [f"does not open: {traceback.format_exc()}"]
        if faults:
            self.failed += 1
            self.losses += [f"{kind} ({act}): {fault}" for fault in faults]


class Child:
    """A forked process that works until it is killed, and says over a pipe what it has done."""

    def __init__(self, work: Callable[[Say], None]) -> None:
        self._reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _work(work, writer)
        os.close(writer)
        self._rest = b""

    def line(self) -> str | None:
        """Wait for the next whole line; None = there is none any more."""
        while b"\n" not in self._rest:
            more = os.read(self._reader, 65536)
            if not more:
                return None
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()

    def said(self) -> list[str]:
        """Return what it has said until now, without waiting."""
        os.set_blocking(self._reader, False)
        lines = []
        with suppress(BlockingIOError):
            while (line := self.line()) is not None:
                lines.append(line)
        os.set_blocking(self._reader, True)
        return lines

    def kill(self) -> list[str]:
        """Kill it now; return what it had still said."""
        os.kill(self.pid, signal.SIGKILL)
        lines = []
        while (line := self.line()) is not None:
            lines.append(line)
        os.close(self._reader)
        os.waitpid(self.pid, 0)
        return lines


def _work(work: Callable[[Say], None], writer: int) -> None:
    def say(said: dict[str, object]) -> None:
        os.write(writer, json.dumps(said).encode() + b"\n")

    try:
        work(say)
    except BaseException:  # noqa: BLE001 - the parent is told, and this process ends
        say({"crash": traceback.format_exc()})
    finally:
        os._exit(0)


class Campaign:
    """Many kills, one after another.

    Args:
        folder: for states, in files of their own.
        seed: of every random choice but the machine's own timing.
        eager: let the gate open doors before it logs them, to see that the kills find it out.
        kinds: of acts to be cut, each in its turn.

    """

    def __init__(
        self, folder: Path, seed: int, *, eager: bool = False, kinds: tuple[str, ...] = ALL_KINDS
    ) -> None:
        self._kinds = kinds
        self._eager = eager
        self.rng = Random(seed)  # noqa: S311 - chance, not a secret
        self.tally = Tally()
        self._means: dict[str, float] = {}
        self.home = folder
        self.late: list[str] = []
        self._template = folder / "template"
        self._old = folder / "old"

    def run(self, kills: int) -> Tally:
        """Kill so often, each kind of act in its turn."""
        with world.small_batches():
            people = self._make_templates()
            done = 0
            while done < kills:
                place = self.home / "world"
                self.lay_out(self._template, place)
                ledger = world.Ledger(dict(people))
                for _ in range(min(WORLD_LIFE, kills - done)):
                    kind = self._kinds[done % len(self._kinds)]
                    done += 1
                    if kind == "create":
                        self._create()
                    elif kind == "migrate":
                        self._migrate()
                    else:
                        self._kill_at(place, ledger, kind)
        return self.tally

    def lay_out(self, source: Path | None, place: Path) -> None:
        """Put a fresh state, or nothing yet, under `place`."""
        shutil.rmtree(place, ignore_errors=True)
        if source is None:
            place.mkdir()
        else:
            shutil.copytree(source, place)

    def end(self, child: Child) -> list[str]:
        """End a child now; return what it had still said."""
        return child.kill()

    def blamed(self, crash: str) -> list[str]:
        """Return what the program must not have failed of: a kill leaves it no time to fail."""
        return [crash]

    def _make_templates(self) -> world.People:
        self._template.mkdir()
        world.create(self._template)
        ledger = world.Ledger({})
        archive, clock = world.opened(self._template)
        world.age(archive)
        for _ in range(FEWEST_PEOPLE + 3):
            act = choose(self.rng, ledger.people, "enrol")
            world.perform(archive, clock, act, world.nobody)
            ledger.people = world.after(ledger.people, act)
        archive.close()
        make_old(self._old)
        return ledger.people

    def _kill_at(self, place: Path, ledger: world.Ledger, kind: str) -> None:
        act = choose(self.rng, ledger.people, kind)
        seed = self.rng.randrange(2**32)
        child = Child(lambda say: _gate(place, act, dict(ledger.people), seed, say, self._eager))
        crash = self._until_begin(child, ledger)
        self._strike(child, act.kind, ledger, crash)
        if self.rng.random() < RECOVERY:
            again = Child(lambda say: _open(place, say))
            self._wait(again, "recovery", ledger)
        self.tally.count(act.kind, ledger, lambda: world.check(place, ledger))

    def _until_begin(self, child: Child, ledger: world.Ledger) -> list[str]:
        while (line := child.line()) is not None:
            if "crash" in json.loads(line):
                return [line]
            ledger.hear(line)
            if ledger.current is not None:
                return []
        return ["ended"]

    def _strike(self, child: Child, kind: str, ledger: world.Ledger, crash: list[str]) -> None:
        mean = self._means.get(kind, 0.01)
        share = self.rng.uniform(0.0, OVERSHOOT)
        time.sleep(share * mean)
        lines = self.end(child)
        self.tally.spread[min(int(share * PARTS), PARTS)] += 1
        for line in lines:
            said = json.loads(line)
            if "crash" in said:
                crash += self.blamed(said["crash"])
                continue
            ledger.hear(line)
            if "took" in said:
                self._means[kind] = 0.8 * self._means.get(kind, said["took"]) + 0.2 * said["took"]
        if kind not in self._means:
            self._means[kind] = 0.02
        elif ledger.current is not None:
            # Never seen to end: it takes longer than was thought.
            self._means[kind] *= 1.02
        ledger.perhaps(self.late)
        self.tally.inside += ledger.current is not None
        if crash:
            self.tally.failed += 1
            self.tally.losses += [f"{kind}: the program failed: {text}" for text in crash]

    def _wait(self, child: Child, kind: str, ledger: world.Ledger) -> None:
        """Kill a child that opens or makes a state, somewhere on its way."""
        mean = self._means.get(kind, 0.02)
        child.line()
        time.sleep(self.rng.uniform(0.0, OVERSHOOT) * mean)
        for line in self.end(child):
            said = json.loads(line)
            if "crash" in said:
                for text in self.blamed(said["crash"]):
                    self.tally.failed += 1
                    self.tally.losses.append(f"{kind}: the program failed: {text}")
            elif "took" in said:
                self._means[kind] = 0.8 * mean + 0.2 * said["took"]
                break
            else:
                ledger.hear(line)
        else:
            self._means[kind] = mean * 1.02

    def _create(self) -> None:
        place = self.home / "new"
        self.lay_out(None, place)
        ledger = world.Ledger({})
        ledger.created = False
        self._wait(Child(lambda say: _create(place, say)), "create", ledger)
        self.tally.count("create", ledger, lambda: world.check(place, ledger))

    def _migrate(self) -> None:
        place = self.home / "migrated"
        self.lay_out(self._old, place)
        ledger = world.Ledger({})
        self._wait(Child(lambda say: _open(place, say)), "migrate", ledger)
        self.tally.count("migrate", ledger, lambda: check_migrated(place))


def _gate(
    place: Path,
    act: Act,
    people: world.People,
    seed: int,
    say: Say,
    eager: bool,  # noqa: FBT001 - a lambda of our own passes it
) -> None:
    """Work as the gate does, until killed."""
    rng = Random(seed)  # noqa: S311 - chance, not a secret
    archive, clock = world.opened(place)
    first = choose(rng, people, "decide")
    world.perform(archive, clock, first, say)
    while True:
        start = time.perf_counter()
        say({"begin": act.told()})
        if act.kind == "reopen":
            archive.close()
            archive, clock = world.opened(place)
        else:
            if eager and act.kind == "decide":
                at = world.tick(archive, clock).isoformat()
                who = world.pseudonym_of(archive, act.who)
                say({"opened": archive.log.span[1] + 1, "at": at, "who": who})
            world.perform(archive, clock, act, say)
        people = world.after(people, act)
        took = time.perf_counter() - start
        say({"done": archive.roster.store.generation, "took": took})
        act = choose(rng, people)


def _open(place: Path, say: Say) -> None:
    start = time.perf_counter()
    say({"opening": 1})
    world.opened(place)
    say({"took": time.perf_counter() - start})
    signal.pause()


def _create(place: Path, say: Say) -> None:
    start = time.perf_counter()
    say({"creating": 1})
    world.create(place)
    say({"created": 1})
    say({"took": time.perf_counter() - start})
    signal.pause()


def make_old(place: Path) -> None:
    """Lay out a gate as version 1 left it."""
    config = world.config_of(place)
    key = Path(config.store.key_file)
    for folder in (place, place / "state"):
        folder.mkdir(mode=0o700)
    key.write_bytes(bytes(range(32)))
    key.chmod(0o600)
    for name in ("gate", "audit"):
        path = place / "state" / f"{name}.db"
        with closing(sqlite3.connect(path)) as conn:
            conn.executescript((FROZEN / f"{name}_v1.sql").read_text("utf-8"))
        path.chmod(0o600)


def check_migrated(place: Path) -> list[str]:
    """Open a gate of version 1 that was killed on its way to the newest, and count everybody."""
    faults: list[str] = []
    archive, _ = world.opened(place)
    try:
        faults += [str(one) for one in archive.log.verify() if one.tampering]
        if archive.log.span != (1, 7):
            faults.append(f"events {archive.log.span} where 1 to 7 were")
        who = sorted(
            (one.pseudonym, len(archive.roster.credentials(one.pseudonym)))
            for one in archive.roster.residents()
        )
        if who != [("27873d2116bb6d26", 1), ("3b5305262f98aeeb", 1), ("5fe88b5b7fd15ed4", 2)]:
            faults.append(f"people {who}")
        loaded = archive.gallery.load_all("sface+mobile", world.START)
        if (loaded.subjects, loaded.faults) != (("3b5305262f98aeeb",), ()):
            faults.append(f"references {loaded.subjects} {loaded.faults}")
        elif float(loaded.matrix[0] @ archive.gallery.rotate(world.vector(1))) < 0.9999:
            faults.append("a face of version 1 does not meet its own probe")
    finally:
        archive.close()
    return faults
