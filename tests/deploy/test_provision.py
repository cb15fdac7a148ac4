"""A machine's first start: refused files, power cuts at every step, and what is left behind."""

# ruff: noqa: RUF001 - Chinese has its own punctuation

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from appliance import config
from appliance.errors import SanmenError
from tests.deploy import unit_files
from tests.deploy.provision_world import DEPLOY, FILE, KEY, Machine, machine, sealing

from provision.first_start import FirstStart, failed, seal  # isort: skip
from provision.gate_file import GateFileError  # isort: skip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.rig.small_disk import SmallDisk

TOUCHES = {"open", "os.rename", "os.remove", "os.mkdir", "os.chmod", "os.link", "os.truncate"}
"""Python's audit events (PEP 578) of what changes a file or is about to."""
MOST_STEPS = 200


def start(one: Machine) -> FirstStart:
    return FirstStart(one.card, one.state, sealing)


def files(folder: Path) -> dict[str, bytes]:
    return {
        one.relative_to(folder).as_posix(): one.read_bytes()
        for one in sorted(folder.rglob("*"))
        if one.is_file()
    }


def require_finished(one: Machine) -> None:
    """Demand a machine that is set up, and a card that tells no secret."""
    settings = config.parse(one.config.read_text("utf-8"))
    assert settings.site.portal == "东门"
    assert (one.state / "reader/osdp.key").read_bytes() == bytes.fromhex(KEY)
    assert (one.state / "keys/sanmen.key.cred").stat().st_mode & 0o777 == 0o600
    assert (one.state / "reader/osdp.key").stat().st_mode & 0o777 == 0o600
    assert one.config.stat().st_mode & 0o777 == 0o644
    assert len((one.state / "device/machine-id").read_text("ascii")) == 33
    assert not one.file.exists()
    assert one.holds(KEY.encode()) == []
    assert one.holds(bytes.fromhex(KEY)) == [one.state / "reader/osdp.key"]
    assert [path for path in one.state.rglob("*") if path.name.startswith(".new-")] == []


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8\xff", FILE[:200].encode(), b"x = 1\n", b"#" * 70_000]
)
def test_a_refused_file_changes_nothing(tmp_path: Path, content: bytes) -> None:
    one = machine(tmp_path, content)

    with pytest.raises(GateFileError):
        start(one).run()

    assert files(one.state) == {}
    assert files(one.card) == {"gate.toml": content}


def test_a_missing_file_and_one_with_a_hidden_ending_are_told_apart(tmp_path: Path) -> None:
    one = machine(tmp_path)
    with pytest.raises(GateFileError, match=r"there is no gate\.toml"):
        start(one).run()
    (one.card / "gate.toml.txt").write_text(FILE, encoding="utf-8")
    with pytest.raises(GateFileError, match=r"gate\.toml\.txt: rename"):
        start(one).run()
    assert files(one.state) == {}


def test_a_folder_of_that_name_and_a_dying_card_are_refused(tmp_path: Path) -> None:
    one = machine(tmp_path)
    one.file.mkdir()

    with pytest.raises(GateFileError, match="cannot be read"):
        start(one).run()


def test_a_key_that_cannot_be_sealed_leaves_no_gate(tmp_path: Path) -> None:
    one = machine(tmp_path, FILE.encode())

    def broken(secret: bytes, name: str) -> bytes:
        del secret
        raise SanmenError(name, "no such tool", "systemd-creds")

    with pytest.raises(SanmenError, match="no such tool"):
        FirstStart(one.card, one.state, broken).run()

    assert not one.config.exists()
    assert one.file.read_text("utf-8") == FILE  # to go on from, at the next start


def test_a_data_partition_that_takes_nothing_leaves_no_gate(tmp_path: Path) -> None:
    one = machine(tmp_path, FILE.encode())
    shutil.rmtree(one.state / "keys")
    (one.state / "keys").write_text("no folder")

    with pytest.raises(SanmenError, match="a data partition with room"):
        start(one).run()

    assert not one.config.exists()


def test_a_machine_is_set_up_and_the_file_wiped(tmp_path: Path) -> None:
    one = machine(tmp_path, FILE.encode())

    assert "Set up" in start(one).run()

    require_finished(one)


