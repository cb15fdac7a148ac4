"""`sanmen run`: the real gate, its three rooms in processes of their own, until SIGTERM."""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from appliance.config import load
from appliance.gate.archive import create_archive, is_new
from appliance.gate.store.roots import weakness
from appliance.supervisor import Supervisor

if TYPE_CHECKING:
    from appliance.sections import Config

LAUNCH_FILE = "ui.launch"
"""In the rooms' folder: the address for the next browser, written by the ui room."""


def run(
    config: Annotated[Path, typer.Option(help="The gate's TOML file.")],
) -> None:
    """Run the gate: on a Pi with its devices, on a laptop with a webcam and mock pins.

    A simulation site prints the address of its screen, for a browser on this machine; it is good
    once. At a real gate only the kiosk opens it. SIGTERM or Ctrl-C stops it, the door secured.
    """
    settings = load(config)
    out = Console()
    prepare(settings, out)
    stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda sent, _: stop.append(sent))
    with tempfile.TemporaryDirectory(prefix="sanmen-") as name:
        supervisor = Supervisor(Path(name), commands(config, Path(name)), out.print)
        address = ScreenAddress(Path(name))
        try:
            while not stop:
                supervisor.step()
                if settings.site.simulation and (fresh := address.fresh()):
                    out.print(f"screen: {fresh}", soft_wrap=True)
        finally:
            supervisor.stop()
    out.print("stopped; the door is secured")


def prepare(settings: Config, out: Console) -> None:
    """Make key, store and log of a new gate, and say what is only for development.

    Raises:
        StoreError: they are there in part only.

    """
    if settings.site.simulation:
        out.print("[bold yellow]simulation site: devices may be simulated, not for a real gate[/]")
    if is_new(settings):
        out.print(f"new gate: making its store in {settings.store.folder}")
        create_archive(settings)
    weak = weakness(settings.store)
    if weak is not None:
        out.print(f"[bold yellow]weak device key: {weak}[/]")


class ScreenAddress:
    """Where a browser finds the screen; each address is good once, and then there is another.

    Args:
        folder: of the rooms.

    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / LAUNCH_FILE
        self._known = ""

    def fresh(self) -> str:
        """Return the address if it is another one than at the last call, or nothing."""
        try:
            address = self._file.read_text("ascii").strip()
        except FileNotFoundError:
            return ""
        if address == self._known:
            return ""
        self._known = address
        return address


def commands(config: Path, folder: Path) -> dict[str, list[str]]:
    """Return the command of each room, gate first: it listens, the others connect."""
    places = {"gate": folder / "vision.socket", "vision": folder / "vision.socket", "ui": folder}
    return {
        room: [sys.executable, "-m", f"appliance.{room}", str(config.resolve()), str(place)]
        for room, place in places.items()
    }
