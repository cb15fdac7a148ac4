"""The references that may be compared now: loaded anew when the store or a consent changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.gate.comparison import ReferenceSet

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from appliance.gate.store.gallery import Gallery
    from appliance.gate.store.roster import Roster


class References:
    """The opened gallery of one recipe; wiped before it is replaced.

    Args:
        gallery: the sealed references.
        roster: tells when something changed, by this process or another.

    """

    def __init__(self, gallery: Gallery, roster: Roster) -> None:
        self._gallery = gallery
        self._roster = roster
        self._features = ""
        self._set: ReferenceSet | None = None
        self._version = self._changes = -1
        self._expiry: datetime | None = None
        self._latest: datetime | None = None

    def want(self, features: str) -> None:
        """Compare with references of this recipe from now on."""
        if features != self._features:
            self._features = features
            self._version = -1

    def refresh(self, now: datetime) -> None:
        """Load again if a row of a person changed, or a consent ended or began.

        Used codes and the clock's floor are no such rows: they are written with every visit.

        Raises:
            StoreError: the store cannot be read; nothing is compared until it can.

        """
        if not self._features:
            return
        # A clock that goes back revives no consent that has ended.
        now = max(now, self._latest or now)
        self._latest = now
        changes = self._roster.changes()
        expired = self._expiry is not None and now >= self._expiry
        if changes == self._changes and self._version >= 0 and not expired:
            return
        version = self._roster.store.generation
        self._changes = changes
        if version == self._version and not expired:
            return
        self.wipe()
        loaded = self._gallery.load_all(self._features, now)
        self._set = ReferenceSet(loaded.subjects, loaded.matrix, self._features)
        self._expiry = loaded.next_expiry
        self._version = version

    def candidates(
        self, probe: NDArray[np.float32], now: datetime, k: int = 2
    ) -> tuple[tuple[str, float], ...]:
        """Return the best `k` subjects and their scores, best first.

        Raises:
            StoreError: the store cannot be read.
            ComparisonError: the probe is no unit vector of this recipe.

        """
        self.refresh(now)
        if self._set is None or len(self._set) == 0:
            return ()
        turned = self._gallery.rotate(probe)
        try:
            return self._set.candidates(turned, k)
        finally:
            turned.fill(0.0)

    def wipe(self) -> None:
        """Overwrite the vectors in memory."""
        if self._set is not None:
            self._set.wipe()
        self._set = None
        self._version = -1
