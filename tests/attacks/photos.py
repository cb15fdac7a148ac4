"""A still photo shown on a phone in the hand, or on a laptop or monitor: the cheapest attack."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from tests.attacks.place import Attacker
from tests.attacks.screens import LAPTOP, MONITOR, PHONE, on_screen
from tests.attacks.sources import Lazy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hardware.ports import Frame
    from tests.attacks.screens import Kind
    from tests.attacks.sources import Source

CARRIED: Final = replace(LAPTOP, held=True)
"""A laptop in both hands."""
BARE: Final = (6, 6, 243)
"""Around the photo: a gallery's black, mostly, or the white of a program's window."""
MOST_TILT: Final = 16.0
"""Degrees; who holds a phone up tilts it to feign a turn."""


def photo_on_phone(source: Source, seed: int, cast: Sequence[Source]) -> Iterator[Frame]:
    """Yield a photo on a phone held up to the gate, as photos sold by the thousand would be."""
    return _shown(source, seed, cast, (PHONE,))


def photo_on_laptop(source: Source, seed: int, cast: Sequence[Source]) -> Iterator[Frame]:
    """Yield a photo on a laptop carried up or set down before the gate, or on a monitor."""
    return _shown(source, seed, cast, (CARRIED, LAPTOP, MONITOR))


def _shown(
    source: Source, seed: int, cast: Sequence[Source], kinds: Sequence[Kind]
) -> Iterator[Frame]:
    rng = np.random.default_rng(seed)
    attacker = Attacker(cast, source, rng)
    pixels, mesh = source.portrait(rng)
    kind = kinds[int(rng.integers(0, len(kinds)))]
    bare = BARE[int(rng.integers(0, len(BARE)))]
    kind = replace(kind, bare=bare, tilt_deg=float(rng.uniform(3, MOST_TILT)))
    return on_screen(Lazy(1, lambda _: pixels), mesh, 0.0, kind, attacker, rng)
