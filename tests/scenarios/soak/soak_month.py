"""A month of the real rooms: nights, visits, faults and sweeps, measured three times a day."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import asdict
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from soak_faults import Faults
from soak_judge import Sample, Verdict, judge
from soak_measure import kept
from soak_rooms import Rooms
from soak_screen import Client
from soak_street import Street, plan
from soak_time import SoakTime
from soak_world import START, create

from tests.rig.small_disk import SmallDisk

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

ROOMS = ("gate", "vision", "ui")
TOLERATED = {
    "rss_kib": 8192.0,
    "anon_kib": 8192.0,
    "files": 1.0,
    "sockets": 1.0,
    "threads": 1.0,
    "maps": 120.0,
}
"""Growth of a room in a month that would do no harm: 8 MiB is a hundredth of what it may have. Its
proportional share (PSS) is kept, not judged: it moves with whoever else maps the same libraries."""
FOLDERS = {"files left": 1.0, "state files": 1.0, "store KiB": 2048.0}
LOG_SHARE = 0.1
"""The log has reached its retention; new events fill the room of those that went."""
WARM_UP_DAYS, SHORT_WARM_UP_DAYS = 2.0, 0.5
SETTLE_S = 1.0
LONG = 20
"""Days from which a soak may be asked for slopes."""
SUNDAY = 6
RESIDENTS = 30
DISK = "64m"
"""Size of the state's own, so that it can be full."""


