"""The scenes of the demonstration: what stands before the camera, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from appliance.messages import Hint
from appliance.vision import process as vision
from hardware.ports import CameraOptions
from hardware.sim import phone_screen
from hardware.sim import scenes as effects
from hardware.sim.library import footage_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from appliance.clock import Clock
    from hardware.ports import Camera

RESIDENT = "WolfgangLanger_Pexels.mp4"
STRANGER = "astronaut.png"
ENROL_S = 9.8
VISIT_S = 14.2
POSED_S = 16.0
"""Seconds into her footage; the two parts do not overlap."""
SHE_AT = 0.76
"""Where in the picture's width her face is at POSED_S."""
STRANGER_AT = (0.44, 0.24)
STRANGER_ZOOM = 2.0
"""Where the stranger's face is, and how much nearer the portrait is seen."""
PHONE_VIEWS = 6
"""So many views of the phone are rendered, each a little differently held, and shown in turn."""


class Card(Enum):
    """What is held to the reader."""

    HERS = "hers"
    COPY = "copy"
    """A card with the number of hers, without its key."""


class Code(Enum):
    """What a phone shows to the camera."""

    HERS = "hers"
    PHOTO = "photo"
    """A photo of the code she just showed."""
    GUEST = "guest"
    """Signed by her guest's phone, with the pass she sent it."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene.

    Attributes:
        title: a few words.
        story: one sentence.
        expected: reason code or hint that must come of it.
        camera: opens what the gate's camera sees; None = nobody there.
        enrols: the person is enrolled instead of let in.
        card: which card is held to the reader, or None.
        hint: the scene is over when this is told.

    """

    title: str
    story: str
    expected: str
    camera: Callable[[], Camera] | None = None
    enrols: bool = False
    card: Card | None = None
    hint: Hint | None = None


def scenes(clock: Clock, code: Callable[[Code], str]) -> tuple[Scene, ...]:
    """Return the demonstration in order.

    Args:
        clock: paces the footage.
        code: gives what a phone shows now.

    """

    def film(name: str, start_s: float = 0.0, *, repeat: bool = False) -> Camera:
        source = str(footage_path(name))
        options = CameraOptions("file", source, start_s=start_s, repeat=repeat)
        return vision.open_camera(options, clock)

    def stranger() -> Camera:
        # A portrait is all there is of her: held a little unsteadily, so that it is footage.
        portrait = CameraOptions("file", str(footage_path(STRANGER)), fps=25.0, repeat=True)
        return effects.SceneCamera(
            vision.open_camera(portrait, clock),
            lambda p, n: effects.closer(p, STRANGER_ZOOM, STRANGER_AT, n),
        )

    def beside(pixels: NDArray[np.uint8], _: int) -> NDArray[np.uint8]:
        with stranger().borrow() as frame:
            return effects.two_people(pixels, frame.pixels, SHE_AT, 0.5)

    wall = np.full((360, 640, 3), 96, np.uint8)

    def screen(shows: Code) -> Camera:
        return effects.SceneCamera(film(RESIDENT, repeat=True), Screen(lambda: code(shows), wall))

    return (
        Scene(
            "1 A resident is enrolled",
            "She has a card and a phone, wants face too, and has agreed to it.",
            "enrolled",
            lambda: film(RESIDENT, ENROL_S),
            enrols=True,
        ),
        Scene(
            "2 She walks up",
            "Another part of the same footage; nothing in her hands.",
            "granted",
            lambda: film(RESIDENT, VISIT_S),
        ),
        Scene(
            "3 A stranger's portrait",
            "A still picture (NASA) of a stranger: no sign of life, so nothing is compared.",
            "face-attack",
            stranger,
        ),
        Scene(
            "4 Two people at once",
            "The gate asks for one at a time.",
            Hint.ONE_PERSON.value,
            lambda: effects.SceneCamera(film(RESIDENT, POSED_S), beside),
            hint=Hint.ONE_PERSON,
        ),
        Scene(
            "5 A face too far away",
            "Out of range means not processed: only the detector has looked.",
            Hint.COME_CLOSER.value,
            lambda: effects.SceneCamera(film(RESIDENT, VISIT_S), lambda p, _: effects.far(p, 0.4)),
            hint=Hint.COME_CLOSER,
        ),
        Scene(
            "6 Her face on a phone",
            "A picture of her on a phone that is held before the camera.",
            "face-attack",
            lambda: effects.SceneCamera(film(RESIDENT, POSED_S, repeat=True), Phone(wall)),
        ),
        Scene(
            "7 Her card",
            "Card and gate prove a key to each other that never crosses the air.",
            "granted",
            card=Card.HERS,
        ),
        Scene(
            "8 A copy of her card",
            "It has the number of hers; the key cannot be read out and copied.",
            "card-mismatch",
            card=Card.COPY,
        ),
        Scene(
            "9 Her code",
            "The phone shows a code it has just signed; the camera reads it.",
            "granted",
            lambda: screen(Code.HERS),
        ),
        Scene(
            "10 A photo of her code",
            "Somebody photographed it over her shoulder: it was used, and opens nothing.",
            "pass-replayed",
            lambda: screen(Code.PHOTO),
        ),
        Scene(
            "11 Her guest",
            "She sent a pass for today from her phone; the guest's phone shows its own code.",
            "granted",
            lambda: screen(Code.GUEST),
        ),
    )


class Phone:
    """Shows the first picture it is given on a phone before a wall; each view is rendered once."""

    def __init__(self, wall: NDArray[np.uint8]) -> None:
        self._wall = wall
        self._picture: NDArray[np.uint8] | None = None
        self._views: dict[int, NDArray[np.uint8]] = {}
        self._turn = 0

    def __call__(self, pixels: NDArray[np.uint8], _: int) -> NDArray[np.uint8]:
        """Return the next view of the phone."""
        if self._picture is None:
            self._picture = pixels.copy()
        turn = self._turn % PHONE_VIEWS
        self._turn += 1
        if turn not in self._views:
            self._views[turn] = effects.shown_on_phone(self._picture, self._wall, 1, turn, SHE_AT)
        return self._views[turn].copy()


class Screen:
    """Shows what a phone gives on its screen before a wall; each code is rendered once."""

    def __init__(self, text: Callable[[], str], wall: NDArray[np.uint8]) -> None:
        self._text = text
        self._wall = wall
        self._views: dict[str, NDArray[np.uint8]] = {}

    def __call__(self, _: NDArray[np.uint8], __: int) -> NDArray[np.uint8]:
        """Return the phone as the camera sees it."""
        text = self._text()
        if text not in self._views:
            draw = np.random.default_rng(1)
            self._views[text] = phone_screen.shown(text, "clean", self._wall, draw)
        return self._views[text].copy()
