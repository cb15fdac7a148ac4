"""A screen becomes HTML: the whole document once, its inner part at each change."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

if TYPE_CHECKING:
    from appliance.ui.model import Screen


def render(screen: Screen) -> str:
    """Return the inside of `<main id="screen">`: one snapshot, holding no secret of the session.

    Its buttons are `<button name="act" value="ACT">` or `value="ACT:VALUE"` (an act has no colon;
    `view` with zh, en, large or normal is the screen's own), within the document's one form,
    beside the fields `page` (hex, or empty) and, on a page with an entry, `entry`.
    """
    return _environment().get_template("screen.html").render(screen=screen)


def document(screen: Screen, nonce: str, token: str) -> str:
    """Return the whole document.

    Args:
        screen: to begin with.
        nonce: of the Content-Security-Policy of this answer, `script-src 'self' 'nonce-...'`.
        token: comes back as the form's field `token` with every touch (against forged ones).

    """
    template = _environment().get_template("document.html")
    return template.render(screen=screen, inside=render(screen), nonce=nonce, token=token)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
