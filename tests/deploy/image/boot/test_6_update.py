"""An update by a signed bundle: the new system is tried and kept; one that is bad goes back.

What the vendor makes here has no browser: good enough where there is no screen, and nowhere else.

Firmware and restart are emulated (firmware.py): the kernel's word "0 tryboot" is read off the
console, and the next start takes the partition that autoboot.txt says for a try. Each test goes
on where the one before ended, as the gate does.
"""

from __future__ import annotations

import json
import shutil
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from tests.deploy.image.boot.conftest import note
from tests.deploy.image.boot.guest import SilentError
from tests.deploy.image.boot.residents import hold_until_open, issued_card, log_of
from tests.deploy.image.boot.slots import NEEDED, Vendor, stick

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.deploy.image.boot.conftest import Bay
    from tests.deploy.image.boot.guest import Guest
    from tests.deploy.image.boot.machine import Machine

pytestmark = pytest.mark.image
SANMEN = "/opt/sanmen/bin/sanmen"
OFFERS = "/run/sanmen/update-status/offers.json"
TOLD = "/run/sanmen/update-status/told.json"
REQUEST = "/run/sanmen/update-request/install"
SEEN_S = 600.0
INSTALL_S = 1800.0
TRIAL_S = 3600.0
GOOD, BAD, DARK = "9.1.0", "9.2.0", "9.3.0"
PENDING = "/var/lib/sanmen/device/update"


class Site:
    """One gate that is updated, and the vendor's stick in its socket.

    Attributes:
        card: a copy, which no other test gets.
        screen: the gate has one.
        trial: its next start tries the other slot.

    """

    def __init__(
        self, bay: Bay, vendor: Vendor, name: str, *bundles: Path, screen: bool = False
    ) -> None:
        self.bench, self.vendor, self.screen, self.trial = bay.bench, vendor, screen, False
        self.card = bay.bench.twin(bay.set_up(), name)
        self.stick = stick(vendor.folder, *bundles)

    @contextmanager
    def power_on(self) -> Iterator[Machine]:
        with self.bench.power_on(
            self.card, trial=self.trial, stick=self.stick, screen=self.screen
        ) as machine:
            self.bench.meet(machine)
            yield machine
        self.trial = machine.asked_to_try

    def autoboot(self) -> bytes:
        return self.card.read("bootconfig", "autoboot.txt")

    def ask(self, machine: Machine, name: str) -> None:
        """Trust the vendor, and ask for a bundle on the stick as the screen's manager does."""
        guest, bundle = machine.guest, f"sanmen-{name}.raucb"
        given = self.vendor.keyring.read_text("ascii")
        assert guest.run("tee", "/run/keyring.pem", given=given).code == 0
        guest.ask("mount", "--bind", "/run/keyring.pem", "/etc/rauc/keyring.pem")
        seen = f"until grep -q {bundle} {OFFERS}; do sleep 1; done"
        assert guest.run("sh", "-c", seen, within_s=SEEN_S).code == 0, "the stick was not seen"
        words = ["setpriv", "--reuid=sanmen-gate", "--regid=sanmen-gate", "--clear-groups"]
        wanted = json.dumps({"ask": "0123456789abcdef", "bundle": bundle, "kept": 1 << 20})
        leave = f"cat >{REQUEST}.new && mv {REQUEST}.new {REQUEST}"
        assert guest.run(*words, "sh", "-c", leave, given=wanted).code == 0

    def install(self, machine: Machine, name: str) -> None:
        """Ask for a bundle, and wait for the restart that follows."""
        self.ask(machine, name)
        until = time.monotonic() + INSTALL_S
        while machine.runs:
            assert time.monotonic() < until, "it was not installed in time"
            with suppress(SilentError):
                told = machine.guest.run("cat", TOLD, within_s=30).out
                assert "refused" not in told, told
            time.sleep(3)
        machine.wait_off()


@pytest.fixture(scope="module")
def vendor(bay: Bay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendor]:
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        pytest.skip(f"NOT UPDATED: needs {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("vendor")
    yield Vendor(bay.set_up(), folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def site(bay: Bay, vendor: Vendor) -> Site:
    return Site(bay, vendor, "updated", vendor.bundle(GOOD), vendor.bundle(BAD, broken=True))


def version(guest: Guest) -> str:
    lines = guest.ask("cat", "/etc/os-release").splitlines()
    return next(line.partition("=")[2].strip('"') for line in lines if "IMAGE_VERSION" in line)


def wait_settled(guest: Guest) -> None:
    """Wait until the record of the update is closed, one way or the other."""
    waiting = f"until test ! -e {PENDING}; do sleep 1; done"
    assert guest.run("sh", "-c", waiting, within_s=TRIAL_S).code == 0


def test_a_cut_while_it_is_written_leaves_the_system_that_ran(site: Site) -> None:
    before = site.autoboot()
    with site.power_on() as machine:
        old = version(machine.guest)
        site.ask(machine, GOOD)
        writing = f"until grep -q writing {PENDING}; do sleep 0.2; done; sleep 1"
        assert machine.guest.run("sh", "-c", writing, within_s=INSTALL_S).code == 0
        machine.cut_power()
    assert not site.trial
    assert site.autoboot() == before

    with site.power_on() as machine:
        assert version(machine.guest) == old
        site.bench.ready(machine)
        status = machine.guest.ask(SANMEN, "update", "status")
        note("cut while written", status)
        assert "slot: A" in status
        assert machine.guest.ask("systemctl", "--failed", "--no-legend", "--plain") == ""
        assert log_of(machine.guest).wrong == ()
        site.install(machine, GOOD)
    assert [high for _, high in machine.relay.changes] == [False]


def test_a_bundle_is_written_to_the_other_slot_and_tried_once(site: Site) -> None:
    assert site.trial, "the kernel did not ask the firmware for a try"
    assert b"boot_partition=2\n[tryboot]" in site.autoboot(), "kept before it was tried"


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
        wait_settled(guest)
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
        machine.relay.wait(high=False, within_s=300)
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
        wait_settled(machine.guest)
        status = machine.guest.ask(SANMEN, "update", "status")
        note("went back", status)
        assert f"{GOOD} is back by itself" in status
        assert "sanmen-vision.service" in status
        log = log_of(machine.guest)
        assert ("entry.granted" in log.kinds, log.wrong) == (True, ())
        assert machine.guest.ask("systemctl", "--failed", "--no-legend", "--plain") == ""


def test_a_system_that_leaves_the_screen_dark_goes_back_by_itself(bay: Bay, vendor: Vendor) -> None:
    site = Site(bay, vendor, "dark", vendor.bundle(DARK), screen=True)
    before = site.autoboot()
    with site.power_on() as machine:
        old = version(machine.guest)
        site.bench.ready(machine)
        site.install(machine, DARK)
    assert site.trial

    with site.power_on() as machine:
        assert version(machine.guest) == DARK
        site.bench.ready(machine)  # all three rooms; and nobody sees it
        machine.wait_off(TRIAL_S)
    assert not site.trial, "it asked for a second try"
    assert site.autoboot() == before, "what nobody can see was kept"

    with site.power_on() as machine:
        assert version(machine.guest) == old
        site.bench.ready(machine)
        wait_settled(machine.guest)
        status = machine.guest.ask(SANMEN, "update", "status")
        note("dark", status)
        assert f"{old} is back by itself" in status
        assert "sanmen-ui.service: no browser" in status
