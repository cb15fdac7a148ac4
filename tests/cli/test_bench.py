"""`sanmen bench` gives every figure of the contract; how large they are is no test's matter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from appliance.cli import bench as commands
from appliance.cli import bench_visit
from appliance.cli.bench_stages import FrameCost, Stages
from appliance.errors import ModelError, PictureError
from appliance.vision.inference import ModelShelf

if TYPE_CHECKING:
    from appliance.pad_section import PadSection

KEYS = {
    "stages_ms",
    "models_ms",
    "ratio",
    "search_ms",
    "frames_per_second",
    "start_to_ready_s",
    "peak_memory_mb",
    "log_appends_per_s",
    "log_verify_million_s",
}
STAGES = {"detect", "refine", "mesh", "quality", "align", "features", "texture"}


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(commands.bench)
    return made


def test_the_figures_are_complete(app: typer.Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "SEARCHES", 2)
    result = CliRunner().invoke(app, ["--frames", "3", "--log-events", "2000", "--json"])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert set(figures) >= KEYS
    assert set(figures["stages_ms"]) == STAGES
    assert set(figures["search_ms"]) == {"2400", "10000", "50000"}
    assert all(value > 0 for value in figures["models_ms"].values())
    assert figures["ratio"] > 0.5
    assert figures["peak_memory_mb"] > 50
    assert figures["start_to_ready_s"] > 0


def test_a_person_reads_a_table(app: typer.Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "SEARCHES", 2)
    monkeypatch.setattr(commands, "start_and_work", lambda _: (1.0, 200.0))
    result = CliRunner().invoke(app, ["--frames", "2", "--log-events", "1000"])
    assert result.exit_code == 0, result.output
    assert "refine" in result.stdout


def test_what_proving_adds_is_told_apart_from_the_wait_for_a_turn(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans = {False: [(400, 350), (420, 380), None], True: [(900, 800), None, (1500, 1300)]}
    every = {False: [(650, 520), (700, 600), (700, 600)], True: spans[True]}

    def visits(pad: PadSection) -> list[tuple[float, float] | None]:
        rows = spans[False] if not pad.motion.on else every[pad.parallax.on]
        return [None if row is None else (row[0] * 1e6, row[1] * 1e6) for row in rows]

    monkeypatch.setattr(bench_visit, "visits", visits)
    monkeypatch.setattr(bench_visit, "STARTS_S", (1.0, 2.0, 3.0))
    result = CliRunner().invoke(app, ["--pad", "--json"])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["admitted"] == {"alone": 2, "no_turn": 3, "proven": 2}
    assert figures["visit_ms"] == {"alone": 400.0, "no_turn": 650.0, "proven": 900.0}
    assert figures["added_ms"] == {"alone": 0.0, "no_turn": 250.0, "proven": 500.0}
    assert figures["work_ratio"] == 2.286


def test_a_visit_is_measured_from_intent_to_relay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_visit, "STARTS_S", (13.0,))
    [one] = bench_visit.visits(bench_visit.configurations()["alone"])
    assert one is not None
    span_ns, work_ns = one
    assert 0 < work_ns < span_ns


def test_a_room_that_does_not_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "ROOM", "raise SystemExit(3)")
    with pytest.raises(ModelError, match="exit code 3"):
        commands.start_and_work(1)


def test_pictures_without_a_sample_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = np.full((200, 200, 3), 90, np.uint8)
    monkeypatch.setattr(commands, "clip_pictures", lambda _: [wall] * 5)
    with pytest.raises(PictureError, match="no sample"):
        commands.frame_costs(1)


def test_a_frame_costs_its_models_and_more() -> None:
    stages = Stages(ModelShelf())
    picture = commands.clip_pictures(1)[0]
    costs = [stages.measure(picture, pipeline_first=first) for first in (True, False)]
    for cost in costs:
        assert cost is not None
        assert len(cost.models_ms) == 6
        assert set(cost.stages_ms) == STAGES


def test_a_stage_s_own_work_is_its_time_without_its_models() -> None:
    models = {"yunet_far": 4.0, "yunet_close": 9.0, "face_mesh": 2.0}
    models |= {"sface": 20.0, "mobilefacenet": 12.0, "liveness": 8.0}
    cost = FrameCost(60.0, dict.fromkeys(sorted(STAGES), 40.0), models)
    assert commands.own_work(cost) == {
        "detect": 36.0,
        "refine": 31.0,
        "mesh": 38.0,
        "quality": 40.0,
        "align": 40.0,
        "features": 8.0,
        "texture": 32.0,
    }
