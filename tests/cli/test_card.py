"""The issuing desk from the command line, with software cards: refusals first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import tomli_w
from typer.testing import CliRunner

from appliance.cli import build
from appliance.cli.bench_cards import figures
from appliance.cli.card import issued_soft_card
from appliance.cli.card_master import create_master, open_master
from appliance.clock import SystemClock
from appliance.config import load
from appliance.errors import CardError, KeyMissingError, RosterError
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.enrolment.card_bulk import Bulk, Progress, read_rows
from appliance.gate.enrolment.card_desk import CardDesk, Slot
from appliance.gate.process import card_site
from appliance.gate.store.records import Profile
from hardware.ports import CardTechnology
from hardware.sim.card import SoftCard
from hardware.sim.card_memory import Memory
from hardware.sim.reader import SimReader

if TYPE_CHECKING:
    from pathlib import Path

PHRASE = "three plain words"
MASTER = b"an issuing key!!"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    content = {
        "site": {"simulation": True},
        "door": {"driver": "mock"},
        "reader": {"driver": "sim", "community": "00000007"},
    }
    path.write_text(tomli_w.dumps(content))
    create_archive(load(path))
    return path


@pytest.fixture
def master(tmp_path: Path) -> Path:
    path = tmp_path / "master.json"
    create_master(path, PHRASE)
    return path


def resident(config: Path, household: str = "3-1201") -> str:
    archive = open_archive(load(config), SystemClock())
    name = archive.roster.add(Profile(household, "", frozenset({"pass"})))
    archive.close()
    return name


def run(*arguments: object, phrase: str = PHRASE) -> tuple[int, str, BaseException | None]:
    made = CliRunner().invoke(build(), ["card", *map(str, arguments)], input=f"{phrase}\n" * 2)
    return made.exit_code, made.output, made.exception


def listed(config: Path) -> list[dict[str, object]]:
    made = CliRunner().invoke(build(), ["card", "list", "--config", str(config), "--json"])
    rows: list[dict[str, object]] = json.loads(made.stdout)
    return rows


# The master key


def test_a_short_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyMissingError, match="at least 12"):
        create_master(tmp_path / "m", "short")
    assert not (tmp_path / "m").exists()


def test_a_master_key_is_never_overwritten(master: Path) -> None:
    before = master.read_bytes()
    with pytest.raises(KeyMissingError, match="a new file"):
        create_master(master, PHRASE)
    assert master.read_bytes() == before


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"salt": 1}', "\x00"])
def test_another_file_is_no_master_key(tmp_path: Path, content: str) -> None:
    (tmp_path / "m").write_text(content)
    with pytest.raises(KeyMissingError):
        open_master(tmp_path / "m", PHRASE)


def test_another_passphrase_does_not_open_it_and_a_changed_file_neither(master: Path) -> None:
    with pytest.raises(KeyMissingError, match="passphrase"):
        open_master(master, "three other words")
    content = json.loads(master.read_text())
    content["sealed"] = "00" + content["sealed"][2:]
    master.write_text(json.dumps(content))
    with pytest.raises(KeyMissingError, match="passphrase"):
        open_master(master, PHRASE)


def test_a_master_key_opens_and_lies_for_its_owner_alone(master: Path) -> None:
    key = open_master(master, PHRASE)
    assert len(key) == 16
    assert key.hex() not in master.read_text()
    assert master.stat().st_mode & 0o777 == 0o600


# Issuing


def test_nobody_gets_no_card(config: Path, master: Path, tmp_path: Path) -> None:
    soft = tmp_path / "a.card"
    _, _, fault = run("issue", "0" * 16, "--config", config, "--master", master, "--soft", soft)
    assert isinstance(fault, RosterError)
    assert not soft.exists()


def test_a_new_resident_gets_a_card_and_needs_neither_phone_nor_face(
    config: Path, master: Path, tmp_path: Path
) -> None:
    base = ("--config", config, "--master", master, "--soft", tmp_path / "a.card")
    code, output, _ = run("issue", "--household", "5-502", *base)
    (row,) = listed(config)
    assert (code, row["issue"], row["active"]) == (0, 1, True)
    assert str(row["pseudonym"]) in output


@pytest.mark.parametrize("who", [(), ("0" * 16, "--household", "5-502")])
def test_a_card_is_for_one_known_or_one_new_person(
    config: Path, master: Path, tmp_path: Path, who: tuple[str, ...]
) -> None:
    base = ("--config", config, "--master", master, "--soft", tmp_path / "a.card")
    code, _, fault = run("issue", *who, *base)
    assert code == 1
    assert "a pseudonym or --household" in str(fault)
    assert listed(config) == []


def test_a_wrong_passphrase_leaves_the_card_blank(
    config: Path, master: Path, tmp_path: Path
) -> None:
    soft, name = tmp_path / "a.card", resident(config)
    arguments = ("issue", name, "--config", config, "--master", master, "--soft", soft)
    _, _, fault = run(*arguments, phrase="three other words")
    assert isinstance(fault, KeyMissingError)
    assert not soft.exists()


def test_software_cards_are_for_simulation_sites_alone(
    config: Path, master: Path, tmp_path: Path
) -> None:
    name = resident(config)
    text = config.read_text().replace("simulation = true", "simulation = false")
    config.write_text(text.replace('"sim"', '"none"').replace('"mock"', '"gpio"'))
    soft = tmp_path / "a.card"
    _, _, fault = run("issue", name, "--config", config, "--master", master, "--soft", soft)
    assert isinstance(fault, CardError)


def test_a_card_is_issued_listed_blocked_and_replaced(
    config: Path, master: Path, tmp_path: Path
) -> None:
    name = resident(config)
    base = ("--config", config, "--master", master, "--soft")
    code, output, _ = run("issue", name, *base, tmp_path / "a.card")
    assert code == 0
    assert "issue 1" in output
    (row,) = listed(config)
    assert (row["pseudonym"], row["issue"], row["active"]) == (name, 1, True)
    code, output, _ = run("replace", name, *base, tmp_path / "b.card")
    assert code == 0
    assert "issue 2" in output
    assert [(one["issue"], one["active"]) for one in listed(config)] == [(1, False), (2, True)]
    second = str(listed(config)[1]["card"])
    assert run("block", name, "--config", config, "--card", second)[0] == 0
    assert not any(one["active"] for one in listed(config))
    assert run("unblock", name, "--config", config, "--card", second)[0] == 0
    assert [one["active"] for one in listed(config)] == [False, True]
    _, _, fault = run("block", name, "--config", config, "--card", "nosuch")
    assert isinstance(fault, RosterError)


def test_the_same_card_is_not_issued_twice(config: Path, master: Path, tmp_path: Path) -> None:
    base = ("--config", config, "--master", master, "--soft", tmp_path / "a.card")
    assert run("issue", resident(config), *base)[0] == 0
    before = (tmp_path / "a.card").read_bytes()
    _, _, fault = run("issue", resident(config, "3-1202"), *base)
    assert isinstance(fault, RosterError)
    assert (tmp_path / "a.card").read_bytes() == before


def test_a_card_that_can_be_copied_is_not_written(config: Path) -> None:
    del config
    reader = SimReader(SystemClock())
    reader.hold(SoftCard(Memory(bytes(7))), CardTechnology.CLASSIC)
    with pytest.raises(CardError, match="can be copied"):
        Slot(reader, SystemClock()).wait(0)
    reader.close()


def test_a_card_for_the_demo_is_really_issued(config: Path) -> None:
    settings = load(config)
    name = resident(config)
    archive = open_archive(settings, SystemClock())
    card = issued_soft_card(archive, settings, name)
    holder = archive.roster.find_by_uid(card.uid)
    assert holder is not None
    assert holder.resident.pseudonym == name
    assert "card" in holder.resident.profile.methods
    archive.close()


# Bulk


def rows_file(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text("household,label,pseudonym\n" + "\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize(
    ("rows", "line", "why"),
    [
        (("1-101,a,", "1-102,b,", "1-101,a,"), 4, "as line 2"),
        (("1-101,a,0123", "1-102,b,0123"), 3, "as line 2"),
        (("1-101,a,", ",,"), 3, "empty"),
    ],
)
def test_a_doubled_or_empty_row_is_refused_with_its_line(
    tmp_path: Path, rows: tuple[str, ...], line: int, why: str
) -> None:
    with pytest.raises(RosterError, match=f"line {line}: .*{why}"):
        read_rows(rows_file(tmp_path, *rows))


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b"household,label\n"])
def test_another_file_is_no_list_of_rows(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rows.csv").write_bytes(content)
    with pytest.raises(RosterError):
        read_rows(tmp_path / "rows.csv")


def test_a_row_for_nobody_is_refused_before_any_card(
    config: Path, master: Path, tmp_path: Path
) -> None:
    path = rows_file(tmp_path, "1-101,a,", "1-102,b,ffffffffffffffff")
    _, _, fault = run("bulk", path, "--config", config, "--master", master, "--soft", tmp_path)
    assert isinstance(fault, RosterError)
    assert "line 3" in str(fault)
    assert listed(config) == []


def test_a_whole_community_gets_cards_once(config: Path, master: Path, tmp_path: Path) -> None:
    known = resident(config, "1-103")
    path = rows_file(tmp_path, "1-101,a,", "1-102,b,", f"1-103,,{known}")
    base = ("bulk", path, "--config", config, "--master", master, "--soft", tmp_path / "cards")
    assert run(*base)[0] == 0
    assert len(listed(config)) == 3
    code, output, _ = run(*base)
    assert code == 0
    assert "all 3 rows done" in output
    assert len(listed(config)) == 3


class PowerCutError(Exception):
    """The power is gone."""


@pytest.mark.parametrize("cut", [0, 1, 6, 14, 22, 28, 31, 34, 37, 48, 62])
def test_a_power_cut_anywhere_in_a_bulk_issue_loses_and_doubles_nothing(
    config: Path, tmp_path: Path, cut: int
) -> None:
    rows = read_rows(rows_file(tmp_path, "1-101,a,", "1-102,b,"))
    settings = load(config)
    cards = [SoftCard(Memory(bytes([4, 1, 2, 3, 4, 5, n]))) for n in range(2)]
    left = cut
    for attempt in range(2):
        archive = open_archive(settings, SystemClock())
        desk = CardDesk(archive.roster, archive.journal, card_site(settings))
        work = Bulk(desk, archive.roster, Progress(tmp_path / "progress"))
        reader = SimReader(SystemClock())
        slot = Slot(reader, SystemClock())

        def send(
            card: int, command: bytes, *, attempt: int = attempt, reader: SimReader = reader
        ) -> None:
            nonlocal left
            left -= 1
            if left < 0 and not attempt:
                raise PowerCutError
            SimReader.send(reader, card, command)

        reader.send = send  # type: ignore[method-assign]
        try:
            for row in work.open_rows(rows):
                held = reader.hold(cards[rows.index(row)])
                slot.wait(0)
                work.issue(row, slot, MASTER)
                reader.take_away(held)
                slot.wait_until_gone(0)
        except PowerCutError:
            continue
        finally:
            reader.close()
            archive.close()
    found = listed(config)
    assert sorted(str(one["household"]) for one in found) == ["1-101", "1-102"]
    assert all(one["active"] for one in found)


def test_a_half_written_line_of_the_state_is_cut_off(tmp_path: Path) -> None:
    row = read_rows(rows_file(tmp_path, "1-101,a,"))[0]
    number = Progress(tmp_path / "progress").promise(row)
    with (tmp_path / "progress").open("a") as out:
        out.write('{"row": "12')
    again = Progress(tmp_path / "progress")
    assert again.promise(row) == number
    assert len((tmp_path / "progress").read_text().splitlines()) == 1


def test_another_file_is_no_state(tmp_path: Path) -> None:
    (tmp_path / "progress").write_text("{}\n")
    with pytest.raises(RosterError, match="line 1"):
        Progress(tmp_path / "progress")


def test_figures_are_the_median_and_the_nearest_rank() -> None:
    found = figures([float(n) for n in range(1, 101)])
    assert found == {"presentations": 100, "p50_ms": 50.5, "p95_ms": 95.0, "max_ms": 100.0}


def test_the_bench_opens_the_door_each_time() -> None:
    code, output, _ = run("bench", "--count", "3", "--json")
    assert code == 0
    assert json.loads(output)["presentations"] == 3
