"""Who may look at the screen: one launch token, one browser, and the newest wins.

Cookies are sent to every port of a machine, and any program on it can open one; only the browser
that was started with the launch token gets in. The token is good once and a fresh one is written
at once for the next browser, so that a browser that crashed is simply started again.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from typing import TYPE_CHECKING, Final

from appliance.ui.model import Tab

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LAUNCH_FILE: Final = "ui.launch"
"""One line, the address to open; 0600."""
SESSION_FILE: Final = "ui.session"
"""Hash of the browser's cookie, so that a screen that was started anew knows its browser."""
HOST: Final = "127.0.0.1"
SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""256 random bits, base64url without padding."""
NUMBER: Final = re.compile(r"[0-9]{1,20}")


class Sessions:
    """The one browser.

    Args:
        folder: of the rooms, on no disk; only the rooms' users may enter it.

    Raises:
        OSError: the folder cannot be read or written.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = 0
        self._token = b""
        self._newest = 0
        kept = folder / SESSION_FILE
        self._browser = bytes.fromhex(_text(kept)) if kept.exists() else b""

    def announce(self, port: int) -> None:
        """Write a fresh launch token for the next browser.

        Raises:
            OSError: the file cannot be written.

        """
        self._port = port
        token = _secret()
        self._token = _hash("launch", token)
        self._write(LAUNCH_FILE, f"http://{HOST}:{port}/#{token}\n")

    def redeem(self, token: str) -> str | None:
        """Swap the launch token for a cookie; the browser before gets nothing any more.

        Returns None for a wrong or spent token.

        Raises:
            OSError: the next token cannot be written; this one is spent all the same.

        """
        # Hashes are compared, so that the time taken tells nothing about the token.
        if not SECRET.fullmatch(token) or _hash("launch", token) != self._token:
            return None
        self._token = b""
        cookie = _secret()
        self._browser, self._newest = _hash("browser", cookie), 0
        self._write(SESSION_FILE, self._browser.hex())
        self.announce(self._port)
        return cookie

    def knows(self, cookie: str) -> bool:
        """Whether this is the browser's cookie."""
        return bool(SECRET.fullmatch(cookie)) and _hash("browser", cookie) == self._browser

    def tab(self, cookie: str, number: str, now_ns: int) -> Tab | None:
        """Return a tab of the browser, or None for a number that cannot be one's.

        All of a tab follows from the cookie and its number, the moment it was loaded; so a screen
        that was started anew still knows it, and nothing has to be kept.
        """
        if not NUMBER.fullmatch(number) or int(number) > now_ns:
            return None
        nonce = base64.b64encode(_hash("nonce", cookie, number)[:18]).decode()
        return Tab(nonce, _hash("csrf", cookie, number).hex(), number)

    def posted(self, cookie: str, values: Mapping[str, str], now_ns: int) -> Tab | None:
        """Return the tab a form came from, or None if no page of ours sent it."""
        tab = self.tab(cookie, values.get("tab", ""), now_ns)
        if tab is None or _hash("form", values.get("csrf", "")) != _hash("form", tab.csrf):
            return None
        return tab

    def is_newest(self, tab: Tab) -> bool:
        """Whether no newer tab is in use; this one is from now on."""
        self._newest = max(self._newest, int(tab.number))
        return int(tab.number) == self._newest

    def _write(self, name: str, text: str) -> None:
        """Write a file that is there whole or not at all, for this user alone."""
        fresh = self._folder / f"{name}.new"
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
        fresh.replace(self._folder / name)


def _secret() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")


def _hash(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode()).digest()


def _text(path: Path) -> str:
    """Return what a file of ours says; one that was tampered with knows no browser."""
    text = path.read_bytes()[:65].decode("ascii", "replace")
    return text if re.fullmatch(r"[0-9a-f]{64}", text) else ""
