"""What the screen's server answers at all: pure checks of a request's head, and its answers'.

Loopback is no wall: every program of the machine can speak to it, and every page a browser shows
can send requests to it. So the head must be exactly what our own page in our own browser sends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from appliance.ui.sessions import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping

COOKIE: Final = "sanmen"
FORMS: Final = (
    b"application/x-www-form-urlencoded",
    b"application/x-www-form-urlencoded;charset=UTF-8",  # as browsers' scripts send it
)
LARGEST: Final = 16_384
"""Bytes of a request's body."""
NOT_FOUND: Final = 404
FORBIDDEN: Final = 403
MISDIRECTED: Final = 421
UNSUPPORTED: Final = 415
TOO_LARGE: Final = 413
LENGTH_REQUIRED: Final = 411

STEADY: Final = (
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)


@dataclass(frozen=True, slots=True)
class Way:
    """What may be asked for at one path.

    Attributes:
        method: "GET", "POST", or "WEBSOCKET".
        query: a query may follow.
        open: without a session too: the way to a session, and what is secret to nobody.

    """

    method: str
    query: bool = False
    open: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request.

    Attributes:
        method: as it came; "WEBSOCKET" for the opening of one.
        path: as it came, not decoded.
        query: the same.
        headers: lower-case name and value of each.
        authority: host and port the connection came in at, as our socket knows them.

    """

    method: str
    path: bytes
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    authority: bytes

    def all(self, name: bytes) -> tuple[bytes, ...]:
        """Return every value of a header."""
        return tuple(value for key, value in self.headers if key == name)


def refuse(head: Head, ways: Mapping[bytes, Way]) -> int:
    """Return the HTTP status of a refusal, or 0 for a head that is in order."""
    way = ways.get(head.path)
    if head.all(b"host") != (head.authority,) or not head.authority.startswith(HOST.encode()):
        return MISDIRECTED
    if way is None or way.method != head.method or (head.query and not way.query):
        return NOT_FOUND
    return _stranger(head, way) or (_unfit(head) if way.method == "POST" else 0)


def _stranger(head: Head, way: Way) -> int:
    """Refuse what another site's page, or another program's, would send."""
    site = head.all(b"sec-fetch-site")
    origin = head.all(b"origin")
    own = (b"http://" + head.authority,)
    if way.method == "GET":
        # A page that was typed or opened by the kiosk has no site; our own has this one.
        good = site in {(), (b"none",), (b"same-origin",)} and origin in {(), own}
    elif way.method == "POST":
        good = site == (b"same-origin",) and origin == own
    else:  # browsers differ in whether a WebSocket's opening says where it is from
        good = site in {(), (b"same-origin",)} and origin == own
    return 0 if good else FORBIDDEN


def _unfit(head: Head) -> int:
    """Refuse a body that is too large or no form before a byte of it is read."""
    if head.all(b"content-type") not in {(one,) for one in FORMS}:
        return UNSUPPORTED
    length = head.all(b"content-length")
    if len(length) != 1 or not length[0].isdigit() or head.all(b"transfer-encoding"):
        return LENGTH_REQUIRED
    return TOO_LARGE if len(length[0]) > len(str(LARGEST)) or int(length[0]) > LARGEST else 0


def cookie_of(head: Head) -> str:
    """Return the session's cookie; empty if there is none, or more than one."""
    named = [
        value.strip()
        for line in head.all(b"cookie")
        for name, _, value in (one.partition("=") for one in line.decode("latin-1").split(";"))
        if name.strip() == COOKIE
    ]
    return named[0] if len(named) == 1 else ""


def cookie_line(cookie: str) -> str:
    """Return the header that hands the browser its cookie."""
    return f"{COOKIE}={cookie}; HttpOnly; SameSite=Strict; Path=/"


def policy(nonce: str) -> str:
    """Return the Content-Security-Policy of a page with this nonce; "" = of what is no page."""
    allowed = (
        f"script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self'; "
        "font-src 'self'; media-src 'self'; connect-src 'self'; form-action 'self'; "
    )
    return (
        f"default-src 'none'; {allowed if nonce else ''}base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types htmx"
    )
