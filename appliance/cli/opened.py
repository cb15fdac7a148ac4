"""Opens a gate's store for one command, and prints receipts."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from appliance.cli.operators import login
from appliance.clock import SystemClock
from appliance.config import load
from appliance.errors import OperatorError, StoreError
from appliance.gate import backup, commissioning
from appliance.gate.archive import Archive, open_archive
from appliance.gate.enrolment import consent_receipt, proof
from appliance.gate.enrolment.receipt import COMMISSIONING, CONSENT, Receipt
from appliance.gate.enrolment.rights import Rights
from appliance.gate.store.files import publish
from appliance.gate.store.operators import Operators, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from appliance.sections import Config

ConfigFile = Annotated[Path, typer.Option("--config", help="The gate's TOML file.")]
Picture = Annotated[
    Path | None, typer.Option("--png", help="Also write the receipt's QR code to this new file.")
]
Manager = Annotated[
    str, typer.Option("--as", help="The manager who does this; needed if there are operators.")
]
WIDTH = 76


@contextmanager
def opened(config: Path, manager: str | None = None) -> Iterator[tuple[Config, Archive, Rights]]:
    """Open the store; its backups are made anew when somebody is erased.

    Args:
        config: of the gate.
        manager: who does it, empty if nobody was named; None = for a timer, or nothing of anybody.

    Raises:
        StoreError: it does not open.
        OperatorError: as `admit`.

    """
    settings = load(config)
    archive = open_archive(settings, SystemClock())
    try:
        if manager is not None:
            admit(archive, manager)
        yield settings, archive, Rights(archive, settings, lambda: backup.renew(archive))
    finally:
        archive.close()


def admit(archive: Archive, manager: str) -> str:
    """Let a manager log in before an act on personal data; return who that is in the log.

    A gate without operators, as on a developer's table, asks nobody (S140, S141).

    Raises:
        OperatorError: there are operators and no manager was named, or the login failed.

    """
    operators = Operators(archive.roster.store, archive.journal, archive.clock)
    if not operators.all():
        return f"uid {os.getuid()}"
    if not manager:
        raise OperatorError("act on personal data", "nobody logged in", "--as MANAGER")
    return login(operators, manager, Role.MANAGER).pseudonym


def words_of(receipt: Receipt) -> str:
    """Return any receipt as it is printed."""
    if receipt.kind == CONSENT:
        return consent_receipt.text_of(receipt)
    if receipt.kind == COMMISSIONING:
        return commissioning.text_of(receipt)
    return proof.text_of(receipt)


def hand_out(receipt: Receipt, picture: Path | None = None) -> None:
    """Print a receipt with its signed text; the code holds the same text."""
    typer.echo(words_of(receipt))
    for start in range(0, len(receipt.token), WIDTH):
        typer.echo(receipt.token[start : start + WIDTH])
    if picture is not None:
        publish(picture, receipt.png())


def read_small(path: Path, limit: int) -> bytes:
    """Read a file of at most `limit` bytes.

    Raises:
        StoreError: it cannot be read, or is longer.

    """
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise StoreError(f"file {path}", error.strerror, "a file we may read") from error
    if len(content) > limit:
        raise StoreError(f"file {path}", f"over {limit} bytes", "a shorter one")
    return content
