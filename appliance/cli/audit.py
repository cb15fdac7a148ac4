"""`sanmen audit`: the log verified, shown, exported and pruned; whoever looks is logged first."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from appliance.cli.operators import ConfigFile, login, opened
from appliance.clock import SystemClock
from appliance.config import load
from appliance.errors import AuditError
from appliance.gate.archive import open_log
from appliance.gate.store import audit_export
from appliance.gate.store.audit import Witnesses
from appliance.gate.store.audit_prune import prune
from appliance.gate.store.operators import Role

app = typer.Typer(help="The log nobody can rewrite.", no_args_is_help=True)
Reason = Annotated[str, typer.Option(help="Why; it is logged.")]
Auditor = Annotated[str, typer.Option("--as", help="The auditor who asks.")]
TOKEN_LIMIT = 1_000_000
"""A file of witnesses is no longer, bytes."""


@app.command("verify")
def verify(
    config: ConfigFile,
    witness: Annotated[
        Path | None, typer.Option(help="Checkpoints kept elsewhere, one a line.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Read the whole log and say what was done to it, where; exit code 1 if anything was.

    Shows no event, so that anybody may run it at any time.
    """
    log, generation = open_log(load(config))
    try:
        findings = log.verify(Witnesses(_tokens(witness), generation))
    finally:
        log.db.close()
    whole = not any(one.tampering for one in findings)
    if as_json:
        rows = [
            {"kind": f.kind.value, "sequence": f.sequence, "text": f.text, "tampering": f.tampering}
            for f in findings
        ]
        typer.echo(json.dumps({"whole": whole, "findings": rows}))
    else:
        for one in findings:
            typer.echo(str(one))
        typer.echo("the log is as it was written" if whole else "THE LOG WAS TAMPERED WITH")
    if not whole:
        raise typer.Exit(1)


@app.command("show")
def show(
    config: ConfigFile,
    auditor: Auditor,
    reason: Reason,
    last: Annotated[int, typer.Option(min=1, max=10_000, help="So many events.")] = 50,
) -> None:
    """Show the last events to an auditor; that is an event itself."""
    audit_export.check_reason(reason)
    with opened(config) as (archive, operators):
        by = login(operators, auditor, Role.AUDITOR)
        archive.journal.happened("log.viewed", by=by.pseudonym, why=reason, last=str(last))
        table = Table("#", "time (UTC)", "kind", "method", "reason", "pseudonym", "detail")
        for entry in archive.log.tail(last):
            event = entry.event
            detail = " ".join(f"{name}={value}" for name, value in event.detail.items())
            when = f"{event.at:%Y-%m-%d %H:%M:%S}"
            words = (event.kind, event.method, event.reason, event.pseudonym or "", detail)
            table.add_row(str(entry.sequence), when, *words)
    Console(markup=False).print(table)


@app.command("export")
def export(
    config: ConfigFile,
    file: Annotated[Path, typer.Argument(help="A new file.")],
    auditor: Auditor,
    manager: Annotated[str, typer.Option("--and", help="The manager who agrees.")],
    reason: Reason,
    first: Annotated[int, typer.Option(min=1, help="Number of the first event.")] = 1,
    last: Annotated[int | None, typer.Option(min=1, help="Of the last; none = the newest.")] = None,
) -> None:
    """Copy events to a signed file, before two persons; each line is marked with this copy."""
    audit_export.check_reason(reason)
    with opened(config) as (archive, operators):
        one = login(operators, auditor, Role.AUDITOR)
        two = login(operators, manager, Role.MANAGER)
        oldest, newest = archive.log.span
        request = audit_export.Request(
            one, two, reason, max(first, oldest), min(last or newest, newest)
        )
        now = SystemClock().wall()
        number = audit_export.export(archive.log, archive.journal, request, now, file)
        key = archive.log.signer.public_key.hex()
    typer.echo(f"export {number}: events {request.first} to {request.last} in {file}")
    typer.echo(f"whoever has this gate's public key can check it: {key}")


@app.command("trace")
def trace(
    config: ConfigFile, line: Annotated[str, typer.Argument(help="The leaked line.")]
) -> None:
    """Say which export a leaked line comes from."""
    with opened(config) as (archive, _):
        entry = audit_export.trace(archive.log, line)
    detail = entry.event.detail
    typer.echo(
        f"export {detail['export']} of {entry.event.at:%Y-%m-%d %H:%M} UTC (event "
        f"{entry.sequence}), by {detail['who']}, to {detail['where']}: {detail['why']}"
    )


@app.command("checkpoint")
def checkpoint(config: ConfigFile) -> None:
    """Print the gate's signed word on where its log stands, to be kept elsewhere as a witness."""
    with opened(config) as (archive, _):
        token = archive.log.checkpoint()
    typer.echo(token)


@app.command("key")
def key(config: ConfigFile) -> None:
    """Print the public key that checks this gate's checkpoints, exports and receipts."""
    with opened(config) as (archive, _):
        text = archive.log.signer.public_key.hex()
    typer.echo(text)


@app.command("prune")
def prune_log(config: ConfigFile) -> None:
    """Remove the events older than the configured term."""
    keep = timedelta(days=load(config).log.retention_days)
    with opened(config) as (archive, _):

        def tell(first: str, last: str) -> None:
            archive.journal.happened("log.pruned", first=first, last=last)

        done = prune(archive.log, SystemClock().wall(), keep, tell)
    typer.echo(f"removed {done.removed} events; the log begins after #{done.upto}")


def _tokens(path: Path | None) -> tuple[str, ...]:
    if path is None:
        return ()
    try:
        content = path.read_bytes()
        if len(content) > TOKEN_LIMIT:
            raise AuditError(f"witness {path}", f"{len(content)} bytes", f"at most {TOKEN_LIMIT}")
        tokens = tuple(line for line in content.decode("ascii").split() if line)
    except (OSError, UnicodeDecodeError) as error:
        raise AuditError(f"witness {path}", error, "a file of checkpoints") from error
    if not tokens:
        # Silence would read as "compared and whole".
        raise AuditError(f"witness {path}", "empty", "a file of checkpoints")
    return tokens
