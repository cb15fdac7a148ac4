"""Screen light: a painted head answers with its relief; prints, screens and echoes do not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from appliance.messages import Tint
from appliance.vision.landmarks import Mesh
from appliance.vision.pad.look import Light
from appliance.vision.pad.screen_light import ScreenLightCue
from hardware.ports import Exposure

if TYPE_CHECKING:
    from conftest import Easel
    from numpy.typing import NDArray

EYES = 35.0
ORDER = (
    Tint.NEUTRAL,
    Tint.WARM,
    Tint.COOL,
    Tint.WARM,
    Tint.NEUTRAL,
    Tint.COOL,
    Tint.COOL,
    Tint.WARM,
)
SIGN = {Tint.NEUTRAL: 0.0, Tint.WARM: 1.0, Tint.COOL: -1.0}
SLOT_NS = 250_000_000
DIM = Exposure(30_000, 2.0, lux=60.0)
SUNNY = Exposure(500, 1.0, lux=20_000.0)


def depth(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """A head in eye distances: an ellipsoid with nose and brow; smaller is nearer."""
    round_ = 0.35 * (x * x + 0.8 * y * y)
    nose = 0.42 * np.exp(-(x * x) / 0.03 - (y - 0.15) ** 2 / 0.06)
    brow = 0.14 * np.exp(-(x * x) / 0.5 - (y + 0.55) ** 2 / 0.01)
    return np.asarray(round_ - nose - brow)


def cosine() -> NDArray[np.float64]:
    rows, columns = np.mgrid[0:240, 0:320]
    x, y = (columns - 160) / EYES, (rows - 120) / EYES
    along, down = np.gradient(depth(x, y), 1 / EYES)[::-1]
    return np.asarray(1.0 / np.sqrt(1.0 + along**2 + down**2))


def mesh() -> Mesh:
    angle = np.arange(468) * 2.39996
    radius = 1.05 * np.sqrt(np.arange(468) / 468)
    x, y = radius * np.cos(angle), radius * np.sin(angle)
    flat = np.column_stack((160 + EYES * x, 120 + EYES * y, EYES * depth(x, y)))
    return Mesh(flat.astype(np.float32), 1.0)


def shown(
    easel: Easel,
    answers: NDArray[np.float64] | float,
    *,
    lag_ns: int = 80_000_000,
    exposure: Exposure | None = DIM,
    beside: float = 0.05,
    lit: bool = True,
) -> ScreenLightCue:
    """Two seconds before a face whose log(red / blue) follows the screen by `answers`."""
    cue = ScreenLightCue()
    shape = mesh()
    rows, columns = np.mgrid[0:240, 0:320]
    head = np.hypot(columns - 160, rows - 120) < 1.3 * EYES
    gain = np.where(head, answers, beside * float(np.mean((answers * head)[head])))
    for number in range(50):
        taken = 10_000_000_000 + number * 40_000_000
        since = max(taken - lag_ns - 10_000_000_000, 0)
        seen, into = min(since // SLOT_NS, 7), since % SLOT_NS
        ramp = min(into / 80e6, 1.0)
        before = SIGN[ORDER[max(seen - 1, 0)]]
        signal = before + ramp * (SIGN[ORDER[seen]] - before)
        now = min((taken - 10_000_000_000) // SLOT_NS, 7)
        pixels = np.full((240, 320, 3), [100.0, 130.0, 170.0])
        pixels[..., 2] *= np.exp(signal * gain / 2)
        pixels[..., 0] *= np.exp(-signal * gain / 2)
        pixels += easel.rng.normal(0, 1.5, pixels.shape)
        light = Light(ORDER[now], 1.0, 10_000_000_000 + now * SLOT_NS) if lit else None
        look = easel.look(
            np.clip(pixels, 0, 255).astype(np.uint8),
            centre=(160.0, 120.0),
            height=85.0,
            taken_ns=taken,
            exposure=exposure,
            light=light,
        )
        five = np.array(
            [[-0.5, -0.4], [0.5, -0.4], [0, 0.15], [-0.35, 0.6], [0.35, 0.6]], np.float32
        )
        marks = five * np.float32(EYES) + np.array([160, 120], np.float32)
        cue.look(replace(look, mesh=shape, landmarks=marks))
    return cue


def test_without_a_sequence_there_is_no_evidence(easel: Easel) -> None:
    assert shown(easel, 0.1 * cosine(), lit=False).evidence().frames == 0


def test_in_the_sun_there_is_no_evidence_and_no_refusal(easel: Easel) -> None:
    assert shown(easel, 0.004, exposure=SUNNY).evidence().frames == 0
    assert shown(easel, 0.1 * cosine(), exposure=SUNNY).evidence().frames == 0


def test_a_screen_that_does_not_answer_in_a_dim_room_is_an_attack(easel: Easel) -> None:
    evidence = shown(easel, 0.003).evidence()
    assert (evidence.score, evidence.frames) == (0.0, 50)


def test_no_answer_where_nobody_knows_how_bright_it_is_is_no_evidence(easel: Easel) -> None:
    assert shown(easel, 0.003, exposure=None).evidence().frames == 0


def test_a_print_answers_alike_all_over_and_is_an_attack(easel: Easel) -> None:
    evidence = shown(easel, 0.12).evidence()
    assert evidence.frames == 50
    assert evidence.score < 0.2


def test_a_bent_print_is_an_attack(easel: Easel) -> None:
    columns = np.mgrid[0:240, 0:320][1]
    bent = 0.12 * np.cos((columns - 160) / EYES * 0.6)
    assert shown(easel, bent).evidence().score < 0.2


def test_a_sheet_that_goes_on_beside_the_face_is_an_attack(easel: Easel) -> None:
    assert shown(easel, 0.12 * cosine(), beside=1.0).evidence().score < 0.2


@pytest.mark.parametrize("lag_ns", [-60_000_000, 240_000_000])
def test_an_answer_before_the_question_or_long_after_it_is_an_attack(
    easel: Easel, lag_ns: int
) -> None:
    assert shown(easel, 0.12 * cosine(), lag_ns=lag_ns).evidence().score == 0.0


def test_an_answer_in_the_wrong_colours_is_an_attack(easel: Easel) -> None:
    assert shown(easel, -0.12 * cosine()).evidence().score == 0.0


@pytest.mark.parametrize("exposure", [DIM, None])
def test_a_head_that_answers_with_its_relief_is_bona_fide(
    easel: Easel, exposure: Exposure | None
) -> None:
    cue = shown(easel, 0.12 * cosine(), exposure=exposure)
    answer = cue.answer()
    assert answer is not None
    assert answer.modulation == pytest.approx(0.12 * 0.85, abs=0.03)
    assert 60_000_000 <= answer.lag_ns <= 120_000_000
    evidence = cue.evidence()
    assert evidence.score > 0.6
    assert (evidence.cue, evidence.version) == ("screen_light", "1")


def test_too_few_pictures_are_no_evidence(easel: Easel) -> None:
    cue = shown(easel, 0.12 * cosine())
    for kept in (cue._times, cue._skin, cue._ring, cue._light):
        del kept[12:]
    assert cue.evidence().frames == 0


def test_wiping_overwrites_the_colours(easel: Easel) -> None:
    cue = shown(easel, 0.12 * cosine())
    skin = list(cue._skin)
    cue.wipe()
    assert not any(one.any() for one in skin)
    assert cue.evidence().frames == 0
