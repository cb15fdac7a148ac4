"""How long a card takes from the reader to the relay: authenticate, read, decide, log, strike."""

from __future__ import annotations

import json
import select
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from appliance.clock import SystemClock
from appliance.errors import CardError
from appliance.gate import process as gate
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.enrolment.card_desk import CardDesk, Slot
from appliance.gate.notices import Decided
from appliance.gate.store.records import Profile
from appliance.sections import Config, DoorSection, ReaderSection, Site, Store
from hardware.sim.card import SoftCard
from hardware.sim.card_memory import Memory
from hardware.sim.reader import SimReader

if TYPE_CHECKING:
    from appliance.gate.notices import Notice
    from hardware.ports import Reader

UID = bytes.fromhex("04782E21801D80")
MASTER = b"a key for bench!"
BEAT_S = 0.02
LONGEST_S = 10.0


class Hand(Protocol):
    """Holds a software card to a reader and takes it away."""

    def hold(self, card: SoftCard) -> None:
        """Hold it to the reader."""
        ...

    def take_away(self) -> None:
        """Take it away again; returns when the reader can be given another."""
        ...


class SimHand:
    """A hand before a simulated reader."""

    def __init__(self, reader: SimReader) -> None:
        self._reader = reader
        self._number = 0

    def hold(self, card: SoftCard) -> None:
        """Hold it to the reader."""
        self._number = self._reader.hold(card)

    def take_away(self) -> None:
        """Take it away again."""
        self._reader.take_away(self._number)


def measure(config: Config, reader: Reader, hand: Hand, count: int) -> list[float]:
    """Return milliseconds from seeing a card to the relay, for `count` presentations.

    Store, log and door of `config` are made new; a card is issued through `reader` first.

    Raises:
        CardError: a presentation was refused, or never came through.

    """
    clock = SystemClock()
    card = SoftCard(Memory(UID))
    heard: list[Notice] = []
    times: list[float] = []
    create_archive(config)
    with ExitStack() as ending:
        archive = open_archive(config, clock)
        ending.callback(archive.close)
        name = archive.roster.add(Profile("bench", "", frozenset({"card"})))
        hand.hold(card)
        slot = Slot(reader, clock)
        slot.wait(int(LONGEST_S * 1e9))
        desk = CardDesk(archive.roster, archive.journal, gate.card_site(config))
        desk.issue(name, slot, MASTER)
        hand.take_away()
        slot.wait_until_gone(int(LONGEST_S * 1e9))
        door = gate.open_door(config, clock)
        ending.callback(door.close)
        controller = gate.build_controller(config, archive, clock, door, reader, heard.append)
        ending.callback(controller.close)
        for _ in range(count):
            heard.clear()
            hand.hold(card)
            until_ns = clock.now_ns() + int(LONGEST_S * 1e9)
            while not (decided := [one for one in heard if isinstance(one, Decided)]):
                if clock.now_ns() > until_ns:
                    raise CardError("bench", "no decision", f"one within {LONGEST_S} s")
                watched = [reader.fileno()] if reader.fileno() >= 0 else []
                select.select(watched, [], [], BEAT_S if watched else 0)
                controller.step()
            if not decided[0].decision.granted:
                raise CardError("bench", decided[0].decision.reason.value, "a granted card")
            times.append(decided[0].took_ns / 1e6)
            hand.take_away()
            controller.step()
    return times


def figures(times: list[float]) -> dict[str, float]:
    """Return count, median, 95th percentile and longest, milliseconds."""
    ordered = sorted(times)
    return {
        "presentations": len(ordered),
        "p50_ms": round(statistics.median(ordered), 2),
        "p95_ms": round(ordered[max(0, -(-95 * len(ordered) // 100) - 1)], 2),
        "max_ms": round(ordered[-1], 2),
    }


def bench_config(folder: Path, reader: ReaderSection | None = None) -> Config:
    """Return a simulated gate for cards whose store lies in `folder`."""
    return Config(
        site=Site(simulation=True),
        store=Store(folder=str(folder / "state"), key_file=str(folder / "device.key")),
        door=DoorSection(driver="mock"),
        reader=reader or ReaderSection(driver="sim"),
    )


def bench_cards(
    count: Annotated[int, typer.Option(min=1, max=10_000, help="Presentations.")] = 200,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Measure a software card from the simulated reader to the relay; log and store are real."""
    with tempfile.TemporaryDirectory(prefix="sanmen-bench-") as name, ExitStack() as ending:
        reader = SimReader(SystemClock())
        ending.callback(reader.close)
        found = figures(measure(bench_config(Path(name)), reader, SimHand(reader), count))
    typer.echo(json.dumps(found) if as_json else "  ".join(f"{k} {v}" for k, v in found.items()))
