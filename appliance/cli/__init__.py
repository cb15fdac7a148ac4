"""The `sanmen` command: one small file per group."""

from __future__ import annotations

import sys

import typer

from appliance.cli import (
    bench,
    demo,
    evaluate,
    evaluate_clip,
    evaluate_pad,
    prove,
    residents,
    run,
    selftest,
)
from appliance.errors import ConfigError, SanmenError
from hardware.errors import DeviceError

WRONG_USE = 2
FAILED = 1


def build() -> typer.Typer:
    """Return the command with all its groups."""
    app = typer.Typer(
        help="Sanmen (三门): a community gate with three equal doors: card, code, face.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.command("demo")(demo.demo)
    app.command("run")(run.run)
    app.command("enrol")(residents.enrol)
    app.command("list")(residents.list_residents)
    app.command("erase")(residents.erase)
    app.command("selftest")(selftest.selftest)
    app.command("bench")(bench.bench)
    evaluate.app.command("clip")(evaluate_clip.clip)
    evaluate.app.command("pad")(evaluate_pad.pad)
    app.add_typer(evaluate.app, name="evaluate")
    app.add_typer(prove.app, name="prove")
    return app


def main() -> None:
    """Run the command; faults become one line and an exit code, never a traceback."""
    try:
        build()()
    except ConfigError as fault:
        sys.stderr.write(f"sanmen: {fault}\n")
        sys.exit(WRONG_USE)
    except (SanmenError, DeviceError) as fault:
        sys.stderr.write(f"sanmen: {fault}\n")
        sys.exit(FAILED)
