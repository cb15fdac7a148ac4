"""A second, infrared camera beside the first: pictures matched in time, its lamp blinked."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from hardware.errors import DeviceError, DeviceSettingError
from hardware.ports import InfraredFrame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hardware.ports import Camera, Clock

SKEW_NS = 25_000_000
"""Between the exposures of a pair; a walking head moves a pixel or two in that time."""
SETTLE_NS = 45_000_000
"""After the lamp was switched, exposures that began before are lit in part."""
DARK_EVERY = 3
"""Each third picture is taken without the lamp: it must show, or what is seen is not lit by it."""


class Lamp(Protocol):
    """An infrared lamp, IEC 62471 exempt group."""

    def switch(self, *, on: bool) -> None:
        """Switch it."""
        ...

    def close(self) -> None:
        """Switch it off and let go of it."""
        ...


class CameraPair:
    """Pairs a second camera's pictures with the first's.

    Args:
        second: rectified to the first.
        lamp: lights the second's pictures; off while nobody borrows.
        clock: the one the cameras stamp with.
        skew_ns: longest time between the exposures of a pair.

    Attributes:
        identity: of the second camera.
        origin: the device behind it.

    Raises:
        DeviceSettingError: a skew outside 0 to 100 ms.

    """

    def __init__(self, second: Camera, lamp: Lamp, clock: Clock, skew_ns: int = SKEW_NS) -> None:
        self.identity = f"infrared {second.identity}"
        self.origin = second.origin
        if not 0 <= skew_ns <= 100_000_000:  # noqa: PLR2004 - a pair further apart is none
            raise DeviceSettingError("infrared pair", f"skew {skew_ns} ns", "0 to 100 ms")
        self._second = second
        self._lamp = lamp
        self._clock = clock
        self._skew_ns = skew_ns
        self._on = False
        self._switched_ns = clock.now_ns() - SETTLE_NS
        self._lent = 0
        lamp.switch(on=False)

    @contextmanager
    def beside(self, taken_ns: int) -> Iterator[InfraredFrame | None]:
        """Lend the picture taken with the first camera's of `taken_ns`; see `ports.InfraredEye`.

        None where the second camera has none near enough in time, is stuck or gone, or where the
        lamp was switched meanwhile. The lamp is switched for the next picture, not for this one.
        """
        try:
            with self._second.borrow(self._skew_ns / 1e9) as frame:
                near = abs(frame.taken_ns - taken_ns) <= self._skew_ns
                steady = frame.taken_ns - self._switched_ns >= 0
                lit = InfraredFrame(frame, self._on) if near and steady else None
                if lit is not None:
                    self._lent += 1
                    self._set(on=self._lent % DARK_EVERY != 0)
                yield lit
                return
        except DeviceError:
            pass
        yield None

    def rest(self) -> None:
        """Switch the lamp off: the visit is over."""
        self._lent = 0
        self._set(on=False)

    def close(self) -> None:
        """Switch the lamp off and close the camera; closing twice is allowed."""
        self.rest()
        self._lamp.close()
        self._second.close()

    def _set(self, *, on: bool) -> None:
        if on is self._on:
            return
        self._lamp.switch(on=on)
        self._on = on
        self._switched_ns = self._clock.now_ns() + SETTLE_NS
