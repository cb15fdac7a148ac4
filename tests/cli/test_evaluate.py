"""`sanmen evaluate faces` and `identify` on photos made of the packaged footage."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from appliance.cli.evaluate import app, words
from appliance.cli.identification import Searches, false_negative, false_positive, search, trade_off
from appliance.cli.photos import EvaluationError, Photo, central, find_people
from appliance.cli.protocol import Half, draw, make_pairs, read_pairs
from appliance.gate.access.identification import Candidate, decide_identity
from appliance.vision.features import unit
from appliance.vision.samples import Face
from hardware.sim.library import footage_path

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

PEOPLE = ("astronaut", "woman")
PHOTOS = 3


def photos_of_a_clip(home: Path) -> None:
    """Three pictures of the woman, 40 apart."""
    home.mkdir(parents=True)
    capture = cv2.VideoCapture(str(footage_path("WolfgangLanger_Pexels.mp4")), cv2.CAP_FFMPEG)
    for number in range(PHOTOS):
        for _ in range(40):
            capture.grab()
        ok, pixels = capture.retrieve()
        assert ok
        cv2.imwrite(str(home / f"{number}.png"), pixels)
    capture.release()


def photos_of_a_portrait(home: Path) -> None:
    """Take three pictures of the portrait: as it is, mirrored, and darker."""
    home.mkdir(parents=True)
    portrait = cv2.imread(str(footage_path("astronaut.png")), cv2.IMREAD_COLOR)
    for number, pixels in enumerate((portrait, portrait[:, ::-1], portrait // 2)):
        cv2.imwrite(str(home / f"{number}.png"), pixels)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people of three photos each."""
    folder = tmp_path_factory.mktemp("photos")
    photos_of_a_clip(folder / "woman")
    photos_of_a_portrait(folder / "astronaut")
    (folder / "notes.txt").write_text("no photo")
    (folder / "woman" / "notes.txt").write_text("no photo")
    return folder


@pytest.fixture
def names(made: Path) -> dict[str, tuple[Photo, ...]]:
    return find_people(made)


