"""Gate's state and page become one screen in two languages; the same input, the same screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.ui.model import Screen, View

if TYPE_CHECKING:
    from appliance.terminal import Page, Terminal


def draw(state: Terminal | None, page: Page | None, view: View) -> Screen:
    """Return what to show: the counter's page while one is open, else the public screen.

    Args:
        state: the newest from gate, or None while gate is not heard.
        page: the open page of the counter, or None.
        view: all that the screen knows by itself.

    """
    if state is None:
        return Screen("state", "away", view, name="away")
    if page is not None:
        return Screen("list", page.number.hex(), view, page=page.number.hex(), name=page.name)
    return Screen("idle", state.phase.value, view, name=state.phase.value)
