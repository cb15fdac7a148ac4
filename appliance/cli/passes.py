"""`sanmen pass`: the desk's work with phones and visitor passes; each act is logged."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from appliance.clock import SystemClock
from appliance.config import load
from appliance.errors import PassError, RosterError
from appliance.gate.archive import open_archive
from appliance.gate.credential.findings import Withdrawal
from appliance.gate.credential.grant import FARTHEST_SECONDS
from appliance.gate.credential.pass_token import enrolled_key, key_id
from appliance.gate.credential.replay import Ledger
from appliance.gate.credential.wire import ID_BYTES
from appliance.gate.store.records import CredentialKind
from appliance.vision.qr_image import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from appliance.gate.archive import Archive

GRANT_ID_BYTES = 2 * ID_BYTES

app = typer.Typer(help="Enrol and block phones; see and withdraw visitor passes.")

ConfigFile = Annotated[Path, typer.Option("--config", help="The gate's TOML file.")]
PhoneId = Annotated[str, typer.Argument(help="The phone's id, as its app shows it: 16 hex digits.")]


@app.command()
def enrol(
    config: ConfigFile,
    pseudonym: Annotated[str, typer.Argument(help="As `sanmen list` shows it.")],
    code: Annotated[
        str, typer.Argument(help="The code the app shows for the desk: a photo of it, or its text.")
    ],
) -> None:
    """Let a resident's phone open: its app shows a code for this, the desk reads it."""
    text = _text(code)
    point = enrolled_key(text)
    with _opened(config) as archive:
        archive.roster.get(pseudonym)
        archive.roster.add_pass(pseudonym, point)
        archive.journal.happened("pass.enrolled", pseudonym, phone=key_id(point).hex())
    typer.echo(f"enrolled phone {key_id(point).hex()} of {pseudonym}: compare the id on the phone")


@app.command()
def block(
    config: ConfigFile,
    phone: PhoneId,
    unblock: Annotated[bool, typer.Option("--unblock", help="Give it back its rights.")] = False,
) -> None:
    """Block a lost phone at once, and with it every visitor pass it has signed."""
    number = _id(phone, ID_BYTES, "phone id")
    with _opened(config) as archive:
        holder = archive.roster.find_by_pass(number)
        if holder is None:
            raise RosterError("phone id", phone, "one that `sanmen pass list` shows")
        archive.roster.set_pass_blocked(number, blocked=not unblock)
        act = "pass.unblocked" if unblock else "pass.blocked"
        archive.journal.happened(act, holder.resident.pseudonym, phone=phone)
    typer.echo(f"{'unblocked' if unblock else 'blocked'} {phone}")


@app.command("list")
def list_phones(
    config: ConfigFile,
    pseudonym: Annotated[str, typer.Argument(help="As `sanmen list` shows it.")],
) -> None:
    """List a resident's phones; this view is logged."""
    with _opened(config) as archive:
        archive.journal.happened("pass.viewed", pseudonym)
        held = archive.roster.credentials(pseudonym)
    for one in held:
        if one.kind is CredentialKind.PASS:
            typer.echo(f"{one.number.hex()} {'active' if one.active else 'blocked'}")


@app.command()
def grants(
    config: ConfigFile,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """List the visitor passes this gate has met, by their ids; this view is logged."""
    with _opened(config) as archive:
        archive.journal.happened("pass.grants-viewed")
        rows = [
            {
                "grant": grant_id.hex(),
                "uses": count,
                "ends": datetime.fromtimestamp(until, UTC).isoformat(),
                "withdrawn": withdrawn,
            }
            for grant_id, count, until, withdrawn in Ledger(archive.roster.store).grants()
        ]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    table = Table("visitor pass", "entries", "ends", "withdrawn")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console().print(table)


@app.command()
def withdraw(
    config: ConfigFile,
    grant: Annotated[str, typer.Argument(help="As `sanmen pass grants` shows it: 32 hex digits.")],
) -> None:
    """Take a visitor pass back at this gate; the log names passes by the same id."""
    grant_id = _id(grant, GRANT_ID_BYTES, "visitor pass")
    clock = SystemClock()
    with _opened(config) as archive:
        phone = grant_id[:ID_BYTES]
        holder = archive.roster.find_by_pass(phone)
        if holder is None:
            raise RosterError("visitor pass", grant, "one that a resident's phone signed")
        # Its end is not known here; no pass lives longer than this.
        until = int(clock.wall().timestamp()) + FARTHEST_SECONDS
        Ledger(archive.roster.store).withdraw(Withdrawal(phone, grant_id, until))
        archive.journal.happened("pass.withdrawn", holder.resident.pseudonym, visit=grant)
    typer.echo(f"withdrawn {grant}")


@contextmanager
def _opened(config: Path) -> Iterator[Archive]:
    archive = open_archive(load(config), SystemClock())
    try:
        yield archive
    finally:
        archive.close()


def _text(code: str) -> str:
    """Return a code's text: of a picture's, if there is such a file, else itself."""
    try:
        there = Path(code).is_file()
    except (OSError, ValueError):  # a text too long, or with signs no file name has
        there = False
    if not there:
        return code
    pixels = cv2.imread(code, cv2.IMREAD_COLOR)
    text = "" if pixels is None else decode(np.asarray(pixels, np.uint8))
    if not text:
        raise PassError(f"picture {code}", "no code in it", "a sharp photo of the app's code")
    return text


def _id(text: str, size: int, thing: str) -> bytes:
    try:
        number = bytes.fromhex(text)
    except ValueError:
        number = b""
    if len(number) != size:
        raise RosterError(thing, text, f"{2 * size} hex digits")
    return number