def lots(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - a lot, not a key


def people_of(*counts: int) -> dict[str, tuple[Photo, ...]]:
    from pathlib import Path  # noqa: PLC0415

    return {
        f"p{who}": tuple(Photo(f"p{who}", Path(f"p{who}/{n}.png")) for n in range(count))
        for who, count in enumerate(counts)
    }


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def refusal(*arguments: object) -> str:
    result = run(*arguments)
    assert isinstance(result.exception, EvaluationError), result.output
    return str(result.exception)


def test_verification_gives_its_keys_and_tells_two_people_apart(made: Path) -> None:
    result = run("faces", made, "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["pairs"] == 12  # 2 x 3 of one person, as many of two
    assert figures["failure_to_acquire"] == 0
    assert figures["accuracy"] == 1.0
    assert figures["tar_at_fmr"] == {"0.01": 1.0, "0.001": 1.0}
    assert -1 < figures["threshold"] < 1
    assert figures["ms_per_image"] > 0


def test_listed_pairs_are_compared_as_listed(made: Path, tmp_path: Path) -> None:
    listed = tmp_path / "pairs.tsv"
    listed.write_text(
        "first\tsecond\tsame\nastronaut/0.png\tastronaut/1.png\t1\n\nastronaut/0.png\twoman/0.png\t0\n"
    )
    figures = json.loads(run("faces", made, "--pairs", listed, "--json").stdout)
    assert figures["pairs"] == 2
    assert figures["accuracy"] == 1.0


def test_a_person_reads_a_table(made: Path) -> None:
    result = run("faces", made)
    assert result.exit_code == 0
    assert "failure to acquire" in result.stdout
    assert words({"rate": None, "low": 0.0, "high": 1.0}) == "not measurable (0.0000 to 1.0000)"


def test_photos_without_a_face_are_failures_to_acquire(made: Path, tmp_path: Path) -> None:
    for person in PEOPLE:
        (tmp_path / person).mkdir()
        for photo in (made / person).glob("*.png"):
            (tmp_path / person / photo.name).write_bytes(photo.read_bytes())
    (tmp_path / "astronaut" / "broken.jpg").write_bytes(b"no picture")
    cv2.imwrite(str(tmp_path / "astronaut" / "wall.png"), np.full((200, 200, 3), 90, np.uint8))
    cv2.imwrite(str(tmp_path / "astronaut" / "dot.png"), np.zeros((1, 1, 3), np.uint8))
    result = run("identify", tmp_path, "--gallery-size", 2, "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["failure_to_acquire"] == 3
    assert figures["mated_searches"] == 2
    listed = run("faces", tmp_path)
    assert "astronaut/broken.jpg" in listed.stdout
    listed_json = json.loads(run("faces", tmp_path, "--json").stdout)
    assert listed_json["failure_to_acquire"] == 3
    assert listed_json["pairs"] < 26


def test_identification_gives_its_keys(made: Path) -> None:
    result = run("identify", made, "--gallery-size", 1, "--references", 2, "--draws", 3, "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["enrolled"] == 1
    assert figures["mated_searches"] == 3  # one left of three photos, three draws
    assert figures["non_mated_searches"] == 9
    assert set(figures["fpir"]) == set(figures["fnir"]) == {"rate", "low", "high"}
    assert figures["fpir"]["rate"] == 0.0
    assert figures["fnir_at_fpir"] == {"0.01": 0.0, "0.001": 0.0}


def test_without_strangers_there_is_no_false_positive_rate(made: Path) -> None:
    figures = json.loads(run("identify", made, "--gallery-size", 2, "--json").stdout)
    assert figures["fpir"] == {"rate": None, "low": 0.0, "high": 1.0}
    assert figures["fnir_at_fpir"] == {"0.01": None, "0.001": None}
    assert run("identify", made, "--gallery-size", 2).exit_code == 0


def test_a_gallery_larger_than_the_people_is_refused(made: Path) -> None:
    said = refusal("identify", made, "--gallery-size", 3)
    assert "3" in said
    assert "at most 2" in said


def test_a_missing_or_empty_folder_is_refused(tmp_path: Path) -> None:
    assert "no folder" in refusal("faces", tmp_path / "nowhere")
    assert "none in" in refusal("identify", tmp_path, "--gallery-size", 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "line 1: nothing", id="empty"),
        pytest.param("a\tb\tc\n", "line 1", id="another header"),
        pytest.param(
            "first\tsecond\tsame\nastronaut/0.png\tastronaut/1.png\n", "line 2", id="two fields"
        ),
        pytest.param(
            "first\tsecond\tsame\nastronaut/0.png\tastronaut/1.png\t1\nastronaut/0.png\tastronaut/1.png\tyes\n",
            "line 3",
            id="neither 0 nor 1",
        ),
        pytest.param(
            "first\tsecond\tsame\nastronaut/0.png\tastronaut/9.png\t1\n",
            "line 2: no photo 'astronaut/9.png'",
            id="?",
        ),
        pytest.param("first\tsecond\tsame\n", "pairs of both kinds", id="no pair"),
    ],
)
def test_a_broken_list_of_pairs_is_refused_by_line(
    made: Path, tmp_path: Path, text: str, said: str
) -> None:
    listed = tmp_path / "pairs.tsv"
    listed.write_text(text)
    assert said in refusal("faces", made, "--pairs", listed)


def test_a_list_of_pairs_that_does_not_read_is_refused(
    tmp_path: Path, names: dict[str, tuple[Photo, ...]]
) -> None:
    with pytest.raises(EvaluationError, match="readable text"):
        read_pairs(tmp_path / "missing.tsv", names)
    (tmp_path / "binary.tsv").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(EvaluationError, match="readable text"):
        read_pairs(tmp_path / "binary.tsv", names)


def test_pairs_are_balanced_and_drawn_by_seed() -> None:
    people = people_of(3, 1, 2, 1)
    pairs = make_pairs(people, lots(5))
    assert sum(pair.same for pair in pairs) == 4
    assert len(pairs) == 8
    assert len({frozenset((pair.first, pair.second)) for pair in pairs}) == 8
    assert all((pair.first.person == pair.second.person) == pair.same for pair in pairs)
    assert make_pairs(people, lots(5)) == pairs
    assert len(make_pairs(people_of(4, 1), lots(0))) == 6 + 4  # no more differ


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8), st.integers(1, 4), st.integers(0, 9))
def test_a_draw_uses_every_photo_once(counts: list[int], references: int, seed: int) -> None:
    people = people_of(*counts)
    able = sum(count >= 2 for count in counts)
    if able == 0:
        with pytest.raises(EvaluationError, match="at most 0"):
            draw(people, 1, references, lots(seed))
        return
    lot = draw(people, able, references, lots(seed))
    used = [photo for photos in lot.references for photo in photos]
    used += [photo for photo, _ in lot.mated] + list(lot.non_mated)
    assert sorted(photo.name for photo in used) == sorted(
        photo.name for photos in people.values() for photo in photos
    )
    assert all(1 <= len(photos) <= references for photos in lot.references)
    assert {row for _, row in lot.mated} == set(range(able))
    assert all(photo.person == lot.references[row][0].person for photo, row in lot.mated)


