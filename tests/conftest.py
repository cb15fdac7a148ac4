"""What tests of several packages stand on."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.rig import vpcd
from tests.rig.browser import launched
from tests.rig.small_disk import SmallDisk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser


def pytest_configure() -> None:
    """Let no property fail by this machine's haste: times belong into `sanmen bench`."""
    settings.register_profile(
        "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the slow rigs run as long as they need; all else ends after the configured time."""
    for item in items:
        if item.get_closest_marker("rig") or item.get_closest_marker("image"):
            item.add_marker(pytest.mark.timeout(0))


@pytest.fixture(scope="module")
def pcscd() -> Iterator[vpcd.Pcscd]:
    """Give Debian's pcscd with the virtual reader: one on a machine, so tests beside us wait."""
    pytest.importorskip("smartcard.scard", reason="needs the extra card (pyscard)")
    with vpcd.alone():
        if reason := vpcd.reason_to_skip():
            pytest.skip(reason)
        made = vpcd.Pcscd()
        yield made
        made.stop()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[..., SmallDisk]]:
    """Mount a disk of a size, unless said otherwise in a folder of the test's own."""
    with ExitStack() as undo:

        def mounted(size: str, place: Path = tmp_path / "disk") -> SmallDisk:
            try:
                made = SmallDisk(place, size)
            except OSError as fault:
                pytest.skip(f"no small disk can be mounted here: {fault}")
            undo.callback(made.close)
            return made

        yield mounted


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser
