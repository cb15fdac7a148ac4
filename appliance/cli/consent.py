"""`sanmen consent`: what a person agreed to, and its end, as easy as its beginning."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from appliance.cli.opened import ConfigFile, Picture, hand_out, opened
from appliance.errors import StoreError
from appliance.gate.enrolment.consent import Consent, GivenBy

app = typer.Typer(
    help="A person's consent to face: show, withdraw, freeze, thaw, receipt.", no_args_is_help=True
)
Pseudonym = Annotated[str, typer.Argument(help="As `sanmen list` shows it.")]


@app.command()
def show(config: ConfigFile, pseudonym: Pseudonym) -> None:
    """Show a person's consents, as JSON; this view is logged."""
    with opened(config) as (_, archive, _rights):
        archive.journal.happened("consent.viewed", pseudonym)
        resident = archive.roster.get(pseudonym)
        last = archive.roster.consent(pseudonym)
        now = archive.clock.wall()
    all_of_them = () if last is None else (*last.earlier, last)
    typer.echo(
        json.dumps(
            {
                "pseudonym": pseudonym,
                "face_frozen": resident.face_frozen,
                "consents": [
                    _shown(one) | {"status": one.status(now).value} for one in all_of_them
                ],
            },
            ensure_ascii=False,
            indent=2,
        )
    )


@app.command()
def withdraw(
    config: ConfigFile,
    pseudonym: Pseudonym,
    how: Annotated[str, typer.Option(help="At the desk, by letter, by phone.")] = "at the desk",
    guardian: Annotated[bool, typer.Option("--guardian", help="A guardian withdraws.")] = False,
    png: Picture = None,
) -> None:
    """End a consent: the face is erased with proof, card and phone go on. No reason is asked."""
    by = GivenBy.GUARDIAN if guardian else GivenBy.SELF
    with opened(config) as (_, _archive, rights):
        receipt, erased = rights.withdraw(pseudonym, how, by)
    hand_out(receipt, png)
    hand_out(erased.receipt)
    if not erased.report.clean:
        raise StoreError("erasure", "traces were found", "none; `sanmen erase` again")


@app.command()
def freeze(config: ConfigFile, pseudonym: Pseudonym) -> None:
    """Put a person's face to rest at once; nothing is erased."""
    with opened(config) as (_, _archive, rights):
        rights.freeze(pseudonym)
    typer.echo(f"{pseudonym}: face frozen; card and phone open as before")


@app.command()
def thaw(config: ConfigFile, pseudonym: Pseudonym) -> None:
    """Wake a frozen face."""
    with opened(config) as (_, _archive, rights):
        rights.thaw(pseudonym)
    typer.echo(f"{pseudonym}: face in use again")


@app.command()
def receipt(config: ConfigFile, pseudonym: Pseudonym, png: Picture = None) -> None:
    """Print the receipt of a person's consent as it stands now."""
    with opened(config) as (_, _archive, rights):
        made = rights.receipt(pseudonym)
    hand_out(made, png)


def _shown(consent: Consent) -> dict[str, object]:
    fields: dict[str, object] = json.loads(consent.encode())
    return {name: value for name, value in fields.items() if name not in {"earlier", "form"}}
