"""The power goes at every operation of an update: a gate starts, and opens its store."""

from __future__ import annotations

import shutil
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from appliance.clock import SkippingClock
from tests.deploy.update_world import (
    ALL_WELL,
    NEW,
    OLD,
    Vendor,
    World,
    add,
    cut,
    image,
    vendor,
    world,
)

from update import files, record, store_copy, trial  # isort: skip
from update.__main__ import _copy_for  # isort: skip
from update.bundle import Image, Offer  # isort: skip
from update.install import install, put  # isort: skip
from update.machine import Machine  # isort: skip
from update.record import Record  # isort: skip
from update.table import State  # isort: skip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.rig

MOST = 2000


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Vendor:
    return vendor(tmp_path_factory.mktemp("vendor"))


def no_restart() -> None:
    """The test itself is the firmware."""


def copy_store(gate: World) -> str:
    """Do what sanmen-update-store does before the gate starts, if there is a record."""
    if not gate.machine.pending.exists():
        return tidy(gate)
    return store_copy.at_start(gate.machine, _copy_for(gate.machine))


def tidy(gate: World) -> str:
    """Do what sanmen-update-tidy does once an update is settled."""
    if not (gate.store / store_copy.COPY).exists():
        return ""
    return store_copy.at_start(gate.machine, _copy_for(gate.machine))


def confirm(gate: World) -> bool:
    """Do what sanmen-update-confirm does."""
    if not gate.machine.pending.exists():
        return True
    return trial.confirm(gate.machine, lambda: ALL_WELL, SkippingClock())


def start(gate: World, running: str) -> list[str]:
    """Start all units of a system, as they are ordered; return who is in the store."""
    assert gate.machine.running() == running
    copy_store(gate)
    people = gate.open_store(running)
    assert confirm(gate)
    tidy(gate)
    return people


def written(root: Path) -> World:
    """Return a machine whose other slot is whole, and about to be tried."""
    gate = world(root)
    _, b = gate.machine.slots
    for name, path in (("boot", b.boot), ("rootfs", b.root)):
        path.write_bytes(image(name, NEW) + bytes(4096))
    record.write(gate.machine, Record(State.TRYING, "B", NEW, OLD))
    return gate


def each_cut(
    original: World, folder: Path, work: Callable[[World], object], step: int = 1
) -> Iterator[World]:
    """Give a machine for each operation at which the power went, until all was done."""
    for at in range(1, MOST, step):
        root = folder / "cut"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(original.machine.root, root, symlinks=True)
        gate = World(Machine(root))

        def doing(gate: World = gate) -> object:
            return work(gate)

        went = cut(at, doing)
        yield gate
        if not went:
            return
    pytest.fail("an update has no end")


def test_a_power_cut_anywhere_in_an_installation_leaves_the_old_system(
    tmp_path: Path, maker: Vendor
) -> None:
    path = maker.bundle()
    gate = world(tmp_path / "root", maker.keyring)
    cuts = begun = 0
    for one in each_cut(
        gate, tmp_path, lambda one: install(one.machine, path, no_restart), step=13
    ):
        cuts += 1
        begun += one.machine.pending.exists()
        running = one.power_on()
        assert running == OLD
        assert start(one, running) == ["old"]
        assert not one.machine.pending.exists()
        assert not (one.store / store_copy.COPY).exists()
    assert cuts > 12
    assert begun > 2
    install(one.machine, path, no_restart)
    assert one.restart() == NEW


def test_a_power_cut_at_every_operation_on_slot_and_record_leaves_the_old_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "CHUNK", 32 << 10)
    gate = world(tmp_path / "root")
    gate.machine.workshop.mkdir()
    for name in ("boot", "rootfs"):
        (gate.machine.workshop / name).write_bytes(image(name, NEW))

    def work(one: World) -> None:
        images = []
        for name in ("boot", "rootfs"):
            path = one.machine.workshop / name
            content = path.read_bytes()
            images.append(Image(name, path, sha256(content).hexdigest(), len(content)))
        put(one.machine, one.machine.slots[1], Offer(NEW, tuple(images)))

    cuts = begun = 0
    for one in each_cut(gate, tmp_path, work):
        cuts += 1
        begun += one.machine.pending.exists()
        asked = one.machine.reboot_param.exists()
        if asked:  # what is asked for is whole
            shutil.copytree(one.machine.root, tmp_path / "try")
            assert World(Machine(tmp_path / "try")).restart() == NEW
            shutil.rmtree(tmp_path / "try")
        assert one.power_on() == OLD
        assert start(one, OLD) == ["old"]
        assert not one.machine.pending.exists()
    assert cuts > 60
    assert begun > 40
    assert asked


