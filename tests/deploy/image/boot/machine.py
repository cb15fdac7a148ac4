"""A gate's computer in QEMU: arm64, pins, card reader, network, watchdog, and a power switch."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import numpy as np

from tests.deploy.image.boot.chip import Pn532
from tests.deploy.image.boot.device_tree import write_tree
from tests.deploy.image.boot.guest import Guest, SilentError
from tests.deploy.image.boot.monitor import Monitor, Voltmeter

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from tests.deploy.image.boot.firmware import Start

PROGRAM = "qemu-system-aarch64"
NEEDED = (PROGRAM, "fdtput", "mcopy", "mtype", "mke2fs", "sfdisk")
BOARD = (PROGRAM, "-M", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", "2048")
"""A Pi 4's processor, half of its cores, the smallest memory the product is for."""
PACE = "shift=0,sleep=on"
"""The machine's clock goes by what its processor did: 1 ns an instruction, both cores together,
which is less than one of a Pi's four. However busy this host, time limits inside are real ones."""
RELAY, DOOR, REX, FIRE = 7, 4, 1, 2
"""Lines of the board's PL061, as the tests' gate.toml wires them. Line 3 is the power key."""
LIGHTS = {"red": 5, "green": 6, "blue": 0}
"""Lines that the device tree makes leds of, as `dtoverlay=gpio-led` does on a Pi."""
HIGH_AT_REST = 1 << REX
SCREEN = (800, 480)
"""Dots of the screen: those of Raspberry Pi's touchscreen."""
LISTENS = 9999
"""Port inside that the tests try to reach from outside."""
PACKETS, HEARD = "packets.pcap", "heard.wav"
PCAP_HEAD, PACKET_HEAD = 24, 16
"""Bytes before all packets, and before each."""
WAV_HEAD, HEARD_HZ = 44, 48_000
"""Bytes before all samples, and how many of them a second; two channels of 16 bits."""
MAC = bytes.fromhex("525400123456")
"""Of the machine's network card."""
PROBE_PORT = "sanmen.probe"
KEYS = {
    " ": ("spc",),
    "\n": ("ret",),
    "-": ("minus",),
    ".": ("dot",),
    "/": ("slash",),
    ">": ("shift", "dot"),
    ";": ("semicolon",),
    "&": ("shift", "7"),
    ",": ("comma",),
    "=": ("equal",),
    "_": ("shift", "minus"),
}
"""Keys of signs that are no letters or digits, as QEMU calls them."""
HELD_MS = 20
"""How long a key is down, and up, by the machine's clock, which goes slower than ours; its USB
socket asks the keyboard every 8 ms."""
TYPED_AT_ONCE = 40
"""Keys; QEMU keeps 1,024 events, up to 12 of a key with its shift, and drops what comes then."""
END_S = 60.0


