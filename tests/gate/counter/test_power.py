"""A withdrawal at the screen of a gate in a process of its own: proven, and cut by SIGKILL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from appliance.clock import SystemClock
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.enrolment.commit import Enrolment, Face, commit
from appliance.gate.enrolment.consent import Consent, GivenBy
from appliance.gate.store.records import Profile
from appliance.hardening import environment

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.gate.archive import Archive
    from appliance.sections import Config

CARD, OTHER = b"0123456789abcdef", b"fedcba9876543210"
SCENE = """
import json, os, signal, sys, time
from pathlib import Path
from appliance.clock import SystemClock
from appliance.gate import process
from appliance.gate.access.card_proof import CardProof
from appliance.gate.archive import open_archive
from appliance.gate.cards import JudgedCard
from appliance.gate.counter import resident_acts
from appliance.gate.enrolment import erasure, rights
from appliance.link import Link, pair
from appliance.sections import Config, Methods, Site, Store
from appliance.terminal import TO_SCREEN, Page, Touched
from hardware.ports import DoorOptions
from hardware.sim.door import SimDoor
from hardware.sim.reader import SimReader

folder, cut = sys.argv[1:]

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

if cut == "frozen":
    rights.burying.bury_face = kill
elif cut == "buried":
    resident_acts.backup.renew = kill
config = Config(
    site=Site(simulation=True),
    store=Store(folder=folder + "/state", key_file=folder + "/device.key"),
    methods=Methods(face=True),
)
clock = SystemClock()
archive = open_archive(config, clock)
door = SimDoor(DoorOptions("sim"), clock)
opened = []
controller = process.build_controller(config, archive, clock, door, SimReader(clock), lambda _: 0)
near, far = pair()
controller.front.meet(Link(near, (Touched,), clock))
screen = Link(far, TO_SCREEN, clock)
archive.references.want("recipe")
page, longest = None, 0

def step():
    global page, longest
    begun = time.monotonic()
    controller.step()
    longest = max(longest, time.monotonic() - begun)
    for one in screen.receive():
        page = one if isinstance(one, Page) else page
    time.sleep(0.005)

def until(name):
    end = time.monotonic() + 60
    while page is None or page.name != name:
        step()
        assert time.monotonic() < end, (name, page)

def touch(act):
    screen.send(Touched(clock.now_ns(), act, page.number if page else b""))

def card(number):
    begun = time.monotonic()
    controller.present_card(JudgedCard(CardProof.PROVEN, number, clock.now_ns()))
    return time.monotonic() - begun

touch("my-data")
until("my.open")
card(bytes.fromhex("30313233343536373839616263646566"))
until("my.home")
touch("withdraw")
until("my.withdraw")
longest = 0
touch("withdraw-yes")
until("my.erasing")
waits = []
while page.name == "my.erasing":
    waits.append(card(b"fedcba9876543210"))
    step()
verdict = [row.cells[0].word for row in page.rows if row.key == "verdict"]
print(json.dumps({
    "page": page.name, "verdict": verdict, "waits": waits, "longest": longest,
    "grants": sum(on for _, on in door.switchings),
}))
controller.close()
archive.close()
screen.close()
"""


def enrol(config: Config) -> str:
    create_archive(config)
    archive = open_archive(config, SystemClock())
    now = archive.clock.wall()
    drawn = np.random.default_rng(1).standard_normal(32)
    face = Face((drawn / np.linalg.norm(drawn)).astype(np.float32), "recipe", 80)
    consent = Consent("v1", "entry", GivenBy.SELF, now, now + timedelta(days=9), "on the screen")
    profile = Profile("1-1-101", "Li", frozenset({"card", "face"}))
    who = commit(
        archive.roster,
        archive.gallery,
        Enrolment(profile, (CARD,), (), consent, face),
        now,
    )
    archive.roster.add(Profile("1-1-102", "Wang", frozenset({"card"})), (OTHER,))
    archive.close()
    return who


def play(folder: Path, cut: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", SCENE, str(folder), cut],
        env=environment(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def reopened(config: Config) -> Archive:
    return open_archive(config, SystemClock())


@pytest.mark.parametrize("cut", ["frozen", "buried"])
def test_cut_in_the_middle_no_face_is_in_use_and_nothing_half_is_kept(
    config: Config, tmp_path: Path, cut: str
) -> None:
    who = enrol(config)
    assert play(tmp_path, cut).returncode == -signal.SIGKILL
    archive = reopened(config)
    now = archive.clock.wall()
    assert archive.roster.get(who).face_frozen or len(archive.gallery) == 0
    assert who not in archive.gallery.load_all("recipe", now).subjects
    # Card and code go on, whole.
    assert archive.roster.find_by_card(CARD) is not None
    archive.close()
    if cut == "frozen":
        # It was not begun: the same touch does it now.
        done = play(tmp_path)
        assert json.loads(done.stdout)["page"] == "my.receipt", done.stderr


def test_nothing_is_left_in_files_and_memory_and_cards_pass_meanwhile(
    config: Config, tmp_path: Path
) -> None:
    enrol(config)
    done = play(tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["page"], told["verdict"]) == ("my.receipt", ["nothing-left"])
    assert told["waits"]
    assert told["grants"] >= 1
