"""Consent, erasure, sweep, backup and restore as commands, on a whole gate."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import subprocess
import sys
import termios
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from appliance.cli import build
from appliance.clock import SystemClock
from appliance.config import load
from appliance.errors import (
    EnrolmentError,
    KeyMissingError,
    OperatorError,
    RosterError,
    SealBrokenError,
    StoreError,
)
from appliance.gate import backup, backup_register, backup_restore
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.backup_format import fingerprint, read_header
from appliance.gate.backup_words import Language, draw_words, recovery_key
from appliance.gate.enrolment import retention
from appliance.gate.enrolment.commit import Enrolment, Face, commit
from appliance.gate.enrolment.consent import Consent, GivenBy
from appliance.gate.enrolment.receipt import check
from appliance.gate.enrolment.rights import Rights
from appliance.gate.store.audit_chain import Checkpoint
from appliance.gate.store.operators import Operators, Role
from appliance.gate.store.records import Profile
from appliance.hardening import TUNABLES
from appliance.vision.qr_image import decode

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result
    from numpy.typing import NDArray

    from appliance.gate.archive import Archive

GATE = """
[site]
simulation = true
operator = "阳光物业管理有限公司"
contact = "李经理 010-12345678"
[door]
driver = "mock"
[reader]
driver = "sim"
source = "reader"
[methods]
face = true
"""


def vector(seed: int) -> NDArray[np.float32]:
    drawn = np.random.default_rng(seed).standard_normal(128)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


def enrol(archive: Archive, seed: int, now: datetime, days: int = 300) -> str:
    until = now + timedelta(days)
    consent = Consent("v1", "open this gate", GivenBy.SELF, now - timedelta(9), until, "signed")
    profile = Profile("3-1201", "Li", frozenset({"card", "face"}))
    face = Face(vector(seed), "recipe", 80)
    act = Enrolment(profile, (seed.to_bytes(16, "big"),), (), consent, face)
    return commit(archive.roster, archive.gallery, act, now)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "old").mkdir()
    path = tmp_path / "old" / "gate.toml"
    path.write_text(GATE)
    create_archive(load(path))
    return path


@pytest.fixture
def names(config: Path) -> list[str]:
    archive = open_archive(load(config), SystemClock())
    found = [enrol(archive, seed, datetime.now(UTC)) for seed in (1, 2, 3)]
    archive.close()
    return found


def sanmen(config: Path, *arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(build(), [*arguments, "--config", str(config)], input=answer)


def erasing(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command that erases as people do: it starts itself again with clean memory."""
    code = "from appliance.cli import main; main()"
    bare = {name: value for name, value in os.environ.items() if name != TUNABLES}
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code, *arguments, "--config", str(config)],
        env=bare,
        capture_output=True,
        check=False,
        text=True,
    )


def key_of(config: Path) -> str:
    return sanmen(config, "receipt", "key").stdout.strip()


def token_in(output: str) -> str:
    lines = output[output.index("\neyJ") + 1 :].split("\n")
    return "\n".join(line for line in lines if " " not in line)


def verify(text: str, key: str) -> Result:
    """Check a receipt where there is no gate and no configuration."""
    return CliRunner().invoke(build(), ["receipt", "verify", text, "--key", key])


def faces(config: Path, seed: int) -> dict[str, float]:
    archive = open_archive(load(config), SystemClock())
    archive.references.want("recipe")
    found = archive.references.candidates(vector(seed), datetime.now(UTC), 3)
    archive.close()
    return dict(found)


def test_nobody_unknown_or_without_consent_is_served(config: Path, names: list[str]) -> None:
    for act in ("withdraw", "thaw", "receipt", "freeze", "show"):
        result = sanmen(config, "consent", act, "0123456789abcdef")
        assert isinstance(result.exception, RosterError), act
    assert erasing(config, "consent", "withdraw", names[0]).returncode == 0
    assert isinstance(sanmen(config, "consent", "withdraw", names[0]).exception, EnrolmentError)
    assert isinstance(sanmen(config, "consent", "thaw", names[0]).exception, EnrolmentError)


