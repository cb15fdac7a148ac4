"""The screen of the booted gate: a picture, one page over all of it, and only a finger is heard."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from tests.deploy.image.boot.machine import SCREEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from tests.deploy.image.boot.conftest import Bay
    from tests.deploy.image.boot.machine import Machine

pytestmark = pytest.mark.image
DRAWN_S = 900.0
PAPERS = ((248, 246, 244), (20, 15, 11))
"""By day and by night, blue, green, red: the machine has the host's clock."""
LANGUAGE = (645, 44)
TITLE = np.s_[88:140, 150:650]
"""Where the page has the switch of languages, and its heading, in dots of 800x480."""
CORNERS = ((2, 2), (2, -3), (-3, 2), (-3, -3))
ESCAPES = (
    ("f11",),
    ("alt", "f4"),
    ("ctrl", "alt", "f2"),
    ("ctrl", "w"),
    ("ctrl", "shift", "i"),
    ("meta_l", "ret"),
    ("ctrl", "alt", "delete"),
)


@pytest.fixture(scope="module")
def screen(bay: Bay) -> Iterator[Machine]:
    """A gate with a screen, its page drawn."""
    with bay.bench.power_on(bay.set_up(), screen=True) as machine:
        bay.bench.ready(machine)
        yield machine


def seen(machine: Machine) -> npt.NDArray[np.uint8]:
    """Return what the screen shows: uint8, shape (480, 800, 3), BGR."""
    found = cv2.imread(str(machine.picture(machine.folder / "screen.png")))
    assert found is not None
    assert found.shape == (SCREEN[1], SCREEN[0], 3)
    return np.asarray(found, np.uint8)


def is_page(picture: npt.NDArray[np.uint8]) -> bool:
    """Whether our paper is under all of it, to the corners, with something on it."""
    corners = np.array([picture[y, x] for y, x in CORNERS], int)
    papered = any(np.abs(corners - paper).max() <= 4 for paper in PAPERS)
    return papered and float(picture.std()) > 20


def until_drawn(
    machine: Machine, differs_from: npt.NDArray[np.uint8] | None = None
) -> npt.NDArray[np.uint8]:
    """Return the page, once it is drawn, and has another heading than the picture given."""
    until = time.monotonic() + DRAWN_S
    while time.monotonic() < until:
        picture = seen(machine)
        other = differs_from is None or differs(picture, differs_from)
        if is_page(picture) and other:
            return picture
        time.sleep(2)
    told = machine.guest.run("journalctl", "-b", "-u", "kiosk.service", "-n", "20", "--no-pager")
    raise AssertionError(f"no such page was drawn\n{told.out}")


def settled(machine: Machine) -> npt.NDArray[np.uint8]:
    """Return the page once its heading stays: for a while it says that the gate begins."""
    first = until_drawn(machine)
    until = time.monotonic() + DRAWN_S
    while time.monotonic() < until:
        time.sleep(20)
        later = seen(machine)
        if not differs(first, later):
            return later
        first = later
    raise AssertionError("the page does not come to rest")


def differs(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> bool:
    """Whether two pictures have other headings."""
    return bool(np.mean(np.abs(one[TITLE].astype(int) - other[TITLE]) > 60) > 0.02)


def press(machine: Machine, kind: str, at: tuple[int, int]) -> None:
    """Tap, or click, at a place given in dots."""
    share = [f"{one / whole:.4f}" for one, whole in zip(at, SCREEN, strict=True)]
    done = machine.guest.script("touchscreen.py", kind, *share)
    assert done.code == 0, done.err


def test_the_page_is_drawn_over_the_whole_screen_and_stays(screen: Machine) -> None:
    first = settled(screen)
    pid = screen.guest.ask("systemctl", "show", "-P", "MainPID", "kiosk.service")
    time.sleep(60)
    assert is_page(seen(screen))
    assert not differs(first, seen(screen))
    assert screen.guest.ask("systemctl", "show", "-P", "MainPID", "kiosk.service") == pid
    assert screen.guest.ask("systemctl", "show", "-P", "NRestarts", "kiosk.service") == "0"


def test_an_update_on_trial_would_know_that_the_page_is_open(screen: Machine) -> None:
    until_drawn(screen)
    assert "connected" in screen.guest.ask("sh", "-c", "cat /sys/class/drm/card*-*/status").split()
    waiting = 'until [ -z "$(systemctl show -P StatusText sanmen-ui)" ]; do sleep 1; done'
    assert screen.guest.run("sh", "-c", waiting, within_s=DRAWN_S).code == 0


def test_no_key_and_no_mouse_change_anything(screen: Machine) -> None:
    before = until_drawn(screen)
    for keys in ESCAPES:
        screen.monitor.do("send-key", keys=[{"type": "qcode", "data": key} for key in keys])
        time.sleep(1)
    press(screen, "mouse", LANGUAGE)
    time.sleep(5)
    assert is_page(seen(screen))
    assert not differs(before, seen(screen))
    assert screen.guest.ask("systemctl", "--failed", "--no-legend", "--plain") == ""


def test_a_finger_changes_the_language_there_and_back(screen: Machine) -> None:
    chinese = until_drawn(screen)
    press(screen, "touch", LANGUAGE)
    english = until_drawn(screen, differs_from=chinese)
    press(screen, "touch", LANGUAGE)
    assert not differs(until_drawn(screen, differs_from=english), chinese)
