"""A touchscreen, or a mouse, made of uinput: taps once at a place and stays plugged in for a while.

    touchscreen.py touch|mouse X Y        X, Y as shares of the screen, 0 to 1

What the kernel, udev, seatd and the compositor make of it is theirs.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import time

UI_DEV_CREATE, UI_DEV_DESTROY = 0x5501, 0x5502
UI_DEV_SETUP, UI_ABS_SETUP = 0x405C5503, 0x401C5504
UI_SET_EVBIT, UI_SET_KEYBIT, UI_SET_RELBIT, UI_SET_ABSBIT, UI_SET_PROPBIT = (
    0x40045564,
    0x40045565,
    0x40045566,
    0x40045567,
    0x4004556E,
)
"""linux/uinput.h"""
EV_SYN, EV_KEY, EV_REL, EV_ABS = 0, 1, 2, 3
BTN_LEFT, BTN_TOUCH, REL_X, REL_Y = 0x110, 0x14A, 0, 1
ABS_X, ABS_Y, ABS_MT_SLOT, ABS_MT_X, ABS_MT_Y, ABS_MT_ID = 0, 1, 0x2F, 0x35, 0x36, 0x39
DIRECT = 1
"""linux/input-event-codes.h"""
LARGEST = 4095
MET_S, HELD_S, STAYS_S = 5.0, 0.15, 2.0


class Device:
    """One input device, until it is closed."""

    def __init__(self, name: str) -> None:
        self._file = os.open("/dev/uinput", os.O_WRONLY)
        self._name = name.encode()

    def bits(self, kind: int, *codes: int) -> None:
        for code in codes:
            fcntl.ioctl(self._file, kind, code)

    def axis(self, code: int, largest: int) -> None:
        self.bits(UI_SET_ABSBIT, code)
        fcntl.ioctl(self._file, UI_ABS_SETUP, struct.pack("H2x6i", code, 0, 0, largest, 0, 0, 10))

    def plug_in(self) -> None:
        identity = struct.pack("4H80sI", 3, 0x1209, 1, 1, self._name, 0)
        fcntl.ioctl(self._file, UI_DEV_SETUP, identity)
        fcntl.ioctl(self._file, UI_DEV_CREATE)
        time.sleep(MET_S)

    def say(self, *events: tuple[int, int, int]) -> None:
        for kind, code, value in (*events, (EV_SYN, 0, 0)):
            os.write(self._file, struct.pack("llHHi", 0, 0, kind, code, value))

    def unplug(self) -> None:
        time.sleep(STAYS_S)
        fcntl.ioctl(self._file, UI_DEV_DESTROY)
        os.close(self._file)


def touch(x: float, y: float) -> None:
    """Tap with one finger."""
    panel = Device("sanmen test panel")
    panel.bits(UI_SET_EVBIT, EV_KEY, EV_ABS)
    panel.bits(UI_SET_KEYBIT, BTN_TOUCH)
    panel.bits(UI_SET_PROPBIT, DIRECT)
    for code in (ABS_X, ABS_Y, ABS_MT_X, ABS_MT_Y):
        panel.axis(code, LARGEST)
    panel.axis(ABS_MT_SLOT, 1)
    panel.axis(ABS_MT_ID, 65535)
    panel.plug_in()
    across, down = int(x * LARGEST), int(y * LARGEST)
    panel.say(
        (EV_ABS, ABS_MT_SLOT, 0), (EV_ABS, ABS_MT_ID, 1), (EV_ABS, ABS_MT_X, across),
        (EV_ABS, ABS_MT_Y, down), (EV_KEY, BTN_TOUCH, 1), (EV_ABS, ABS_X, across),
        (EV_ABS, ABS_Y, down),
    )  # fmt: skip
    time.sleep(HELD_S)
    panel.say((EV_ABS, ABS_MT_ID, -1), (EV_KEY, BTN_TOUCH, 0))
    panel.unplug()


def mouse(x: float, y: float) -> None:
    """Move to the place from the screen's upper left corner, and click."""
    plugged = Device("sanmen test mouse")
    plugged.bits(UI_SET_EVBIT, EV_KEY, EV_REL)
    plugged.bits(UI_SET_KEYBIT, BTN_LEFT)
    plugged.bits(UI_SET_RELBIT, REL_X, REL_Y)
    plugged.plug_in()
    plugged.say((EV_REL, REL_X, -5000), (EV_REL, REL_Y, -5000))
    for _ in range(100):  # small steps are not made faster
        plugged.say((EV_REL, REL_X, int(x * 8)), (EV_REL, REL_Y, int(y * 5)))
    plugged.say((EV_KEY, BTN_LEFT, 1))
    time.sleep(HELD_S)
    plugged.say((EV_KEY, BTN_LEFT, 0))
    plugged.unplug()


if __name__ == "__main__":
    {"touch": touch, "mouse": mouse}[sys.argv[1]](float(sys.argv[2]), float(sys.argv[3]))
