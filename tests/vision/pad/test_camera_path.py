"""Camera path: a wrong, virtual, frozen, looped, dark, covered or flashing camera is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from appliance.vision.pad.camera_path import CameraPathCue, Commission, origin_fault
from appliance.vision.pad.look import Glance
from hardware.ports import CameraOrigin, Exposure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conftest import Easel
    from numpy.typing import NDArray

WEBCAM = CameraOrigin("uvcvideo", "1-1.2", "046d:0825", "A1B2")


def shown(
    easel: Easel,
    pictures: Iterable[NDArray[np.uint8]],
    commission: Commission | None = None,
    *,
    jitter: float = 400_000.0,
    exposures: tuple[Exposure, ...] = (),
) -> CameraPathCue:
    cue = CameraPathCue(WEBCAM, commission)
    for number, pixels in enumerate(pictures):
        taken = number * 40_000_000 + 10_000_000 + round(easel.rng.normal(0, jitter))
        exposure = exposures[number] if exposures else None
        cue.look(easel.look(pixels, taken_ns=taken, exposure=exposure))
    return cue


def live(easel: Easel, count: int = 20) -> list[NDArray[np.uint8]]:
    return [easel.room() for _ in range(count)]


def test_nothing_seen_is_no_evidence() -> None:
    assert CameraPathCue().evidence().frames == 0


def test_a_live_camera_is_clean(easel: Easel) -> None:
    evidence = shown(easel, live(easel), Commission(origin=WEBCAM)).evidence()
    assert (evidence.score, evidence.frames, evidence.cue) == (1.0, 20, "camera_path")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (replace(WEBCAM, bus="1-1.3"), "bus 1-1.3; expected 1-1.2"),
        (replace(WEBCAM, serial="C3"), "serial C3; expected A1B2"),
        (replace(WEBCAM, model="1d6b:0102"), "model 1d6b:0102; expected 046d:0825"),
        (
            CameraOrigin("virtual", model="OBS Virtual Camera"),
            "driver virtual (OBS Virtual Camera); expected uvcvideo",
        ),
        (None, "origin unknown"),
    ],
)
def test_another_camera_than_the_configured_one_is_refused(
    found: CameraOrigin | None, said: str
) -> None:
    assert said in origin_fault(found, WEBCAM)


@pytest.mark.parametrize("driver", ["virtual", "v4l2loopback", "vivid", "unknown"])
def test_a_virtual_camera_is_refused_even_if_it_is_configured(driver: str) -> None:
    virtual = CameraOrigin(driver, model="Dummy video device")
    assert "sensor" in origin_fault(virtual, None)
    assert "sensor" in origin_fault(virtual, virtual)


def test_a_wrong_camera_is_an_attack_whatever_it_shows(easel: Easel) -> None:
    cue = CameraPathCue(CameraOrigin("virtual"), Commission(origin=WEBCAM))
    cue.look(easel.look(easel.room()))
    assert cue.evidence().score < 0.1
    assert "virtual" in cue.fault


def test_intervals_without_any_jitter_are_an_attack(easel: Easel) -> None:
    cue = shown(easel, live(easel), jitter=0.0)
    assert cue.evidence().score < 0.1
    assert "exact" in cue.reason


def test_a_file_is_stamped_by_arithmetic_and_that_is_known(easel: Easel) -> None:
    assert shown(easel, live(easel), Commission(timed=False), jitter=0.0).evidence().score == 1.0


def test_a_file_has_no_origin_and_its_timing_is_never_judged(easel: Easel) -> None:
    cue = CameraPathCue()
    for pixels in live(easel):
        cue.look(easel.look(pixels))
    assert cue.evidence().score == 1.0


def test_pictures_held_back_and_pushed_are_an_attack(easel: Easel) -> None:
    cue = CameraPathCue(WEBCAM)
    taken = 0
    for number in range(20):
        taken += 3_000_000 if number % 2 else 77_000_000
        cue.look(easel.look(easel.room(), taken_ns=taken + number * 10_000))
    assert "steady rate" in cue.reason


def test_pictures_out_of_order_are_an_attack(easel: Easel) -> None:
    cue = CameraPathCue(WEBCAM)
    for taken in (10, 30, 20):
        cue.look(easel.look(easel.room(), taken_ns=taken * 1_000_000))
    assert "out of order" in cue.reason


def test_a_frozen_camera_is_an_attack(easel: Easel) -> None:
    still = easel.room()
    cue = shown(easel, [*live(easel, 6), still, still, still])
    assert "3 identical pictures" in cue.reason
    assert cue.evidence().score < 0.1


def test_two_identical_pictures_in_a_row_are_a_driver_that_stumbled(easel: Easel) -> None:
    still = easel.room()
    assert shown(easel, [*live(easel, 6), still, still]).reason == ""


def test_a_loop_is_an_attack(easel: Easel) -> None:
    loop = live(easel, 8)
    assert "came twice" in shown(easel, loop + loop).reason


def test_darkness_and_a_covered_lens_are_told(easel: Easel) -> None:
    assert "dark" in shown(easel, [easel.room(4.0) for _ in range(10)]).reason


def test_sudden_darkness_is_told_also_for_one_picture(easel: Easel) -> None:
    pictures = [*live(easel, 5), easel.room(25.0), *live(easel, 5)]
    assert "fell" in shown(easel, pictures).reason


def test_a_strobe_is_told(easel: Easel) -> None:
    pictures = [easel.room(90.0 if number % 4 < 2 else 120.0) for number in range(24)]
    assert "flashes" in shown(easel, pictures).reason


def test_light_that_comes_slowly_is_no_strobe(easel: Easel) -> None:
    pictures = [easel.room(60.0 + 3 * number) for number in range(24)]
    assert shown(easel, pictures).reason == ""


SHORT, LONG = Exposure(8_000, 1.0), Exposure(16_000, 1.0)
NUDGED = tuple(LONG if number // 5 % 2 else SHORT for number in range(30))


def test_a_clip_that_does_not_follow_the_sensors_exposure_is_an_attack(easel: Easel) -> None:
    cue = shown(easel, live(easel, 30), exposures=NUDGED)
    assert "do not follow the exposure" in cue.reason


def test_a_sensor_that_follows_its_exposure_is_clean(easel: Easel) -> None:
    pictures = [easel.room(90.0 if one is SHORT else 90.0 * 2 ** (1 / 2.2)) for one in NUDGED]
    assert shown(easel, pictures, exposures=NUDGED).reason == ""


def test_a_smeared_lens_loses_the_detail_that_was_commissioned(easel: Easel) -> None:
    def view(blur: float) -> list[NDArray[np.uint8]]:
        found = []
        for _ in range(9):
            room = easel.room()
            room[:, ::8] = 30
            soft = cv2.GaussianBlur(room, (0, 0), blur).astype(np.float64)
            noisy = soft + easel.rng.normal(0, 1, soft.shape)
            found.append(np.clip(noisy, 0, 255).astype(np.uint8))
        return found

    clean = shown(easel, view(0.5))
    detail = float(np.median([one.detail for one in clean._seen]))
    commission = Commission(origin=WEBCAM, detail=detail)
    assert "lens" in shown(easel, view(8.0), commission).reason
    assert shown(easel, view(0.6), commission).reason == ""


def test_noise_that_is_not_the_commissioned_sensors_is_an_attack(easel: Easel) -> None:
    ramp = np.repeat(np.linspace(20, 220, 640)[None, :, None], 480, axis=0) * np.ones(3)

    def noisy(slope: float) -> list[NDArray[np.uint8]]:
        spread = np.sqrt(1.0 + slope * ramp)
        return [
            np.clip(ramp + easel.rng.normal(0, 1, ramp.shape) * spread, 0, 255).astype(np.uint8)
            for _ in range(8)
        ]

    commission = Commission(origin=WEBCAM, noise=(0.01, 0.08))
    assert shown(easel, noisy(0.06), commission).reason == ""
    assert "noise slope" in shown(easel, noisy(0.0), commission).reason
    assert "noise slope" in shown(easel, noisy(0.5), commission).reason


def test_the_fault_between_visits_is_told_to_the_self_test(easel: Easel) -> None:
    cue = CameraPathCue(WEBCAM)
    assert cue.fault == ""
    for number in range(60):
        cue.idle(Glance(easel.room(3.0), (), number * 40_000_000 + number % 3 * 9_000, number))
    assert "dark" in cue.fault
    for number in range(60, 120):
        cue.idle(Glance(easel.room(), (), number * 40_000_000 + number % 3 * 9_000, number))
    assert cue.fault == ""
    assert cue.evidence().frames == 0


def test_wiping_overwrites_the_rows_kept(easel: Easel) -> None:
    cue = shown(easel, live(easel, 3), Commission(noise=(0.0, 1.0)))
    rows = cue._visit._rows
    assert rows is not None
    cue.wipe()
    assert not rows.any()
    assert cue.evidence().frames == 0
