"""`sanmen evaluate qr`: refusals, then counts that add up on pictures whose text is known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import segno
from typer.testing import CliRunner

from appliance.cli import build
from appliance.cli.photos import EvaluationError

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "qr"


def figures(*arguments: str) -> dict[str, object]:
    result = CliRunner().invoke(build(), ["evaluate", "qr", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize(
    "lines", [None, "", "[]", '{"file": "a.png"}', "{", '{"file": "none.png", "text": "A"}']
)
def test_a_list_that_is_none_is_refused(tmp_path: Path, lines: str | None) -> None:
    if lines is not None:
        (tmp_path / "expected.jsonl").write_text(lines)
    result = CliRunner().invoke(build(), ["evaluate", "qr", str(tmp_path)])
    assert isinstance(result.exception, EvaluationError)


def test_both_and_neither_are_refused(tmp_path: Path) -> None:
    for arguments in ([], [str(tmp_path), "--rendered", "1"]):
        result = CliRunner().invoke(build(), ["evaluate", "qr", *arguments])
        assert isinstance(result.exception, EvaluationError)


def test_right_wrong_and_missed_codes_are_counted_by_kind(tmp_path: Path) -> None:
    for name in ("right", "wrong"):
        segno.make_qr(name).save(str(tmp_path / f"{name}.png"), scale=8, border=4)
    segno.make_micro("1").save(str(tmp_path / "none.png"), scale=8, border=4)
    expected = tmp_path / "other.jsonl"
    rows = [("right", "right", "a"), ("wrong", "else", "a"), ("none", "1", "b")]
    expected.write_text(
        "\n".join(json.dumps({"file": f"{n}.png", "text": t, "kind": k}) for n, t, k in rows)
    )
    found = figures(str(tmp_path), "--expected", str(expected))
    assert (found["images"], found["read"], found["wrong"]) == (3, 1, 1)
    assert found["missed"] == ["wrong.png", "none.png"]
    kinds = found["kinds"]
    assert isinstance(kinds, dict)
    assert kinds["a"]["wrong"] == 1
    assert kinds["b"]["read"] == 0


def test_rendered_phones_of_all_kinds_are_read() -> None:
    found = figures("--rendered", "2")
    kinds = found["kinds"]
    assert isinstance(kinds, dict)
    assert len(kinds) == 13
    assert (found["images"], found["wrong"]) == (26, 0)
    assert isinstance(found["read"], int)
    assert found["read"] >= 24


@pytest.mark.skipif(not DATA.exists(), reason="the shared photos of codes are not here")
def test_photos_of_codes_are_read() -> None:
    found = figures(str(DATA))
    assert (found["images"], found["wrong"]) == (97, 0)
    assert isinstance(found["read"], int)
    assert found["read"] >= 94
