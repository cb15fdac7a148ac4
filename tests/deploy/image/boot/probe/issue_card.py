"""Enrols a resident with a new software card and prints what the card then keeps, as JSON.

Run as the gate's user with the gate's key. The card is issued by the product's own desk.
"""

from __future__ import annotations

import sys
from pathlib import Path

from appliance.cli.card import issued_soft_card
from appliance.clock import SystemClock
from appliance.config import load
from appliance.gate.archive import open_archive
from appliance.gate.store.records import Profile

settings = load(Path(sys.argv[1]))
archive = open_archive(settings, SystemClock())
try:
    pseudonym = archive.roster.add(Profile("1-101", "boot test", frozenset({"card"})))
    archive.journal.happened("enrolment.committed", pseudonym, face="no")
    card = issued_soft_card(archive, settings, pseudonym)
finally:
    archive.close()
kept = Path("/tmp/card")  # noqa: S108 - a folder of this unit's own
card.memory.kept = kept
card.memory.save()
sys.stdout.write(kept.read_text("utf-8"))