def reason_to_skip() -> str:
    """Return why no machine can be started here, or nothing."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    return f"NOT BOOTED: needs {', '.join(missing)} (apt install qemu-system-arm ..)" * bool(
        missing
    )


@dataclass(frozen=True)
class Drives:
    """What is plugged in.

    Attributes:
        card: the SD card's image, written to.
        probe: the drive with the probe.
        stick: in a USB socket, or None.
        screen: with a graphics chip that draws nothing by itself.

    """

    card: Path
    probe: Path
    stick: Path | None = None
    screen: bool = False


class Machine:
    """One run, from power on to power off; its console goes to `folder`/boot.log.

    Attributes:
        guest: the probe inside.
        chip: of the card reader.
        relay: what a meter at the relay's pin shows, from power on to power off.
        port: on this machine that QEMU passes on to `LISTENS` inside.
        powered_at: when it was switched on, by time.monotonic().

    Args:
        folder: for its log and sockets.
        drives: that are plugged in.
        start: what the firmware starts.
        tpm: QEMU's words for one on the board.

    """

    def __init__(
        self, folder: Path, drives: Drives, start: Start, tpm: tuple[str, ...] = ()
    ) -> None:
        self.folder = folder
        self.lines: list[tuple[float, str]] = []
        self.port = _free_port()
        tree = folder / "tree.dtb"
        board = (*BOARD, *tpm)
        write_tree(tree, board, start.told, LIGHTS)
        command = [*board, *_devices(folder, drives, self.port)]
        command += ["-dtb", str(tree), "-kernel", str(start.kernel), "-initrd", str(start.initrd)]
        command += [
            "-append",
            f"{start.command_line} console=ttyAMA0 systemd.show_status=yes loglevel=4",
        ]
        self._log = (folder / "boot.log").open("a", encoding="utf-8")
        self._log.write(f"--- {' '.join(command)}\n")
        self.powered_at = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 - Debian's QEMU
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), name="console"
        )
        self._reader.start()
        try:
            self.monitor = Monitor(_connected(folder / "control", self._process))
        except BaseException:
            self._process.kill()
            self._process.wait()
            self._reader.join()
            self._process.stdout.close()
            self._log.close()
            raise
        self.relay = Voltmeter(self.monitor, RELAY)
        self.guest = Guest(folder / "probe")
        self.chip = Pn532(folder / "reader")

    @property
    def console(self) -> str:
        """All the console said so far."""
        return "\n".join(line for _, line in self.lines)

    @property
    def runs(self) -> bool:
        """Whether it is on, and did not end or restart by itself."""
        return self._process.poll() is None

    @property
    def asked_to_try(self) -> bool:
        """Whether the kernel restarted with the firmware's word for a try."""
        return re.search(r"Restarting system with command '0 tryboot'", self.console) is not None

    @property
    def frames(self) -> list[bytes]:
        """All that was said on the network since power on, both ways: whole Ethernet frames."""
        content, found = (self.folder / PACKETS).read_bytes(), []
        at = PCAP_HEAD
        while at + PACKET_HEAD <= len(content):
            size = int.from_bytes(content[at + 8 : at + 12], sys.byteorder)
            found.append(content[at + PACKET_HEAD : at + PACKET_HEAD + size])
            at += PACKET_HEAD + size
        return found

    @property
    def said(self) -> list[bytes]:
        """The frames that came out of this machine."""
        return [frame for frame in self.frames if frame[6:12] == MAC]

    @property
    def heard(self) -> npt.NDArray[np.int16]:
        """All that the loudspeaker in the USB socket played, one channel: int16, shape (n,)."""
        content = (self.folder / HEARD).read_bytes()[WAV_HEAD:]
        return np.frombuffer(content[: len(content) // 4 * 4], "<i2")[::2]

    def picture(self, path: Path) -> Path:
        """Write what the screen shows as a PNG."""
        self.monitor.do("screendump", filename=str(path), format="png")
        return path

    def type(self, text: str) -> None:
        """Type on the keyboard in the machine's USB socket, no faster than its keys go up."""
        for begin in range(0, len(text), TYPED_AT_ONCE):
            if begin:
                self.guest.ask("sleep", str(2 * HELD_MS * TYPED_AT_ONCE / 1000))
            for sign in text[begin : begin + TYPED_AT_ONCE]:
                keys = KEYS.get(sign) or (("shift", sign.lower()) if sign.isupper() else (sign,))
                pressed = [{"type": "qcode", "data": key} for key in keys]
                self.monitor.do("send-key", keys=pressed, hold_time=HELD_MS)

    def press_power_key(self) -> None:
        """Press the power key, as a technician does it."""
        self.monitor.do("system_powerdown")

    def wait_said(self, words: str, within_s: float) -> None:
        """Wait until the console has said something.

        Raises:
            SilentError: it does not, or the machine ended.

        """
        until = time.monotonic() + within_s
        while words not in f"{self.console}\n":
            if time.monotonic() > until or not self.runs:
                raise SilentError(f"never said: {words}\n{self.console[-3000:]}")
            time.sleep(0.01)

    def wait_off(self, within_s: float = END_S) -> None:
        """Wait until it is off, or restarts, which ends this run too.

        Raises:
            SilentError: it goes on.

        """
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise SilentError(f"still on after {within_s:.0f} s") from None
        self.close()

    def cut_power(self) -> None:
        """Take its power away, now."""
        self._process.kill()
        self.close()

    def close(self) -> None:
        """Cut the power if it is on, and clean up."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self.relay.stop()
        self.chip.unplug()
        self.guest.close()
        self._reader.join()
        if self._process.stdout:
            self._process.stdout.close()
        self.monitor.close()
        self._log.close()

    def _read(self, output: IO[bytes]) -> None:
        for raw in output:
            line = raw.decode("utf-8", "replace").rstrip()
            line = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line)
            after_s = time.monotonic() - self.powered_at
            self.lines.append((after_s, line))
            self._log.write(f"{after_s:8.2f} {line}\n")
            self._log.flush()


def _devices(folder: Path, drives: Drives, port: int) -> list[str]:
    words = ["-accel", "tcg,thread=single", "-icount", PACE, "-no-reboot"]
    words += ["-nodefaults", "-display", "none"]
    words += ["-serial", "stdio", "-qmp", f"unix:{folder}/control,server=on,wait=off"]
    # Open inputs of the pins: door and fire contacts closed to ground, REX pulled up.
    words += ["-global", f"pl061.pullups={HIGH_AT_REST}"]
    words += ["-global", f"pl061.pulldowns={0xFF & ~HIGH_AT_REST}"]
    words += ["-drive", f"file={drives.card},format=raw,if=none,id=card,cache=writeback"]
    words += ["-device", "virtio-blk-pci,drive=card"]
    words += ["-drive", f"file={drives.probe},format=raw,if=none,id=probe,readonly=on"]
    words += ["-device", "virtio-blk-pci,drive=probe"]
    words += ["-device", "virtio-serial-pci"]
    words += ["-chardev", f"socket,id=said,path={folder}/probe,server=on,wait=off"]
    words += ["-device", f"virtserialport,chardev=said,name={PROBE_PORT}"]
    words += ["-device", "qemu-xhci", "-device", "usb-kbd"]
    words += ["-audiodev", f"wav,id=sound,path={folder}/{HEARD},out.frequency={HEARD_HZ}"]
    words += ["-device", "usb-audio,audiodev=sound"]
    if drives.stick is not None:
        words += ["-drive", f"file={drives.stick},format=raw,if=none,id=stick"]
        words += ["-device", "usb-storage,drive=stick"]
    if drives.screen:
        words += ["-device", f"virtio-gpu-pci,xres={SCREEN[0]},yres={SCREEN[1]}"]
    words += ["-chardev", f"socket,id=reader,path={folder}/reader,server=on,wait=off"]
    words += ["-device", "usb-serial,chardev=reader"]
    words += ["-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:{LISTENS}"]
    words += ["-device", f"virtio-net-pci,netdev=net,mac={MAC.hex(':')}"]
    words += ["-object", f"filter-dump,id=heard,netdev=net,file={folder}/{PACKETS}"]
    words += ["-device", "i6300esb", "-action", "watchdog=reset"]
    return words


def _connected(path: Path, process: subprocess.Popen[bytes]) -> socket.socket:
    until = time.monotonic() + 10
    while True:
        made = socket.socket(socket.AF_UNIX)
        with suppress(OSError):
            made.connect(str(path))
            return made
        made.close()
        if process.poll() is not None or time.monotonic() > until:
            raise SilentError("QEMU did not start; the boot log tells why")
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