def test_a_withdrawal_ends_the_face_at_once_and_gives_two_receipts(
    config: Path, names: list[str], tmp_path: Path
) -> None:
    running = open_archive(load(config), SystemClock())
    running.references.want("recipe")
    assert dict(running.references.candidates(vector(1), datetime.now(UTC), 3)).keys() == set(names)
    result = erasing(config, "consent", "withdraw", names[0], "--png", str(tmp_path / "qr.png"))
    after = dict(running.references.candidates(vector(1), datetime.now(UTC), 3))
    running.close()

    assert result.returncode == 0, result.stderr
    assert after.keys() == {names[1], names[2]}
    assert "withdrawal.event_time" in result.stdout
    assert "nothing left in files and memory" in result.stdout
    picture = cv2.imdecode(np.frombuffer((tmp_path / "qr.png").read_bytes(), np.uint8), 1)
    assert max(picture.shape) <= 640
    text = decode(picture)
    assert check(text, bytes.fromhex(key_of(config))).claims["e"] == "withdrawn"
    shown = json.loads(sanmen(config, "consent", "show", names[0]).stdout)
    assert [one["status"] for one in shown["consents"]] == ["withdrawn"]
    verified = verify(text, key_of(config))
    assert verified.exit_code == 0
    assert "pii_principal_id: " + names[0] in verified.output
    for key in ("00" * 32, "zz" * 32, "00"):
        assert isinstance(verify(text, key).exception, SealBrokenError)


def test_a_frozen_face_rests_until_it_is_thawed(config: Path, names: list[str]) -> None:
    assert sanmen(config, "consent", "freeze", names[0]).exit_code == 0
    assert names[0] not in faces(config, 1)
    assert sanmen(config, "consent", "thaw", names[0]).exit_code == 0
    assert faces(config, 1)[names[0]] == pytest.approx(1.0, abs=1e-5)


def test_an_erasure_gives_a_receipt_that_anybody_can_check(
    config: Path, names: list[str], tmp_path: Path
) -> None:
    result = erasing(config, "erase", names[0], "--yes")
    assert result.returncode == 0, result.stderr
    (tmp_path / "receipt.txt").write_text(token_in(result.stdout))
    key = key_of(config)
    alone = verify(str(tmp_path / "receipt.txt"), key)
    assert alone.exit_code == 0, alone.output
    assert f"pseudonym: {names[0]}" in alone.output
    assert "nothing left in files and memory" in alone.output
    assert "begun_by: this process" in alone.output


def test_a_sweep_erases_whose_time_has_come_and_nobody_else(config: Path) -> None:
    settings = load(config)
    archive = open_archive(settings, SystemClock())
    now = datetime.now(UTC)
    ended = enrol(archive, 1, now)
    archive.roster.set_face_consent(
        ended, Consent("v", "e", GivenBy.SELF, now - timedelta(9), now - timedelta(1), "signed")
    )
    stays = enrol(archive, 2, now)
    moved = enrol(archive, 3, now)
    profile = Profile("1", "x", frozenset({"card"}), valid_until=now - timedelta(days=31))
    archive.roster.update(moved, profile)
    archive.close()

    done = json.loads(erasing(config, "sweep", "--json").stdout)

    acts = {(one["pseudonym"], one["part"], one["clean"]) for one in done["erased"]}
    assert acts == {(ended, "face", True), (moved, "person", True)}
    assert faces(config, 2).keys() == {stays}
    assert json.loads(erasing(config, "sweep", "--json").stdout)["erased"] == []


@pytest.fixture
def words(config: Path) -> tuple[str, str]:
    archive = open_archive(load(config), SystemClock())
    drawn = draw_words(Language.CHINESE)
    public = recovery_key(drawn).public_key().public_bytes_raw()
    backup_register.set_recovery(archive.roster.store, public)
    paper = fingerprint(archive.roster.store.signer.public_key)[:16]
    archive.close()
    return drawn, paper


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    (tmp_path / "new").mkdir()
    path = tmp_path / "new" / "gate.toml"
    path.write_text(GATE)
    return path


def restore(unit: Path, file: Path, words: tuple[str, str], *more: str) -> Result:
    fixed = ("--gate-key", words[1], "--reason", "water damage")
    return sanmen(unit, "restore", str(file), *fixed, *more, answer=words[0] + "\n")


def made(config: Path, file: Path) -> None:
    result = sanmen(config, "backup", "make", str(file), "--reason", "monthly")
    assert result.exit_code == 0, result.output


def test_without_words_or_list_nothing_is_backed_up_or_restored(
    config: Path, names: list[str], tmp_path: Path, unit: Path
) -> None:
    file = tmp_path / "b"
    result = sanmen(config, "backup", "make", str(file), "--reason", "x")
    assert isinstance(result.exception, KeyMissingError)
    assert names
    assert not file.exists()
    (tmp_path / "junk").write_bytes(b"junk")
    assert isinstance(restore(unit, tmp_path / "junk", ("x", "y")).exception, SealBrokenError)
    assert list(unit.parent.iterdir()) == [unit]


