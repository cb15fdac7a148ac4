"""The rules with what was settled at the screen: the site's hours, and whether face may be used."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from appliance.gate.store.settings import Settings

if TYPE_CHECKING:
    from appliance.gate.journal import Journal
    from appliance.gate.rules import Rules
    from appliance.gate.store.roster import Roster

UNSIGNED = "not signed off: technician and manager do that at the screen before face is used"


class Settled:
    """Reads the store again only when something in it has changed.

    Args:
        roster: whose store it is.
        journal: of the gate.
        rules: as configured; nobody need sign off what is no real gate.

    """

    def __init__(self, roster: Roster, journal: Journal, rules: Rules) -> None:
        self._roster = roster
        self._settings = Settings(roster.store, journal)
        self._configured = rules
        self._changes = -1
        self.rules = rules
        self.commissioned = rules.simulation

    def refresh(self) -> None:
        """Take in what was settled meanwhile.

        Raises:
            StoreError: the store failed; the last that was read holds, but face does not.

        """
        changes = self._roster.changes()
        if changes == self._changes:
            return
        self.commissioned = False
        hours = self._settings.hours()
        if hours is not None:
            policy = replace(self._configured.policy, schedule=hours)
            self.rules = replace(self._configured, policy=policy)
        self.commissioned = self._configured.simulation or self._settings.commissioned() is not None
        self._changes = changes
