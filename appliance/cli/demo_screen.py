"""`sanmen demo --screen`: the real rooms, a browser, and by keys who and what comes to them."""

from __future__ import annotations

import os
import secrets
import selectors
import signal
import sys
import tempfile
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.table import Table

from appliance.cli.house import House, trial_consent
from appliance.cli.run import ScreenAddress, commands
from appliance.clock import SystemClock
from appliance.config import load
from appliance.gate.archive import create_archive
from appliance.gate.credential.pass_token import PhoneKey
from appliance.gate.enrolment.desk import Application
from appliance.gate.store.records import Profile
from appliance.supervisor import Supervisor
from appliance.vision import process as vision
from hardware.ports import CameraOptions
from hardware.sim.card import SoftCard
from hardware.sim.card_memory import Memory, SoftApplication
from hardware.sim.library import footage_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from appliance.clock import Clock

CLIP: Final = "WolfgangLanger_Pexels.mp4"
SHE: Final = f"film {CLIP} 0.3 0.70"
"""From where she is about to turn her head: a head that does not is not proven to be living."""
STRANGER: Final = "film astronaut.png 0 0.44"
ENROL_S: Final = 9.8
RESIGNED_NS: Final = 5_000_000_000
"""A phone shows one code for so long (deploy/pass-app)."""
HELD_NS: Final = 1_500_000_000
"""A card is held to the reader for so long."""
BLANKS: Final = 8
BEAT_S: Final = 0.1
CONFIG: Final = """
[site]
name = "示范小区"
portal = "1号门"
operator = "demonstration"
contact = "nobody"
simulation = true
[store]
folder = "state"
key_file = "device.key"
[camera]
driver = "sim"
source = "camera"
[door]
driver = "mock"
[reader]
driver = "sim"
source = "reader"
[methods]
face = true
[face]
attempts = 10
[ui]
port = 0
"""
KEYS: Final = {
    "c": "hold her card to the reader, for a moment",
    "k": "hold a copy of her card",
    "b": "lay a blank card on the reader (a new one each time), to be written",
    "a": "hold the card written last once more, for a moment",
    "t": "take the card away",
    "q": "hold her phone with its code before the camera",
    "f": "she stands before the camera",
    "s": "a stranger stands before the camera",
    "n": "nobody is there",
    "x": "end",
}


class Street:
    """Who and what is before the terminal, told to its simulated reader and camera.

    Args:
        folder: with the pipes and the cards' files.
        clock: when a phone signs anew and a card is taken away.
        phone: hers.

    """

    def __init__(self, folder: Path, clock: Clock, phone: PhoneKey) -> None:
        self._folder = folder
        self._clock = clock
        self._phone = phone
        self._blanks = 0
        self._take_ns: int | None = None
        self._sign_ns: int | None = None

    def key(self, key: str) -> str:
        """Do what a key stands for; return what happened, in a few words."""
        if key in {"f", "s", "n", "q"}:
            self._sign_ns = None
        match key:
            case "c" | "k":
                self._hold("hers" if key == "c" else "copy")
                self._take_ns = self._clock.now_ns() + HELD_NS
            case "a":
                self._hold(f"blank-{max(1, self._blanks)}")
                self._take_ns = self._clock.now_ns() + HELD_NS
            case "b":
                self._blanks = self._blanks % BLANKS + 1
                self._hold(f"blank-{self._blanks}")
                self._take_ns = None
            case "t":
                self._say("reader", "take")
            case "q":
                self._sign_ns = self._clock.now_ns()
            case "f":
                self._say("camera", SHE)
            case "s":
                self._say("camera", STRANGER)
            case "n":
                self._say("camera", "nobody")
            case _:
                return "no such key"
        self.pass_time()
        return KEYS[key]

    def pass_time(self) -> None:
        """Take cards away and let the phone sign anew when it is time."""
        now_ns = self._clock.now_ns()
        if self._take_ns is not None and now_ns >= self._take_ns:
            self._take_ns = None
            self._say("reader", "take")
        if self._sign_ns is not None and now_ns >= self._sign_ns:
            self._sign_ns = now_ns + RESIGNED_NS
            self._say("camera", "code " + self._phone.sign(self._clock.wall()))

    def _hold(self, card: str) -> None:
        self._say("reader", "take")
        self._say("reader", f"hold {card}")

    def _say(self, pipe: str, line: str) -> None:
        # A device that is being started anew has no pipe: then it is as if one came too early.
        with suppress(OSError):
            descriptor = os.open(self._folder / pipe, os.O_WRONLY | os.O_NONBLOCK)
            try:
                os.write(descriptor, line.encode() + b"\n")
            finally:
                os.close(descriptor)


