"""The relay driven off after the gate's death: the kernel's structures, the right chip and pin."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hardware import relay_off as off
from hardware.errors import DeviceUnavailableError

HEADER = Path("/usr/include/linux/gpio.h")
PROGRAM = """
#include <linux/gpio.h>
#include <stddef.h>
#include <stdio.h>
int main(void) {
  struct gpio_v2_line_request r;
  printf("%zu %zu %lu %lu %llu %llu %llu %lu %zu %zu %zu %zu\\n", sizeof r,
    sizeof(struct gpiochip_info),
    (unsigned long)GPIO_V2_GET_LINE_IOCTL, (unsigned long)GPIO_GET_CHIPINFO_IOCTL,
    (unsigned long long)GPIO_V2_LINE_FLAG_OUTPUT, (unsigned long long)GPIO_V2_LINE_FLAG_INPUT,
    (unsigned long long)GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN,
    (unsigned long)GPIO_V2_LINE_GET_VALUES_IOCTL, offsetof(struct gpio_v2_line_request, consumer),
    offsetof(struct gpio_v2_line_request, config.flags),
    offsetof(struct gpio_v2_line_request, num_lines), offsetof(struct gpio_v2_line_request, fd));
}
"""


OUTPUT, PULLED_DOWN_INPUT = 8, 4 | 512


class Kernel:
    """Chips as files whose first line is their label; remembers which lines were asked for."""

    def __init__(
        self, refuses: int = 0, *, pulled_up: bool = False, knows_bias: bool = True
    ) -> None:
        self.refuses = refuses
        self.pulled_up = pulled_up
        self.knows_bias = knows_bias
        self.asked: list[tuple[str, int, int, int]] = []
        self.given: list[int] = []

    def __call__(self, chip: int, request: int, content: bytearray) -> None:
        path = Path(f"/proc/self/fd/{chip}").readlink()
        if request == 0x8044B401:
            content[:] = off.CHIP_INFO.pack(path.name.encode(), path.read_bytes(), 54)
            return
        if request == 0xC010B40E:
            assert (chip, content[8]) == (self.given[-1], 1)
            content[0] = self.pulled_up
            return
        assert request == 0xC250B407
        if self.refuses:
            raise OSError(self.refuses, os.strerror(self.refuses))
        pin, consumer, flags, count, _ = off.LINE_REQUEST.unpack(content)
        assert consumer.rstrip(b"\0") == b"sanmen relay off"
        assert content[296:536] == bytes(240)  # no attribute: the value is the default, low
        if flags != OUTPUT and not self.knows_bias:
            raise OSError(errno.EINVAL, "no such flag")
        self.asked.append((path.name, pin, flags, count))
        self.given.append(os.open(path, os.O_RDONLY))
        off.LINE_REQUEST.pack_into(content, 0, pin, consumer, flags, count, self.given[-1])


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    for number, label in enumerate((b"raspberrypi-exp-gpio", b"pinctrl-rp1")):
        (tmp_path / f"gpiochip{number}").write_bytes(label)
    return tmp_path


def test_the_structures_are_the_kernels(tmp_path: Path) -> None:
    if not HEADER.exists() or shutil.which("cc") is None:
        pytest.skip("needs a C compiler and the kernel's headers (linux-libc-dev)")
    source = tmp_path / "sizes.c"
    source.write_text(PROGRAM)
    subprocess.run(["cc", "-o", tmp_path / "sizes", source], check=True)  # noqa: S603, S607
    said = subprocess.run(  # noqa: S603 - made here
        [tmp_path / "sizes"], check=True, capture_output=True, text=True
    ).stdout

    assert [int(word) for word in said.split()] == [
        *(592, 68, 0xC250B407, 0x8044B401, 8, 4, 512, 0xC010B40E),
        *(256, 288, 560, 588),
    ]
    assert (off.LINE_REQUEST.size, off.CHIP_INFO.size) == (592, 68)
    packed = off.LINE_REQUEST.pack(17, b"me", 8, 1, 5)
    assert (packed[0], packed[256:258], packed[288], packed[560], packed[588]) == (
        *(17, b"me", 8, 1),
        5,
    )


def test_the_header_of_a_pi_is_found_among_its_chips_and_the_line_given_back(
    devices: Path,
) -> None:
    kernel = Kernel()

    chip, driven = off.relay_off(17, devices, kernel)

    assert (chip.name, driven) == ("gpiochip1", True)
    flags = [flags for _, _, flags, _ in kernel.asked]
    assert flags == [OUTPUT, PULLED_DOWN_INPUT, OUTPUT]
    assert {one[:2] for one in kernel.asked} == {("gpiochip1", 17)}
    for given in kernel.given:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(given)


def test_a_board_that_switches_on_low_is_let_go_of_for_that_is_what_secures_it(
    devices: Path,
) -> None:
    kernel = Kernel(pulled_up=True)

    assert off.relay_off(17, devices, kernel)[1] is False

    assert [flags for _, _, flags, _ in kernel.asked] == [OUTPUT, PULLED_DOWN_INPUT]


def test_a_chip_that_cannot_pull_down_is_driven_low_all_the_same(devices: Path) -> None:
    kernel = Kernel(knows_bias=False)

    assert off.relay_off(17, devices, kernel)[1] is True

    assert [flags for _, _, flags, _ in kernel.asked] == [OUTPUT, OUTPUT]


def test_a_machine_with_another_chip_uses_its_first(devices: Path) -> None:
    (devices / "gpiochip1").write_bytes(b"9030000.pl061")
    kernel = Kernel()

    off.relay_off(4, devices, kernel)

    assert kernel.asked[-1] == ("gpiochip0", 4, OUTPUT, 1)


def test_a_pin_still_held_and_a_machine_without_pins_are_told(devices: Path) -> None:
    with pytest.raises(DeviceUnavailableError, match=r"busy; expected pin 17 to be free"):
        off.relay_off(17, devices, Kernel(refuses=errno.EBUSY))
    with pytest.raises(DeviceUnavailableError, match="no gpiochip; expected the pins of a Pi"):
        off.relay_off(17, devices / "nowhere", Kernel())


@pytest.mark.parametrize(
    ("text", "pin"),
    [
        (b"[door]\nrelay_pin = 5\n", 5),
        (b"[door]\nrelay_pin = 0\n", 0),
        (b"[door]\nrelay_pin = 28\n", 17),
        (b"[door]\nrelay_pin = 'five'\n", 17),
        (b"[site]\n", 17),
        (b"door = 3\n", 17),
        (b"cut off in the mid", 17),
        (b"\xff\xfe\x00", 17),
        (b"", 17),
    ],
)
def test_the_pin_is_the_configured_one_or_the_usual(tmp_path: Path, text: bytes, pin: int) -> None:
    config = tmp_path / "gate.toml"
    config.write_bytes(text)

    assert off.relay_pin(config) == pin


def test_without_a_configuration_it_is_the_usual_pin(tmp_path: Path) -> None:
    assert off.relay_pin(tmp_path / "gate.toml") == 17


def test_a_file_that_is_no_chip_is_refused_by_the_real_kernel(devices: Path) -> None:
    with pytest.raises(DeviceUnavailableError, match="Inappropriate ioctl"):
        off.relay_off(17, devices, off.fcntl.ioctl)


def test_as_systemd_runs_it_a_machine_without_pins_gives_exit_code_1(tmp_path: Path) -> None:
    if list(Path("/dev").glob("gpiochip*")):
        pytest.skip("this machine has pins; they are not ours to drive")
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-m", "hardware.relay_off", tmp_path / "gate.toml"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "relay /dev: no gpiochip; expected the pins of a Pi\n"
