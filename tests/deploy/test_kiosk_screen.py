"""The screen whole: our compositor's settings and the real browser fill it with the page."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from tests.rig.browser import need_chromium
from tests.rig.processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator

KIOSK = Path(__file__).parents[2] / "deploy" / "kiosk"
PATIENCE_S = 60.0
SETTLED_S = 3.0
NOBODY = 65534
"""Whose screen it is when root tests: sway does not start as root."""
PAGE = '<body style="margin:0;height:100vh;background:{colour}">'
RED, BLUE = (0, 0, 255), (255, 0, 0)


class Panel:
    """A screen of 1280x720 without glass: sway draws, `grim` looks."""

    def __init__(self, folder: Path) -> None:
        self._run, self._seen = folder, folder / "seen.png"
        self.launch = folder / "ui.launch"
        shutil.copy(KIOSK / "kiosk.sh", folder)
        self._user: dict[str, Any] = {}
        if os.getuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
            self._user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        settings = (KIOSK / "sway.conf").read_text("ascii")
        rooms = subprocess.run(["unshare", "--user", "true"], check=False, **self._user)  # noqa: S607 - as PATH has it
        if rooms.returncode:  # a container that gives none: the browser's own walls need them
            settings = settings.replace("=wayland", "=wayland --no-sandbox")
        for place, here in (
            ("/opt/sanmen/share/kiosk", folder),
            ("/run/sanmen-kiosk", folder),
        ):
            assert place in settings
            settings = settings.replace(place, str(here))
        (folder / "sway.conf").write_text(settings, "ascii")
        self._environment = os.environ | {
            "XDG_RUNTIME_DIR": str(folder),
            "HOME": str(folder),
            "WLR_BACKENDS": "headless",
            "WLR_RENDERER": "pixman",
            "WLR_LIBINPUT_NO_DEVICES": "1",
        }
        with (folder / "said").open("w") as said:
            self.process = subprocess.Popen(  # noqa: S603 - with our own settings
                ["sway", "--config", folder / "sway.conf"],  # noqa: S607 - as PATH has it
                env=self._environment,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
                **self._user,
            )

    def show(self, colour: str) -> None:
        """Announce a page of one colour, as the ui room does."""
        page = self.launch.with_name(f"{colour}.html")
        page.write_text(PAGE.format(colour=colour), "ascii")
        fresh = self.launch.with_suffix(".new")
        fresh.write_text(page.as_uri(), "ascii")
        fresh.replace(self.launch)

    def picture(self) -> Any:  # noqa: ANN401 - a picture, or none
        """Return what is on the screen; none before there is one."""
        sockets = [one.name for one in self._run.glob("wayland-?")]
        if not sockets:
            return None
        here = self._environment | {"WAYLAND_DISPLAY": sockets[0]}
        subprocess.run(  # noqa: S603 - our own words
            ["grim", self._seen],  # noqa: S607 - as PATH has it
            env=here,
            check=False,
            capture_output=True,
            **self._user,
        )
        return cv2.imread(str(self._seen)) if self._seen.exists() else None

    def wait(self, colour: tuple[int, int, int]) -> None:
        """Return when the whole screen has the colour, to its last pixel."""
        until = time.monotonic() + PATIENCE_S
        seen: Any = None
        while time.monotonic() < until:
            seen = self.picture()
            if seen is not None and bool(np.all(seen == np.array(colour, np.uint8))):
                return
            time.sleep(0.5)
        share = 0.0 if seen is None else float(np.mean(np.all(seen == np.array(colour), axis=2)))
        raise AssertionError(f"{share:.1%} of the screen shows the page")

    def found(self, program: str) -> list[int]:
        """Return the screen's programs of this name, by their arguments."""
        found = running(str(self._run))
        return [pid for pid, words in found.items() if any(w.endswith(program) for w in words[:2])]

    def kill(self, program: str, sign: signal.Signals = signal.SIGKILL, kind: str = "") -> None:
        """Let the programs of this name, and of Chromium's kind, die."""
        for pid in self.found(program):
            with suppress(OSError):
                if kind in Path(f"/proc/{pid}/cmdline").read_text("utf-8"):
                    os.kill(pid, sign)

    def close(self) -> None:
        """Leave nothing of it running, as systemd does."""
        left = {os.getpgid(pid) for pid in [*self.found("/kiosk.sh"), *self.found("/chromium")]}
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        for group in left:
            with suppress(OSError):
                os.killpg(group, signal.SIGKILL)


@pytest.fixture
def panel() -> Iterator[Panel]:
    need_chromium()
    for program in ("sway", "grim"):
        if shutil.which(program) is None:
            pytest.skip(f"no {program}: this needs Debian's {program} package")
    folder = Path(tempfile.mkdtemp())  # pytest's own is root's alone
    made = Panel(folder)
    yield made
    made.close()
    shutil.rmtree(folder)


def test_the_page_fills_the_screen_and_so_does_the_next_browser(panel: Panel) -> None:
    panel.show("red")
    panel.wait(RED)
    panel.show("blue")
    panel.kill("/chromium")
    panel.wait(BLUE)


@pytest.mark.parametrize("kind", ["--type=renderer", ""])
def test_a_crash_leaves_no_dump_of_what_was_on_the_screen(panel: Panel, kind: str) -> None:
    panel.show("red")
    panel.wait(RED)
    panel.kill("/chromium", signal.SIGSEGV, kind)
    time.sleep(SETTLED_S)
    assert list(panel.launch.parent.rglob("*.dmp")) == []
    panel.show("blue")
    panel.kill("/chromium")
    panel.wait(BLUE)


def test_the_screen_ends_with_its_script_so_that_systemd_starts_both_anew(panel: Panel) -> None:
    panel.show("red")
    panel.wait(RED)
    panel.kill("/kiosk.sh")
    assert panel.process.wait(PATIENCE_S) == 0


def test_no_setting_is_unknown_and_no_key_bound(panel: Panel) -> None:
    panel.show("red")
    panel.wait(RED)
    said = (panel.launch.parent / "said").read_text("utf-8")
    assert [line for line in said.splitlines() if "Error on line" in line] == []
    words = (KIOSK / "sway.conf").read_text("ascii").split()
    assert not {one for one in words if one.startswith(("bind", "input", "include"))}