def test_the_files_bytes_are_written_over_where_they_lay(tmp_path: Path) -> None:
    one = machine(tmp_path, FILE.encode())
    with one.file.open("rb") as still_open:
        start(one).run()
        assert still_open.read() == bytes(len(FILE.encode()))


def test_a_machine_is_set_up_once(tmp_path: Path) -> None:
    one = machine(tmp_path, FILE.encode())
    start(one).run()
    before = files(one.state)
    foreign = FILE.replace("东门", "后门").encode()
    one.file.write_bytes(foreign)

    with pytest.raises(GateFileError, match="this machine is set up"):
        start(one).run()

    assert files(one.state) == before
    assert one.file.read_bytes() == foreign  # not ours to wipe


def test_another_start_without_a_file_is_quiet(tmp_path: Path) -> None:
    one = machine(tmp_path, FILE.encode())
    start(one).run()
    before = files(one.state)

    assert "Set up before" in start(one).run()
    assert files(one.state) == before


def test_two_machines_of_one_file_have_nothing_secret_in_common(tmp_path: Path) -> None:
    one, other = (machine(tmp_path / name, FILE.encode()) for name in ("a", "b"))
    for each in (one, other):
        start(each).run()

    for name in ("device/machine-id", "keys/sanmen.key.cred"):
        assert (one.state / name).read_bytes() != (other.state / name).read_bytes()


