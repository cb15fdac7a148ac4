"""The ledger of codes: replays, floods, clocks set back, power cuts, two processes at once."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.errors import StoreError
from appliance.gate.access.reasons import Reason
from appliance.gate.credential import replay
from appliance.gate.credential.findings import PassClaims, Withdrawal
from appliance.gate.credential.grant import Grant
from appliance.gate.credential.replay import WITHDRAWALS_PER_PHONE, Ledger
from appliance.gate.store.schema import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.gate.store.keys import FileKey
    from appliance.gate.store.schema import Store

PHONE = b"residant"
PASS = Grant(PHONE + b"grant  1", 100_000, 2)


def shown(number: int, issued_at: int, grant: Grant | None = None) -> PassClaims:
    return PassClaims(PHONE, issued_at, PHONE + number.to_bytes(8, "big"), grant)


@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40
)
@given(
    shows=st.lists(
        st.tuples(st.integers(0, 5), st.integers(1, 300), st.integers(-20, 400)), max_size=12
    )
)
def test_whatever_the_clock_does_nothing_passes_twice(
    store: Store, shows: list[tuple[int, int, int]]
) -> None:
    with store.transaction():
        store.execute("DELETE FROM spent")
        store.execute("DELETE FROM meta WHERE name = 'code_floor'")
    ledger, used = Ledger(store), set()
    for number, issued_at, now in shows:
        claims = shown(number * 1000 + issued_at, issued_at)
        if ledger.spend(claims, now) is None:
            assert claims.one_use_id not in used
            used.add(claims.one_use_id)


def test_a_replayed_code_is_refused_and_a_new_one_is_not(ledger: Ledger) -> None:
    assert ledger.spend(shown(1, 1000), 1000) is None
    assert ledger.spend(shown(1, 1000), 1001) is Reason.PASS_REPLAYED
    assert ledger.spend(shown(2, 1000), 1001) is None


def test_used_codes_stay_used_after_a_restart_and_fresh_ones_are_not_refused(
    ledger: Ledger, store: Store, folder: Path, root: FileKey
) -> None:
    assert ledger.spend(shown(1, 1000), 1000) is None
    store.close()
    with open_store(folder / "store.db", root) as again:
        restarted = Ledger(again)
        assert restarted.spend(shown(1, 1000), 1001) is Reason.PASS_REPLAYED
        assert restarted.spend(shown(2, 1000), 1001) is None


def test_a_clock_set_back_reopens_nothing_even_after_a_restart(
    ledger: Ledger, store: Store, folder: Path, root: FileKey
) -> None:
    assert ledger.spend(shown(1, 1000), 1000) is None
    assert ledger.spend(shown(2, 2000), 2000) is None
    assert [row for (row,) in store.rows("SELECT issued_at FROM spent")] == [2000]
    assert ledger.spend(shown(1, 1000), 1000) is Reason.PASS_REPLAYED
    store.close()
    with open_store(folder / "store.db", root) as again:
        restarted = Ledger(again)
        assert restarted.spend(shown(1, 1000), 1000) is Reason.PASS_REPLAYED
        assert restarted.spend(shown(3, 1000), 1000) is Reason.PASS_REPLAYED
        assert restarted.spend(shown(3, 1001), 1001) is None


def test_a_flood_shuts_rather_than_forgets(store: Store) -> None:
    ledger = Ledger(store, capacity=2)
    assert ledger.spend(shown(1, 1000), 1000) is None
    assert ledger.spend(shown(2, 1000), 1000) is None
    with pytest.raises(StoreError, match="fewer than 2"):
        ledger.spend(shown(3, 1001), 1001)
    assert ledger.spend(shown(1, 1000), 1001) is Reason.PASS_REPLAYED
    assert ledger.spend(shown(3, 1121), 1121) is None


def test_a_visitor_pass_opens_as_often_as_it_says(ledger: Ledger) -> None:
    assert ledger.spend(shown(1, 1000, PASS), 1000) is None
    assert ledger.spend(shown(1, 1000, PASS), 1000) is Reason.PASS_REPLAYED
    assert ledger.uses(PASS.grant_id) == 1
    assert ledger.spend(shown(2, 1005, PASS), 1005) is None
    assert ledger.spend(shown(3, 1010, PASS), 1010) is Reason.PASS_USED_UP
    assert ledger.spend(shown(4, 9000, PASS), 9000) is Reason.PASS_USED_UP
    assert ledger.spend(shown(5, 9000), 9000) is None


def test_a_withdrawn_pass_is_refused_until_it_would_have_ended(ledger: Ledger) -> None:
    assert ledger.spend(shown(1, 1000, PASS), 1000) is None
    ledger.withdraw(Withdrawal(PHONE, PASS.grant_id, PASS.ends_at))
    ledger.withdraw(Withdrawal(PHONE, PASS.grant_id, 1001))
    assert ledger.spend(shown(2, 1005, PASS), 1005) is Reason.PASS_WITHDRAWN
    assert ledger.spend(shown(3, 99_999, PASS), 99_999) is Reason.PASS_WITHDRAWN
    assert ledger.grants() == [(PASS.grant_id, 1, 100_000, True)]


def test_ended_passes_are_forgotten_and_no_clock_brings_them_back(ledger: Ledger) -> None:
    assert ledger.spend(shown(1, 99_000, PASS), 99_000) is None
    ledger.withdraw(Withdrawal(PHONE, PASS.grant_id, PASS.ends_at))
    for number, now in enumerate((99_500, 100_500, 101_000, 102_000, 103_000), 2):
        assert ledger.spend(shown(number, now), now) is None
    assert ledger.grants() == []
    assert ledger.spend(shown(9, 99_900, PASS), 99_900) is Reason.PASS_REPLAYED


def test_one_phone_cannot_fill_the_memory_of_withdrawals(ledger: Ledger) -> None:
    for number in range(WITHDRAWALS_PER_PHONE):
        ledger.withdraw(Withdrawal(PHONE, PHONE + number.to_bytes(8, "big"), 5000))
    with pytest.raises(StoreError, match="one phone"):
        ledger.withdraw(Withdrawal(PHONE, PHONE + b"one more", 5000))
    ledger.withdraw(Withdrawal(PHONE, PHONE + bytes(8), 6000))
    ledger.withdraw(Withdrawal(b"another1", b"another1" + bytes(8), 5000))


def test_a_use_that_cannot_be_written_is_not_half_counted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(store)

    def broken(_: Ledger, table: str) -> None:
        if table == "spent":
            raise StoreError("table spent", "full", "room")

    monkeypatch.setattr(replay.Ledger, "_require_room", broken)
    with pytest.raises(StoreError):
        ledger.spend(shown(1, 1000, PASS), 1000)
    assert ledger.uses(PASS.grant_id) == 0


RIVAL = """
import sys
from pathlib import Path
from appliance.gate.credential.findings import PassClaims
from appliance.gate.credential.grant import Grant
from appliance.gate.credential.replay import Ledger
from appliance.gate.store.roots.file import FileKey
from appliance.gate.store.schema import open_store
path, key, me = sys.argv[1:]
with open_store(Path(path), FileKey(Path(key))) as store:
    ledger, grant = Ledger(store), Grant(b"residantgrant  1", 100_000, 7)
    print("ready", flush=True)
    sys.stdin.read(1)
    for number in range(8):
        one_use_id = b"visitor " + f"{me}{number:07}".encode()
        print(ledger.spend(PassClaims(b"residant", 1000, one_use_id, grant), 1000), flush=True)
    print(ledger.spend(PassClaims(b"residant", 1000, b"the same one use", None), 1000))
"""


def test_the_last_uses_shown_to_three_processes_at_once_open_no_more_often(
    store: Store, folder: Path, tmp_path: Path
) -> None:
    store.close()
    command = [sys.executable, "-c", RIVAL, str(folder / "store.db"), str(tmp_path / "root.key")]
    with ExitStack() as ending:
        rivals = [
            ending.enter_context(
                subprocess.Popen(  # noqa: S603 - our own interpreter and words
                    [*command, me], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            for me in "abc"
        ]
        for rival in rivals:
            assert rival.stdout is not None
            assert rival.stdout.readline() == "ready\n"
        for rival in rivals:
            assert rival.stdin is not None
            rival.stdin.write("!")
            rival.stdin.flush()
        said = [rival.communicate()[0].split() for rival in rivals]
    assert [rival.returncode for rival in rivals] == [0, 0, 0]
    assert sum(lines[:-1].count("None") for lines in said) == 7
    assert sum(lines[:-1].count("Reason.PASS_USED_UP") for lines in said) == 17
    assert sorted(lines[-1] for lines in said) == [
        "None",
        "Reason.PASS_REPLAYED",
        "Reason.PASS_REPLAYED",
    ]
