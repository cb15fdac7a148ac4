"""What tests of several packages stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rig.browser import launched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser
