"""A portal with a leaf, a lock and people who push, pull and press."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hardware.errors import DeviceUnavailableError
from hardware.ports import DoorInputs, Lock

if TYPE_CHECKING:
    from hardware.ports import Clock, DoorOptions


class SimDoor:
    """A door that opens to a push only while its lock lets go.

    As in the README's wiring, whatever the relay does: REX frees both locks, fire a maglock by
    wire, and a strike's inside handle always opens. Contacts do not bounce.

    Attributes:
        switchings: each change of the relay as (monotonic ns, on).
        forced: how often the leaf was opened while the door was secured.
        wiring: what is wrong at the relay; can be set.

    """

    def __init__(self, options: DoorOptions, clock: Clock) -> None:
        self.switchings: list[tuple[int, bool]] = []
        self.forced = 0
        self.wiring = ""
        self._maglock = options.lock is Lock.MAGLOCK
        self._fire_releases = self._maglock or options.strike_releases_on_fire
        self._clock = clock
        self._closed = False
        self._open = self._rex = self._fire = self._tamper = False

    @property
    def relay_on(self) -> bool:
        """Whether the relay's coil has power now."""
        return bool(self.switchings) and self.switchings[-1][1]

    @property
    def secured(self) -> bool:
        """Whether the lock holds against a push from outside."""
        return not (self.relay_on or self._rex or (self._fire and self._maglock))

    def read(self) -> DoorInputs:
        """Return what the contacts say."""
        self._demand_open()
        return DoorInputs(door_open=self._open, rex=self._rex, fire=self._fire, tamper=self._tamper)

    def release(self) -> None:
        """Let the door be opened."""
        self._demand_open()
        if self.wiring:
            raise DeviceUnavailableError("sim relay", self.wiring, "a relay wired right")
        self._switch(on=True)

    def secure(self) -> None:
        """Hold the door; a leaf that stands open stays open."""
        self._switch(on=False)

    def release_for_fire(self) -> None:
        """Do as `GpioDoor.release_for_fire`."""
        if self._fire_releases:
            self.release()

    def close(self) -> None:
        """Switch the relay off."""
        self.secure()
        self._closed = True

    def push(self) -> bool:
        """Push as a visitor would; True if the leaf stands open then."""
        self._open = self._open or not self.secured
        return self._open

    def leave(self) -> bool:
        """Go out by a strike's inside handle, or push against a maglock; True if it opened."""
        self._open = self.push() or not self._maglock
        return self._open

    def open(self) -> None:
        """Open the leaf by whatever it takes; that is forced while the door is secured."""
        self.forced += not self.push()
        self._open = True

    def close_leaf(self) -> None:
        """Let the leaf fall shut."""
        self._open = False

    def press_rex(self, *, held: bool = True) -> None:
        """Press the exit button, or let go of it."""
        self._rex = held

    def fire(self, *, active: bool = True) -> None:
        """Let the fire panel ask for release, or end that."""
        self._fire = active

    def tamper(self, *, active: bool = True) -> None:
        """Open the terminal's case, or shut it."""
        self._tamper = active

    def _switch(self, *, on: bool) -> None:
        if on != self.relay_on:
            self.switchings.append((self._clock.now_ns(), on))

    def _demand_open(self) -> None:
        if self._closed:
            raise DeviceUnavailableError("sim door", "closed", "an open door")


def open_device(options: DoorOptions, clock: Clock) -> SimDoor:
    """Open a door that is shut and secured."""
    return SimDoor(options, clock)
