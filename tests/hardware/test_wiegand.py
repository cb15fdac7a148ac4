"""Wiegand is an output: published frames, pulses on mock pins, and no way in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from gpiozero.pins.mock import MockFactory

from hardware import board
from hardware.errors import DeviceSettingError, DeviceUnavailableError
from hardware.wiegand import WiegandOutput, wiegand_26, wiegand_34

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rig.clock import HandClock


def text(bits: tuple[int, ...]) -> str:
    return "".join(map(str, bits))


@pytest.mark.parametrize(
    ("facility", "number", "bits"),
    [
        (0, 0, "0 00000000 0000000000000000 1"),
        (255, 65535, "0 11111111 1111111111111111 1"),
        (1, 1, "1 00000001 0000000000000001 0"),
        # First half 11001000 0011: five ones, so 1; second half 000000111001: four, so 1.
        (200, 12345, "1 11001000 0011000000111001 1"),
    ],
)
def test_26_bits_are_h10301(facility: int, number: int, bits: str) -> None:
    assert text(wiegand_26(facility, number)) == bits.replace(" ", "")


def test_34_bits_have_parities_over_sixteen() -> None:
    # 0xC0DE has eight ones, so the even parity is 0; 0x0102 has two, so the odd one is 1.
    assert text(wiegand_34(0xC0DE, 0x0102)) == "0" + "1100000011011110" + "0000000100000010" + "1"


@pytest.mark.parametrize(
    ("encode", "facility", "number"),
    [
        (wiegand_26, 256, 0),
        (wiegand_26, 0, 65536),
        (wiegand_26, -1, 0),
        (wiegand_34, 65536, 0),
        (wiegand_34, 0, 65536),
    ],
)
def test_a_number_too_long_for_its_format_is_refused(
    encode: Callable[[int, int], tuple[int, ...]], facility: int, number: int
) -> None:
    with pytest.raises(DeviceSettingError, match=r"-bit value -?\d+; expected 0\.\."):
        encode(facility, number)


def test_each_bit_is_one_pulse_on_its_line(clock: HandClock) -> None:
    factory = MockFactory()
    out = WiegandOutput(5, 6, clock, factory)
    d0, d1 = factory.pin(5), factory.pin(6)
    asleep: list[tuple[int, int, int]] = []
    sleep = clock.sleep_until_ns

    def watched(at_ns: int) -> None:
        asleep.append((d0.state, d1.state, at_ns - clock.ns))
        sleep(at_ns)

    clock.sleep_until_ns = watched  # type: ignore[method-assign]
    out.send((0, 1, 1))
    out.close()

    rest = (0, 0, 1_950_000)
    pulses = [(1, 0, 50_000), rest, (0, 1, 50_000), rest, (0, 1, 50_000), rest]
    assert asleep == [*pulses, (0, 0, 50_000_000)]


def test_an_interrupted_pulse_leaves_the_line_at_rest(clock: HandClock) -> None:
    factory = MockFactory()
    out = WiegandOutput(5, 6, clock, factory)

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    clock.sleep_until_ns = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        out.send((1,))

    assert not factory.pin(6).state
    out.close()


@pytest.mark.parametrize("bits", [(), (0, 2), (-1,)])
def test_what_is_no_bit_is_refused(clock: HandClock, bits: tuple[int, ...]) -> None:
    out = WiegandOutput(5, 6, clock, MockFactory())

    with pytest.raises(DeviceSettingError, match="bits of 0 and 1"):
        out.send(bits)
    out.close()


@pytest.mark.parametrize(("d0", "d1"), [(5, 5), (-1, 5), (5, 28)])
def test_impossible_pins_are_refused(clock: HandClock, d0: int, d1: int) -> None:
    with pytest.raises(DeviceSettingError, match="pin"):
        WiegandOutput(d0, d1, clock, MockFactory())


def test_a_taken_pin_frees_the_other(clock: HandClock) -> None:
    factory = MockFactory()
    one = WiegandOutput(5, 6, clock, factory)

    with pytest.raises(DeviceUnavailableError, match="expected two free pins"):
        WiegandOutput(7, 6, clock, factory)
    WiegandOutput(7, 8, clock, factory).close()
    one.close()


def test_a_closed_output_refuses_and_closes_twice(clock: HandClock) -> None:
    out = WiegandOutput(5, 6, clock, MockFactory())
    out.close()
    out.close()

    with pytest.raises(DeviceUnavailableError, match="closed"):
        out.send((0,))


def test_no_reader_driver_reads_wiegand() -> None:
    assert "wiegand" not in board.READERS
    drivers = [name.replace(".", "/") + ".py" for name in board.READERS.values()]
    root = Path(board.__file__).parent.parent
    for driver in drivers:
        if (root / driver).exists():
            assert "hardware.wiegand" not in (root / driver).read_text("utf-8")