def test_a_gate_comes_back_without_those_erased_since(
    config: Path, names: list[str], words: tuple[str, str], tmp_path: Path, unit: Path
) -> None:
    file, saved = tmp_path / "usb.bin", tmp_path / "old.bin"
    made(config, file)
    saved.write_bytes(file.read_bytes())
    old_backup = sanmen(config, "backup", "list").stdout.split()[0]
    file.unlink()  # the stick is taken out
    assert erasing(config, "erase", names[0], "--yes").returncode == 0
    assert erasing(config, "consent", "withdraw", names[1]).returncode == 0
    listed = tmp_path / "list"
    erasures = sanmen(config, "backup", "erasures", str(listed), "--backup", old_backup)
    assert erasures.exit_code == 0, erasures.output

    refused = restore(unit, saved, words)
    assert isinstance(refused.exception, StoreError)
    assert "come back" in str(refused.exception)
    wrong = restore(unit, saved, ("abandon " * 23 + "art", words[1]), "--erasures", str(listed))
    assert isinstance(wrong.exception, SealBrokenError)
    assert list(unit.parent.iterdir()) == [unit]

    result = restore(unit, saved, words, "--erasures", str(listed))
    assert result.exit_code == 0, result.output
    assert "restored 2 people, 1 faces (0 frozen" in result.output
    assert "left out: 1 people erased, 1 faces" in result.output
    assert faces(unit, 3) == {names[2]: pytest.approx(1.0, abs=1e-5)}
    assert faces(config, 3) == {names[2]: pytest.approx(1.0, abs=1e-5)}
    new, old = (open_archive(load(path), SystemClock()) for path in (unit, config))
    assert new.roster.store.gate_id != old.roster.store.gate_id
    assert new.roster.find_by_card((3).to_bytes(16, "big")) is not None
    assert new.roster.find_by_card((1).to_bytes(16, "big")) is None
    turned = [one.gallery.rotate(vector(3)) for one in (new, old)]
    assert abs(float(turned[0] @ turned[1])) < 0.5
    new.close()
    old.close()
    again = restore(unit, saved, words, "--erasures", str(listed))
    assert isinstance(again.exception, StoreError)
    assert faces(unit, 3).keys() == {names[2]}


def test_without_a_list_every_face_rests_until_confirmed(
    config: Path, names: list[str], words: tuple[str, str], tmp_path: Path, unit: Path
) -> None:
    file = tmp_path / "usb.bin"
    made(config, file)
    result = restore(unit, file, words, "--without-erasure-list")
    assert result.exit_code == 0, result.output
    assert "(3 frozen" in result.output
    assert faces(unit, 1) == {}
    assert sanmen(unit, "consent", "thaw", names[0]).exit_code == 0
    assert faces(unit, 1).keys() == {names[0]}


def test_a_list_of_another_backup_or_an_older_one_is_refused(
    config: Path, names: list[str], words: tuple[str, str], tmp_path: Path, unit: Path
) -> None:
    assert names
    for number in (1, 2):
        made(config, tmp_path / f"b{number}")
    first = sanmen(config, "backup", "list").stdout.split()[0]
    sanmen(config, "backup", "erasures", str(tmp_path / "list"), "--backup", first)
    results = [
        restore(unit, tmp_path / f"b{number}", words, "--erasures", str(tmp_path / "list"))
        for number in (1, 2)
    ]
    assert sum(isinstance(one.exception, SealBrokenError) for one in results) == 1


def test_a_backup_within_reach_is_made_anew_without_the_erased(
    config: Path, names: list[str], words: tuple[str, str], tmp_path: Path, unit: Path
) -> None:
    file = tmp_path / "usb.bin"
    made(config, file)
    before = file.read_bytes()
    result = erasing(config, "erase", names[0], "--yes")
    assert result.returncode == 0, result.stderr
    assert "backups_remade_without: 1" in result.stdout
    assert file.read_bytes() != before
    assert restore(unit, file, words, "--without-erasure-list").exit_code == 0
    archive = open_archive(load(unit), SystemClock())
    assert {one.pseudonym for one in archive.roster.residents()} == set(names[1:])
    archive.close()


class Terminal:
    """A command at a real terminal, and a person who reads and types."""

    def __init__(self, *arguments: str) -> None:
        self._here, there = pty.openpty()
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", "from appliance.cli import main; main()", *arguments],
            stdin=there,
            stdout=there,
            stderr=there,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads
        )
        os.close(there)
        self.shown = ""

    def until(self, text: str) -> str:
        """Read until `text` is shown, or the command ends; return what was shown since."""
        since = len(self.shown)
        while text not in self.shown[since:]:
            try:
                more = os.read(self._here, 4096)
            except OSError:
                break  # Linux says so when the other end is closed
            self.shown += more.decode("utf-8", "replace")
        return self.shown[since:]

    def type(self, text: str) -> None:
        # The terminal takes no more than 4,095 bytes of a line.
        os.write(self._here, text.encode() + b"\n")

    def end(self) -> int:
        self.until("nothing that is ever shown")
        os.close(self._here)
        return self._process.wait(60)