def test_a_power_cut_while_a_slot_is_written_leaves_the_old_system_and_can_be_made_good(
    tmp_path: Path, maker: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = maker.bundle()
    gate = world(tmp_path / "root", maker.keyring)
    target = gate.machine.slots[1].root
    monkeypatch.setattr(files, "CHUNK", 4096)
    half = 0
    for one in each_cut(
        gate, tmp_path, lambda one: install(one.machine, path, no_restart), step=149
    ):
        content = (one.machine.root / target.relative_to(gate.machine.root)).read_bytes()
        half += 0 < content.count(bytes(4096)) < 60
        assert one.power_on() == OLD
        assert start(one, OLD) == ["old"]
    assert half > 0


def test_a_power_cut_while_the_store_is_copied_goes_back_to_all_that_was(tmp_path: Path) -> None:
    gate = written(tmp_path / "root")
    assert gate.power_on(tried=True) == NEW
    cuts = 0
    for one in each_cut(gate, tmp_path, copy_store):
        cuts += 1
        assert one.power_on() == OLD
        assert start(one, OLD) == ["old"]
        assert sorted(path.name for path in one.store.iterdir()) == ["audit.db", "gate.db"]
    assert cuts > 20


def test_a_power_cut_while_the_new_system_is_kept_leaves_one_that_opens_its_store(
    tmp_path: Path,
) -> None:
    gate = written(tmp_path / "root")
    assert gate.power_on(tried=True) == NEW
    copy_store(gate)
    gate.open_store(NEW)
    add(gate, "zoe")
    kept = []
    for one in each_cut(gate, tmp_path, lambda one: (confirm(one), tidy(one))):
        running = one.power_on()
        kept.append(running)
        people = start(one, running)
        assert people == (["old", "zoe"] if running == NEW else ["old"])
        assert not one.machine.pending.exists()
        assert not (one.store / store_copy.COPY).exists()
        if running == NEW:
            assert one.machine.kept() == NEW
    assert kept == sorted(kept)  # first always the old one, from one moment on always the new one
    assert kept.count(OLD) > 5
    assert kept.count(NEW) > 5


def test_a_power_cut_while_the_store_is_taken_back_is_made_good(tmp_path: Path) -> None:
    gate = written(tmp_path / "root")
    gate.power_on(tried=True)
    copy_store(gate)
    gate.open_store(NEW)
    add(gate, "zoe")
    assert gate.power_on() == OLD
    cuts = 0
    for one in each_cut(gate, tmp_path, copy_store):
        cuts += 1
        assert one.power_on() == OLD
        assert start(one, OLD) == ["old"]
        names = sorted(path.name for path in one.store.iterdir())
        assert names == ["audit.db", "gate.db", "log-of-failed-update"]
    assert cuts > 20


@pytest.mark.parametrize("still", ["gate.db", "audit.db"])
def test_store_and_log_are_taken_back_together_even_if_one_schema_moved(
    tmp_path: Path, still: str
) -> None:
    gate = written(tmp_path / "root")
    gate.power_on(tried=True)
    copy_store(gate)
    add(gate, "zoe", still)
    assert gate.power_on() == OLD
    for one in each_cut(gate, tmp_path, copy_store, step=2):
        assert start(one, OLD) == ["old"]


def test_a_trial_that_moved_no_schema_keeps_what_happened_in_it(tmp_path: Path) -> None:
    gate = written(tmp_path / "root")
    gate.power_on(tried=True)
    copy_store(gate)
    (gate.machine.root / "etc/os-release").write_text(f"IMAGE_VERSION={OLD}\n")
    add(gate, "zoe")  # by a program that knows the old schema alone
    gate.power_on()

    assert start(gate, OLD) == ["old", "zoe"]
    assert sorted(path.name for path in gate.store.iterdir()) == ["audit.db", "gate.db"]


def test_the_copy_is_private_and_gone_as_soon_as_the_update_is_kept(tmp_path: Path) -> None:
    gate = written(tmp_path / "root")
    gate.power_on(tried=True)
    copy_store(gate)
    copy = gate.store / store_copy.COPY
    assert copy.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o077 for path in copy.glob("*.db")} == {0}
    gate.open_store(NEW)
    confirm(gate)
    tidy(gate)

    assert not copy.exists()
    assert gate.power_on() == NEW


def test_a_second_start_on_trial_does_not_copy_the_store_it_has_moved(tmp_path: Path) -> None:
    gate = written(tmp_path / "root")
    gate.power_on(tried=True)
    copy_store(gate)
    gate.open_store(NEW)
    gate.power_on(tried=True)
    assert copy_store(gate) == "copy of the store is there"

    gate.power_on()
    assert start(gate, OLD) == ["old"]
