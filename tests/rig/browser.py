"""Debian's Chromium, driven by Playwright: one at a time in one process."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Playwright

CHROMIUM = "/usr/bin/chromium"
SWITCHES = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def need_chromium() -> None:
    """Skip where the browser is not installed."""
    if shutil.which(CHROMIUM) is None:
        pytest.skip(f"no {CHROMIUM}: this needs Debian's chromium package")


@contextmanager
def driver() -> Iterator[Playwright]:
    """Give what drives a browser; skip where it is not installed.

    Its loop counts as this thread's running one for as long as it lives, so a second cannot be
    had beside it and ``asyncio.run`` cannot be used: no fixture keeps it longer than a module.
    """
    api = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser")
    with api.sync_playwright() as one:
        yield one


@contextmanager
def launched() -> Iterator[Browser]:
    """Give a running browser without a window."""
    need_chromium()
    with driver() as one:
        browser = one.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES))
        yield browser
        browser.close()