def test_the_words_are_shown_once_and_kept_when_they_are_typed_back(
    config: Path, names: list[str], tmp_path: Path, unit: Path
) -> None:
    shown = sanmen(config, "backup", "init", answer="x\n")
    assert isinstance(shown.exception, KeyMissingError)
    at = Terminal("backup", "init", "--language", "english", "--config", str(config))
    paper = at.until("Type the words from the paper")
    words = re.findall(r"[0-9]+ ([a-z]+)", paper)
    gate_key = re.findall(r"gate key ([0-9a-f]{16})", paper)[0]
    assert len(words) == 24
    at.type(" ".join(words))
    assert at.end() == 0
    assert "recovery key kept" in at.shown
    assert isinstance(sanmen(config, "backup", "init").exception, KeyMissingError)
    made(config, tmp_path / "b")
    file, typed = tmp_path / "b", (" ".join(words), gate_key)
    assert restore(unit, file, typed, "--without-erasure-list").exit_code == 0
    assert faces(unit, 1) == {}
    assert len(names) == 3


def test_where_there_are_operators_personal_data_needs_a_manager(
    config: Path, names: list[str], words: tuple[str, str], tmp_path: Path
) -> None:
    assert words
    archive = open_archive(load(config), SystemClock())
    operators = Operators(archive.roster.store, archive.journal, archive.clock)
    chief = operators.add("chief", Role.MANAGER, "271828", None)
    archive.close()
    acts = [
        ("list",),
        ("erase", names[0], "--yes"),
        *(("consent", act, names[0]) for act in ("show", "withdraw", "freeze", "thaw", "receipt")),
        ("backup", "make", str(tmp_path / "b"), "--reason", "x"),
        ("backup", "list"),
        ("backup", "erasures", str(tmp_path / "l")),
        ("backup", "init", "--renew"),
        ("enrol", "--household", "1", "--card", "00" * 16),
    ]
    for act in acts:
        refused = sanmen(config, *act).exception
        assert isinstance(refused, OperatorError), act
        assert "--as" in str(refused), act
    # Without a terminal no PIN is taken.
    assert isinstance(sanmen(config, "list", "--as", "chief").exception, OperatorError)
    assert sanmen(config, "receipt", "key").exit_code == 0
    at = Terminal("list", "--json", "--as", "chief", "--config", str(config))
    at.until("PIN of manager chief")
    at.type("271828")
    assert at.end() == 0
    assert names[0] in at.shown
    assert "271828" not in at.shown
    archive = open_archive(load(config), SystemClock())
    last = archive.log.tail(1)[0].event
    archive.close()
    assert (last.kind, last.detail["by"]) == ("roster.viewed", chief.pseudonym)


class PulledPlugError(BaseException):
    """The end of everything: nothing after it is done, no clearing up either."""


@pytest.mark.parametrize(
    ("moment", "passed"),
    [("sync", 0), ("_fill", 0), ("_put_in_place", 0), ("publish", 0), ("sync", 1)],
)
def test_a_restore_that_is_cut_leaves_no_gate_and_can_be_done_again(
    config: Path,
    names: list[str],
    words: tuple[str, str],
    tmp_path: Path,
    unit: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    passed: int,
) -> None:
    calls = []

    def cut(*_: object) -> None:
        calls.append(moment)
        if len(calls) > passed:
            raise PulledPlugError

    archive = open_archive(load(config), SystemClock())
    archive.journal.happened("started")
    archive.close()
    made(config, tmp_path / "b")
    content = (tmp_path / "b").read_bytes()
    plan = backup_restore.plan(content, recovery_key(words[0]), words[1], None, without_list=True)
    settings = load(unit)
    with monkeypatch.context() as patch:
        patch.setattr(f"appliance.gate.backup_restore.{moment}", cut)
        with pytest.raises(PulledPlugError):
            backup_restore.restore(plan, settings, SystemClock(), "me", "x")
    with pytest.raises(StoreError, match="broken off"):
        open_archive(settings, SystemClock())
    with pytest.raises(StoreError, match="broken off"):
        create_archive(settings)
    done = backup_restore.restore(plan, settings, SystemClock(), "me", "x")
    assert (done.people, done.frozen) == (3, 3)
    archive = open_archive(settings, SystemClock())
    assert {one.pseudonym for one in archive.roster.residents()} == set(names)
    assert list(archive.log.verify()) == []
    first = archive.log.tail(10)[0].event
    archive.close()
    assert {path.name for path in unit.parent.rglob("*")} == {
        *("gate.toml", "device.key", "state", "gate.db", "audit.db"),
    }
    # The old gate's signed word on its log stands in the new log's first event.
    parts = sorted(name for name in first.detail if name.startswith("old_log_"))
    token = "".join(first.detail[name] for name in parts)
    old = open_archive(load(config), SystemClock())
    signed = Checkpoint.read(old.roster.store.signer.public_key, token)
    held = old.log.span[1]
    old.close()
    assert first.kind == "gate.restored"
    assert (signed.sequence, held) == (1, 2)


