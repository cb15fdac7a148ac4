"""The desk's work with phones: wrong codes and ids first, then a phone's whole life."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import segno
from typer.testing import CliRunner

from appliance.cli import build
from appliance.clock import SystemClock
from appliance.config import load
from appliance.errors import PassError, RosterError
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.credential import wire
from appliance.gate.credential.findings import PassClaims
from appliance.gate.credential.grant import VisitorRules
from appliance.gate.credential.pass_token import PassVerifier, PhoneKey
from appliance.gate.credential.replay import Ledger
from appliance.gate.store.records import Profile

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

NOW = datetime.now(UTC)
PHONE = PhoneKey.create()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text('[site]\nsimulation = true\n[door]\ndriver = "mock"\n')
    create_archive(load(path))
    return path


@pytest.fixture
def resident(config: Path) -> str:
    archive = open_archive(load(config), SystemClock())
    try:
        return archive.roster.add(Profile("1", "Li", frozenset({"pass"})))
    finally:
        archive.close()


def sanmen(config: Path, command: str, *arguments: str) -> Result:
    return CliRunner().invoke(build(), ["pass", command, "--config", str(config), *arguments])


@pytest.mark.parametrize("code", ["", "HELLO", PHONE.sign(NOW), "/", "x" * 5000, "\0"])
def test_what_is_no_enrolment_code_enrols_nothing(config: Path, resident: str, code: str) -> None:
    result = sanmen(config, "enrol", resident, code)
    assert isinstance(result.exception, PassError)
    assert sanmen(config, "list", resident).stdout == ""


def test_a_picture_without_a_code_enrols_nothing(
    config: Path, resident: str, tmp_path: Path
) -> None:
    for content in (b"no picture", b""):
        (tmp_path / "photo.png").write_bytes(content)
        result = sanmen(config, "enrol", resident, str(tmp_path / "photo.png"))
        assert isinstance(result.exception, PassError)


@pytest.mark.parametrize("number", ["", "zz", "00" * 7, "00" * 8])
def test_a_phone_that_nobody_has_cannot_be_blocked(config: Path, number: str) -> None:
    assert isinstance(sanmen(config, "block", number).exception, RosterError)
    assert isinstance(sanmen(config, "withdraw", number).exception, RosterError)
    assert isinstance(sanmen(config, "withdraw", number * 2).exception, RosterError)


def test_nobody_and_no_key_twice_are_enrolled(config: Path, resident: str) -> None:
    text = PHONE.enrolment(NOW)
    assert isinstance(sanmen(config, "enrol", "0" * 16, text).exception, RosterError)
    assert sanmen(config, "enrol", resident, text).exit_code == 0
    assert isinstance(sanmen(config, "enrol", resident, text).exception, RosterError)


def test_a_phone_is_enrolled_from_a_photo_blocked_and_its_passes_withdrawn(
    config: Path, resident: str, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.png"
    segno.make(PHONE.enrolment(NOW), error="l").save(str(photo), scale=6, border=4)
    assert PHONE.key_id.hex() in sanmen(config, "enrol", resident, str(photo)).stdout
    assert sanmen(config, "list", resident).stdout == f"{PHONE.key_id.hex()} active\n"

    guest = PhoneKey.create()
    grant = PHONE.grant(guest.public_key, NOW, NOW + timedelta(hours=1))
    grant_id = (PHONE.key_id + wire.parse(grant).code_id).hex()
    verifier = PassVerifier({PHONE.key_id: PHONE.public_key}.get, VisitorRules())
    shown = verifier.verify(guest.sign(NOW, grant), NOW)
    assert isinstance(shown, PassClaims)
    assert sanmen(config, "withdraw", grant_id).exit_code == 0
    archive = open_archive(load(config), SystemClock())
    try:
        used = Ledger(archive.roster.store).spend(shown, int(NOW.timestamp()))
        kinds = [one.event.kind for one in archive.log.tail(9)]
    finally:
        archive.close()
    assert used is not None
    assert used.value == "pass-withdrawn"
    assert kinds == ["pass.enrolled", "pass.viewed", "pass.withdrawn"]
    (row,) = json.loads(sanmen(config, "grants", "--json").stdout)
    assert (row["grant"], row["uses"], row["withdrawn"]) == (grant_id, 0, True)

    assert sanmen(config, "block", PHONE.key_id.hex()).exit_code == 0
    assert sanmen(config, "list", resident).stdout == f"{PHONE.key_id.hex()} blocked\n"
    assert sanmen(config, "block", PHONE.key_id.hex(), "--unblock").exit_code == 0
    assert sanmen(config, "list", resident).stdout == f"{PHONE.key_id.hex()} active\n"
