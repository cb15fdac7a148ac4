"""The `sanmen` command: one small file per group."""

from __future__ import annotations

import sys
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import typer

from appliance.cli.clean_memory import with_clean_memory
from appliance.errors import ConfigError, SanmenError
from hardware.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Mapping

WRONG_USE = 2
FAILED = 1
COMMANDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "demo": "demo:demo",
        "run": "run:run",
        "enrol": "residents:enrol",
        "list": "residents:list_residents",
        "consent": "consent:app",
        "erase": "erasure:erase",
        "sweep": "erasure:sweep",
        "receipt": "erasure:receipts",
        "backup": "backup:app",
        "restore": "backup:restore",
        "selftest": "selftest:selftest",
        "bench": "bench:bench",
        "commission": "commission:app",
        "audit": "audit:app",
        "operator": "operators:app",
        "evaluate": "evaluate:app",
        "prove": "prove:app",
        "keys": "keys:app",
        "card": "card:app",
        "pass": "passes:app",
        "update": "update:app",
        "factory-reset": "update:factory_reset",
    }
)
"""Where each command, or group of them, lies: a file of this folder, and the name in it."""
WITHIN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "evaluate clip": "evaluate_clip:clip",
        "evaluate pad": "evaluate_pad:pad",
        "evaluate qr": "evaluate_qr:qr",
        "evaluate parity": "evaluate_parity:parity",
        "card bench": "bench_cards:bench_cards",
    }
)
"""Commands of a group that lie in files of their own."""


def build(first: str = "") -> typer.Typer:
    """Return the command with its groups.

    Args:
        first: the group that is wanted; only that is loaded, since a sweep needs no camera. With
            any other word all are, so that help and advice know them.

    """
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(help="Sanmen (三门): a community gate with three equal doors: card, code, face.")(
        _group
    )
    for name in [first] if first in COMMANDS else COMMANDS:
        found = _load(COMMANDS[name])
        if isinstance(found, typer.Typer):
            for words, place in WITHIN.items():
                group, _, own = words.partition(" ")
                if group == name:
                    found.command(own)(_load(place))
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    return app


def _load(place: str) -> Any:  # noqa: ANN401 - a function or a group
    file, _, name = place.partition(":")
    return getattr(import_module(f"appliance.cli.{file}"), name)


def _group() -> None:
    """Keep even a single command one of a group."""


def main() -> None:
    """Run the command; faults become one line and an exit code, never a traceback."""
    try:
        with_clean_memory(sys.argv[1:])
        build(*sys.argv[1:2])()
    except ConfigError as fault:
        sys.stderr.write(f"sanmen: {fault}\n")
        sys.exit(WRONG_USE)
    except (SanmenError, DeviceError) as fault:
        sys.stderr.write(f"sanmen: {fault}\n")
        sys.exit(FAILED)