class Plan:
    """How a soak goes.

    Attributes:
        days: how many.
        cards: visits a day.
        codes: visits a day.
        faces: visits a day.
        hurry_s: how long gate's loop turns as fast as it can, each night, seconds.
        leak: bytes for the control; 0 = none.
        faulty: whether anything else goes wrong.

    """

    def __init__(
        self,
        days: int,
        visits: tuple[int, int, int],
        hurry_s: float,
        leak: int = 0,
        *,
        faulty: bool = True,
    ) -> None:
        self.days = days
        self.cards, self.codes, self.faces = visits
        self.hurry_s = hurry_s
        self.leak = leak
        self.faulty = faulty

    def faults(self, day: int, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return what goes wrong on a day.

        In a whole month the faults that end a room come in its first weeks, days apart: the last
        life of each is long enough to be judged. In a short soak all are spread over its days.
        """
        if not self.faulty:
            return ()
        if self.days < LONG:
            return tuple(one for at, one in enumerate(names) if at % self.days == day)
        ends = {
            round(share * self.days): one
            for share, one in (
                (0.10, "camera gone"),
                (0.17, "vision killed"),
                (0.23, "ui killed"),
                (0.30, "gate killed"),
                (0.37, "vision hangs"),
            )
        }
        others = [one for one in names if one not in ends.values()]
        return (*([ends[day]] if day in ends else []), others[day % len(others)])


class Month:
    """One soak.

    Args:
        folder: for everything.
        plan: how it goes.
        seed: of every choice.
        tell: is told how far it is.

    """

    def __init__(self, folder: Path, wanted: Plan, seed: int, tell: Callable[[str], None]) -> None:
        self._plan = wanted
        self._tell = tell
        self._rng = Random(seed)  # noqa: S311 - chance, not a secret
        self._samples: dict[str, list[Sample]] = {}
        self._nights: dict[str, int] = {}
        self._wrong: list[str] = []
        self._begun = time.monotonic()
        self._folder = folder
        with ExitStack() as undo:
            disk: SmallDisk | None = None
            try:
                disk = SmallDisk(folder / "state", DISK)
                undo.callback(disk.close)
            except OSError as fault:
                tell(f"no disk of its own, so it will not be full: {fault}")
            self._soak = SoakTime(folder, START, wanted.leak)
            undo.callback(self._soak.close)
            a_day = wanted.cards + wanted.codes + wanted.faces + 20
            people = create(folder, self._soak, RESIDENTS, wanted.days, a_day)
            self._rooms = Rooms(folder, self._soak, tell)
            undo.callback(self._rooms.close)
            self._client = Client(self._rooms.launch_file)
            undo.callback(self._client.drop)
            self._ending = undo.pop_all()
        self._street = Street(folder, self._rooms, self._soak, people, self._client, self._rng)
        self._faults = Faults(self._rooms, self._street, self._client, self._soak, disk)

    def run(self) -> dict[str, object]:
        """Let it pass; return what came of it."""
        if not self._rooms.until(self._rooms.all_ready, 240.0):
            self._wrong.append("the rooms were never ready")
        self._rooms.until(self._client.start, 20.0)
        for day in range(self._plan.days):
            self._night(day)
            self._day(day)
            self._tell(
                f"day {day + 1} of {self._plan.days}: {self._street.visits} visits, "
                f"{sum(self._rooms.decided.values())} decisions, "
                f"{time.monotonic() - self._begun:.0f} s"
            )
        return self._told()

    def series(self) -> dict[str, list[tuple[int, float, float]]]:
        """Return every sample of each quantity as life, day and value."""
        return {
            what: [(one.life, round(one.day, 3), one.value) for one in samples]
            for what, samples in self._samples.items()
        }

    def close(self) -> None:
        """Stop everything."""
        self._ending.close()

    def _night(self, day: int) -> None:
        begin = START + timedelta(days=day)
        self._soak.hurry(self._rooms.pid("gate"))
        self._rooms.live(self._plan.hurry_s)
        self._soak.hurry(0)
        self._soak.leap_to(begin + timedelta(hours=3, minutes=30))
        self._command("sweep")
        if begin.weekday() == SUNDAY:
            self._soak.leap_to(begin + timedelta(hours=4, minutes=30))
            self._command("audit", "verify")
        self._measure()

    def _day(self, day: int) -> None:
        begin = START + timedelta(days=day)
        wanted = self._plan
        visits = plan(self._rng, begin, wanted.cards, wanted.codes, wanted.faces)
        names = wanted.faults(day, self._faults.names)
        # Each at a visit of its own: none is lost to another.
        faults = dict(zip(self._rng.sample(range(len(visits)), len(names)), names, strict=True))
        for number, visit in enumerate(visits):
            self._soak.leap_to(visit.at)
            self._street.receive(visit)
            if number in faults:
                self._faults.make(faults[number], day)
            if number == len(visits) // 2:
                self._screen()
                self._measure()
        self._measure()

    def _screen(self) -> None:
        self._client.view("en")
        self._client.nonsense()
        self._client.view("zh")
        self._client.reload()
        if not self._client.touch("stop"):
            self._rooms.until(self._client.start, 20.0)

    def _command(self, *words: str) -> None:
        status, said = self._rooms.command(*words)
        name = " ".join(words)
        self._nights[name] = self._nights.get(name, 0) + 1
        if status:
            self._wrong.append(f"{name}: {said.strip()[-300:]}")

    def _measure(self) -> None:
        self._rooms.live(SETTLE_S)
        at = self._at(self._soak.wall())
        for name in ROOMS:
            found = self._rooms.held(name)
            if found is None:
                continue
            life = self._rooms.room(name).starts
            for what, value in asdict(found).items():
                self._note(f"{name} {what}", Sample(life, at, value))
        state = kept(self._folder / "state")
        left = sum(kept(place).files for place in self._rooms.places)
        for what, value in (
            ("files left", left),
            ("state files", state.files),
            ("store KiB", _kib(state.sizes, "gate.db")),
            ("log KiB", _kib(state.sizes, "audit.db")),
        ):
            self._note(what, Sample(0, at, value))

    def _at(self, now: datetime) -> float:
        return (now - START) / timedelta(days=1)

    def _note(self, what: str, sample: Sample) -> None:
        self._samples.setdefault(what, []).append(sample)

    def _verdicts(self) -> dict[str, Verdict]:
        found = {}
        for what, samples in self._samples.items():
            room, _, quantity = what.partition(" ")
            if room in ROOMS:
                tolerated = TOLERATED.get(quantity)
            elif what == "log KiB":
                tolerated = LOG_SHARE * samples[0].value
            else:
                tolerated = FOLDERS[what]
            if tolerated is not None:
                warm_up = WARM_UP_DAYS if self._plan.days >= LONG else SHORT_WARM_UP_DAYS
                found[what] = judge(samples, tolerated, warm_up)
        return found

    def _told(self) -> dict[str, object]:
        verdicts = self._verdicts()
        leaks = [what for what, one in verdicts.items() if one.leaks]
        blind = [what for what, one in verdicts.items() if one.blind]
        wrong = [*self._wrong, *self._faults.unhealed, *self._rooms.odd]
        return {
            "days": self._plan.days,
            "seconds": round(time.monotonic() - self._begun),
            "visits": self._street.visits,
            "decided": dict(sorted(self._rooms.decided.items())),
            "unanswered": self._street.unanswered,
            "slowest_ms": self._rooms.slowest_ms,
            "faults": self._faults.made,
            "starts": {name: self._rooms.room(name).starts for name in ROOMS},
            "nights": self._nights,
            "hurried_turns": self._soak.turns,
            "screen": {
                "connections": self._client.connections,
                "events": self._client.events,
                "pictures": self._client.pictures,
            },
            "quantities": {what: one.told() for what, one in verdicts.items()},
            "leaks": leaks,
            "blind": blind,
            "wrong": wrong,
            "said": dict(self._rooms.said.most_common(40)),
        }


def _kib(sizes: dict[str, int], name: str) -> float:
    return sum(size for path, size in sizes.items() if path.startswith(name)) / 1024


def failed(result: dict[str, object]) -> bool:
    """Whether a soak found anything: a leak, what did not heal, or a quantity it was blind to."""
    days = result["days"]
    assert isinstance(days, int)
    return bool(result["leaks"] or result["wrong"] or (days >= LONG and result["blind"]))
