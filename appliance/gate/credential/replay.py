"""One-use ids: remembered as long as their pass could still be shown again, and no longer."""

from __future__ import annotations

from appliance.errors import SanmenError

DEFAULT_CAPACITY = 4096


class ReplayMemory:
    """Remembers which passes were used, in bounded room.

    Instead of trusting the clock only to go forward, it keeps a floor: the newest issue time it
    has forgotten. At or below the floor nothing passes, so a clock set back reopens nothing.

    Args:
        window: seconds a pass can be shown after its issue.
        capacity: ids held at most; when full of valid ones, new passes are refused, not old
            ones forgotten.
        floor: nothing issued at or before this Unix second passes. A process that starts gives its
            start plus the skew allowed to phones, as it does not know what was used before.

    """

    def __init__(self, window: int, capacity: int = DEFAULT_CAPACITY, floor: int = 0) -> None:
        if window < 1 or capacity < 1:
            raise SanmenError("replay memory", (window, capacity), "at least one second and one id")
        self._window = window
        self._capacity = capacity
        self._floor = floor
        self._used: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._used)

    def use(self, one_use_id: bytes, issued_at: int, now: int) -> bool:
        """Say whether this is the first use, and remember it; False = used before, or no room."""
        self._forget(now)
        if issued_at <= self._floor or one_use_id in self._used:
            return False
        if len(self._used) >= self._capacity:
            return False
        self._used[one_use_id] = issued_at
        return True

    def _forget(self, now: int) -> None:
        for one_use_id, issued_at in tuple(self._used.items()):
            if issued_at + self._window < now:
                del self._used[one_use_id]
                self._floor = max(self._floor, issued_at)
