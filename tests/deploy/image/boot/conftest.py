"""The image that is booted, and the one machine at a time that runs it."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.deploy.image.boot.bench import Bench
from tests.deploy.image.boot.machine import reason_to_skip
from tests.deploy.image.boot.sd_card import SdCard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.deploy.image.boot.machine import Machine

REPOSITORY = Path(__file__).parents[4]
IMAGE = Path(os.environ.get("SANMEN_IMAGE", "/var/tmp/sanmen-image/qemu/out"))  # noqa: S108 - large, kept
"""Folder of the qemu image, as deploy/build leaves it."""
ARTEFACTS = Path(os.environ.get("SANMEN_BOOT_LOGS", "/var/tmp/sanmen-boot"))  # noqa: S108 - kept
"""Folder in which boot logs and figures stay."""


SET_UP = Path(os.environ.get("SANMEN_BOOT_CARD", "/nonexistent"))
"""A card that an earlier run set up, to go on with; tests of a first start need a new one."""


class Bay:
    """Where one gate runs, set up at its first start, that several tests look at."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.card: SdCard | None = SdCard(SET_UP) if SET_UP.is_file() else None
        self._machine: Machine | None = None
        self._ending = ExitStack()

    def gate(self) -> Machine:
        """Return the running gate; start it if it does not run."""
        if self._machine is None:
            if self.card is None:
                self.card = self.bench.card("gate")
            self._machine = self._ending.enter_context(self.bench.power_on(self.card))
            self.bench.ready(self._machine)
        return self._machine

    def set_up(self) -> SdCard:
        """Return the card of a gate that was set up; the machine is off."""
        if self.card is None:
            self.gate()
        self.empty()
        assert self.card is not None
        return self.card

    def empty(self) -> None:
        """Cut its power, if it runs."""
        self._machine = None
        self._ending.close()


@pytest.fixture(scope="session")
def bench() -> Bench:
    if reason := reason_to_skip():
        pytest.skip(reason)
    image = IMAGE / "disk.img"
    if not image.exists():
        _build()
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    return Bench(image, ARTEFACTS)


@pytest.fixture(scope="session")
def bay(bench: Bench) -> Iterator[Bay]:
    made = Bay(bench)
    yield made
    made.empty()


@pytest.fixture
def gate(bay: Bay) -> Machine:
    """A gate that was set up from gate.toml and runs; tests leave it running."""
    return bay.gate()


@pytest.fixture
def free_bench(bay: Bay) -> Bench:
    """The bench with no machine on it."""
    bay.empty()
    return bay.bench


def note(name: str, figures: Any) -> None:  # noqa: ANN401 - whatever was measured
    """Keep figures beside the boot logs."""
    path = ARTEFACTS / "figures.json"
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    path.write_text(json.dumps(known | {name: figures}, indent=1, ensure_ascii=False), "utf-8")


def _build() -> None:
    program = REPOSITORY / "deploy/build"
    if not program.exists():
        pytest.skip(f"NOT BOOTED: no image in {IMAGE}, and no deploy/build to make one")
    done = subprocess.run(  # noqa: S603 - our own
        [program, "qemu", "--until", "card"], check=False, capture_output=True, text=True
    )
    if done.returncode or not (IMAGE / "disk.img").exists():
        pytest.skip(f"NOT BOOTED: deploy/build failed: {done.stderr[-500:]}")
