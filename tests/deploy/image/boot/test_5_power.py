"""Power taken away at the worst moment, and switched off as it should be."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.deploy.image.boot.conftest import note
from tests.deploy.image.boot.residents import hold_until_open, issued_card, log_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.deploy.image.boot.conftest import Bay
    from tests.deploy.image.boot.sd_card import SdCard

pytestmark = pytest.mark.image
VISITS = 4
PULSE_S = 300.0
END_S = 600.0


def taken_out(card: SdCard, partition: str, to: Path) -> Path:
    """Copy a partition off a card, as a reader at a desk would."""
    place = card.partitions[partition]
    to.write_bytes(b"")
    words = ["dd", f"if={card.image}", f"of={to}", "bs=1M", "conv=sparse", "status=none"]
    words += [f"skip={place.start}", f"count={place.size}", "iflag=skip_bytes,count_bytes"]
    subprocess.run(words, check=True)  # noqa: S603 - coreutils
    return to


def look(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a tool that looks at a file system and changes nothing."""
    return subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - Debian's


def test_a_cut_in_the_middle_of_visits_loses_no_entry_and_the_gate_starts_again(
    bay: Bay, tmp_path: Path
) -> None:
    gate = bay.gate()
    assert bay.card is not None
    card = issued_card(gate.guest)
    before = log_of(gate.guest).kinds.count("entry.granted")
    lifted = 0
    for visit in range(VISITS):
        hold_until_open(gate, card)
        lifted += 1
        if visit < VISITS - 1:
            gate.chip.take_away()
            gate.relay.wait(high=False, within_s=PULSE_S)
            gate.guest.ask("sleep", "1")
    gate.cut_power()  # the moment the line rises: what opened the door must be on the card by now
    bay.empty()

    data = taken_out(bay.card, "data", tmp_path / "data.ext4")
    told = look("dumpe2fs", "-h", str(data))
    note("cut: journal to recover", "needs_recovery" in told.stdout)
    assert "needs_recovery" in told.stdout, "the power was not cut in the middle of anything"
    data.unlink()

    gate = bay.gate()
    log = log_of(gate.guest)
    assert (log.kinds.count("entry.granted"), log.wrong) == (before + lifted, ())
    assert [high for _, high in gate.relay.changes] == [False]
    assert gate.guest.ask("systemctl", "--failed", "--no-legend", "--plain") == ""
    first = "sanmen-provision.service"  # has nothing to do any more, and nobody waits for it
    assert gate.guest.ask("systemctl", "show", "-P", "ConditionResult", first) == "no"
    names = gate.guest.ask("ls", "/var/lib/sanmen/gate").split()
    assert "unfinished" not in names


def test_after_the_cut_the_same_card_opens(bay: Bay) -> None:
    gate = bay.gate()
    card = issued_card(gate.guest)

    hold_until_open(gate, card)
    gate.chip.take_away()
    gate.relay.wait(high=False, within_s=PULSE_S)


def test_switched_off_it_ends_by_itself_and_leaves_everything_clean(
    bay: Bay, tmp_path: Path
) -> None:
    gate = bay.gate()
    assert bay.card is not None
    pulses = len(gate.relay.pulses)

    gate.guest.start("systemctl", "poweroff")
    at = time.monotonic()
    gate.wait_off(END_S)

    note("power_off_s", time.monotonic() - at)
    assert "reboot: Power down" in gate.console
    assert (gate.relay.high, len(gate.relay.pulses)) == (False, pulses)
    bay.empty()
    data = taken_out(bay.card, "data", tmp_path / "data.ext4")
    assert look("e2fsck", "-f", "-n", str(data)).returncode == 0
    told = look("dumpe2fs", "-h", str(data))
    assert "needs_recovery" not in told.stdout
    data.unlink()
