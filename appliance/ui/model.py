"""What a screen is, before it becomes a page of HTML: plain values, in words already chosen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from appliance.messages import Hint


class Language(Enum):
    """Which of the two stands first and large."""

    CHINESE = "zh"
    ENGLISH = "en"


class Light(Enum):
    """Colours for the light around the terminal."""

    DAY = "day"
    SUN = "sun"
    NIGHT = "night"


@dataclass(frozen=True, slots=True)
class View:
    """All that the screen knows by itself.

    Attributes:
        now: the time of day, in the site's zone; only its minute is shown.
        now_ns: the same moment of CLOCK_MONOTONIC, to judge locks by.
        place: the site and its gate.
        operator: who runs this device.
        contact: how to reach the person responsible for data.
        language: stands first.
        large: larger letters, one language.
        light: around the terminal.
        hint: the instruction held long enough to be read, see `steady`; None = gate's newest.

    """

    now: datetime
    now_ns: int
    place: str = ""
    operator: str = ""
    contact: str = ""
    language: Language = Language.CHINESE
    large: bool = False
    light: Light = Light.DAY
    hint: Hint | None = None


@dataclass(frozen=True, slots=True)
class Tab:
    """One document in one browser.

    Attributes:
        nonce: of its Content-Security-Policy.
        csrf: comes back with every touch, so that no other origin can forge one.
        number: names the document; the newest alone is served.

    """

    nonce: str
    csrf: str
    number: str


@dataclass(frozen=True, slots=True)
class Label:
    """One text: in the language that stands first, and in the other."""

    first: str
    second: str = ""


NOTHING = Label("")


@dataclass(frozen=True, slots=True)
class Button:
    """One thing to touch.

    Attributes:
        act: as gate knows it.
        label: on it.
        value: goes with the touch.
        icon: name of the drawing, or empty.
        note: a smaller line below.
        count: in the corner; 0 = none.
        off: drawn, with the reason as note, but dead.

    """

    act: str
    label: Label
    value: str = ""
    icon: str = ""
    note: Label = NOTHING
    count: int = 0
    off: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list.

    Attributes:
        head: what it is about.
        cells: its values; some are what people typed.
        state: "", "ok", "no", "wait", "on", "off": drawn as a shape beside the words.
        button: what touching the line does, or None.
        running: it is what happens now.
        part: of a capture: "front", "left", "right", else empty.

    """

    head: Label
    cells: tuple[str, ...] = ()
    state: str = ""
    button: Button | None = None
    part: str = ""
    running: bool = False


@dataclass(frozen=True, slots=True)
class Pad:
    """How something is entered.

    Attributes:
        kind: "digits", "pin", "household", "text" or "date".
        longest: characters.
        filled: what stands there already.

    """

    kind: str
    longest: int
    filled: str = ""


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen, whole.

    Attributes:
        layout: the template and its styles.
        key: the same key names the same screen: half an entry outlives its redrawing.
        view: time, place, language, size and light it was drawn for.
        page: number of the counter's page in hex; empty on the public screen.
        name: of the counter's page, or of the public state.
        title: what this is.
        say: the one thing to do.
        icon: the one picture.
        code: text of the reason's stable code, small, for the office; or empty.
        preview: the camera's picture is drawn here.
        doors: the three ways in, or those still worth trying.
        lines: a list.
        tiles: choices in a grid.
        twins: equal choices side by side.
        parts: small choices beside what they belong to.
        back: bottom left, or None.
        onward: bottom right, or None.
        before: turns a list back by a leaf.
        after: turns it on.
        leaf: of a list, from 1; 0 = none.
        leaves: of that list.
        pad: what is entered here.
        fault: why the last touch did not do what was asked.
        qr: text of a code to be drawn, or empty.
        step: of a course, from 1; 0 = none.
        steps: of that course.
        share: of the part of a capture that is being taken, in percent.
        strip: about the door, over a page of the counter.
        warning: the page goes away soon; touching `more` keeps it.

    """

    layout: str
    key: str
    view: View
    page: str = ""
    name: str = ""
    title: Label = NOTHING
    say: Label = NOTHING
    icon: str = ""
    code: str = ""
    preview: bool = False
    doors: tuple[Button, ...] = ()
    lines: tuple[Line, ...] = ()
    tiles: tuple[Button, ...] = ()
    twins: tuple[Button, ...] = ()
    parts: tuple[Button, ...] = ()
    back: Button | None = None
    onward: Button | None = None
    before: Button | None = None
    after: Button | None = None
    leaf: int = 0
    leaves: int = 0
    pad: Pad | None = None
    fault: Label = NOTHING
    qr: str = ""
    step: int = 0
    steps: int = 0
    share: int = 0
    strip: Label = NOTHING
    warning: Button | None = None
