"""Surface: a frame that moves with the face is found, a window behind a person is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from appliance.vision.pad.look import Glance
from appliance.vision.pad.surface import SurfaceCue

if TYPE_CHECKING:
    from conftest import Easel
    from numpy.typing import NDArray

F = 120.0


def framed(pixels: NDArray[np.uint8], centre: tuple[float, float], tilt: float = 0.0) -> None:
    """Paint a dark bezel, 1.5 by 2 face heights, round where the face will be."""
    box = cv2.boxPoints((centre, (1.6 * F, 2.2 * F), tilt))
    cv2.polylines(
        pixels, [np.rint(box).astype(np.int32)], isClosed=True, color=(20,) * 3, thickness=8
    )


def window(pixels: NDArray[np.uint8]) -> None:
    """Paint the frame of a window into the room."""
    cv2.rectangle(pixels, (190, 60), (450, 420), (30, 30, 30), 8)


def walk(number: int) -> tuple[float, float]:
    return 320.0 + 26.0 * np.sin(number / 4), 240.0 + 22.0 * np.cos(number / 5)


def test_nothing_seen_is_no_evidence() -> None:
    assert SurfaceCue().evidence().frames == 0


def test_a_bezel_that_moves_with_the_face_is_an_attack(easel: Easel) -> None:
    cue = SurfaceCue()
    for number in range(40):
        pixels = easel.room(170)
        framed(pixels, walk(number), 4.0)
        cue.look(easel.look(easel.face(pixels, walk(number), F), walk(number), F))
    assert cue.evidence().score < 0.1
    assert cue.framing() > 1.2


def test_a_wall_is_clean(easel: Easel) -> None:
    cue = SurfaceCue()
    for number in range(40):
        cue.look(easel.look(easel.face(easel.room(170), walk(number), F), walk(number), F))
    evidence = cue.evidence()
    assert evidence.score > 0.9
    assert (evidence.cue, evidence.version) == ("surface", "1")
    assert 8 <= evidence.frames <= 16


def test_a_window_that_stays_while_the_face_moves_is_clean(easel: Easel) -> None:
    cue = SurfaceCue()
    for number in range(40):
        pixels = easel.room(170)
        window(pixels)
        cue.look(easel.look(easel.face(pixels, walk(number), F), walk(number), F))
    assert cue.evidence().score > 0.5


def learn(cue: SurfaceCue, easel: Easel, *boxes: tuple[float, float, float, float]) -> None:
    for second in range(20):
        pixels = easel.room(170)
        window(pixels)
        cue.idle(Glance(pixels, boxes, second * 1_000_000_000, second))


def test_a_window_known_from_before_is_clean_though_nothing_moves(easel: Easel) -> None:
    knows, new = SurfaceCue(), SurfaceCue()
    learn(knows, easel)
    for _ in range(40):
        pixels = easel.room(170)
        window(pixels)
        look = easel.look(easel.face(pixels, (320, 240), F), height=F)
        knows.look(look)
        new.look(look)
    assert knows.evidence().score > 0.95
    assert new.evidence().score < knows.evidence().score


def test_a_bezel_held_still_is_an_attack_where_the_room_is_known(easel: Easel) -> None:
    cue = SurfaceCue()
    learn(cue, easel)
    for _ in range(40):
        pixels = easel.room(170)
        window(pixels)
        framed(pixels, (320, 240))
        cue.look(easel.look(easel.face(pixels, (320, 240), F), height=F))
    assert cue.evidence().score < 0.2


def test_where_somebody_stands_nothing_is_learnt(easel: Easel) -> None:
    cue = SurfaceCue()
    learn(cue, easel, (270.0, 190.0, 100.0, 100.0))
    counts = cue._scene._counts
    assert counts is not None
    assert counts[120, 160] == 0
    assert counts[2, 2] == 20


def test_the_room_is_learnt_as_edges_without_light_or_colour(easel: Easel) -> None:
    cue = SurfaceCue()
    pixels = easel.room(noise=0.0)
    window(pixels)
    for second in range(20):
        cue.idle(Glance(pixels, (), second * 1_000_000_000, second))
    assert cue._scene._shares is not None
    assert set(np.unique(cue._scene._shares)) == {0.0, 1.0}


def test_the_pictures_own_border_is_no_edge(easel: Easel) -> None:
    cue = SurfaceCue()
    for _ in range(20):
        pixels = easel.room(170)
        pixels[:, :, 0] = np.linspace(0, 255, 640, dtype=np.uint8)
        cue.look(easel.look(easel.face(pixels, (120, 120), F), (120.0, 120.0), F))
    assert cue.evidence().score > 0.9


def test_wiping_forgets_the_visit_but_not_the_room(easel: Easel) -> None:
    cue = SurfaceCue()
    learn(cue, easel)
    cue.look(easel.look(easel.room(), height=F))
    assert cue.evidence().frames == 1
    cue.wipe()
    assert cue.evidence().frames == 0
    assert cue._scene.known
