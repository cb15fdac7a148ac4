"""A workbench: the image, the probe drive, SD cards made of them, and machines switched on."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.deploy.image.boot import firmware
from tests.deploy.image.boot.guest import SilentError
from tests.deploy.image.boot.machine import Drives, Machine
from tests.deploy.image.boot.sd_card import SdCard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.deploy.image.boot.tpm import Tpm

REPOSITORY = Path(__file__).parents[4]
PROBE = Path(__file__).parent / "probe"
LABEL = "SANMENTEST"
ROOMS = ("sanmen-gate.service", "sanmen-vision.service", "sanmen-ui.service")
UP_S = 600.0
"""From power on to the probe's first words: 30 s on an idle machine, many more on a loaded one."""
LARGER = 2 << 30
"""Bytes by which a card is larger than the image on it."""
CAMERA = "modules_load=vivid vivid.node_types=0x1 vivid.n_devs=1"
"""A Video4Linux device that gives test pictures, from the start; modprobe reads this line too."""
GATE_FILE = """\
[site]
name = "测试小区"
operator = "阳光物业"
contact = "400-000-0000"

[gate]
name = "东门"

[door]
lock = "strike"
pulse_s = 4.0
relay_pin = 7
door_pin = 4
rex_pin = 1
fire_pin = 2
tamper_pin = "none"

[reader]
driver = "pn532"
source = "uart:/dev/ttyUSB0"

[camera]
driver = "v4l2"
source = "/dev/video0"

[sound]
driver = "alsa"

[indicator]
driver = "leds"

[methods]
card = true
qr = true
face = true

[network]
kind = "none"

[end]
complete = true
"""


@dataclass
class Bench:
    """Where machines are tried.

    Attributes:
        image: the card's image as built.
        folder: for what is made here; boot logs stay in it.

    """

    image: Path
    folder: Path
    _count: int = field(default=0)
    _probed: bool = field(default=False)

    def probe(self) -> Path:
        """Return the drive with the probe."""
        drive = self.folder / "probe.ext4"
        if not self._probed:  # one that an earlier run left may be another
            drive.unlink(missing_ok=True)
            with drive.open("wb") as file:
                file.truncate(8 << 20)
            words = ["mke2fs", "-q", "-t", "ext4", "-L", LABEL, "-d", str(PROBE), str(drive)]
            subprocess.run(words, check=True)  # noqa: S603 - Debian's
            self._probed = True
        return drive

    def card(self, name: str, gate_file: str = GATE_FILE) -> SdCard:
        """Return a card as flashed, with the technician's file on it."""
        card = self.twin(SdCard(self.image), name)
        with card.image.open("r+b") as file:
            file.truncate(self.image.stat().st_size + LARGER)  # the data partition is to grow
        if gate_file:
            written = self.folder / "gate.toml"
            written.write_text(gate_file, "utf-8")
            card.put("bootconfig", "gate.toml", written)
        return card

    def twin(self, card: SdCard, name: str) -> SdCard:
        """Return a copy of a card that lies in no machine that runs."""
        made = self.folder / f"{name}.img"
        words = ["cp", "--sparse=always", "--reflink=auto", str(card.image), str(made)]
        subprocess.run(words, check=True)  # noqa: S603 - Debian's
        return SdCard(made)

    @contextmanager
    def power_on(
        self,
        card: SdCard,
        *,
        trial: bool = False,
        reader: bool = True,
        stick: Path | None = None,
        screen: bool = False,
        tpm: Tpm | None = None,
    ) -> Iterator[Machine]:
        """Switch a machine on; off again at the end, however that comes.

        Args:
            card: in its slot.
            trial: the restart before asked for a try.
            reader: is plugged in from the start.
            stick: a drive that is plugged in too.
            screen: is there; without one the browser does not start.
            tpm: on the board.

        """
        self._count += 1
        # A socket's path may have 107 bytes; pytest's folders alone have more.
        with ExitStack() as ending:
            run = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="qemu-")))
            start = firmware.load(card, run, trial=trial)
            start = replace(start, command_line=f"{start.command_line} {CAMERA}")
            words: tuple[str, ...] = ()
            if tpm is not None:
                start = replace(start, initrd=tpm.behind(start.initrd))
                words = ending.enter_context(tpm.power(run))
            drives = Drives(card.image, self.probe(), stick, screen)
            machine = Machine(run, drives, start, words)
            try:
                if reader:
                    machine.chip.plug_in()
                yield machine
            finally:
                machine.close()
                log = self.folder / f"boot-{self._count:02d}-{card.image.stem}.log"
                shutil.copy(run / "boot.log", log)

    @staticmethod
    def meet(machine: Machine) -> None:
        """Wait for the probe.

        Raises:
            SilentError: it did not come up; with the end of what the console said.

        """
        try:
            machine.guest.meet(UP_S)
        except SilentError as fault:
            raise SilentError(f"{fault}\n{machine.console[-3000:]}") from fault

    def ready(self, machine: Machine) -> None:
        """Wait until the three rooms said that they are ready.

        Raises:
            SilentError: one did not; with what the journal says of it.

        """
        self.meet(machine)
        until = time.monotonic() + UP_S
        while time.monotonic() < until:
            states = machine.guest.run("systemctl", "is-active", *ROOMS).out.split()
            if states == ["active"] * len(ROOMS):
                return
            time.sleep(2)
        told = machine.guest.run(
            "journalctl", "-b", "-n", "80", "--no-pager", "-o", "short-monotonic"
        )
        raise SilentError(f"rooms {states}\n{told.out}")
