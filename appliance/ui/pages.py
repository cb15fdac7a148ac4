"""A screen becomes HTML: the whole document once, its inner part at each change."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from appliance.ui.look import clock, said
from appliance.ui.table import TABLE

if TYPE_CHECKING:
    from appliance.ui.model import Screen, Tab


EASY: Final = 400
"""Characters up to which a code is drawn at level M, so that a scratch on the glass is forgiven."""


def render(screen: Screen) -> str:
    """Return the inside of `<main id="screen">`: one snapshot, without secret of the session.

    Its buttons send `act` and `value`, within the document's form `touch`, beside the fields
    `page` (hex, or empty) and, on a page with an entry, `entry`; language and size are sent by the
    form `view` as `language` (zh, en) and `large` (0, 1).
    """
    return _environment().get_template("screen.html").render(screen=screen, own=_own(screen))


def shell(screen: Screen, tab: Tab) -> str:
    """Return the whole document that begins with this screen."""
    template = _environment().get_template("document.html")
    return template.render(screen=screen, inside=render(screen), tab=tab)


def _own(screen: Screen) -> dict[str, object]:
    """Return the words that stand in the templates themselves."""
    view = screen.view
    hour, day = clock(view)
    plain = ("operator", "contact", "larger", "smaller", "step", "reason", "try", "preview")
    return {
        **{name: said(view, f"public.{name}").first for name in plain},
        "hour": hour,
        "day": day,
        "locks": said(view, "public.locks-soon"),
        "camera_code": said(view, "public.camera-code"),
        "camera_enrol": said(view, "public.camera-enrol"),
        "before": said(view, "key.before").first,
        "after": said(view, "key.after").first,
        "typed": {
            key.removeprefix("key."): said(view, key).first
            for key in TABLE
            if key.startswith("key.")
        },
        "qr": Markup(drawn(screen.qr)) if screen.qr else "",  # noqa: S704 - drawn by segno alone
    }


def drawn(text: str) -> str:
    """Return a QR code (ISO/IEC 18004) as an SVG of one path; long texts get less redundancy."""
    code = segno.make(text, error="m" if len(text) <= EASY else "l", micro=False)
    return str(code.svg_inline(border=4, omitsize=True, light="#fff", dark="#000"))


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
