"""The `sanmen` command: one small file per group."""

from __future__ import annotations

import sys

import typer

from appliance.cli import (
    audit,
    backup,
    bench,
    bench_cards,
    card,
    commission,
    consent,
    demo,
    erasure,
    evaluate,
    evaluate_clip,
    evaluate_pad,
    evaluate_parity,
    evaluate_qr,
    keys,
    operators,
    passes,
    prove,
    residents,
    run,
    selftest,
    update,
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
    app.add_typer(consent.app, name="consent")
    app.command("erase")(erasure.erase)
    app.command("sweep")(erasure.sweep)
    app.add_typer(erasure.receipts, name="receipt")
    app.add_typer(backup.app, name="backup")
    app.command("restore")(backup.restore)
    app.command("selftest")(selftest.selftest)
    app.command("bench")(bench.bench)
    evaluate.app.command("clip")(evaluate_clip.clip)
    evaluate.app.command("pad")(evaluate_pad.pad)
    app.add_typer(commission.app, name="commission")
    app.add_typer(audit.app, name="audit")
    app.add_typer(operators.app, name="operator")
    app.add_typer(evaluate.app, name="evaluate")
    app.add_typer(prove.app, name="prove")
    app.add_typer(keys.app, name="keys")
    card.app.command("bench")(bench_cards.bench_cards)
    app.add_typer(card.app, name="card")
    evaluate.app.command("qr")(evaluate_qr.qr)
    evaluate.app.command("parity")(evaluate_parity.parity)
    app.add_typer(passes.app, name="pass")
    app.add_typer(update.app, name="update")
    app.command("factory-reset")(update.factory_reset)
    return app


def main() -> None:
    """Run the command; faults become one line and an exit code, never a traceback."""
    try:
        erasure.with_clean_memory(sys.argv[1:])
        build()()
    except ConfigError as fault:
        sys.stderr.write(f"sanmen: {fault}\n")
        sys.exit(WRONG_USE)
    except (SanmenError, DeviceError) as fault:
        sys.stderr.write(f"sanmen: {fault}\n")
        sys.exit(FAILED)