def demo_screen(out: Console, browser: Callable[[str], bool] = webbrowser.open) -> None:
    """Run the three rooms with simulated devices until `x`, the end of input or SIGTERM.

    Args:
        out: where to tell.
        browser: opens an address; returns whether it could.

    """
    with tempfile.TemporaryDirectory(prefix="sanmen-demo-") as name:
        folder, clock = Path(name), SystemClock()
        out.print("A resident is enrolled: card, phone, and face from packaged footage (10 s) ...")
        street = Street(folder, clock, prepare(folder, clock))
        rooms = folder / "rooms"
        rooms.mkdir(mode=0o700)
        supervisor = Supervisor(rooms, commands(folder / "gate.toml", rooms), out.print)
        try:
            _serve(supervisor, ScreenAddress(rooms), street, out, browser)
        finally:
            supervisor.stop()
    out.print("stopped; the door is secured, the store is erased")


def prepare(folder: Path, clock: Clock) -> PhoneKey:
    """Make the store of a gate with one resident and the files of her card, a copy and blanks.

    Returns her phone's key.

    Raises:
        SanmenError: she cannot be enrolled.
        DeviceError: the footage is not there.

    """
    (folder / "gate.toml").write_text(CONFIG, "utf-8")
    config = load(folder / "gate.toml")
    create_archive(config)
    phone = PhoneKey.create()
    house = House(config, clock, lambda _: None)
    try:
        options = CameraOptions("file", str(footage_path(CLIP)), start_s=ENROL_S)
        camera = vision.open_camera(options, clock)
        try:
            profile = Profile("3-1-1201", "", frozenset({"pass", "face"}))
            asked = Application(profile, (), (phone.public_key,), trial_consent(clock.wall()))
            pseudonym = house.enrol(asked, camera, lambda _: None)
        finally:
            camera.close()
        card = house.issue_card(pseudonym).memory
    finally:
        house.close()
    # Whoever copies a card gets its number and all that can be read, but no key.
    copied = {
        aid: SoftApplication(one.settings, [secrets.token_bytes(16) for _ in one.keys], [0, 0, 0])
        for aid, one in card.applications.items()
    }
    copy = Memory(card.uid, card.version, copied)
    for memory, kept in ((card, "hers"), (copy, "copy")):
        memory.kept = folder / f"{kept}.card"
        memory.save()
    for number in range(1, BLANKS + 1):
        uid = b"\x04" + secrets.token_bytes(6)
        SoftCard.blank(uid, kept=folder / f"blank-{number}.card")
    return phone


def how_to() -> Table:
    """Return the table of keys."""
    table = Table("key", "what it does", title="Type a key and Enter")
    for key, text in KEYS.items():
        table.add_row(key, text)
    return table


def _serve(
    supervisor: Supervisor,
    address: ScreenAddress,
    street: Street,
    out: Console,
    browser: Callable[[str], bool],
) -> None:
    stop: list[int] = []
    handlers = {
        number: signal.signal(number, lambda sent, _: stop.append(sent))
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    opened = False
    try:
        with selectors.DefaultSelector() as keys:
            keys.register(sys.stdin, selectors.EVENT_READ)
            while not stop:
                supervisor.step(BEAT_S)
                street.pass_time()
                if fresh := address.fresh():
                    opened = _show(fresh, out, None if opened else browser) or opened
                if keys.select(0) and not _obey(_typed(), street, out):
                    return
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _show(address: str, out: Console, browser: Callable[[str], bool] | None) -> bool:
    """Tell the address, open it if there is a browser to do so; return whether it was opened."""
    if browser is None:
        return False  # it was opened, and spent by that; the next is for a browser after it
    out.print(f"screen: {address}", soft_wrap=True)
    out.print(how_to())
    return browser(address)


def _typed() -> str:
    """Return all that was typed, past Python's buffer: a line kept in it would wake nobody."""
    return os.read(sys.stdin.fileno(), 4096).decode(errors="replace")


def _obey(typed: str, street: Street, out: Console) -> bool:
    """Do what was typed, key by key; False at the end."""
    for key in typed.lower().split():
        if key == "x":
            return False
        out.print(f"[cyan]{street.key(key)}[/]")
    return bool(typed)
