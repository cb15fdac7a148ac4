"""Consent, erasure, sweep, backup and restore as commands, on a whole gate."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from appliance.cli import build
from appliance.clock import SystemClock
from appliance.config import load
from appliance.errors import (
    EnrolmentError,
    KeyMissingError,
    RosterError,
    SealBrokenError,
    StoreError,
)
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.enrolment.commit import Enrolment, Face, commit
from appliance.gate.enrolment.consent import Consent, GivenBy
from appliance.gate.enrolment.receipt import check
from appliance.gate.store.records import Profile
from appliance.vision.qr_image import decode

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result
    from numpy.typing import NDArray

    from appliance.gate.archive import Archive

GATE = """
[site]
simulation = true
operator = "阳光物业管理有限公司"
contact = "李经理 010-12345678"
[door]
driver = "mock"
[reader]
driver = "sim"
source = "reader"
[methods]
face = true
"""


def vector(seed: int) -> NDArray[np.float32]:
    drawn = np.random.default_rng(seed).standard_normal(128)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


def enrol(archive: Archive, seed: int, now: datetime, days: int = 300) -> str:
    until = now + timedelta(days)
    consent = Consent("v1", "open this gate", GivenBy.SELF, now - timedelta(9), until, "signed")
    profile = Profile("3-1201", "Li", frozenset({"card", "face"}))
    face = Face(vector(seed), "recipe", 80)
    act = Enrolment(profile, (seed.to_bytes(16, "big"),), (), consent, face)
    return commit(archive.roster, archive.gallery, act, now)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "old").mkdir()
    path = tmp_path / "old" / "gate.toml"
    path.write_text(GATE)
    create_archive(load(path))
    return path


@pytest.fixture
def names(config: Path) -> list[str]:
    archive = open_archive(load(config), SystemClock())
    found = [enrol(archive, seed, datetime.now(UTC)) for seed in (1, 2, 3)]
    archive.close()
    return found


def sanmen(config: Path, *arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(build(), [*arguments, "--config", str(config)], input=answer)


def key_of(config: Path) -> str:
    return sanmen(config, "receipt", "key").stdout.strip()


def token_in(output: str) -> str:
    lines = output[output.index("\neyJ") + 1 :].split("\n")
    return "\n".join(line for line in lines if " " not in line)


def verify(text: str, key: str) -> Result:
    """Check a receipt where there is no gate and no configuration."""
    return CliRunner().invoke(build(), ["receipt", "verify", text, "--key", key])


def faces(config: Path, seed: int) -> dict[str, float]:
    archive = open_archive(load(config), SystemClock())
    archive.references.want("recipe")
    found = archive.references.candidates(vector(seed), datetime.now(UTC), 3)
    archive.close()
    return dict(found)


def test_nobody_unknown_or_without_consent_is_served(config: Path, names: list[str]) -> None:
    for act in ("withdraw", "thaw", "receipt", "freeze", "show"):
        result = sanmen(config, "consent", act, "0123456789abcdef")
        assert isinstance(result.exception, RosterError), act
    sanmen(config, "consent", "withdraw", names[0])
    assert isinstance(sanmen(config, "consent", "withdraw", names[0]).exception, EnrolmentError)
    assert isinstance(sanmen(config, "consent", "thaw", names[0]).exception, EnrolmentError)


def test_a_withdrawal_ends_the_face_at_once_and_gives_two_receipts(
    config: Path, names: list[str], tmp_path: Path
) -> None:
    running = open_archive(load(config), SystemClock())
    running.references.want("recipe")
    assert dict(running.references.candidates(vector(1), datetime.now(UTC), 3)).keys() == set(names)
    result = sanmen(config, "consent", "withdraw", names[0], "--png", str(tmp_path / "qr.png"))
    after = dict(running.references.candidates(vector(1), datetime.now(UTC), 3))
    running.close()

    assert result.exit_code == 0, result.output
    assert after.keys() == {names[1], names[2]}
    assert "withdrawal.event_time" in result.output
    assert "nothing left in any file" in result.output
    picture = cv2.imdecode(np.frombuffer((tmp_path / "qr.png").read_bytes(), np.uint8), 1)
    assert max(picture.shape) <= 640
    text = decode(picture)
    assert check(text, bytes.fromhex(key_of(config))).claims["e"] == "withdrawn"
    shown = json.loads(sanmen(config, "consent", "show", names[0]).stdout)
    assert [one["status"] for one in shown["consents"]] == ["withdrawn"]
    verified = verify(text, key_of(config))
    assert verified.exit_code == 0
    assert "pii_principal_id: " + names[0] in verified.output
    for key in ("00" * 32, "zz" * 32, "00"):
        assert isinstance(verify(text, key).exception, SealBrokenError)


def test_a_frozen_face_rests_until_it_is_thawed(config: Path, names: list[str]) -> None:
    assert sanmen(config, "consent", "freeze", names[0]).exit_code == 0
    assert names[0] not in faces(config, 1)
    assert sanmen(config, "consent", "thaw", names[0]).exit_code == 0
    assert faces(config, 1)[names[0]] == pytest.approx(1.0, abs=1e-5)


def test_an_erasure_gives_a_receipt_that_anybody_can_check(
    config: Path, names: list[str], tmp_path: Path
) -> None:
    result = sanmen(config, "erase", names[0], "--yes")
    assert result.exit_code == 0, result.output
    (tmp_path / "receipt.txt").write_text(token_in(result.output))
    key = key_of(config)
    alone = verify(str(tmp_path / "receipt.txt"), key)
    assert alone.exit_code == 0, alone.output
    assert f"pseudonym: {names[0]}" in alone.output
    assert "nothing left in any file" in alone.output


def test_a_sweep_erases_whose_time_has_come_and_nobody_else(config: Path) -> None:
    settings = load(config)
    archive = open_archive(settings, SystemClock())
    now = datetime.now(UTC)
    ended = enrol(archive, 1, now)
    archive.roster.set_face_consent(
        ended, Consent("v", "e", GivenBy.SELF, now - timedelta(9), now - timedelta(1), "signed")
    )
    stays = enrol(archive, 2, now)
    moved = enrol(archive, 3, now)
    profile = Profile("1", "x", frozenset({"card"}), valid_until=now - timedelta(days=31))
    archive.roster.update(moved, profile)
    archive.close()

    done = json.loads(sanmen(config, "sweep", "--json").stdout)

    acts = {(one["pseudonym"], one["part"], one["clean"]) for one in done["erased"]}
    assert acts == {(ended, "face", True), (moved, "person", True)}
    assert faces(config, 2).keys() == {stays}
    assert json.loads(sanmen(config, "sweep", "--json").stdout)["erased"] == []


@pytest.fixture
def words(config: Path) -> tuple[str, str]:
    """Draw the recovery key as a person does: read the words, type them again."""
    shown = CliRunner().invoke(build(), ["backup", "init", "--config", str(config)], input="x\n")
    assert isinstance(shown.exception, KeyMissingError)
    from appliance.gate import backup_register  # noqa: PLC0415 - only here
    from appliance.gate.backup_format import fingerprint  # noqa: PLC0415
    from appliance.gate.backup_words import Language, draw_words, recovery_key  # noqa: PLC0415

    archive = open_archive(load(config), SystemClock())
    drawn = draw_words(Language.CHINESE)
    public = recovery_key(drawn).public_key().public_bytes_raw()
    backup_register.set_recovery(archive.roster.store, public)
    paper = fingerprint(archive.roster.store.signer.public_key)[:16]
    archive.close()
    return drawn, paper


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    (tmp_path / "new").mkdir()
    path = tmp_path / "new" / "gate.toml"
    path.write_text(GATE)
    return path


def restore(unit: Path, file: Path, words: tuple[str, str], *more: str) -> Result:
    fixed = ("--gate-key", words[1], "--reason", "water damage")
    return sanmen(unit, "restore", str(file), *fixed, *more, answer=words[0] + "\n")


def made(config: Path, file: Path) -> None:
    result = sanmen(config, "backup", "make", str(file), "--reason", "monthly")
    assert result.exit_code == 0, result.output


def test_without_words_or_list_nothing_is_backed_up_or_restored(
    config: Path, names: list[str], tmp_path: Path, unit: Path
) -> None:
    file = tmp_path / "b"
    result = sanmen(config, "backup", "make", str(file), "--reason", "x")
    assert isinstance(result.exception, KeyMissingError)
    assert names
    assert not file.exists()
    (tmp_path / "junk").write_bytes(b"junk")
    assert isinstance(restore(unit, tmp_path / "junk", ("x", "y")).exception, SealBrokenError)
    assert list(unit.parent.iterdir()) == [unit]


def test_a_gate_comes_back_without_those_erased_since(
    config: Path, names: list[str], words: tuple[str, str], tmp_path: Path, unit: Path
) -> None:
    file, saved = tmp_path / "usb.bin", tmp_path / "old.bin"
    made(config, file)
    saved.write_bytes(file.read_bytes())
    old_backup = sanmen(config, "backup", "list").stdout.split()[0]
    file.unlink()  # the stick is taken out
    assert sanmen(config, "erase", names[0], "--yes").exit_code == 0
    assert sanmen(config, "consent", "withdraw", names[1]).exit_code == 0
    listed = tmp_path / "list"
    erasures = sanmen(config, "backup", "erasures", str(listed), "--backup", old_backup)
    assert erasures.exit_code == 0, erasures.output

    refused = restore(unit, saved, words)
    assert isinstance(refused.exception, StoreError)
    assert "come back" in str(refused.exception)
    wrong = restore(unit, saved, ("abandon " * 23 + "art", words[1]), "--erasures", str(listed))
    assert isinstance(wrong.exception, SealBrokenError)
    assert list(unit.parent.iterdir()) == [unit]

    result = restore(unit, saved, words, "--erasures", str(listed))
    assert result.exit_code == 0, result.output
    assert "restored 2 people, 1 faces (0 frozen" in result.output
    assert "left out: 1 people erased, 1 faces" in result.output
    assert faces(unit, 3) == {names[2]: pytest.approx(1.0, abs=1e-5)}
    assert faces(config, 3) == {names[2]: pytest.approx(1.0, abs=1e-5)}
    new, old = (open_archive(load(path), SystemClock()) for path in (unit, config))
    assert new.roster.store.gate_id != old.roster.store.gate_id
    assert new.roster.find_by_card((3).to_bytes(16, "big")) is not None
    assert new.roster.find_by_card((1).to_bytes(16, "big")) is None
    turned = [one.gallery.rotate(vector(3)) for one in (new, old)]
    assert abs(float(turned[0] @ turned[1])) < 0.5
    new.close()
    old.close()
    again = restore(unit, saved, words, "--erasures", str(listed))
    assert isinstance(again.exception, StoreError)
    assert faces(unit, 3).keys() == {names[2]}


def test_without_a_list_every_face_rests_until_confirmed(
    config: Path, names: list[str], words: tuple[str, str], tmp_path: Path, unit: Path
) -> None:
    file = tmp_path / "usb.bin"
    made(config, file)
    result = restore(unit, file, words, "--without-erasure-list")
    assert result.exit_code == 0, result.output
    assert "(3 frozen" in result.output
    assert faces(unit, 1) == {}
    assert sanmen(unit, "consent", "thaw", names[0]).exit_code == 0
    assert faces(unit, 1).keys() == {names[0]}


def test_a_list_of_another_backup_or_an_older_one_is_refused(
    config: Path, names: list[str], words: tuple[str, str], tmp_path: Path, unit: Path
) -> None:
    assert names
    for number in (1, 2):
        made(config, tmp_path / f"b{number}")
    first = sanmen(config, "backup", "list").stdout.split()[0]
    sanmen(config, "backup", "erasures", str(tmp_path / "list"), "--backup", first)
    results = [
        restore(unit, tmp_path / f"b{number}", words, "--erasures", str(tmp_path / "list"))
        for number in (1, 2)
    ]
    assert sum(isinstance(one.exception, SealBrokenError) for one in results) == 1


def test_a_backup_within_reach_is_made_anew_without_the_erased(
    config: Path, names: list[str], words: tuple[str, str], tmp_path: Path, unit: Path
) -> None:
    file = tmp_path / "usb.bin"
    made(config, file)
    before = file.read_bytes()
    result = sanmen(config, "erase", names[0], "--yes")
    assert result.exit_code == 0, result.output
    assert "backups_remade_without: 1" in result.output
    assert file.read_bytes() != before
    assert restore(unit, file, words, "--without-erasure-list").exit_code == 0
    archive = open_archive(load(unit), SystemClock())
    assert {one.pseudonym for one in archive.roster.residents()} == set(names[1:])
    archive.close()
