"""What does not work at this gate now; each change is told once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.gate.notices import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.gate.notices import Notice


class Faults:
    """The faults of a gate's parts.

    Args:
        tell: is told when a part stops working, changes its fault or works again.

    """

    def __init__(self, tell: Callable[[Notice], None]) -> None:
        self._tell = tell
        self._texts: dict[str, str] = {}

    def note(self, part: str, text: str) -> None:
        """Take note of a part's fault; no text = it works."""
        if self.of(part) != text:
            self._texts[part] = text
            self._tell(Fault(part, text))

    def of(self, part: str) -> str:
        """Return a part's fault, or nothing if it works."""
        return self._texts.get(part, "")
