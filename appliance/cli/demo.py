"""`sanmen demo`: the real gate on packaged footage, without hardware, configuration or network."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.rule import Rule
from rich.table import Table

from appliance.cli.demo_screen import demo_screen
from appliance.cli.house import House, temporary_config, trial_consent
from appliance.cli.scenes import Card, Code, Scene, scenes
from appliance.clock import SkippingClock, SystemClock
from appliance.errors import ConfigError
from appliance.gate.archive import create_archive
from appliance.gate.credential.pass_token import PhoneKey
from appliance.gate.enrolment.desk import Application
from appliance.gate.enrolment.rights import Rights
from appliance.gate.notices import (
    HINTS,
    Decided,
    DoorChanged,
    Hinted,
    Logged,
    Notice,
    VisitBegan,
    describe,
)
from appliance.gate.store.records import Profile
from appliance.messages import Hint
from hardware.sim.card import SoftCard
from hardware.sim.card_memory import Memory, SoftApplication

if TYPE_CHECKING:
    from appliance.clock import Clock

RESIGNED_NS = 5_000_000_000
"""A phone shows one code for so long (deploy/pass-app)."""
LONGEST_NS = 12_000_000_000
"""No scene is watched longer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a scene led to.

    Attributes:
        scene: its title.
        expected: what had to happen.
        happened: what did.
        took_ms: from intent to relay, milliseconds, if the door was released.

    """

    scene: str
    expected: str
    happened: str
    took_ms: float | None = None

    @property
    def right(self) -> bool:
        """Whether it went as it must."""
        return self.expected == self.happened


def demo(
    fast: Annotated[
        bool, typer.Option("--fast", help="Skip the waiting between pictures.")
    ] = False,
    screen: Annotated[
        bool, typer.Option("--screen", help="Use the touchscreen in a browser instead.")
    ] = False,
    svg: Annotated[Path | None, typer.Option(help="Save what was shown as a picture.")] = None,
) -> None:
    """Watch the gate at work: a resident, a stranger, two people, a phone; card and code.

    Everything is real but the devices: models, rooms, sealed store, log and door logic. The
    store is temporary and erased at the end. With --screen the three rooms run as at a gate; the
    screen opens in the browser, and keys say who comes to the terminal with what.
    """
    if svg is not None and (svg.is_dir() or not os.access(svg.parent, os.W_OK)):
        raise ConfigError(f"picture {svg}", "cannot be made there", "a file in a folder of yours")
    if screen and (fast or svg is not None):
        raise ConfigError("demo --screen", "with --fast or --svg", "--screen alone")
    if screen:
        demo_screen(Console(highlight=False))
        return
    out = Console(highlight=False, record=svg is not None)
    clock: Clock = SkippingClock(time.process_time_ns) if fast else SystemClock()
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="sanmen-demo-") as name:
        with ExitStack() as ending:
            config = temporary_config(Path(name))
            create_archive(config)
            show = Show(out)
            house = House(config, clock, show.tell)
            ending.callback(house.close)
            things = Things(clock)
            for scene in scenes(clock, things.code):
                out.print(Rule(f"[bold]{scene.title}[/]", align="left"))
                out.print(f"[dim]{scene.story}[/]")
                outcomes.append(play(house, show, scene, things, clock))
            archive, rights = house.archive, Rights(house.archive, config)
            kept = sum(path.stat().st_size for path in Path(name).rglob("*") if path.is_file())
            for resident in list(archive.roster.residents()):
                rights.erase(resident.pseudonym)
            unbroken = not any(one.tampering for one in archive.log.verify())
        out.print(Rule("What happened", align="left"))
        out.print(summary(outcomes))
        out.print(
            f"The gallery lay in {name} ({kept} bytes with log and key, every personal field "
            f"sealed); it is erased now. Log chain {'unbroken' if unbroken else 'BROKEN'}."
        )
    if svg is not None:
        drawn = out.export_svg(title="sanmen demo")
        # The picture names fonts on somebody's server; ours fetches nothing.
        svg.write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL), "utf-8")
    if not (unbroken and all(one.right for one in outcomes)):
        raise typer.Exit(1)


class Things:
    """What she, her guest and somebody else have in their hands.

    Attributes:
        phone: hers.
        cards: what can be held to the reader.

    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.phone = PhoneKey.create()
        self.cards: dict[Card, SoftCard] = {}
        self._guest = PhoneKey.create()
        now = clock.wall()
        self._pass = self.phone.grant(self._guest.public_key, now, now + timedelta(hours=4))
        self._shown: dict[Code, tuple[int, str]] = {}

    def code(self, which: Code) -> str:
        """Return what a phone shows now; it signs anew every few seconds."""
        if which is Code.PHOTO:
            return self._shown[Code.HERS][1]
        since_ns, text = self._shown.get(which, (0, ""))
        if not text or self._clock.now_ns() - since_ns >= RESIGNED_NS:
            guest = which is Code.GUEST
            signer, carried = (self._guest, self._pass) if guest else (self.phone, b"")
            text = signer.sign(self._clock.wall(), carried)
            self._shown[which] = (self._clock.now_ns(), text)
        return text

    def take(self, card: SoftCard) -> None:
        """Take her new card, of which somebody copies all that can be copied."""
        copied = {
            aid: SoftApplication(
                one.settings, [secrets.token_bytes(16) for _ in one.keys], [0, 0, 0]
            )
            for aid, one in card.memory.applications.items()
        }
        copy = Memory(card.uid, card.memory.version, copied)
        self.cards = {Card.HERS: card, Card.COPY: SoftCard(copy)}


