"""`sanmen enrol`, `list` and `erase`: people and their three doors."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from msgspec.structs import replace
from rich.console import Console
from rich.progress import track
from rich.table import Table

from appliance.camera_section import CameraSection
from appliance.cli.house import enrol_face
from appliance.cli.opened import ConfigFile, Manager, admit, hand_out, opened
from appliance.cli.run import prepare
from appliance.clock import Clock, SkippingClock, SystemClock
from appliance.config import load
from appliance.errors import EnrolmentError
from appliance.gate.archive import open_archive
from appliance.gate.credential.pass_token import PhoneKey
from appliance.gate.enrolment.consent import Consent, GivenBy, Relation
from appliance.gate.enrolment.desk import Application
from appliance.gate.enrolment.notice import PURPOSE, face_notice
from appliance.gate.notices import HINTS
from appliance.gate.store.records import CredentialKind, Profile
from appliance.messages import Hint
from appliance.vision import process as vision

if TYPE_CHECKING:
    from appliance.sections import Config


def enrol(
    config: ConfigFile,
    household: Annotated[str, typer.Option(help="Flat or house, such as 3-1201.")],
    label: Annotated[str, typer.Option(help="How the manager recognises the person.")] = "",
    card: Annotated[str, typer.Option(help="The card's 16 bytes, as 32 hex digits.")] = "",
    phone: Annotated[
        Path | None, typer.Option(help="A new file for a simulated phone's key (QR codes).")
    ] = None,
    face: Annotated[bool, typer.Option("--face", help="Also by face; asks for consent.")] = False,
    clip: Annotated[
        Path | None, typer.Option(help="Simulation sites: a clip instead of the camera.")
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Last day of the lease; all doors end with it."),
    ] = None,
    child: Annotated[bool, typer.Option("--child", help="Under 14: a guardian consents.")] = False,
    guardian: Annotated[
        Relation, typer.Option(help="With --child: who consents.")
    ] = Relation.PARENT,
    manager: Manager = "",
) -> None:
    """Enrol a resident with card, phone or both, and with face only on top of these."""
    settings = load(config)
    out = Console()
    if not card and phone is None:
        raise EnrolmentError("enrolment", "no card and no phone", "--card or --phone (law 1)")
    if clip is not None and not settings.site.simulation:
        raise EnrolmentError("--clip", str(clip), "a living person; clips need site.simulation")
    prepare(settings, out)
    with opened(config, manager):
        pass  # the right person, before anybody is asked for anything
    clock: Clock = SystemClock() if clip is None else SkippingClock()
    consent = ask_consent(settings, clock, guardian if child else None) if face else None
    key = PhoneKey.create() if phone is not None else None
    methods = {"card": bool(card), "pass": key is not None, "face": consent is not None}
    application = Application(
        Profile(
            household,
            label,
            frozenset(word for word, on in methods.items() if on),
            valid_until=last_day(until, settings),
        ),
        (card_id(card),) if card else (),
        (key.public_key,) if key else (),
        consent,
        child,
    )
    if consent is None:
        if face:
            out.print("No consent, no face. Card and phone are enrolled; nothing else changes.")
        pseudonym = _without_face(settings, clock, application)
    else:
        pseudonym = _with_face(settings, clock, application, clip, out)
    if key is not None and phone is not None:
        key.save(phone)
    if consent is not None:
        with opened(config) as (_, _archive, rights):
            hand_out(rights.receipt(pseudonym))
    out.print(f"[green]enrolled[/] {pseudonym}: {', '.join(sorted(application.profile.methods))}")


def list_residents(
    config: ConfigFile,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
    manager: Manager = "",
) -> None:
    """List the residents; this view is logged."""
    settings = load(config)
    archive = open_archive(settings, SystemClock())
    with ExitStack() as ending:
        ending.callback(archive.close)
        by = admit(archive, manager)
        archive.journal.happened("roster.viewed", by=by)
        rows = []
        for one in track(
            archive.roster.residents(),
            total=len(archive.roster),
            description="opening",
            console=Console(stderr=True),
            transient=True,
        ):
            consent = archive.roster.consent(one.pseudonym)
            held = archive.roster.credentials(one.pseudonym)
            rows.append(
                {
                    "pseudonym": one.pseudonym,
                    "household": one.profile.household,
                    "label": one.profile.label,
                    "methods": sorted(one.profile.methods),
                    "cards": sum(c.active for c in held if c.kind is CredentialKind.CARD),
                    "passes": sum(c.active for c in held if c.kind is CredentialKind.PASS),
                    "face_until": consent.expires_at.date().isoformat() if consent else None,
                }
            )
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = Table("pseudonym", "household", "label", "methods", "cards", "phones", "face until")
    for row in rows:
        table.add_row(
            str(row["pseudonym"]),
            str(row["household"]),
            str(row["label"]),
            ", ".join(row["methods"]) if isinstance(row["methods"], list) else "",
            str(row["cards"]),
            str(row["passes"]),
            str(row["face_until"] or "-"),
        )
    Console().print(table)


def ask_consent(settings: Config, clock: Clock, guardian: Relation | None) -> Consent | None:
    """Show the notice and ask; None is an answer without any cost (S16).

    Args:
        settings: of the gate; the notice is made from them.
        clock: tells from when the consent holds.
        guardian: what the one who is asked is to the child; None = the person.

    """
    notice = face_notice(settings)
    typer.echo(f"\n{notice.zh()}\n\n{notice.en()}\n\n(notice {notice.version})")
    who = "the person" if guardian is None else f"the child's guardian ({guardian.value})"
    if not typer.confirm(f"同意吗? Does {who} agree?", default=False):
        return None
    now = clock.wall()
    return Consent(
        notice_version=notice.version,
        purpose=PURPOSE,
        given_by=GivenBy.SELF if guardian is None else GivenBy.GUARDIAN,
        given_at=now,
        expires_at=now + timedelta(days=settings.consent.term_days),
        how="asked at this terminal",
        relation=guardian,
    )


def last_day(until: datetime | None, settings: Config) -> datetime | None:
    """Return the end of the day `until` in the site's time zone."""
    if until is None:
        return None
    return until.replace(tzinfo=ZoneInfo(settings.site.timezone)) + timedelta(days=1)


def card_id(text: str) -> bytes:
    """Return a card's id from hex digits.

    Raises:
        EnrolmentError: not 32 hex digits.

    """
    if not re.fullmatch(r"[0-9A-Fa-f]{32}", text):
        raise EnrolmentError("--card", text, "32 hex digits")
    return bytes.fromhex(text)


def _without_face(settings: Config, clock: Clock, application: Application) -> str:
    archive = open_archive(settings, clock)
    with ExitStack() as ending:
        ending.callback(archive.close)
        return archive.desk(clock).enrol_without_face(application)


def _with_face(
    settings: Config, clock: Clock, application: Application, clip: Path | None, out: Console
) -> str:
    if clip is not None:
        settings = replace(settings, camera=CameraSection(driver="file", source=str(clip)))
    options = vision.camera_options(settings)

    def show(hint: Hint) -> None:
        if hint is not Hint.NONE:
            out.print(HINTS[hint])

    with ExitStack() as ending:
        camera = vision.open_camera(options, clock)
        ending.callback(camera.close)
        archive = open_archive(settings, clock)
        ending.callback(archive.close)
        out.print("Please look at the camera.")
        return enrol_face(settings, clock, archive, application, camera, show)
