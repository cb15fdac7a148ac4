"""Who comes to the gate of a soak, and the hours at which they come."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from appliance.cli.demo_screen import SHE, STRANGER

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from soak_rooms import Rooms
    from soak_screen import Client
    from soak_time import SoakTime
    from soak_world import People

CARD_S, CODE_S, FACE_S = 3.0, 5.0, 12.0
"""So long a person waits for an answer."""
SHARES = {"card": 78, "blocked": 4, "stranger": 4, "copy": 3, "copyable": 3, "pulled": 2, "old": 6}
"""Of a hundred card visits; a pulled one is taken away in mid-conversation."""
CODES = {"code": 70, "stale": 15, "again": 15}
FACES = {"her": 70, "stranger": 20, "leaves": 10}


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who comes: when, to which door, and as who."""

    at: datetime
    door: str
    kind: str


def plan(rng: Random, day: datetime, cards: int, codes: int, faces: int) -> list[Visit]:
    """Return the visits of a day from six to midnight, in their order."""
    visits = []
    for door, count, shares in (
        ("card", cards, SHARES),
        ("qr", codes, CODES),
        ("face", faces, FACES),
    ):
        for kind in rng.choices(list(shares), list(shares.values()), k=count):
            at = day + timedelta(hours=rng.uniform(6, 24))
            visits.append(Visit(at, door, kind))
    return sorted(visits, key=lambda one: one.at)


class Street:
    """Lets them come.

    Args:
        folder: with the pipes of the simulated devices.
        rooms: that answer.
        soak: its time.
        people: who they are.
        client: on the screen.
        rng: who of them.

    Attributes:
        visits: so far.
        unanswered: who waited in vain, by door and kind.

    """

    def __init__(
        self,
        folder: Path,
        rooms: Rooms,
        soak: SoakTime,
        people: People,
        client: Client,
        rng: Random,
    ) -> None:
        self.visits = 0
        self.unanswered: dict[str, int] = {}
        self._folder = folder
        self._rooms = rooms
        self._soak = soak
        self._people = people
        self._client = client
        self._rng = rng
        self._last = ""

    def receive(self, visit: Visit) -> None:
        """Let somebody come, and wait for the answer as long as people do."""
        self.visits += 1
        answered = {"card": self._card, "qr": self._code, "face": self._face}[visit.door](
            visit.kind
        )
        if not answered:
            what = f"{visit.door} {visit.kind}"
            self.unanswered[what] = self.unanswered.get(what, 0) + 1

    def tell(self, device: str, line: str) -> None:
        """Tell a simulated device what happens to it; one being opened anew hears nothing."""
        with suppress(OSError):
            pipe = os.open(self._folder / device, os.O_WRONLY | os.O_NONBLOCK)
            try:
                os.write(pipe, f"{line}\n".encode())
            finally:
                os.close(pipe)

    def sign(self) -> str:
        """Return a fresh code of somebody who may enter."""
        return self._rng.choice(self._people.phones).sign(self._soak.wall())

    def _card(self, kind: str) -> bool:
        people = self._people
        before = self._rooms.decisions("card")
        if kind == "copyable":
            self.tell("reader", f"copyable 04{self._rng.randbytes(6).hex()}")
        elif kind == "old":
            self.tell("reader", f"card {self._rng.randbytes(16).hex()}")
        else:
            names = {
                "blocked": people.blocked,
                "stranger": people.strangers,
                "copy": people.copies,
            }.get(kind, people.cards)
            self.tell("reader", f"hold {self._rng.choice(names)}")
            if kind == "pulled":
                self.tell("reader", "take")
        answered = self._rooms.until(lambda: self._rooms.decisions("card") > before, CARD_S)
        self.tell("reader", "take")
        return answered or kind == "pulled"

    def _code(self, kind: str) -> bool:
        before = self._rooms.decisions("qr")
        phone = self._rng.choice(self._people.phones)
        if kind == "again" and self._last:
            text = self._last
        else:
            signed = self._soak.wall() - timedelta(minutes=5 if kind == "stale" else 0)
            text = self._last = phone.sign(signed)
        self._client.touch("code")
        self.tell("camera", f"code {text}")
        answered = self._rooms.until(lambda: self._rooms.decisions("qr") > before, CODE_S)
        self.tell("camera", "nobody")
        # The same code is read once: whoever shows it again was answered the first time.
        return answered or kind == "again"

    def _face(self, kind: str) -> bool:
        before = self._rooms.decisions("face")
        ended = self._ended()
        self.tell("camera", STRANGER if kind == "stranger" else SHE)
        if self._rng.random() < 0.5:  # half of them touch
            self._client.touch("face")
        if kind == "leaves":
            self._rooms.live(1.5)
            self.tell("camera", "nobody")
        if self._rng.random() < 0.3:
            self._client.look()

        def over() -> bool:
            return self._rooms.decisions("face") > before or self._ended() > ended

        answered = self._rooms.until(over, FACE_S)
        self.tell("camera", "nobody")
        self._rooms.live(0.3)
        return answered or kind == "leaves"

    def _ended(self) -> int:
        return sum(
            count for what, count in self._rooms.said.items() if what.startswith("no usable face")
        )
