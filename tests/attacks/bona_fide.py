"""Live people before the gate, and the blank medium: nothing but the source, filmed again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from tests.attacks.camera import HEIGHT, WIDTH, GateCamera, Shot, draw_settings, linear
from tests.attacks.sheet import CAMERA
from tests.attacks.sources import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from hardware.ports import Frame
    from tests.attacks.camera import Light
    from tests.attacks.sources import Source

    Change = Callable[[Light, int], Light]


def live_light(source: Source, rng: np.random.Generator, turn: float = 0.0) -> Iterator[Light]:
    """Yield the light of a person standing before the gate."""
    window = source.window(rng, turn)
    stage = Stage(source, window, rng)
    for index in window:
        yield linear(stage.show(index))


def natural(source: Source, seed: int) -> Iterator[Frame]:
    """Somebody walks up and looks."""
    return _film(source, seed, lambda light, _: light)


def small_turn(source: Source, seed: int) -> Iterator[Frame]:
    """Somebody was asked for a turn: the parts of the clip with the most of it."""
    return _film(source, seed, lambda light, _: light, turn=7.0)


def blank_medium(source: Source, seed: int) -> Iterator[Frame]:
    """The control: the clip on nothing, held still, filmed by the same camera.

    It passes one more sampling, as every attack does, a fraction of a pixel and degree off.
    """
    rng = np.random.default_rng((seed, 1))
    middle = (WIDTH / 2, HEIGHT / 2)
    move = cv2.getRotationMatrix2D(middle, rng.uniform(-0.7, 0.7), rng.uniform(1.01, 1.04))
    move[:, 2] += rng.uniform(-1, 1, 2)

    def again(light: Light, _: int) -> Light:
        return np.asarray(
            cv2.warpAffine(
                light,
                move,
                (WIDTH, HEIGHT),
                flags=cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            ),
            dtype=np.float32,
        )

    return _film(source, seed, again, turn=7.0)


def low_light(source: Source, seed: int) -> Iterator[Frame]:
    """A dim porch: few electrons, a warm lamp."""
    warm = np.array([0.72, 0.95, 1.15], np.float32)
    return _film(source, seed, lambda light, _: light * warm, turn=7.0, electrons=450.0)


def back_light(source: Source, seed: int) -> Iterator[Frame]:
    """The street behind is bright: the wall burns out, the lens flares, the face is dim."""
    window_rng = np.random.default_rng((seed, 2))
    strength = float(window_rng.uniform(0.8, 1.6))
    across = (np.arange(WIDTH, dtype=np.float32) - WIDTH / 2) / (0.36 * WIDTH)
    down = (np.arange(HEIGHT, dtype=np.float32)[:, None] - 0.6 * HEIGHT) / (0.62 * HEIGHT)
    outside = np.clip(across**2 + down**2 - 0.7, 0, 1.2)[..., None]

    def street(light: Light, _: int) -> Light:
        behind = light * (1 + strength * outside)
        flare = 0.05 * behind.mean()
        return np.asarray(behind + flare, dtype=np.float32)

    return _film(source, seed, street, turn=7.0)


def mains_flicker(source: Source, seed: int) -> Iterator[Frame]:
    """A bad 100 Hz lamp lights the whole place: bands everywhere, not on the face alone."""
    rng = np.random.default_rng((seed, 3))
    depth = float(rng.uniform(0.01, 0.05))
    settings = draw_settings(np.random.default_rng(seed), source.fps)
    rows = np.arange(HEIGHT, dtype=np.float64) / HEIGHT * settings.readout_s
    seen = depth * np.sinc(100 * settings.exposure_s)

    def lamp(light: Light, number: int) -> Light:
        phase = 2 * np.pi * 100 * (number / settings.fps + rows)
        return np.asarray(light * (1 + seen * np.sin(phase))[:, None, None], dtype=np.float32)

    return _film(source, seed, lamp, turn=7.0)


def wet_glass(source: Source, seed: int) -> Iterator[Frame]:
    """Rain on the camera's window: drops that bend and blur what is behind them."""
    rng = np.random.default_rng((seed, 4))
    columns, rows = np.meshgrid(
        np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32)
    )
    across, down, mist = columns.copy(), rows.copy(), np.zeros((HEIGHT, WIDTH), np.float32)
    for _ in range(int(rng.integers(6, 14))):
        x, y, size = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(6, 17)
        apart = np.hypot(columns - x, rows - y) / size
        inside = np.clip(1 - apart, 0, 1)
        across -= (columns - x) * inside * 0.8
        down -= (rows - y) * inside * 0.8
        mist = np.maximum(mist, inside)

    def window(light: Light, _: int) -> Light:
        bent = cv2.remap(light, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        soft = cv2.GaussianBlur(bent, (0, 0), 2.5)
        share = 0.8 * mist[..., None]
        return np.asarray(bent * (1 - share) + soft * share, dtype=np.float32)

    return _film(source, seed, window, turn=7.0)


def walking(source: Source, seed: int) -> Iterator[Frame]:
    """The person sways and comes closer: up to 60 pixels a second, smeared by the exposure."""
    rng = np.random.default_rng((seed, 5))
    rate, phase, size = rng.uniform(0.5, 0.9), rng.uniform(0, 6.28), rng.uniform(6, 14)
    nearer = float(rng.uniform(0.02, 0.05))
    exposure = draw_settings(np.random.default_rng(seed), source.fps).exposure_s

    def step(light: Light, number: int) -> Light:
        moment = number / source.fps
        turn = 2 * np.pi * rate * moment + phase
        zoom = 1.04 + nearer * moment / 3
        move = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 0.0, zoom)
        move[:, 2] += (size * np.sin(turn), 0.3 * size * np.sin(2 * turn))
        moved = _moved(light, move)
        smear = abs(size * 2 * np.pi * rate * np.cos(turn)) * exposure
        return cv2.blur(moved, (1 + round(smear), 1)) if smear >= 1 else moved  # type: ignore[return-value]

    return _film(source, seed, step, turn=7.0)


