"""A screen becomes HTML: the whole document once, its inner part at each change."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

if TYPE_CHECKING:
    from appliance.ui.model import Screen, Tab


def render(screen: Screen) -> str:
    """Return the inside of `<main id="screen">`: one snapshot, without secret of the session.

    Its buttons send `act` and `value`, within the document's form `touch`, beside the fields
    `page` (hex, or empty) and, on a page with an entry, `entry`; language and size are sent by the
    form `view` as `language` (zh, en) and `large` (0, 1).
    """
    return _environment().get_template("screen.html").render(screen=screen)


def shell(screen: Screen, tab: Tab) -> str:
    """Return the whole document that begins with this screen."""
    template = _environment().get_template("document.html")
    return template.render(screen=screen, inside=render(screen), tab=tab)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
