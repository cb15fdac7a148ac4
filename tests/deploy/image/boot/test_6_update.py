"""An update by a signed bundle: the new system is tried and kept; one that is bad goes back.

Firmware and restart are emulated (firmware.py): the kernel's word "0 tryboot" is read off the
console, and the next start takes the partition that autoboot.txt says for a try. Each test goes
on where the one before ended, as the gate does.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.deploy.image.boot.conftest import note
from tests.deploy.image.boot.residents import hold_until_open, issued_card, log_of
from tests.deploy.image.boot.slots import NEEDED, Vendor, stick

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.deploy.image.boot.conftest import Bay
    from tests.deploy.image.boot.guest import Guest
    from tests.deploy.image.boot.machine import Machine

pytestmark = pytest.mark.image
SANMEN = "/opt/sanmen/bin/sanmen"
INSTALL_S = 1800.0
TRIAL_S = 1800.0
GOOD, BAD = "9.1.0", "9.2.0"
PENDING = "/var/lib/sanmen/device/update"


class Site:
    """One gate that is updated, and the vendor's stick in its socket."""

    def __init__(self, bay: Bay, vendor: Vendor) -> None:
        assert bay.card is not None
        self.bench, self.card, self.vendor = bay.bench, bay.card, vendor
        self.stick = stick(vendor.folder, vendor.bundle(GOOD), vendor.bundle(BAD, broken=True))
        self.trial = False

    @contextmanager
    def power_on(self) -> Iterator[Machine]:
        with self.bench.power_on(self.card, trial=self.trial, stick=self.stick) as machine:
            self.bench.meet(machine)
            yield machine
        self.trial = machine.asked_to_try

    def autoboot(self) -> bytes:
        return self.card.read("bootconfig", "autoboot.txt")

    def install(self, machine: Machine, name: str) -> None:
        """Trust the vendor and install from the stick; the machine restarts by itself."""
        guest = machine.guest
        guest.run("mkdir", "-p", "/run/stick")
        guest.run("mount", "-o", "ro", "/dev/disk/by-label/STICK", "/run/stick")
        given = self.vendor.keyring.read_text("ascii")
        assert guest.run("tee", "/run/keyring.pem", given=given).code == 0
        guest.ask("mount", "--bind", "/run/keyring.pem", "/etc/rauc/keyring.pem")
        words = [SANMEN, "update", "install", f"/run/stick/sanmen-{name}.raucb", "--yes"]
        installing = guest.start(*words, limit_s=INSTALL_S)
        machine.wait_off(INSTALL_S)
        if not installing.answers.empty():
            done = installing.wait()
            assert done.code == 0, done.err


@pytest.fixture(scope="module")
def site(bay: Bay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        pytest.skip(f"NOT UPDATED: needs {', '.join(missing)}")
    if bay.card is None:
        bay.gate()  # to be set up
    bay.empty()
    assert bay.card is not None
    folder = tmp_path_factory.mktemp("vendor")
    yield Site(bay, Vendor(bay.card, folder))
    shutil.rmtree(folder)


def version(guest: Guest) -> str:
    lines = guest.ask("cat", "/etc/os-release").splitlines()
    return next(line.partition("=")[2].strip('"') for line in lines if "IMAGE_VERSION" in line)


def test_a_bundle_is_written_to_the_other_slot_and_tried_once(site: Site) -> None:
    before = site.autoboot()

    with site.power_on() as machine:
        assert version(machine.guest) not in {GOOD, BAD}
        site.bench.ready(machine)
        site.install(machine, GOOD)

    assert site.trial, "the kernel did not ask the firmware for a try"
    assert site.autoboot() == before, "kept before it was tried"
    assert [high for _, high in machine.relay.changes] == [False]


def test_the_new_system_is_kept_once_everything_answered(site: Site) -> None:
    if not site.trial:
        pytest.skip("nothing was installed")
    before = site.autoboot()
    with site.power_on() as machine:
        guest = machine.guest
        assert version(guest) == GOOD
        told = guest.ask("od", "-An", "-tx1", "/proc/device-tree/chosen/bootloader/partition")
        assert told.split() == ["00", "00", "00", "03"]
        site.bench.ready(machine)
        waiting = f"until test ! -e {PENDING}; do sleep 1; done"
        assert guest.run("sh", "-c", waiting, within_s=TRIAL_S).code == 0
        guest.ask("sync")
        assert site.autoboot() == before.replace(b"=2", b"=x").replace(b"=3", b"=2").replace(
            b"=x", b"=3"
        )
        status = guest.ask(SANMEN, "update", "status")
        note("kept", status)
        assert f"{GOOD} is kept" in status
        assert log_of(guest).wrong == ()
        card = issued_card(guest)
        hold_until_open(machine, card)
        machine.chip.take_away()
        machine.relay.wait(high=False, within_s=60)
        site.install(machine, BAD)
    assert site.trial


def test_a_system_that_does_not_work_goes_back_by_itself(site: Site) -> None:
    before = site.autoboot()
    if not site.trial or b"boot_partition=3\n[tryboot]" not in before:
        pytest.skip("the update before was not kept")

    with site.power_on() as machine:
        assert version(machine.guest) == BAD
        machine.wait_off(TRIAL_S)  # nobody touches it
        assert [high for _, high in machine.relay.changes] == [False]
    assert not site.trial, "it asked for a second try"
    assert site.autoboot() == before, "what does not work was kept"

    with site.power_on() as machine:
        assert version(machine.guest) == GOOD
        site.bench.ready(machine)
        status = machine.guest.ask(SANMEN, "update", "status")
        note("went back", status)
        assert f"{GOOD} is back by itself" in status
        assert "sanmen-vision.service" in status
        log = log_of(machine.guest)
        assert ("entry.granted" in log.kinds, log.wrong) == (True, ())
        assert machine.guest.ask("systemctl", "--failed", "--no-legend", "--plain") == ""