def child(source: Source, seed: int) -> Iterator[Frame]:
    """Seen by a camera tipped the other way, lower in the picture."""
    return _film(source, seed, _from_height(8.0, 12), turn=7.0)


def wheelchair(source: Source, seed: int) -> Iterator[Frame]:
    """The camera is tipped down to somebody who looks up to it."""
    return _film(source, seed, _from_height(-9.0, 0), turn=7.0)


def _from_height(degrees: float, lower: float) -> Change:
    """Turn the camera about its own axis; the person keeps the pose of the clip."""
    angle = np.radians(degrees)
    tip = np.array(
        [[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]]
    )
    look = CAMERA @ tip @ np.linalg.inv(CAMERA)
    face = look @ (WIDTH / 2, HEIGHT / 2, 1.0)
    zoom = 1.12
    back = np.diag([zoom, zoom, 1.0])
    back[:2, 2] = (WIDTH / 2, HEIGHT / 2 + lower) - zoom * face[:2] / face[2]
    look = back @ look

    def seen(light: Light, _: int) -> Light:
        return np.asarray(
            cv2.warpPerspective(
                light,
                look,
                (WIDTH, HEIGHT),
                flags=cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REFLECT_101,
            ),
            dtype=np.float32,
        )

    return seen


def _moved(light: Light, move: NDArray[np.float64]) -> Light:
    return np.asarray(
        cv2.warpAffine(
            light, move, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        ),
        dtype=np.float32,
    )


def _film(
    source: Source, seed: int, change: Change, turn: float = 0.0, electrons: float | None = None
) -> Iterator[Frame]:
    rng = np.random.default_rng(seed)
    camera = GateCamera(draw_settings(rng, source.fps, electrons), rng)
    lights = live_light(source, rng, turn)
    return camera.film(Shot(change(light, number)) for number, light in enumerate(lights))
