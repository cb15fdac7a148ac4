"""What the product knows of the devices by which a gate is heard and seen: sound and light."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

LEDS: Final = "/sys/class/leds"
LED_LINES: Final[Mapping[str, int]] = MappingProxyType(
    {"red": 5, "green": 6, "blue": 13, "infrared": 18}
)
"""BCM numbers of the lights; the firmware's config.txt makes the kernel's leds of them."""


class Colour(StrEnum):
    """What the light shows; each has a word and a picture on the screen too."""

    OFF = "off"
    READY = "ready"
    """White, dim: here is the gate."""
    CAMERA = "camera"
    """Violet: the camera is in use for one person."""
    GRANTED = "granted"
    """Green."""
    REFUSED = "refused"
    """Amber: another door is near; red is kept for alarms."""
    ALARM = "alarm"
    """Red."""


@dataclass(frozen=True, slots=True)
class SoundOptions:
    """How a loudspeaker is reached.

    Attributes:
        driver: "none" or "alsa".
        device: ALSA's name of it.
        player: the program that plays a WAV file from its standard input.

    """

    driver: str
    device: str = "default"
    player: str = "aplay"


class Sound(Protocol):
    """A loudspeaker."""

    @property
    def fault(self) -> str:
        """Why the last sound was not heard, or empty."""
        ...

    def play(self, name: str, volume: float) -> None:
        """Begin a sound, in place of one not begun yet; returns at once, whatever the device does.

        Args:
            name: of the sound; one that is not known is silence.
            volume: 0 to 1.

        """
        ...

    def close(self) -> None:
        """End what plays; closing twice is allowed."""
        ...


@dataclass(frozen=True, slots=True)
class IndicatorOptions:
    """How a light is reached.

    Attributes:
        driver: "none" or "leds".
        leds: folder of the kernel's leds, with `sanmen-red`, `sanmen-green` and `sanmen-blue`.

    """

    driver: str
    leds: str = LEDS


class Indicator(Protocol):
    """A light at the terminal."""

    def show(self, colour: str) -> None:
        """Show one of `Colour` until another one is shown; what is none of them is dark."""
        ...

    def close(self) -> None:
        """Go dark and let go of it; closing twice is allowed."""
        ...
