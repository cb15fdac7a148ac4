"""Enrols a resident with a new software card and prints what the card then keeps, as JSON.

Run as the gate's user with the gate's key. The card is issued by the product's own desk; the
command `sanmen` would do the same, and load all its other commands for it.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

from appliance.clock import SystemClock
from appliance.config import load
from appliance.gate.archive import open_archive
from appliance.gate.credential.card_layout import Site
from appliance.gate.enrolment.card_desk import CardDesk, Slot
from appliance.gate.store.records import Profile
from hardware.sim.card import SoftCard
from hardware.sim.reader import SimReader

PATIENCE_NS = 300_000_000_000
settings, clock = load(Path(sys.argv[1])), SystemClock()
kept = Path("/tmp/card")  # noqa: S108 - a folder of this unit's own
archive, reader = open_archive(settings, clock), SimReader(clock)
try:
    pseudonym = archive.roster.add(Profile("1-101", "boot test", frozenset({"card"})))
    archive.journal.happened("enrolment.committed", pseudonym, face="no")
    reader.hold(SoftCard.blank(b"\x04" + secrets.token_bytes(6), kept=kept))
    slot = Slot(reader, clock)
    slot.wait(PATIENCE_NS)
    site = Site(
        bytes.fromhex(settings.reader.application), bytes.fromhex(settings.reader.community)
    )
    CardDesk(archive.roster, archive.journal, site).issue(pseudonym, slot, secrets.token_bytes(16))
finally:
    reader.close()
    archive.close()
sys.stdout.write(kept.read_text("utf-8"))
