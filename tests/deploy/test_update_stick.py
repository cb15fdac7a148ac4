"""An update asked for at the screen: forged requests, foreign sticks, and the same refusals."""

# ruff: noqa: RUF001 - Chinese has its own punctuation

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.deploy.update_world import NEW, OLD, Vendor, World, vendor, version_in, world

from update import record, stick  # isort: skip
from update.__main__ import main  # isort: skip
from update.table import State  # isort: skip
from update.words import UpdateError  # isort: skip

if TYPE_CHECKING:
    from pathlib import Path

ASK = "0123456789abcdef"


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Vendor:
    return vendor(tmp_path_factory.mktemp("vendor"))


@pytest.fixture
def gate(tmp_path: Path, maker: Vendor) -> World:
    made = world(tmp_path / "root", maker.keyring)
    for name in ("stick", "update-request", "update-status"):
        (tmp_path / "root/run/sanmen" / name).mkdir(parents=True)
    return made


def ask(gate: World, bundle: str = "sanmen-0.2.0.raucb", **more: object) -> None:
    words = {"ask": ASK, "bundle": bundle, "kept": 4096} | more
    gate.machine.request.write_text(json.dumps(words))


def told(gate: World) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gate.machine.told.read_bytes())
    return found


def untouched(gate: World) -> None:
    other = gate.machine.slots[1]
    assert set(other.root.read_bytes()) == {0}
    assert not gate.machine.reboot_param.exists()
    assert not gate.machine.request.exists()


def test_the_record_of_an_update_is_readable_for_the_gate_that_copies_the_store(
    gate: World,
) -> None:
    # as a whole computer showed: written under the service's umask it was root's alone, the copy
    # failed, and every update asked for at the screen went back
    before = os.umask(0o077)
    try:
        record.write(gate.machine, record.Record(State.TRYING, "B", NEW, OLD))
    finally:
        os.umask(before)
    assert gate.machine.pending.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"\xff" * 2000,
        json.dumps({"ask": ASK, "bundle": "../../etc/shadow", "kept": 0}).encode(),
        json.dumps({"ask": ASK, "bundle": "/dev/sda.raucb", "kept": 0}).encode(),
        json.dumps({"ask": "x" * 16, "bundle": "a.raucb", "kept": 0}).encode(),
        json.dumps({"ask": ASK, "bundle": "a.raucb\n", "kept": 0}).encode(),
        json.dumps({"ask": ASK, "bundle": "a.raucb", "kept": -1}).encode(),
        json.dumps({"ask": ASK, "bundle": "a.raucb", "kept": 0, "run": "sh"}).encode(),
    ],
)
def test_what_is_no_request_is_taken_away_and_does_nothing(gate: World, content: bytes) -> None:
    gate.machine.request.write_bytes(content)
    with pytest.raises(UpdateError, match="request"):
        stick.requested(gate.machine)
    untouched(gate)
    assert not gate.machine.told.exists()


def test_a_link_in_the_place_of_a_request_is_not_followed(gate: World, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(json.dumps({"ask": ASK, "bundle": "a.raucb", "kept": 0}))
    gate.machine.request.symlink_to(secret)
    with pytest.raises(UpdateError):
        stick.requested(gate.machine)
    untouched(gate)
    assert secret.exists()


def test_a_pipe_in_the_place_of_a_request_holds_nobody_up(gate: World) -> None:
    os.mkfifo(gate.machine.request)
    with pytest.raises(UpdateError):
        stick.requested(gate.machine)
    untouched(gate)


def test_a_bundle_that_is_not_there_or_of_another_signer_is_refused_in_words(
    gate: World, maker: Vendor
) -> None:
    ask(gate)
    with pytest.raises(UpdateError):
        stick.requested(gate.machine)
    assert (told(gate)["ask"], told(gate)["state"]) == (ASK, "refused")
    assert told(gate)["chinese"].startswith("找不到更新包")
    shutil.copy(maker.bundle(signer="theirs"), gate.machine.stick / "sanmen-0.2.0.raucb")
    ask(gate)
    with pytest.raises(UpdateError):
        stick.requested(gate.machine)
    assert told(gate)["chinese"] == "签名不是本厂的，更新包不可信，请勿使用。"
    assert told(gate)["english"].startswith("It is not signed by us")
    untouched(gate)


def test_room_for_the_store_that_only_the_gate_sees_is_asked_for(
    gate: World, maker: Vendor
) -> None:
    shutil.copy(maker.bundle(), gate.machine.stick / "sanmen-0.2.0.raucb")
    ask(gate, kept=1 << 40)
    with pytest.raises(UpdateError, match="data partition"):
        stick.requested(gate.machine)
    assert told(gate)["chinese"].startswith("数据分区空间不足")
    untouched(gate)


def test_a_good_bundle_is_written_and_the_next_start_tries_it(gate: World, maker: Vendor) -> None:
    shutil.copy(maker.bundle(), gate.machine.stick / "sanmen-0.2.0.raucb")
    ask(gate)
    assert main(["--root", str(gate.machine.root), "requested"]) == 0
    assert (told(gate)["state"], told(gate)["english"]) == ("written", NEW)
    assert gate.machine.told.stat().st_mode & 0o777 == 0o644
    assert not gate.machine.request.exists()
    assert version_in(gate.machine.slots[1].root, "rootfs") == NEW
    assert gate.restart() == NEW


def test_a_refusal_ends_with_code_2_so_that_systemd_restarts_nothing(gate: World) -> None:
    ask(gate)
    assert main(["--root", str(gate.machine.root), "requested"]) == 2
    assert gate.power_on() == OLD


def test_only_names_of_bundles_are_told_and_no_more_than_fit(gate: World) -> None:
    names = ["sanmen-0.2.0.raucb", "notes.txt", ".hidden.raucb", "a b.raucb", "更新.raucb"]
    for name in (*names, *(f"z{n}.raucb" for n in range(9))):
        (gate.machine.stick / name).write_bytes(b"12345")
    (gate.machine.stick / "folder.raucb").mkdir()
    (gate.machine.stick / "b.raucb").symlink_to("/etc/shadow")
    assert main(["--root", str(gate.machine.root), "look"]) == 0
    offers = json.loads(gate.machine.offers.read_bytes())
    assert offers["running"] == OLD
    assert offers["bundles"][0] == {"name": "sanmen-0.2.0.raucb", "size": 5}
    assert [one["name"] for one in offers["bundles"][1:]] == [f"z{n}.raucb" for n in range(5)]
    assert main(["--root", str(gate.machine.root), "forget"]) == 0
    assert json.loads(gate.machine.offers.read_bytes())["bundles"] == []


def test_a_stick_that_cannot_be_read_is_told(
    gate: World, capsys: pytest.CaptureFixture[str]
) -> None:
    gate.machine.stick.rmdir()
    assert main(["--root", str(gate.machine.root), "look"]) == 2
    assert "找不到更新包" in capsys.readouterr().err
