"""Power cut by SIGKILL in the middle of an enrolment: nothing half is kept, and it goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from appliance.clock import SystemClock
from appliance.gate.archive import create_archive, open_archive
from appliance.hardening import environment

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.sections import Config

SCENE = """
import os, signal, sys
from appliance.clock import SystemClock
from appliance.gate.archive import open_archive
from appliance.gate.counter.clerk import tools_of
from appliance.gate.counter.counter import Counter
from appliance.gate.counter.pages import all_forms
from appliance.gate.counter.wants import CardShown, CardWritten, FaceTaken, Given, Wanted
from appliance.gate.store.gallery import Gallery
from appliance.gate.store.roster import Roster
from appliance.sections import Config, Methods, Site, Store
from appliance.terminal import Field, Touched
from tests.gate.counter.staff import face, log_in, new_card

folder, cut = sys.argv[1:]

def kill(*_args, **_more):
    os.kill(os.getpid(), signal.SIGKILL)

config = Config(
    site=Site(simulation=True),
    store=Store(folder=folder + "/state", key_file=folder + "/device.key"),
    methods=Methods(face=True),
)

class Bench:
    clock = SystemClock()
    archive = open_archive(config, clock)
    wanted = None

    def out(self, message):
        if isinstance(message, Wanted):
            self.wanted = message

    def touch(self, act, entry=None):
        fields = () if entry is None else (Field("entry", entry),)
        number = self.counter.page.number
        self.counter.take(Touched(self.clock.now_ns(), act, number, "", fields))

    def give(self, event):
        self.counter.take(Given(self.wanted.number, event))

bench = Bench()
bench.counter = Counter(tools_of(bench.archive, config, bench.clock), all_forms(), bench.out)
log_in(bench)
for act, entry in (("enrol", None), ("next", "3-1-101"), ("identity", None), ("adult", None),
                   ("next", None), ("next", None)):
    bench.touch(act, entry)
if cut == "before the card":
    Roster.add_card = kill
bench.give(CardWritten(new_card(), new_card().number))
(one,) = bench.archive.roster.residents()
for act in ("tell-more", "next", "read", "consent-yes"):
    bench.touch(act)
bench.give(CardShown(new_card().number, one.pseudonym))
bench.touch("glasses-no")
for _ in range(3):
    bench.give(FaceTaken(face()))
if cut == "before the face":
    kill()
if cut == "in the face":
    Gallery.put = kill
if cut == "in the marks":
    Roster.update = kill
bench.give(FaceTaken(face()))
print(bench.counter.page.name)
bench.archive.close()
"""


def play(folder: Path, cut: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", SCENE, str(folder), cut],
        env=environment(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.parametrize(
    ("cut", "people"),
    [("before the card", 0), ("before the face", 1), ("in the face", 1), ("in the marks", 1)],
)
def test_a_cut_leaves_nobody_or_somebody_with_a_card_alone(
    config: Config, tmp_path: Path, cut: str, people: int
) -> None:
    create_archive(config)
    done = play(tmp_path, cut)
    assert done.returncode == -signal.SIGKILL, done.stderr
    archive = open_archive(config, SystemClock())
    residents = list(archive.roster.residents())
    assert len(residents) == people
    assert len(archive.gallery) == 0
    for one in residents:
        assert one.profile.methods == {"card"}
        assert archive.roster.consent(one.pseudonym) is None
        assert archive.roster.has_other_door(one.pseudonym)
    archive.roster.store.verify()
    archive.close()


def test_the_same_enrolment_uncut_is_whole(config: Config, tmp_path: Path) -> None:
    create_archive(config)
    done = play(tmp_path, "never")
    assert done.stdout == "enrol.done\n", done.stderr
    archive = open_archive(config, SystemClock())
    assert len(archive.gallery) == 1
    archive.close()
