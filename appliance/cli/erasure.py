"""`sanmen erase`, `sweep` and `receipt verify`: erasure with proof, and its check by anybody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from appliance.cli.opened import (
    ConfigFile,
    Manager,
    Picture,
    hand_out,
    opened,
    read_small,
    words_of,
)
from appliance.errors import RosterError, SealBrokenError, StoreError
from appliance.gate.enrolment import retention
from appliance.gate.enrolment.receipt import check

if TYPE_CHECKING:
    from appliance.gate.enrolment.rights import Erased

receipts = typer.Typer(help="Receipts a gate has handed out.", no_args_is_help=True)
KEY_DIGITS = 64
LONGEST_RECEIPT = 10_000


def erase(
    config: ConfigFile,
    pseudonym: Annotated[str, typer.Argument(help="As `sanmen list` shows it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    png: Picture = None,
    manager: Manager = "",
) -> None:
    """Erase a resident: destroy the keys, delete, read everything back, and give a receipt.

    Where the proof could not be made before, because somebody was reading, this goes on with it.
    """
    with opened(config, manager) as (_, archive, rights):
        if pseudonym in archive.roster and not yes and not typer.confirm(f"Erase {pseudonym}?"):
            raise RosterError("erasure", "not confirmed", "a yes")
        erased = rights.erase(pseudonym)
    for one in erased:
        hand_out(one.receipt, png if one is erased[-1] else None)
    _require_clean(erased)
    typer.echo(f"erased {pseudonym}: none left")


def sweep(
    config: ConfigFile,
    clock_is_right: Annotated[
        bool, typer.Option("--clock-is-right", help="Somebody has looked at the gate's clock.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Erase what has outlived its purpose; run daily by a timer."""
    with opened(config) as (settings, archive, rights):
        swept = retention.sweep(
            archive, rights, settings, archive.clock.wall(), sure=clock_is_right
        )
    if as_json:
        erased = [
            {
                "pseudonym": one.report.pseudonym,
                "part": one.report.part.value,
                "clean": one.report.clean,
                "receipt": one.receipt.token,
            }
            for one in swept.erased
        ]
        typer.echo(json.dumps({"erased": erased, "codes": swept.codes, "events": swept.events}))
    else:
        for one in swept.erased:
            hand_out(one.receipt)
        typer.echo(
            f"{len(swept.erased)} erased, {swept.codes} codes and {swept.events} events forgotten"
        )
    _require_clean(swept.erased)


@receipts.command()
def verify(
    receipt: Annotated[str, typer.Argument(help="The receipt's text, or a file that holds it.")],
    key: Annotated[str, typer.Option("--key", help="The gate's public key, 64 hex digits.")],
) -> None:
    """Check any receipt offline: nothing but the gate's public key is needed."""
    if len(key) != KEY_DIGITS or not all(digit in "0123456789abcdefABCDEF" for digit in key):
        raise SealBrokenError("--key", key[: KEY_DIGITS + 1], f"{KEY_DIGITS} hex digits")
    text = receipt
    if receipt.count(".") != 2 or Path(receipt[:200]).is_file():  # noqa: PLR2004 - a signed text has two
        text = read_small(Path(receipt), LONGEST_RECEIPT).decode("utf-8", "replace")
    typer.echo(words_of(check(text, bytes.fromhex(key))))
    typer.echo("the signature is this gate's")


@receipts.command()
def key(config: ConfigFile) -> None:
    """Print the gate's public key, with which its receipts are checked."""
    with opened(config) as (_, archive, _rights):
        typer.echo(archive.roster.store.signer.public_key.hex())


def _require_clean(erased: tuple[Erased, ...]) -> None:
    found = [str(path) for one in erased for path in one.report.found]
    if found or not all(one.report.clean for one in erased):
        raise StoreError(
            "erasure",
            f"traces in {', '.join(found) or 'memory'}",
            "none; see to it and erase again",
        )