def cut(one: Machine, at: int) -> bool:
    """Run the first start in a process that dies of SIGKILL at its n-th touch of a file.

    Returns:
        Whether it got that far.

    """
    child = os.fork()
    if child == 0:
        left = at

        def touched(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            if event not in TOUCHES or not str(arguments[0]).startswith(str(one.card.parent)):
                return
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(touched)
        try:
            first = start(one)
            first.tell(first.run())
        except BaseException:  # noqa: BLE001 - the child must not return into pytest
            os._exit(3)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in {0, -signal.SIGKILL}
    return status != 0


def steps(folder: Path) -> Iterator[tuple[int, Machine]]:
    for at in range(1, MOST_STEPS):
        one = machine(folder / str(at), FILE.encode())
        if not cut(one, at):
            require_finished(one)
            return
        yield at, one


def is_started(one: Machine) -> bool:
    """Whether systemd starts the unit of the first start."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed; it comes with systemd")
    unit = unit_files.units("service")["sanmen-provision.service"]
    return unit_files.is_started(unit, {"/bootconfig": one.card, "/var/lib/sanmen": one.state})


def test_systemd_starts_it_until_all_is_done_and_then_only_for_a_new_file(tmp_path: Path) -> None:
    seen = 0
    for at, one in steps(tmp_path):
        seen += 1
        finished = (one.state / "device/card-wiped").exists()
        assert is_started(one) is not finished, at
        if finished:
            require_finished(one)
    assert seen >= 20

    done = machine(tmp_path / "done", FILE.encode())
    start(done).run()
    assert not is_started(done)
    done.file.write_text(FILE, encoding="utf-8")
    assert is_started(done)
    done.file.unlink()
    done.config.unlink()
    assert is_started(done)


def test_a_power_cut_at_any_step_leaves_no_half_gate_and_is_made_good(tmp_path: Path) -> None:
    before = after = 0
    for at, one in steps(tmp_path):
        if one.config.exists():  # the rooms would start: everything they need is there
            after += 1
            config.parse(one.config.read_text("utf-8"))
            assert (one.state / "keys/sanmen.key.cred").read_bytes().startswith(b"sealed"), at
            assert (one.state / "reader/osdp.key").read_bytes() == bytes.fromhex(KEY)
            assert (one.state / "device/machine-id").exists()
        else:
            before += 1
            assert one.file.read_text("utf-8") == FILE, at
        start(one).run()
        require_finished(one)
    assert before >= 15
    assert after >= 5


def test_a_second_power_cut_while_making_good_is_made_good_too(tmp_path: Path) -> None:
    for at in range(1, MOST_STEPS, 5):
        one = machine(tmp_path / str(at), FILE.encode())
        if not cut(one, at):
            return
        for again in (3, 2, 9):
            cut(one, again)
        start(one).run()
        require_finished(one)
    pytest.fail("the first start has no end")


@pytest.mark.parametrize("written", [0, 1, 100, len(FILE.encode()) - 1])
def test_a_power_cut_within_the_wiping_leaves_no_secret_for_good(
    tmp_path: Path, written: int
) -> None:
    one = machine(tmp_path, FILE.encode())
    start(one).run()
    (one.state / "device/card-wiped").unlink()
    one.file.write_bytes(bytes(written) + FILE.encode()[written:])

    start(one).run()

    require_finished(one)


def run_program(one: Machine, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-m", "provision", "--card", str(one.card), "--state", str(one.state)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": f"{DEPLOY}:{DEPLOY.parent}", "PATH": path},
    )


def test_the_program_answers_on_the_card_and_says_that_the_door_stays_shut(tmp_path: Path) -> None:
    one = machine(tmp_path, FILE.replace("contact", "phone").encode())

    done = run_program(one, os.environ["PATH"])

    assert done.returncode == 2
    answer = (one.card / "gate-answer.txt").read_bytes()
    assert answer.startswith(b"\xef\xbb\xbf")
    assert answer.decode("utf-8-sig").split("\r\n") == [
        "第 4 行：不认识 'phone'。[site] 里可以写：name、operator、contact、timezone。",
        "Line 4: 'phone' is unknown. [site] takes: name, operator, contact, timezone.",
        "门保持关闭。The door stays shut.",
        "",
    ]
    assert "'phone' is unknown" in done.stdout


@pytest.mark.parametrize(
    ("size", "option", "chinese", "english"),
    [
        ("4k", "rw", "数据分区已满", "The data partition is full: flash a new card."),
        ("1m", "ro", "存储卡只读", "The card is read-only, as a dying one is"),
    ],
)
def test_a_full_or_read_only_card_is_told_in_both_languages(
    tmp_path: Path,
    small_disk: Callable[..., SmallDisk],
    size: str,
    option: str,
    chinese: str,
    english: str,
) -> None:
    one = machine(tmp_path, FILE.encode())
    disk = small_disk(size, one.state)
    for name in ("config", "keys", "device", "reader"):
        (one.state / name).mkdir()
    disk.remount(option)
    done = run_program(one, os.environ["PATH"])
    answer = (one.card / "gate-answer.txt").read_text("utf-8-sig")
    assert (done.returncode, one.config.exists()) == (1, False)
    assert chinese in answer
    assert english in answer
    assert answer.splitlines()[-1] == "门保持关闭。The door stays shut."
    assert one.file.read_text("utf-8") == FILE


def test_a_dying_card_is_told_in_both_languages() -> None:
    fault = SanmenError("file", "Input/output error", "a card")
    fault.__cause__ = OSError(errno.EIO, "Input/output error")
    assert failed(fault).startswith("存储卡读写出错")
    assert "is dying: replace it" in failed(fault)


def test_without_systemds_tool_the_program_says_so(tmp_path: Path) -> None:
    one = machine(tmp_path, FILE.encode())

    done = run_program(one, str(tmp_path))

    assert done.returncode == 1
    assert "systemd-creds to seal it" in done.stdout
    assert "The door stays shut" in done.stdout
    assert not one.config.exists()


def test_the_key_is_sealed_by_systemd_itself_and_only_it_opens_it(tmp_path: Path) -> None:
    if os.getuid() != 0 or shutil.which("systemd-creds") is None:
        pytest.skip("needs root and systemd-creds, which keeps the host's key")
    one = machine(tmp_path, FILE.encode())

    assert run_program(one, os.environ["PATH"]).returncode == 0

    require_finished(one)
    sealed = one.state / "keys/sanmen.key.cred"
    opened = subprocess.run(  # noqa: S603 - systemd's own tool
        ["systemd-creds", "decrypt", "--name=sanmen.key", str(sealed), "-"],  # noqa: S607
        capture_output=True,
        check=True,
    ).stdout
    assert len(opened) == 32
    assert one.holds(opened) == []
    wrong = subprocess.run(  # noqa: S603
        ["systemd-creds", "decrypt", "--name=other", str(sealed), "-"],  # noqa: S607
        capture_output=True,
        check=False,
    )
    assert wrong.returncode != 0


def test_systemd_refuses_a_name_it_cannot_seal(tmp_path: Path) -> None:
    del tmp_path
    if shutil.which("systemd-creds") is None:
        pytest.skip("needs systemd-creds")
    with pytest.raises(SanmenError, match="key of this machine"):
        seal(b"secret", "no/such/name")
