"""Enrolling, listing and erasing as the manager's commands do it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from appliance.cli import build
from appliance.errors import ConfigError, EnrolmentError, RosterError
from hardware.sim.library import footage_path

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

CARD = "00112233445566778899aabbccddeeff"
CLIP = str(footage_path("WolfgangLanger_Pexels.mp4"))
GATE = """
[site]
simulation = true
[door]
driver = "mock"
[reader]
driver = "sim"
source = "reader"
[methods]
face = true
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(GATE)
    return path


def sanmen(config: Path, *arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(
        build(), [arguments[0], "--config", str(config), *arguments[1:]], input=answer
    )


def listed(config: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(sanmen(config, "list", "--json").stdout)
    return rows


def test_nobody_is_enrolled_without_card_or_phone(config: Path) -> None:
    result = sanmen(config, "enrol", "--household", "1", "--face")

    assert isinstance(result.exception, EnrolmentError)
    assert "law 1" in str(result.exception)


@pytest.mark.parametrize("card", ["", "00", "zz" * 16, CARD + "00"])
def test_a_card_that_is_no_card_is_refused(config: Path, card: str) -> None:
    result = sanmen(config, "enrol", "--household", "1", "--card", card)

    assert isinstance(result.exception, EnrolmentError)


def test_a_clip_enrols_nobody_at_a_real_gate(config: Path) -> None:
    config.write_text("[reader]\ndriver = 'none'\n[methods]\nface = true\n")
    result = sanmen(config, "enrol", "--household", "1", "--card", CARD, "--face", "--clip", CLIP)

    assert isinstance(result.exception, EnrolmentError)
    assert "living person" in str(result.exception)


def test_no_is_an_answer_without_cost(config: Path) -> None:
    result = sanmen(
        config,
        *("enrol", "--household", "1", "--card", CARD, "--face", "--clip", CLIP),
        answer="n\n",
    )

    assert result.exit_code == 0
    (one,) = listed(config)
    assert one["methods"] == ["card"]
    assert one["face_until"] is None


def test_a_card_belongs_to_one_person(config: Path) -> None:
    sanmen(config, "enrol", "--household", "1", "--card", CARD)
    result = sanmen(config, "enrol", "--household", "2", "--card", CARD)

    assert isinstance(result.exception, RosterError)
    assert len(listed(config)) == 1


def test_an_unknown_pseudonym_is_not_erased(config: Path) -> None:
    sanmen(config, "enrol", "--household", "1", "--card", CARD)
    result = sanmen(config, "erase", "0123456789abcdef", "--yes")

    assert isinstance(result.exception, RosterError)
    assert len(listed(config)) == 1


def test_erasure_asks_first(config: Path) -> None:
    sanmen(config, "enrol", "--household", "1", "--card", CARD)
    (one,) = listed(config)
    result = sanmen(config, "erase", str(one["pseudonym"]), answer="n\n")

    assert isinstance(result.exception, RosterError)
    assert len(listed(config)) == 1


def test_an_unknown_key_is_named(config: Path) -> None:
    config.write_text(GATE + "colour = 'red'\n")
    result = sanmen(config, "list")

    assert isinstance(result.exception, ConfigError)
    assert "methods.colour" in str(result.exception)


def test_a_person_comes_with_three_doors_and_goes_without_a_trace(config: Path) -> None:
    phone = config.parent / "phone.pem"
    result = sanmen(
        config,
        *("enrol", "--household", "3-1201", "--label", "Li", "--card", CARD),
        *("--phone", str(phone), "--face", "--clip", CLIP),
        answer="y\n",
    )

    assert result.exit_code == 0, result.output
    assert phone.stat().st_mode & 0o077 == 0
    (one,) = listed(config)
    assert one["methods"] == ["card", "face", "pass"]
    assert one["face_until"] is not None

    assert "pii_principal_id: " + str(one["pseudonym"]) in result.output

    # A process of its own, as it is for people: this one has seen the face.
    erased = subprocess.run(  # noqa: S603 - our own program
        [
            *(sys.executable, "-c", "from appliance.cli import main; main()", "erase"),
            *("--config", str(config), str(one["pseudonym"]), "--yes"),
        ],
        capture_output=True,
        check=False,
        text=True,
    )

    assert erased.returncode == 0, erased.stderr
    assert "none left" in erased.stdout
    assert listed(config) == []
    everything = b"".join(p.read_bytes() for p in config.parent.rglob("*.db*"))
    assert b"3-1201" not in everything


def test_the_same_face_is_enrolled_once(config: Path) -> None:
    face = ("--face", "--clip", CLIP)
    first = sanmen(config, "enrol", "--household", "1", "--card", CARD, *face, answer="y\n")
    other = CARD[::-1]
    second = sanmen(config, "enrol", "--household", "2", "--card", other, *face, answer="y\n")

    assert first.exit_code == 0, first.output
    assert isinstance(second.exception, EnrolmentError)
    assert "duplicate" in str(second.exception)
    assert len(listed(config)) == 1