@pytest.mark.parametrize(("moment", "which"), [("Path.replace", "old"), ("sync", "new")])
def test_a_stick_pulled_out_while_a_backup_is_made_anew_holds_a_whole_one(
    config: Path,
    names: list[str],
    words: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    which: str,
) -> None:
    def pulled(*_: object) -> None:
        raise OSError(5, "input/output error")

    assert names
    file = tmp_path / "stick"
    made(config, file)
    before = file.read_bytes()
    archive = open_archive(load(config), SystemClock())
    with monkeypatch.context() as patch:
        patch.setattr(f"appliance.gate.backup.{moment}", pulled)
        with pytest.raises(StoreError, match="overwritten"):
            backup.renew(archive)
    assert (file.read_bytes() == before) is (which == "old")
    plan = backup_restore.plan(
        file.read_bytes(), recovery_key(words[0]), words[1], None, without_list=True
    )
    assert len(plan.content.people) == 3
    copies = backup.renew(archive)
    assert len(copies.remade) == 1
    again = read_header(file.read_bytes()).backup
    archive.close()
    assert copies.remade == (again,)


def test_an_erasure_list_older_than_its_backup_is_refused(
    config: Path, words: tuple[str, str], tmp_path: Path, unit: Path
) -> None:
    made(config, tmp_path / "b")
    header = read_header((tmp_path / "b").read_bytes())
    archive = open_archive(load(config), SystemClock())
    for at in (header.made_at - 1, header.made_at):
        claims = {"backup": header.backup, "iat": at, "erased": []}
        (tmp_path / str(at)).write_text(archive.roster.store.signer.sign(backup.LIST, claims))
    archive.close()
    older = restore(unit, tmp_path / "b", words, "--erasures", str(tmp_path / str(at - 1)))
    assert isinstance(older.exception, StoreError)
    assert "older than the backup" in str(older.exception)
    assert list(unit.parent.iterdir()) == [unit]
    assert (
        restore(unit, tmp_path / "b", words, "--erasures", str(tmp_path / str(at))).exit_code == 0
    )


@pytest.mark.parametrize("year", [1970, 2099])
def test_a_sweep_under_a_wrong_clock_erases_nobody(
    config: Path, names: list[str], year: int
) -> None:
    settings = load(config)
    archive = open_archive(settings, SystemClock())
    archive.journal.happened("started")
    rights = Rights(archive, settings)
    with pytest.raises(StoreError, match="clock"):
        retention.sweep(archive, rights, settings, datetime(year, 3, 1, tzinfo=UTC))
    assert len(archive.roster) == len(archive.gallery) == len(names)
    assert archive.log.tail(1)[0].event.kind == "started"
    archive.close()


def test_a_sweep_forgets_codes_by_their_own_time(config: Path) -> None:
    settings = load(config)
    archive = open_archive(settings, SystemClock())
    now = datetime.now(UTC)
    store, at = archive.roster.store, int(now.timestamp())
    with store.transaction():
        for number, age in enumerate((0, 3600, 90_000, 10**8)):
            store.execute("INSERT INTO spent VALUES (?, ?)", (bytes([number]) * 16, at - age))
            store.execute("INSERT INTO uses VALUES (?, 1, ?)", (bytes([number]) * 16, at - age))
            store.execute("INSERT INTO revoked VALUES (?, ?)", (bytes([number]) * 16, at + 9 - age))
    swept = retention.sweep(archive, Rights(archive, settings), settings, now, sure=True)
    kept = [store.rows(f"SELECT count(*) FROM {table}") for table in ("spent", "uses", "revoked")]  # noqa: S608 - names of ours
    archive.close()
    assert (swept.erased, swept.codes) == ((), 8)
    assert kept == [[(2,)], [(1,)], [(1,)]]
