"""Real rooms, real signals: whoever dies, the card opens, and the room is back in seconds."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import tomli_w

from appliance.config import load
from appliance.gate import process as gate
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.store.records import Profile
from appliance.supervisor import Supervisor
from hardware.sim.library import footage_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from appliance.supervisor import Room

CARD = b"0123456789abcdef"
PATIENCE_S = 60.0


class House:
    """`sanmen run` without its command: two rooms, a pipe for cards, and what gate wrote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.config = folder / "gate.toml"
        settings = {
            "site": {"simulation": True},
            "methods": {"face": True},
            "door": {"driver": "mock", "pulse_s": 1.0},
            "reader": {"driver": "sim", "source": "reader"},
            "camera": {
                "driver": "file",
                "source": str(footage_path("WolfgangLanger_Pexels.mp4")),
                "repeat": True,
            },
        }
        self.config.write_text(tomli_w.dumps(settings))
        config = load(self.config)
        create_archive(config)
        archive = open_archive(config, gate.SystemClock())
        archive.roster.add(Profile("1", "Li", frozenset({"card"})), (CARD,))
        archive.close()
        self.told: list[str] = []
        rooms = {room: self._command(room) for room in ("gate", "vision")}
        self.supervisor = Supervisor(folder, rooms, self.told.append)

    def _command(self, room: str) -> list[str]:
        words = f'exec {sys.executable} -m appliance.{room} "$0" "$1" >> "$2" 2>&1'
        paths = [str(self.config), str(self.folder / "link"), str(self.out)]
        return ["/bin/sh", "-c", words, *paths]

    def until(self, condition: Callable[[], bool]) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end_s, (self.told, self.text())
            self.supervisor.step(0.05)

    def text(self) -> str:
        return self.out.read_text() if self.out.exists() else ""

    def pid(self, name: str) -> int:
        process = self.room(name).process
        assert process is not None
        return process.pid

    def room(self, name: str) -> Room:
        return next(room for room in self.supervisor.rooms if room.name == name)

    def all_ready(self) -> bool:
        return all(r.ready and r.process is not None for r in self.supervisor.rooms)

    def card_opens(self) -> None:
        """Hold the card to the reader until it opened and the door is secured again."""
        before = self.text().count("card: ENTER")
        self.until((self.folder / "reader").exists)
        with (self.folder / "reader").open("wb") as pipe:
            pipe.write(b"card " + CARD.hex().encode() + b"\n")
        self.until(lambda: self.text().count("card: ENTER") > before)
        opened = self.text().rindex("relay ON")
        self.until(lambda: "relay off" in self.text()[opened:])


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    root = Path(__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", str(root))
    one = House(tmp_path)
    one.until(one.all_ready)
    yield one
    one.supervisor.stop()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hangs"])
def test_whatever_happens_to_vision_the_card_opens_and_vision_is_back(
    house: House, number: signal.Signals
) -> None:
    vision = house.room("vision")
    end_s = time.monotonic() + random.uniform(0.0, 1.0)  # noqa: S311 - any moment will do
    house.until(lambda: time.monotonic() > end_s)
    starts = vision.starts
    os.kill(house.pid("vision"), number)
    house.card_opens()
    house.until(lambda: vision.starts > starts and vision.ready)
    house.until(lambda: "vision: works" in house.text().rpartition("card: ENTER")[2])
    assert house.room("gate").starts == 1


def test_gate_killed_with_the_relay_on_is_back_with_the_door_secured(house: House) -> None:
    room = house.room("gate")
    os.kill(house.pid("gate"), signal.SIGKILL)
    house.until(lambda: room.starts == 2 and room.ready)
    house.card_opens()
    house.until(lambda: house.room("vision").starts >= 2 and house.room("vision").ready)


def test_gate_stopped_in_mid_pulse_ends_well_with_every_event_in_the_log(house: House) -> None:
    house.card_opens()
    process = house.room("gate").process
    assert process is not None
    with (house.folder / "reader").open("wb") as pipe:
        pipe.write(b"card " + CARD.hex().encode() + b"\n")
    house.until(lambda: house.text().count("relay ON") == 2)
    house.supervisor.stop()
    assert process.returncode == 0, (house.told, house.text())
    assert not (house.folder / "link").exists()
    archive = open_archive(load(house.config), gate.SystemClock())
    assert archive.log.verify() == ()
    cards = [e.event.reason for e in archive.log.tail(100) if e.event.method == "card"]
    assert cards == ["granted", "granted"]
    archive.close()
