"""What the product knows of the portal's devices: lock, inputs and how they are wired."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


class Lock(Enum):
    """What holds the door; the driver decides what a release means for it."""

    STRIKE = "strike"
    """Fail-secure: locked without power, released while powered (contact normally open)."""
    MAGLOCK = "maglock"
    """Fail-safe: held by power, released without (contact normally closed)."""


@dataclass(frozen=True, slots=True)
class DoorPins:
    """BCM numbers of one portal; None where an input is not wired."""

    relay: int = 17
    door: int | None = 27
    rex: int | None = 22
    fire: int | None = 23
    tamper: int | None = 24


@dataclass(frozen=True, slots=True)
class DoorOptions:
    """How a portal is wired.

    Attributes:
        driver: "gpio" (Pi), "mock" (gpiozero's MockFactory) or "sim".
        lock: what holds the door.
        pins: BCM pin numbers.
        debounce_ms: an input counts when it was stable for so long, milliseconds.
        strike_releases_on_fire: release a fail-secure strike too while fire release is on.

    """

    driver: str
    lock: Lock = Lock.STRIKE
    pins: DoorPins = field(default_factory=DoorPins)
    debounce_ms: int = 30
    strike_releases_on_fire: bool = False


@dataclass(frozen=True, slots=True)
class DoorInputs:
    """The debounced inputs of one portal; True = active."""

    door_open: bool = False
    rex: bool = False
    fire: bool = False
    tamper: bool = False


class DoorIo(Protocol):
    """The lock relay and the inputs of one portal; the relay is off at start and at close."""

    wiring: str
    """What is wrong at the relay's pin (`relay_line.py`), or empty; then nothing is released."""

    @property
    def relay_on(self) -> bool:
        """Whether the relay's coil has power now."""
        ...

    def read(self) -> DoorInputs:
        """Return the inputs after debouncing."""
        ...

    def release(self) -> None:
        """Let the door be opened; DeviceUnavailableError if closed, or the relay is miswired."""
        ...

    def secure(self) -> None:
        """Hold the door."""
        ...

    def release_for_fire(self) -> None:
        """Do what this lock must do while the fire panel asks for release."""
        ...

    def close(self) -> None:
        """Switch the relay off and let go of the pins; closing twice is allowed."""
        ...
