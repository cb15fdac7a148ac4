"""Every species films its source, the same for a seed, and nothing trivial gives it away."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from appliance.camera_section import OriginSection
from appliance.vision.pad.camera_path import origin_fault
from hardware.sim.library import footage_path
from tests.attacks.bona_fide import blank_medium, small_turn
from tests.attacks.injection import CONFIGURED, DEVICES
from tests.attacks.make import rate_of, seed_of, write_all, write_clip
from tests.attacks.photos import CARRIED
from tests.attacks.place import Attacker
from tests.attacks.screens import PHONE, Kind, Screen
from tests.attacks.sources import (
    PORTRAITS,
    FaceFinder,
    Lazy,
    Source,
    eye_distance,
    least_scale,
    load_clip,
)
from tests.attacks.species import ATTACKS, LIVE, attacks
from tests.attacks.spectacles import SPECTACLED

pytestmark = pytest.mark.rig

DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="module")
def cast() -> list[Source]:
    """Two people filmed, one photographed: enough for everything but figures."""
    film = DATA / "clips" / "live" / "woman-webcam-640x480.avi"
    if not film.exists():
        pytest.skip("needs a second filmed person from ../shared/data/clips/live")
    finder = FaceFinder()
    portrait = np.asarray(cv2.imread(str(footage_path("astronaut.png"))), dtype=np.uint8)
    return [
        load_clip(footage_path("WolfgangLanger_Pexels.mp4"), "langer", finder),
        load_clip(film, "webcam", finder),
        Source("astronaut", [portrait], 0.0, finder),
    ]


def some(frames: object, count: int = 3) -> list[np.ndarray]:
    return [frame.pixels for frame in islice(frames, count)]


def test_who_was_filmed_too_coarsely_to_be_near_is_no_bona_fide_presentation(
    cast: list[Source],
) -> None:
    small = [cv2.resize(one, None, fx=0.5, fy=0.5) for one in islice(cast[0].frames, 2)]
    few = Source("few", [np.asarray(one, np.uint8) for one in small], 12.0, cast[0].finder)
    assert least_scale(few, eye_distance(few.mesh(0))) == pytest.approx(2.7, abs=0.1)
    assert [few.coarse, *(source.coarse for source in cast[:2])] == [True, False, False]


def test_there_are_at_least_eight_species() -> None:
    assert len(ATTACKS) >= 8


def test_an_injected_clip_tells_the_device_it_comes_through(
    cast: list[Source], tmp_path: Path
) -> None:
    make = attacks(cast)["injection"]
    assert write_all(tmp_path, "injection", make, cast[2:], 1) == 1
    beside = tmp_path / "astronaut--injection-0.toml"
    origin = msgspec.toml.decode(beside.read_bytes(), type=OriginSection)
    [one] = [d for d in DEVICES if (d.driver, d.model) == (origin.driver, origin.model)]
    assert origin_fault(one, CONFIGURED)


def test_no_device_of_the_injections_is_the_gates_own() -> None:
    found = [origin_fault(one, CONFIGURED) for one in DEVICES]
    assert ["driver" in found[0], "driver" in found[2]] == [True, True]
    assert ["model 534d:2109" in found[3], "bus 1-1.4" in found[4]] == [True, True]
    assert origin_fault(CONFIGURED, CONFIGURED) == ""


def test_attacks_with_stills_have_at_least_twenty_people() -> None:
    live = DATA / "clips" / "live"
    if not live.exists():
        pytest.skip("needs ../shared/data")
    photographed = [one for one in PORTRAITS if any((DATA / "faces" / one).glob("*.jpg"))]
    assert sorted(set(PORTRAITS)) == list(PORTRAITS)
    assert len(photographed) == 18
    assert len(photographed) + len(list(live.iterdir())) >= 20


def test_a_phone_shows_a_photo_that_does_not_move(cast: list[Source]) -> None:
    shown = []

    def watched(kind: Kind, bare: int) -> np.ndarray:
        rng = np.random.default_rng(3)
        attacker = Attacker(cast, cast[2], rng)
        pixels, mesh = cast[2].portrait(rng)
        screen = Screen(
            replace(kind, bare=bare), Lazy(1, lambda _: pixels), mesh, 0.0, attacker, rng
        )
        shown.extend(screen._emitted(seconds, 0.01) for seconds in (0.0, 1.7))
        return shown[-1]

    dark, white = watched(PHONE, 6), watched(PHONE, 243)
    assert (shown[0] == shown[1]).all()
    assert white[2, 2].min() > 20 * dark[2, 2].max()
    assert watched(CARRIED, 6).shape != dark.shape


def test_a_variant_that_is_not_for_somebody_is_not_written(
    cast: list[Source], tmp_path: Path
) -> None:
    twin = Source(SPECTACLED[0], cast[1].frames, cast[1].fps, cast[1].finder)
    assert write_all(tmp_path, "glasses", LIVE["glasses"], [twin], 2) == 0
    assert write_all(tmp_path, "hat", LIVE["hat"], [cast[1]], 1) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["webcam--hat-0.avi"]


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_a_species_shows_its_source_near_enough_and_the_same_for_a_seed(
    cast: list[Source], name: str
) -> None:
    make = attacks(cast)[name]
    first, again = some(make(cast[2], 7)), some(make(cast[2], 7))
    assert [one.shape for one in first] == [(480, 640, 3)] * 3
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    assert (first[0] != some(make(cast[2], 8), 1)[0]).any()
    mesh = cast[2].finder.mesh(first[0])
    assert mesh is not None
    assert eye_distance(mesh) >= 68


@pytest.mark.parametrize("name", sorted(LIVE))
def test_a_living_person_is_found_in_every_variant(cast: list[Source], name: str) -> None:
    frames = list(islice(LIVE[name](cast[1], 3), 2))
    mesh = cast[1].finder.mesh(frames[0].pixels)
    assert mesh is not None
    assert eye_distance(mesh) >= 70
    assert frames[1].taken_ns > frames[0].taken_ns


def statistics(pixels: np.ndarray) -> dict[str, float]:
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).astype(np.float32)
    noise = grey - cv2.GaussianBlur(grey, (0, 0), 1.0)
    packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
    rim = np.concatenate([grey[:3].ravel(), grey[-3:].ravel(), grey[:, :3].ravel()])
    return {
        "mean": float(grey.mean()),
        "noise": float(np.median(np.abs(noise))),
        "bytes": float(packed.size),
        "dark rim": float((rim < 4).mean()),
    }


def test_the_blank_medium_is_the_live_presentation_filmed_again(cast: list[Source]) -> None:
    for source in cast[:2]:
        live = statistics(some(small_turn(source, 5), 1)[0])
        blank = statistics(some(blank_medium(source, 5), 1)[0])
        assert blank["mean"] == pytest.approx(live["mean"], rel=0.06)
        assert blank["noise"] == pytest.approx(live["noise"], rel=0.2)
        assert blank["bytes"] == pytest.approx(live["bytes"], rel=0.15)
        assert blank["dark rim"] == pytest.approx(live["dark rim"], abs=0.03)


def test_no_trivial_number_tells_attack_from_live(cast: list[Source]) -> None:
    seeds = range(3)
    live = [
        statistics(some(LIVE[name](source, seed), 1)[0])
        for name in ("natural", "small_turn")
        for source in cast[:2]
        for seed in seeds
    ]
    made = attacks(cast)
    attacked = [
        statistics(some(made[name](source, seed), 1)[0])
        for name in ("matt_print", "phone_replay", "injection")
        for source in cast[:2]
        for seed in seeds
    ]
    for key in ("mean", "noise", "bytes"):
        ones, others = (np.array([one[key] for one in part]) for part in (live, attacked))
        above = (ones[:, None] > others[None]).mean() + 0.5 * (ones[:, None] == others[None]).mean()
        assert 0.1 < above < 0.9, f"{key} alone tells attacks: AUC {above:.2f}"


def test_injected_pictures_come_on_an_exact_clock_and_a_sensors_do_not(
    cast: list[Source],
) -> None:
    injected = np.diff([one.taken_ns for one in attacks(cast)["injection"](cast[1], 1)])
    real = np.diff([one.taken_ns for one in LIVE["natural"](cast[1], 1)])
    assert np.ptp(injected) == 0
    assert 1e4 < real.std() < 3e6


def test_a_presentation_lasts_three_seconds_and_is_written_as_a_clip(
    cast: list[Source], tmp_path: Path
) -> None:
    frames = list(LIVE["natural"](cast[1], seed_of("webcam", "natural", 0)))
    assert 12 <= rate_of(frames) <= 25
    assert 3.0 <= len(frames) / rate_of(frames) <= 4.0
    path = tmp_path / "live" / "one.avi"
    assert write_clip(path, frames, rate_of(frames)) == len(frames)
    capture = cv2.VideoCapture(str(path))
    read, pixels = capture.read()
    capture.release()
    assert read
    assert np.abs(pixels.astype(int) - frames[0].pixels).mean() < 3


def test_no_empty_clip_is_left_behind(tmp_path: Path) -> None:
    assert write_clip(tmp_path / "none.avi", [], 15.0) == 0
    assert not (tmp_path / "none.avi").exists()


def test_the_seed_of_a_presentation_is_the_same_everywhere() -> None:
    assert seed_of("d3", "matt_print", 0) == 654348071