class Show:
    """Prints what gate tells, and remembers what the present scene led to."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self.heard: list[Notice] = []

    def tell(self, notice: Notice) -> None:
        """Take one notice from gate."""
        self.heard.append(notice)
        match notice:
            case Decided(decision):
                colour = "bold green" if decision.granted else "bold red"
                self._out.print(f"  [{colour}]{describe(notice)}[/]")
            case DoorChanged(_, relay_on):
                self._out.print(f"  {'[green]' if relay_on else '[default]'}{describe(notice)}[/]")
            case Hinted(hint) if hint is not Hint.NONE:
                self._out.print(f"  [yellow]{HINTS[hint]}[/]")
            case Logged():
                self._out.print(f"  [dim]{describe(notice)}[/]")
            case VisitBegan():
                self._out.print("  [cyan]intent shown: camera in use for one face[/]")
            case _:
                pass

    def say(self, text: str) -> None:
        """Print a line of the present scene."""
        self._out.print(f"  {text}")

    def hint(self, hint: Hint) -> None:
        """Show what the person can do during an enrolment."""
        if hint is not Hint.NONE:
            self.say(f"[yellow]{HINTS[hint]}[/]")


def play(house: House, show: Show, scene: Scene, things: Things, clock: Clock) -> Outcome:
    """Play one scene and return what came of it."""
    show.heard.clear()
    if scene.card is not None:
        house.hold_card(things.cards[scene.card])
    elif scene.camera is not None:
        camera = scene.camera()
        try:
            if scene.enrols:
                profile = Profile("3-1201", "", frozenset({"pass", "face"}))
                application = Application(
                    profile, (), (things.phone.public_key,), trial_consent(clock.wall())
                )
                pseudonym = house.enrol(application, camera, show.hint)
                show.say(f"[green]enrolled as {pseudonym}: a sealed reference, no picture[/]")
                things.take(house.issue_card(pseudonym))
                show.say("[green]a blank card was written for her[/]")
                return Outcome(scene.title, scene.expected, "enrolled")
            house.watch(camera)
            until_ns = clock.now_ns() + LONGEST_NS
            while house.step() and clock.now_ns() < until_ns and not _over(show.heard, scene):
                pass
        finally:
            camera.close()
    outcome = _outcome(show.heard, scene)
    if outcome.took_ms is not None:
        _walk_through(house, clock)
    return outcome


def _over(heard: list[Notice], scene: Scene) -> bool:
    decided = any(isinstance(one, Decided) for one in heard)
    return decided or any(isinstance(one, Hinted) and one.hint is scene.hint for one in heard)


def _outcome(heard: list[Notice], scene: Scene) -> Outcome:
    for one in heard:
        if isinstance(one, Decided):
            granted = one.decision.granted
            return Outcome(
                scene.title,
                scene.expected,
                one.decision.reason.value,
                one.took_ns / 1e6 if granted else None,
            )
    hints = [one.hint for one in heard if isinstance(one, Hinted) and one.hint is not Hint.NONE]
    return Outcome(scene.title, scene.expected, hints[-1].value if hints else "nothing")


def _walk_through(house: House, clock: Clock) -> None:
    """Open the door, pass, and let it fall shut."""
    for opened in (True, False):
        house.move_door(opened=opened)
        until_ns = clock.now_ns() + 300_000_000
        while clock.now_ns() < until_ns:
            house.controller.step()
            clock.sleep_until_ns(clock.now_ns() + 20_000_000)


def summary(outcomes: list[Outcome]) -> Table:
    """Return the table at the end."""
    table = Table("scene", "happened", "intent to relay", "as it must")
    for one in outcomes:
        took = f"{one.took_ms:.0f} ms" if one.took_ms is not None else ""
        mark = "[green]yes[/]" if one.right else f"[bold red]NO, {one.expected}[/]"
        table.add_row(one.scene, one.happened, took, mark)
    return table
