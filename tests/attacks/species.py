"""Every species of the workshop by name, and every way a living person comes up to the gate."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from tests.attacks import (
    bona_fide,
    hats,
    injection,
    masks,
    photos,
    prints,
    puppets,
    screens,
    spectacles,
    swap,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hardware.ports import Frame
    from tests.attacks.sources import Source

    Make: TypeAlias = Callable[[Source, int], Iterator[Frame]]
    Attack: TypeAlias = Callable[[Source, int, Sequence[Source]], Iterator[Frame]]

ATTACKS: Final[Mapping[str, Attack]] = MappingProxyType(
    {
        "matt_print": prints.matt_print,
        "glossy_print": prints.glossy_print,
        "bent_print": prints.bent_print,
        "cone_print": prints.cone_print,
        "cut_out_eyes": prints.cut_out_eyes,
        "paper_mask": masks.paper_mask,
        "photo_on_phone": photos.photo_on_phone,
        "photo_on_laptop": photos.photo_on_laptop,
        "phone_replay": screens.phone_replay,
        "large_screen_replay": screens.large_screen_replay,
        "animated_still_on_phone": puppets.animated_still_on_phone,
        "animated_still": puppets.animated_still,
        "textured_head": puppets.textured_head,
        "face_swap": swap.face_swap,
        "injection": injection.injection,
    }
)
LIVE: Final[Mapping[str, Make]] = MappingProxyType(
    {
        "natural": bona_fide.natural,
        "small_turn": bona_fide.small_turn,
        "low_light": bona_fide.low_light,
        "back_light": bona_fide.back_light,
        "mains_flicker": bona_fide.mains_flicker,
        "wet_glass": bona_fide.wet_glass,
        "walking": bona_fide.walking,
        "child": bona_fide.child,
        "wheelchair": bona_fide.wheelchair,
        "glasses": spectacles.glasses,
        "hat": hats.hat,
    }
)
CONTROLS: Final[Mapping[str, Make]] = MappingProxyType({"blank_medium": bona_fide.blank_medium})
"""Neither live nor attack: whatever refuses these has learned the workshop, not the attack."""


def attacks(cast: Sequence[Source]) -> dict[str, Make]:
    """Return the attacks; attackers, and heads that faces are put on, come from `cast`."""

    def bound(attack: Attack) -> Make:
        return partial(_cast_last, attack, cast)

    return {name: bound(attack) for name, attack in ATTACKS.items()}


def _cast_last(
    attack: Attack, cast: Sequence[Source], source: Source, seed: int
) -> Iterator[Frame]:
    return attack(source, seed, cast)
