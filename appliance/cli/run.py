"""`sanmen run`: the real gate, its rooms in processes of their own, until SIGTERM."""

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


def run(
    config: Annotated[Path, typer.Option(help="The gate's TOML file.")],
) -> None:
    """Run the gate: on a Pi with its devices, on a laptop with a webcam and mock pins.

    SIGTERM or Ctrl-C stops it with the door secured.
    """
    settings = load(config)
    out = Console()
    prepare(settings, out)
    stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda sent, _: stop.append(sent))
    with tempfile.TemporaryDirectory(prefix="sanmen-") as name:
        supervisor = Supervisor(Path(name), commands(config, Path(name)), out.print)
        try:
            while not stop:
                supervisor.step()
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
        out.print(f"[bold yellow]weak device key: {weak}; for development only[/]")


def commands(config: Path, folder: Path) -> dict[str, list[str]]:
    """Return the command of each room, gate first: it listens, vision connects."""
    socket = folder / "vision.socket"
    return {
        room: [sys.executable, "-m", f"appliance.{room}", str(config.resolve()), str(socket)]
        for room in ("gate", "vision")
    }
