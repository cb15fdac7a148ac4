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
ANOTHER = "signed off with {}, now there is {}: technician and manager sign it off anew"


class Settled:
    """Reads the store again only when something in it has changed.

    Args:
        roster: whose store it is.
        journal: of the gate.
        rules: as configured; nobody need sign off what is no real gate.

    Attributes:
        rules: with the site's own hours, if it set any.
        unsigned: why face may not be used yet, or empty.

    """

    def __init__(self, roster: Roster, journal: Journal, rules: Rules) -> None:
        self._roster = roster
        self._settings = Settings(roster.store, journal)
        self._configured = rules
        self._changes = -1
        self.rules = rules
        self.unsigned = "" if rules.simulation else UNSIGNED
        self._camera = ""

    @property
    def commissioned(self) -> bool:
        """Whether face may be used."""
        return not self.unsigned

    def meet(self, camera: str) -> None:
        """Take note of the device behind vision's camera.

        The first one after a sign-off is the one that was signed off: whoever puts another in its
        place, or plays films into its cable, has no face looked at (S131).
        """
        self._camera = camera
        self._changes = -1

    def refresh(self) -> None:
        """Take in what was settled meanwhile.

        Raises:
            StoreError: the store failed; the last that was read holds, but face does not.

        """
        changes = self._roster.changes()
        if changes == self._changes:
            return
        self.unsigned = UNSIGNED
        hours = self._settings.hours()
        if hours is not None:
            policy = replace(self._configured.policy, schedule=hours)
            self.rules = replace(self._configured, policy=policy)
        self.unsigned = "" if self._configured.simulation else self._found()
        self._changes = changes

    def _found(self) -> str:
        signed = self._settings.commissioned()
        if signed is None:
            return UNSIGNED
        if self._camera and not signed.camera:
            self._settings.bind(self._camera)
        elif self._camera and signed.camera != self._camera:
            return ANOTHER.format(signed.camera, self._camera)
        return ""
