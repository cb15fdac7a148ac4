"""The log at the command line: PINs on a real terminal, two persons, and what is done to it."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from appliance.cli import main
from appliance.config import load
from appliance.gate.archive import create_archive

GATE = """
[site]
simulation = true
[door]
driver = "mock"
[reader]
driver = "sim"
source = "reader"
"""
SANMEN = [sys.executable, "-c", "from appliance.cli import main; main()"]
MANAGER, AUDITOR = "829164", "550921"
LIMIT_S = 60.0


def begin(*words: str) -> int:
    """Be `sanmen` on the terminal this process was forked onto; return the exit code."""
    os.environ.update(TERM="xterm", NO_COLOR="1", COLUMNS="200", LINES="50")
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    sys.argv = ["sanmen", *words]
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


class Terminal:
    """Runs `sanmen` on a pseudo-terminal of its own and types what it asks for."""

    def __init__(self, config: Path) -> None:
        self._config = config

    def run(self, *arguments: str, typed: tuple[str, ...] = ()) -> tuple[int, str]:
        child, end = pty.fork()
        if child == 0:
            # The terminal is real; only the imports of a new interpreter are saved.
            os._exit(begin(*arguments, "--config", str(self._config)))
        try:
            shown = self._converse(end, list(typed))
        except BaseException:
            os.kill(child, signal.SIGKILL)
            raise
        finally:
            os.close(end)
            _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status), shown

    def _converse(self, end: int, typed: list[str]) -> str:
        shown, answered, until = "", 0, time.monotonic() + LIMIT_S
        while time.monotonic() < until:
            if not select.select([end], [], [], 1.0)[0]:
                continue
            try:
                part = os.read(end, 4096)
            except OSError:  # the child closed its side
                return shown
            if not part:
                return shown
            shown += part.decode(errors="replace")
            asked = len(re.findall(r"(?:PIN [^\n]*|again): ", shown))
            while answered < asked and typed:
                os.write(end, typed.pop(0).encode() + b"\n")
                answered += 1
        raise TimeoutError(shown)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(GATE)
    create_archive(load(path))
    return path


@pytest.fixture
def sanmen(config: Path) -> Terminal:
    return Terminal(config)


@pytest.fixture
def staffed(sanmen: Terminal) -> Terminal:
    code, shown = sanmen.run(
        "operator", "add", "Wang", "--role", "manager", typed=(MANAGER, MANAGER)
    )
    assert code == 0, shown
    code, shown = sanmen.run(
        *("operator", "add", "Li", "--role", "auditor", "--as", "Wang"),
        typed=(MANAGER, AUDITOR, AUDITOR),
    )
    assert code == 0, shown
    return sanmen


def behind_its_back(config: Path, sql: str) -> None:
    with closing(sqlite3.connect(config.parent / "state" / "audit.db")) as conn, conn:
        conn.execute(sql)


def test_a_pin_is_not_taken_from_a_pipe(config: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own command
        [*SANMEN, "operator", "add", "Wang", "--role", "manager", "--config", str(config)],
        input=f"{MANAGER}\n{MANAGER}\n",
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    assert done.returncode == 1
    assert "no terminal" in done.stderr


def test_nobody_looks_without_reason_role_or_second_person(
    staffed: Terminal, tmp_path: Path
) -> None:
    out = tmp_path / "log.jsonl"
    code, shown = staffed.run("audit", "show", "--as", "Li", "--reason", " ")
    assert (code, "reason" in shown) == (1, True)
    code, shown = staffed.run("audit", "show", "--as", "Wang", "--reason", "x", typed=(MANAGER,))
    assert (code, "a manager" in shown, MANAGER in shown) == (1, True, False)
    code, shown = staffed.run(
        *("audit", "export", str(out), "--as", "Li", "--and", "Li", "--reason", "x"),
        typed=(AUDITOR, AUDITOR),
    )
    assert (code, out.exists()) == (1, False)
    code, shown = staffed.run(
        "operator", "add", "Zhao", "--role", "auditor", typed=(MANAGER, MANAGER)
    )
    assert (code, "manager" in shown) == (1, True)
    code, shown = staffed.run(
        *("operator", "pin", "Li", "--role", "auditor"), typed=(AUDITOR, "829165", "829166")
    )
    assert (code, "differently" in shown) == (1, True)


def test_an_auditor_looks_and_that_is_the_last_thing_seen(staffed: Terminal) -> None:
    code, shown = staffed.run(
        "audit", "show", "--as", "Li", "--reason", "complaint 17", typed=(AUDITOR,)
    )
    assert code == 0, shown
    assert "log.viewed" in shown.splitlines()[-2]
    assert "complaint 17" in shown
    assert "operator.added" in shown
    for secret in (AUDITOR, MANAGER, "Wang"):
        assert secret not in shown


def test_an_export_is_signed_marked_and_traced(staffed: Terminal, tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    for out in (first, second):
        code, shown = staffed.run(
            *("audit", "export", str(out), "--as", "Li", "--and", "Wang", "--reason", "police 9"),
            typed=(AUDITOR, MANAGER),
        )
        assert code == 0, shown
    assert first.stat().st_mode & 0o777 == 0o600
    lines = [out.read_text().splitlines()[0] for out in (first, second)]
    numbers = [json.loads(line)["export"] for line in lines]
    assert numbers[0] != numbers[1]
    for line, number, out in zip(lines, numbers, (first, second), strict=True):
        code, shown = staffed.run("audit", "trace", line)
        assert code == 0, shown
        assert f"export {number}" in shown
        assert out.name in shown.replace("\r\n", "")
    # A line that names another export is traced by its mark all the same.
    code, shown = staffed.run("audit", "trace", lines[0].replace(numbers[0], numbers[1]))
    assert f"export {numbers[0]}" in shown
    for forged in (lines[0].replace("gate 1", "gate 2"), "{}", "x", "[" * 50_000):
        code, shown = staffed.run("audit", "trace", forged)
        assert (code, "leaked line" in shown) == (1, True)
    code, shown = staffed.run(
        *("audit", "export", str(first), "--as", "Li", "--and", "Wang", "--reason", "again"),
        typed=(AUDITOR, MANAGER),
    )
    assert (code, "File exists" in shown) == (1, True)
    code, shown = staffed.run("audit", "show", "--as", "Li", "--reason", "see", typed=(AUDITOR,))
    assert shown.count("data.exported") == 3
    assert shown.count("data.export_failed") == 1


RECIPE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def test_an_outsider_with_the_public_key_follows_the_written_recipe(
    staffed: Terminal, tmp_path: Path
) -> None:
    page = Path(__file__).parents[2] / "appliance/gate/store/LOG.md"
    recipe = RECIPE.findall(page.read_text("utf-8"))
    assert len(recipe) == 1
    out = tmp_path / "log.jsonl"
    staffed.run(
        *("audit", "export", str(out), "--as", "Li", "--and", "Wang", "--reason", "court"),
        typed=(AUDITOR, MANAGER),
    )
    code, key = staffed.run("audit", "key")
    script = tmp_path / "check.py"
    script.write_text(recipe[0])

    def follow(file: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", str(script), key.strip(), str(file)]
        return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603

    assert code == 0
    done = follow(out)
    assert done.returncode == 0, done.stderr
    assert "court" in done.stdout
    forged = tmp_path / "forged.jsonl"
    whole = out.read_text()
    for bad in (
        whole.replace("operator.added", "operator.addee", 1),
        "\n".join(whole.splitlines()[1:]) + "\n",
        whole.replace('"signed": "', '"signed": "x'),
    ):
        forged.write_text(bad)
        assert follow(forged).returncode != 0


def test_what_was_done_to_the_log_is_told_and_located(
    sanmen: Terminal, staffed: Terminal, config: Path, tmp_path: Path
) -> None:
    code, token = sanmen.run("audit", "checkpoint")
    witness = tmp_path / "witness.txt"
    witness.write_text(token.replace("\r\n", "\n"))
    assert sanmen.run("audit", "verify", "--witness", str(witness))[0] == 0
    state = config.parent / "state" / "audit.db"
    old = state.read_bytes()
    staffed.run("audit", "show", "--as", "Li", "--reason", "see", typed=(AUDITOR,))
    witness.write_text(sanmen.run("audit", "checkpoint")[1].replace("\r\n", "\n"))
    now = state.read_bytes()
    state.write_bytes(old)
    code, shown = sanmen.run("audit", "verify", "--witness", str(witness), "--json")
    report = json.loads(shown)
    assert (code, report["whole"]) == (1, False)
    assert [one["kind"] for one in report["findings"]] == ["old copy"]
    state.write_bytes(now)
    behind_its_back(config, "UPDATE event SET body = replace(body, 'op-', 'xx-') WHERE sequence=2")
    code, shown = sanmen.run("audit", "verify")
    assert (code, "#2 edit: not as it was written" in shown) == (1, True)
    behind_its_back(config, "DELETE FROM event WHERE sequence > 3")
    code, shown = sanmen.run("audit", "verify")
    assert (code, "#4 end cut" in shown) == (1, True)
    for content in (b"", b"\xff", b"x" * 1_000_001):
        witness.write_bytes(content)
        code, shown = sanmen.run("audit", "verify", "--witness", str(witness))
        assert (code, "witness" in shown) == (1, True)


def test_operators_are_listed_changed_and_removed(staffed: Terminal) -> None:
    code, shown = staffed.run(
        "operator", "pin", "Li", "--role", "auditor", typed=(AUDITOR, "829165", "829165")
    )
    assert code == 0, shown
    code, shown = staffed.run("operator", "list")
    assert (code, "Li" in shown, "op-" in shown) == (0, True, True)
    code, shown = staffed.run("operator", "remove", "Li", "--as", "Wang", typed=(MANAGER,))
    assert code == 0, shown
    code, shown = staffed.run("operator", "remove", "Wang", "--as", "Wang", typed=(MANAGER,))
    assert (code, "last manager" in shown) == (1, True)
    code, shown = staffed.run("audit", "prune")
    assert (code, "removed 0 events" in shown) == (0, True)
