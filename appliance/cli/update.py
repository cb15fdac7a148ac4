"""`sanmen update` and `factory-reset`: handed over to deploy/update, no part of the wheel."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from appliance.errors import SanmenError

# ruff: noqa: RUF001 - Chinese has marks of its own

app = typer.Typer(help="Updates from a signed bundle, and back by itself.", no_args_is_help=True)
Bundle = Annotated[Path, typer.Argument(help="The file sanmen-VERSION.raucb, on a stick.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
ROOT = typer.Option("--root", hidden=True, help="A folder that stands for /.")
Root = Annotated[Path, ROOT]
REAL = Path("/")


@app.command("inspect")
def inspect(bundle: Bundle, root: Root = REAL) -> None:
    """Check a bundle's signature, content and version; nothing is changed."""
    _hand_over(root, "inspect", str(bundle.absolute()))


@app.command("install")
def install(bundle: Bundle, yes: Yes = False, root: Root = REAL) -> None:
    """Install a bundle and restart to try it; it goes back by itself if anything is wrong."""
    if not yes:
        typer.confirm(
            "安装后自动重启，约一分钟内不能刷卡开门。继续吗？"
            " It restarts at the end, and no card opens for about a minute. Go on?",
            abort=True,
        )
    _hand_over(root, "install", str(bundle.absolute()))


@app.command("confirm")
def confirm(root: Root = REAL) -> None:
    """Keep the system on trial if everything answers; systemd calls this at each such start."""
    _hand_over(root, "confirm")


@app.command("status")
def status(root: Root = REAL) -> None:
    """Show version and slot, and what became of the last update."""
    _hand_over(root, "status")


@app.command("store")
def store(root: Root = REAL) -> None:
    """Copy the store for the system before, or take it back; systemd calls this before the gate."""
    _hand_over(root, "store")


@app.command("look", hidden=True)
def look(root: Root = REAL) -> None:
    """Tell the gate what lies on the stick; systemd calls this when one is plugged in."""
    _hand_over(root, "look")


@app.command("forget", hidden=True)
def forget(root: Root = REAL) -> None:
    """Tell the gate that there is no stick; systemd calls this when it is pulled."""
    _hand_over(root, "forget")


@app.command("requested", hidden=True)
def requested(root: Root = REAL) -> None:
    """Install what a manager asked for at the screen; systemd calls this, and restarts then."""
    _hand_over(root, "requested")


@app.command("repair")
def repair(root: Root = REAL) -> None:
    """Mend a damaged autoboot.txt: the system that runs now is then the one that is started."""
    _hand_over(root, "repair")


def factory_reset(
    gate: Annotated[str, typer.Option(help="The gate's name, instead of being asked.")] = "",
    root: Root = REAL,
) -> None:
    """Destroy keys, residents, log and settings of this gate; nothing brings them back."""
    name = _run(root, "name", capture=True).stdout.strip()
    if not gate:
        typer.echo(
            "将删除本机的密钥、住户、卡、人脸、记录和设置，无法恢复。请先做备份。\n"
            "Keys, residents, cards, faces, log and settings go, for good. Make a backup first."
        )
        gate = typer.prompt(f"输入门的名称或 RESET 以确认 Type the gate's name, or RESET ({name})")
    _hand_over(root, "reset", "--gate", gate)


def _hand_over(root: Path, *words: str) -> None:
    done = _run(root, *words)
    if done.returncode:
        raise typer.Exit(done.returncode)


def _run(root: Path, *words: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the tools of deploy/update with this Python.

    Raises:
        SanmenError: they are not installed: this is no gate.

    """
    here = Path(__file__).parents[2]
    for tools in (Path(sys.prefix) / "share", here / "deploy"):
        if (tools / "update" / "__main__.py").is_file():
            break
    else:
        raise SanmenError("update", "no tools for it", "a gate's image, or a checkout")
    paths = (str(tools), str(here), os.environ.get("PYTHONPATH", ""))
    return subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-m", "update", "--root", str(root), *words],
        check=False,
        text=True,
        stdout=subprocess.PIPE if capture else None,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )
