"""The data partition under LUKS: asked for by a file, and opened by one board's TPM alone."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.deploy.image.boot import tpm
from tests.deploy.image.boot.bench import LARGER
from tests.deploy.image.boot.conftest import ARTEFACTS, IMAGE, REPOSITORY, note
from tests.deploy.image.boot.residents import (
    CONFIG,
    as_gate,
    hold_until_open,
    issued_card,
    log_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from hardware.sim.card import SoftCard
    from tests.deploy.image.boot.bench import Bench
    from tests.deploy.image.boot.conftest import Bay
    from tests.deploy.image.boot.sd_card import SdCard

pytestmark = pytest.mark.image
SCRIPT = (
    REPOSITORY / "deploy/image/initrd/usr/share/initramfs-tools/scripts/sanmen-encrypted"
).read_text("utf-8")
STEPS = re.findall(r'^ +step "(.+)"$', SCRIPT, re.MULTILINE)
"""What the console says as soon as each step of it is done."""
ASKED, BEGUN, ANSWER = "encrypt.txt", "encrypt-begun", "encrypt-answer.txt"
SANMEN = "/opt/sanmen/bin/sanmen"
SAID_S, END_S = 300.0, 600.0
BARE = "/dev/disk/by-partlabel/data"
RESTARTS = "Rebooting automatically due to panic"
LUKS, EXT4 = b"LUKS\xba\xbe", b"\x53\xef"
EXT4_AT = 0x438
HEAD = 4 << 20
"""Bytes in which LUKS has its header and its keys, and an empty ext4 its tables."""
NAME = "测试小区".encode()
"""Stands in the settings of each gate that is set up here."""


@pytest.fixture(scope="module")
def chip(tmp_path_factory: pytest.TempPathFactory) -> tpm.Tpm:
    """The board's TPM."""
    if reason := tpm.reason_to_skip():
        pytest.skip(reason)
    try:
        driver = tpm.build_driver(IMAGE, ARTEFACTS)
    except tpm.NoDriverError as fault:
        pytest.skip(f"NOT BOOTED: no driver for a TPM: {fault}")
    return tpm.Tpm(tmp_path_factory.mktemp("tpm") / "chip", driver)


def answer_of(card: SdCard) -> str:
    """Return what the start answered on the card."""
    return card.read("bootconfig", ANSWER).decode("utf-8-sig")


def refused(bench: Bench, card: SdCard, chip: tpm.Tpm | None, says: str) -> str:
    """Switch on what restarts before systemd begins and changes no data; return its answer."""
    before = card.content("data", HEAD)
    with bench.power_on(card, tpm=chip) as machine:
        machine.wait_off(END_S)
    assert RESTARTS in machine.console
    assert "Welcome to Sanmen" not in machine.console
    assert [high for _, high in machine.relay.changes] in ([], [False])
    assert f"Sanmen: {says}" in machine.console
    assert card.content("data", HEAD) == before
    return answer_of(card)


def holds_the_name(card: SdCard) -> bool:
    """Whether the gate's settings stand readable on the data partition."""
    place, before = card.partitions["data"], b""
    with card.image.open("rb") as file:
        file.seek(place.start)
        for _ in range(0, place.size, HEAD):
            read = file.read(HEAD)
            if NAME in before + read:
                return True
            before = read[-len(NAME) :]
    return False


@pytest.fixture(scope="module")
def kept(bay: Bay) -> Kept:
    """What the tests of one encrypted card hand on."""
    return Kept(bay)


class Kept:
    """One encrypted card, made once, and the resident whose card opens its gate."""

    def __init__(self, bay: Bay) -> None:
        self._bay = bay
        self.encrypted: SdCard | None = None
        self.resident: SoftCard | None = None

    def card(self, chip: tpm.Tpm) -> SdCard:
        """Return the card of a gate that was set up with the file; the machine is off."""
        self._bay.empty()
        if self.encrypted is None:
            made = self._bay.bench.card("encrypted")
            made.ask_for(ASKED)
            with self._bay.bench.power_on(made, tpm=chip) as machine:
                self._bay.bench.ready(machine)
                self.resident = issued_card(machine.guest)
                machine.guest.start("systemctl", "poweroff")
                machine.wait_off(END_S)
            self.encrypted = made
        return self.encrypted


def test_asked_for_without_a_tpm_nothing_starts_and_the_card_says_why(free_bench: Bench) -> None:
    card = free_bench.card("no-tpm")
    card.ask_for(f"{ASKED}.txt")  # by a desk that hides what names end with

    answer = refused(free_bench, card, None, "encrypt.txt asks for a TPM, and there is none")

    assert "没有找到 TPM" in answer
    assert "Fit the TPM, or remove encrypt.txt" in answer
    assert {ASKED, "gate.toml"} <= set(card.names("bootconfig"))
    assert BEGUN not in card.names("bootconfig")


def test_a_chip_with_somebodys_password_is_not_used(
    free_bench: Bench, chip: tpm.Tpm, tmp_path: Path
) -> None:
    """It would lock itself after a few losses of power, and nobody could forbid it that."""
    pytest.importorskip("tpm2_pytss")
    card = free_bench.card("taken")
    card.ask_for(ASKED)
    taken = replace(chip, state=tmp_path / "taken")
    taken.taken(b"somebody's")

    answer = refused(free_bench, card, taken, "the TPM has a password: clear it")

    assert "请清除 TPM" in answer
    assert "clear it, or take another" in answer
    assert BEGUN not in card.names("bootconfig")


def test_power_cut_after_each_step_the_next_start_begins_anew(
    free_bench: Bench, chip: tpm.Tpm
) -> None:
    assert len(STEPS) == 5, SCRIPT
    card = free_bench.card("cut")
    card.ask_for(ASKED)
    for step in STEPS:
        with free_bench.power_on(card, tpm=chip) as machine:
            machine.wait_said(f"Sanmen: the data partition {step}\n", SAID_S)
            machine.cut_power()
        assert f"Sanmen: the data partition {STEPS[0]}" in machine.console
        assert BEGUN in card.names("bootconfig"), step

    with free_bench.power_on(card, tpm=chip) as machine:
        free_bench.ready(machine)
        guest = machine.guest
        tokens = guest.ask("cryptsetup", "luksDump", "--dump-json-metadata", "/dev/vda6")
        assert re.findall(r'"type":"(systemd-tpm2|luks2)"', tokens) == ["luks2", "systemd-tpm2"]
        source = guest.ask("findmnt", "-n", "-o", "SOURCE,FSTYPE,OPTIONS", "/var").split()
        assert source[:2] == ["/dev/mapper/data", "ext4"]
        assert {"rw", "nosuid", "nodev", "noexec", "noatime"} <= set(source[2].split(","))
        size = int(guest.ask("findmnt", "-n", "-b", "-o", "SIZE", "/var"))
        assert size > LARGER  # it grew to the card's end
        assert guest.ask("systemctl", "--failed", "--no-legend", "--plain") == ""
        shown = as_gate(guest, SANMEN, "keys", "show", "--config", CONFIG, "--json")
        assert shown.json["weak"] == ""
        note("encrypted: first start", guest.ask("systemd-analyze"))
        machine.cut_power()

    assert not {ASKED, BEGUN} & set(card.names("bootconfig"))
    answer = answer_of(card)
    assert "只能在这块板上打开" in answer
    assert "the card opens on this board alone" in answer
    assert card.content("data", len(LUKS)) == LUKS


def test_the_same_board_opens_it_after_a_cut_and_a_resident_comes_in(
    kept: Kept, chip: tpm.Tpm, bay: Bay
) -> None:
    card = kept.card(chip)
    assert kept.resident is not None

    with bay.bench.power_on(card, tpm=chip) as machine:
        bay.bench.ready(machine)
        hold_until_open(machine, kept.resident)
        machine.cut_power()
    with bay.bench.power_on(card, tpm=chip) as machine:
        bay.bench.ready(machine)
        log = log_of(machine.guest)
        assert ("entry.granted" in log.kinds, log.wrong) == (True, ())
        assert machine.guest.ask("systemctl", "--failed", "--no-legend", "--plain") == ""
        note("encrypted: a later start", machine.guest.ask("systemd-analyze"))
        machine.guest.start("systemctl", "poweroff")
        machine.wait_off(END_S)
        assert "reboot: Power down" in machine.console
    assert "is being encrypted" not in machine.console


def test_nothing_of_it_can_be_read_off_the_card(kept: Kept, chip: tpm.Tpm, bay: Bay) -> None:
    bare = bay.set_up()

    assert holds_the_name(bare), "the search would find nothing anywhere"
    assert not holds_the_name(kept.card(chip))


@pytest.mark.parametrize("board", ["another", "none"])
def test_on_another_board_it_stays_shut_and_as_it_was(
    kept: Kept, chip: tpm.Tpm, bay: Bay, tmp_path: Path, board: str
) -> None:
    card = bay.bench.twin(kept.card(chip), "elsewhere")
    card.ask_for(ASKED)  # whoever asks again does not erase it
    card.ask_for(BEGUN)
    other = replace(chip, state=tmp_path / "other") if board == "another" else None

    answer = refused(bay.bench, card, other, "the data partition does not open")

    assert "请放回原来的板" in answer
    assert "restore the backup" in answer


def test_a_machine_that_was_set_up_is_never_formatted(kept: Kept, chip: tpm.Tpm, bay: Bay) -> None:
    card = bay.bench.twin(kept.card(chip), "again")
    card.ask_for(ASKED)
    card.ask_for(BEGUN)  # as on a card that forgets what was removed
    assert kept.resident is not None

    with bay.bench.power_on(card, tpm=chip) as machine:
        bay.bench.ready(machine)
        hold_until_open(machine, kept.resident)

    assert "is being encrypted" not in machine.console
    assert not {ASKED, BEGUN} & set(card.names("bootconfig"))


@pytest.mark.parametrize("name", [ASKED, BEGUN])
def test_asked_for_too_late_it_stays_as_it_is(bay: Bay, chip: tpm.Tpm, name: str) -> None:
    card = bay.bench.twin(bay.set_up(), "late")
    card.ask_for(name)

    with bay.bench.power_on(card, tpm=chip) as machine:
        bay.bench.ready(machine)
        assert machine.guest.ask("findmnt", "-n", "-o", "SOURCE", "/var") == BARE
        note("not encrypted: a later start", machine.guest.ask("systemd-analyze"))
        shown = as_gate(machine.guest, SANMEN, "keys", "show", "--config", CONFIG, "--json")
        assert "a card that is not encrypted" in shown.json["weak"]
        assert machine.guest.ask("systemctl", "--failed", "--no-legend", "--plain") == ""

    if name == ASKED:
        answer = answer_of(card)
        assert "烧录新卡" in answer
        assert "flash a new card" in answer
    assert not {ASKED, BEGUN} & set(card.names("bootconfig"))
    assert card.content("data", EXT4_AT + 2)[EXT4_AT:] == EXT4
