"""A resident with a software card, enrolled in a running gate by its own desk."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hardware.sim.card import SoftCard
from hardware.sim.card_memory import Memory
from tests.deploy.image.boot.guest import DRIVE, PYTHON

if TYPE_CHECKING:
    from tests.deploy.image.boot.guest import Done, Guest
    from tests.deploy.image.boot.machine import Machine

CONFIG = "/var/lib/sanmen/config/gate.toml"
KEY = "sanmen.key:/var/lib/sanmen/keys/sanmen.key.cred"
SLOW_S = 600.0
TRIES, TRY_S = 5, 120.0
"""On this host's clock; the machine's own may go many times slower."""


def as_gate(guest: Guest, *words: str, within_s: float = SLOW_S) -> Done:
    """Run a program as the gate's user with the gate's key, as a technician would."""
    properties = ["User=sanmen-gate", "Group=sanmen-gate", f"LoadCredentialEncrypted={KEY}"]
    properties += [
        "PrivateTmp=yes",
        "WorkingDirectory=/tmp",
        "LimitMEMLOCK=infinity",
        "CPUWeight=5000",
    ]
    command = ["systemd-run", "--pipe", "--wait", "--quiet", "--collect"]
    command += [word for one in properties for word in ("-p", one)]
    return guest.run(*command, *words, within_s=within_s)


def issued_card(guest: Guest) -> SoftCard:
    """Enrol a resident; return the card, which then leaves the machine."""
    done = as_gate(guest, PYTHON, f"{DRIVE}/issue_card.py", CONFIG)
    assert done.code == 0, done.err
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "card"
        path.write_text(done.out, "utf-8")
        memory = Memory.load(path)
    memory.kept = None
    return SoftCard(memory)


def hold_until_open(machine: Machine, card: SoftCard) -> float:
    """Hold a resident's card to the reader until the relay's line rises; return when it did.

    The card stays there. One that is held while the gate still starts is held once more.

    Raises:
        TimeoutError: it never opens.

    """
    for _ in range(TRIES):
        machine.chip.hold(card)
        try:
            return machine.relay.wait(high=True, within_s=TRY_S)
        except TimeoutError:
            machine.chip.take_away()
    raise TimeoutError(f"the card did not open in {TRIES} tries")


@dataclass(frozen=True)
class Log:
    """A gate's log.

    Attributes:
        kinds: of its events, oldest first.
        wrong: what was done to it, in words; nothing, if it is as it was written.

    """

    kinds: tuple[str, ...]
    wrong: tuple[str, ...]


def log_of(guest: Guest) -> Log:
    """Read the gate's log whole, and verify it."""
    told = as_gate(guest, PYTHON, f"{DRIVE}/log_kinds.py", CONFIG).json
    return Log(tuple(told["kinds"]), tuple(told["wrong"]))
