"""Factory reset: the keys are gone, and no copy of the store made before opens any more."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from appliance.cli import build
from appliance.clock import SystemClock
from appliance.config import parse
from appliance.errors import KeyMissingError, StoreError
from appliance.gate.archive import create_archive, open_archive
from tests.deploy.update_world import World, cut, world

from update.machine import Machine  # isort: skip
from update.reset import gate_name, reset  # isort: skip

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.sections import Config


def settings(gate: World) -> str:
    return f"""\
[site]
name = "阳光花园"
portal = "东门"
simulation = true
[store]
folder = "{gate.store}"
key = "file"
key_file = "{gate.machine.state}/keys/device.key"
"""


@pytest.fixture
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a short name: settings take no long ones."""
    return tmp_path_factory.mktemp("r")


@pytest.fixture
def used(short: Path) -> World:
    """A gate with a real store, key, log and settings."""
    gate = world(short / "a")
    shutil.rmtree(gate.store)
    (gate.machine.state / "config/gate.toml").write_text(settings(gate), "utf-8")
    (gate.machine.state / "keys").chmod(0o700)
    create_archive(config_of(gate))
    open_archive(config_of(gate), SystemClock()).close()
    (gate.machine.state / "keys/sanmen.key.cred").write_bytes(b"sealed key of this gate")
    (gate.machine.root / "var/lib/systemd/credential.secret").write_bytes(b"key of this host")
    (gate.machine.state / "reader/osdp.key").write_bytes(b"key of the reader")
    for name in ("machine-id", "card-wiped", "newest-version"):
        (gate.machine.state / "device" / name).write_text("0.1.0\n")
    return gate


def config_of(gate: World) -> Config:
    return parse(settings(gate))


SECRETS = (b"sealed key of this gate", b"key of this host", b"key of the reader")


def holds(gate: World, secret: bytes) -> bool:
    return any(secret in content for content in gate.files().values())


def require_reset(gate: World) -> None:
    assert not any(holds(gate, secret) for secret in SECRETS)
    left = {name for name in gate.files() if name.startswith("var/lib/sanmen")}
    assert left == {"var/lib/sanmen/device/newest-version"}
    assert list(gate.store.iterdir()) == []
    assert gate.power_on() == "0.1.0"  # the system itself stays


def test_without_the_gates_name_nothing_is_destroyed(used: World) -> None:
    before = used.files()
    root = ["--root", str(used.machine.root)]
    for answer in ("", "西门", "yes"):
        CliRunner().invoke(build(), ["factory-reset", *root], input=f"{answer}\n")
        done = CliRunner().invoke(build(), ["factory-reset", "--gate", answer or "y", *root])
        assert done.exit_code == 2
    assert used.files() == before


def test_where_no_chinese_can_be_typed_a_word_stands_for_the_name(used: World) -> None:
    root = ["--root", str(used.machine.root)]
    done = CliRunner().invoke(build(), ["factory-reset", "--gate", "RESET", *root])
    assert done.exit_code == 0
    require_reset(used)


def test_a_store_taken_away_before_the_reset_does_not_open_after_it(
    used: World, short: Path
) -> None:
    key = used.machine.state / "keys/device.key"
    secret = key.read_bytes()
    copy = short / "b"
    shutil.copytree(used.store, copy)

    root = str(used.machine.root)
    done = CliRunner().invoke(build(), ["factory-reset", "--root", root], input="东门\n")

    assert done.exit_code == 0
    require_reset(used)
    assert not holds(used, secret)
    stolen = parse(settings(used).replace(f'"{used.store}"', f'"{copy}"'))
    with pytest.raises(KeyMissingError):
        open_archive(stolen, SystemClock())
    with pytest.raises(StoreError):
        open_archive(config_of(used), SystemClock())


def test_a_key_is_written_over_where_it_lay(used: World) -> None:
    key = used.machine.state / "keys/device.key"
    size = key.stat().st_size
    with key.open("rb") as still_open:
        reset(used.machine)
        assert still_open.read() == bytes(size)


def test_another_key_takes_its_place_and_still_opens_nothing(used: World, short: Path) -> None:
    copy = short / "b"
    shutil.copytree(used.store, copy)
    reset(used.machine)
    (used.machine.state / "config/gate.toml").write_text(settings(used), "utf-8")
    used.store.mkdir(mode=0o700, exist_ok=True)
    create_archive(config_of(used))

    with pytest.raises(StoreError):
        open_archive(parse(settings(used).replace(f'"{used.store}"', f'"{copy}"')), SystemClock())


def test_settings_that_do_not_read_can_be_reset_by_a_fixed_word(used: World) -> None:
    (used.machine.state / "config/gate.toml").write_text("no settings")

    assert gate_name(used.machine) == "RESET"
    reset(used.machine)
    require_reset(used)


def test_a_power_cut_at_any_operation_leaves_no_store_that_opens_with_settings_lost(
    used: World, short: Path
) -> None:
    keyless = 0
    for at in range(1, 2000, 3):
        root = short / "c"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(used.machine.root, root, symlinks=True)
        one = World(Machine(root))
        text = settings(used).replace(str(used.machine.root), str(root))
        (one.machine.state / "config/gate.toml").write_text(text, "utf-8")
        went = cut(at, lambda one=one: reset(one.machine))  # type: ignore[misc]
        if not (one.machine.state / "keys/device.key").exists():
            keyless += 1
            with pytest.raises(StoreError):
                open_archive(config_of(one), SystemClock())
        reset(one.machine)
        require_reset(one)
        if not went:
            assert keyless > 10
            return
    pytest.fail("a reset has no end")
