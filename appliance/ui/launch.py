"""The page a browser without a session gets: it hands in the launch token, or says what to do.

The token stands behind the `#` of the first address, which no browser sends to a server, so that
it is in no request line; the page posts it and forgets it, and a GET changes nothing.
"""

from __future__ import annotations

from typing import Final

SCRIPT: Final = """
"use strict";
const token = location.hash.slice(1);
history.replaceState(null, "", "/");
if (token) {
  fetch("/launch", { method: "POST", body: new URLSearchParams({ token }) })
    .then((answer) => { if (answer.ok) location.replace("/"); });
}
"""
PAGE: Final = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>Sanmen</title></head>
<body><h1>屏幕重启中，刷卡照常</h1>
<p lang="en">Screen restarting. Cards still work.</p>
<script nonce="{nonce}">{script}</script></body></html>
"""  # noqa: RUF001 - a Chinese comma


def page(nonce: str) -> str:
    """Return the page; its nonce is of base64 and needs no escaping."""
    return PAGE.format(nonce=nonce, script=SCRIPT)