@given(st.text(min_size=1))
def test_a_person_is_in_one_half_for_ever(name: str) -> None:
    assert Half.EVEN.holds(name) != Half.ODD.holds(name)
    assert Half.ALL.holds(name)


@given(st.integers(0, 200), st.integers(1, 6), st.floats(-1, 1), st.floats(0, 0.5))
def test_a_search_decides_as_the_gate_does(
    seed: int, size: int, threshold: float, margin: float
) -> None:
    random = np.random.default_rng(seed)
    gallery = np.stack([unit(row) for row in random.standard_normal((size, 8), dtype=np.float32)])
    probes = np.stack([unit(row) for row in random.standard_normal((4, 8), dtype=np.float32)])
    found = search(probes, gallery, None)
    for probe, accepted in zip(probes, found.accepted(threshold, margin), strict=True):
        scores = (probe[None] @ gallery.T)[0].astype(np.float64)
        candidates = tuple(Candidate(str(row), float(one)) for row, one in enumerate(scores))
        top = sorted(scores)
        edge = abs(top[-1] - threshold) < 1e-6
        edge = edge or (size > 1 and abs(top[-1] - top[-2] - margin) < 1e-6)
        decided = decide_identity(candidates, threshold, margin).subject is not None
        assert edge or decided == accepted


def test_rates_by_hand() -> None:
    mated = Searches(
        np.array([0.9, 0.5, 0.8, 0.7]),
        np.array([0.5, 0.3, 0.01, 0.2]),
        np.array([True, True, True, False]),
    )
    strangers = Searches(
        np.array([0.65, 0.7, 0.2, 0.1]), np.array([0.1, 0.02, 0.1, 0.1]), np.zeros(4, bool)
    )
    # 0.5 is too low, 0.01 not clear, the last is somebody else.
    assert false_negative(mated, 0.6, 0.05, 1).rate == 0.75
    assert false_positive(strangers, 0.6, 0.05, 1).rate == 0.25
    at_quarter = trade_off(mated, strangers, 0.25, 0.0)
    assert at_quarter is not None
    assert at_quarter["threshold"] == pytest.approx(0.65)
    assert at_quarter["fnir"] == 0.5
    clear = trade_off(mated, strangers, 0.25, 0.05)
    assert clear is not None
    assert clear["threshold"] == pytest.approx(0.2)
    assert clear["fnir"] == 0.5


def test_the_central_face_wins_over_a_larger_one_at_the_border() -> None:
    points = np.zeros((5, 2), np.float32)
    middle = Face((100.0, 100.0, 50.0, 50.0), points, 0.9)
    border = Face((0.0, 0.0, 70.0, 70.0), points, 0.9)
    assert central([border, middle], 250, 250) is middle
    far = Face((5000.0, 0.0, 70.0, 70.0), points, 0.9)
    farther = Face((9000.0, 0.0, 70.0, 70.0), points, 0.9)
    assert central([farther, far], 250, 250) is far
