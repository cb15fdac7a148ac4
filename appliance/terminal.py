"""What gate and screen say to each other: the terminal's state, one page at a time, touches."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from msgspec import Meta

from appliance.light import LightAnswered, PlaySound, ShowLight
from appliance.messages import Hint, Nanoseconds, ShortText

Word = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}\Z|^\Z")]
"""A key of the screen's table of words; gate knows no language."""
PageNumber = Annotated[bytes, Meta(min_length=16, max_length=16)]
"""Names one page; drawn by gate and good for one touch, so that a second one, an old or a forged
one does nothing."""
Text = Annotated[str, Meta(max_length=600)]
Seconds = Annotated[int, Meta(ge=0)]
"""Wall-clock time, seconds since 1970."""
Count = Annotated[int, Meta(ge=0)]


class Phase(Enum):
    """What the public screen is about."""

    IDLE = "idle"
    FACE = "face"
    """A face visit runs."""
    CODE = "code"
    """Somebody asked to show a code; the camera's picture helps to aim."""
    GRANTED = "granted"
    REFUSED = "refused"


class Standing(Enum):
    """What one of the three doors is worth now."""

    OPEN = "open"
    OFF = "off"
    """Not offered here."""
    PAUSED = "paused"
    """After too many tries; comes back by itself."""
    BROKEN = "broken"


class Portal(Enum):
    """The door itself, as far as people before it need to know."""

    SHUT = "shut"
    RELEASED = "released"
    OPEN = "open"
    HELD_OPEN = "held_open"
    FORCED_OPEN = "forced_open"
    TAMPERED = "tampered"
    FIRE = "fire"


class Ground(Enum):
    """Whose page it is; nobody sees another's."""

    RESIDENT = "resident"
    MANAGER = "manager"
    AUDITOR = "auditor"
    TECHNICIAN = "technician"
    DOORSTEP = "doorstep"
    """Nobody's yet: help, or a card is waited for."""


@dataclass(frozen=True, slots=True)
class Doors:
    """The three equal doors (S1, S12)."""

    card: Standing
    code: Standing
    face: Standing


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a visit as everybody may see it: no name, no score (law 9).

    Attributes:
        granted: the door is released.
        method: "card", "qr" or "face".
        reason: its code, a key of the screen's words.
        until_ns: shown at most so long.

    """

    granted: bool
    method: Word
    reason: Word
    until_ns: Nanoseconds


@dataclass(frozen=True, slots=True)
class Terminal:
    """The state of the terminal, whole; sent at every change and once a second.

    Attributes:
        at_ns: when.
        phase: what the screen is about.
        hint: the one thing to do now.
        doors: what is offered.
        portal: the door itself.
        outcome: of the visit, in GRANTED and REFUSED.
        preview: the camera's picture may be shown.
        unwell: nothing opens now: log, store or relay failed.
        clock_sure: the time shown is right.

    """

    at_ns: Nanoseconds
    phase: Phase
    hint: Hint
    doors: Doors
    portal: Portal
    outcome: Outcome | None = None
    preview: bool = False
    unwell: bool = False
    clock_sure: bool = True


@dataclass(frozen=True, slots=True)
class Cell:
    """One value: exactly one of its parts is given.

    Attributes:
        text: shown as it is: what people typed, numbers, texts of the notice.
        word: a key of the screen's words.
        at: a time.

    """

    text: Text = ""
    word: Word = ""
    at: Seconds = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a page.

    Attributes:
        key: what it is about, a key of the screen's words, or empty.
        cells: its values.
        act: what touching it does, or empty.
        value: goes with that touch.

    """

    key: Word
    cells: Annotated[tuple[Cell, ...], Meta(max_length=6)] = ()
    act: Word = ""
    value: Annotated[str, Meta(max_length=64)] = ""


class Weight(Enum):
    """How a choice is drawn; twins are always equal."""

    TWIN = "twin"
    """One of two or more that must look alike: yes and no, card and face."""
    NEXT = "next"
    """The step forward, bottom right."""
    BACK = "back"
    """Bottom left; also cancel."""
    TILE = "tile"
    PART = "part"
    """A page of a list, a filter, "more time": small, beside what it belongs to."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to touch.

    Attributes:
        act: what it does.
        weight: how it is drawn.
        value: goes with the touch.
        word: its key among the screen's words, if another than `act`.
        count: shown on a tile: alarms, complaints.

    """

    act: Word
    weight: Weight
    value: Annotated[str, Meta(max_length=64)] = ""
    word: Word = ""
    count: Count = 0


class Pad(Enum):
    """How something is entered; there is no other keyboard."""

    DIGITS = "digits"
    PIN = "pin"
    """Shown as dots."""
    HOUSEHOLD = "household"
    """Building - unit - flat, up to four digits each; fields advance by themselves."""
    TEXT = "text"
    """The keyboard, Chinese and Latin."""
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Entry:
    """What may be entered on a page; it comes back as the field `entry` of a touch.

    Attributes:
        pad: how.
        longest: characters.
        filled: what stands there already; never of a PIN.

    """

    pad: Pad
    longest: Annotated[int, Meta(ge=1, le=60)]
    filled: Annotated[str, Meta(max_length=60)] = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the counter, whole; a new one takes the place of the last.

    Attributes:
        number: a touch names it; renewed whenever a touch would do something else.
        name: which page, a key of the screen's words and of its layouts.
        ground: whose.
        rows: what it tells.
        choices: what can be touched.
        entry: what can be entered, or None.
        fault: why the last touch did not do what was asked, a key of the screen's words, or empty.
        fault_text: a value of that sentence, such as a number of seconds.
        code: shown as a QR code: a receipt, a pass.
        step: where in a course of steps, from 1; 0 = none.
        steps: of that course.
        leaf: of a list, from 1.
        leaves: of that list.
        locks_ns: left alone, the page goes away then.
        preview: the camera's picture is part of it.

    """

    number: PageNumber
    name: Word
    ground: Ground
    rows: Annotated[tuple[Row, ...], Meta(max_length=16)] = ()
    choices: Annotated[tuple[Choice, ...], Meta(max_length=24)] = ()
    entry: Entry | None = None
    fault: Word = ""
    fault_text: ShortText = ""
    code: Annotated[str, Meta(max_length=1200)] = ""
    step: Count = 0
    steps: Count = 0
    leaf: Count = 0
    leaves: Count = 0
    locks_ns: Nanoseconds = 0
    preview: bool = False


@dataclass(frozen=True, slots=True)
class NoPage:
    """The counter is closed: the public screen is shown."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value entered on a page."""

    name: Word
    value: Annotated[str, Meta(max_length=256)]


@dataclass(frozen=True, slots=True)
class Touched:
    """Somebody touched the screen.

    Attributes:
        at_ns: when.
        act: what was touched: an act of the page, or of the public screen.
        page: the page it belongs to; empty on the public screen.
        value: of the choice or row.
        fields: what was entered.

    """

    at_ns: Nanoseconds
    act: Word
    page: Annotated[bytes, Meta(max_length=16)] = b""
    value: Annotated[str, Meta(max_length=64)] = ""
    fields: Annotated[tuple[Field, ...], Meta(max_length=8)] = ()


TO_SCREEN = (Terminal, Page, NoPage, ShowLight, PlaySound)
FROM_SCREEN = (Touched, LightAnswered)

ScreenMessage = Terminal | Page | NoPage | Touched | ShowLight | LightAnswered | PlaySound
