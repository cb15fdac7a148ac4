"""What a gate must hold: people as plain data, and the acts that change them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

NO_FACE = -1
MOST_PEOPLE = 14
FEWEST_PEOPLE = 5
SEEDS = 101
"""A reference's quality, 0 to 100, says from which seed its vector was drawn."""


@dataclass(frozen=True, slots=True)
class Person:
    """One resident, as an act leaves them.

    Attributes:
        household: free text, changed by the act "move".
        cards: hex card ids, each with whether it opens.
        passes: hex P-256 points of phones.
        consent: notice version of the consent in force; empty = none.
        face: seed of the reference; NO_FACE = none.
        frozen: the face is put to rest.

    """

    household: str
    cards: frozenset[tuple[str, bool]] = frozenset()
    passes: frozenset[str] = frozenset()
    consent: str = ""
    face: int = NO_FACE
    frozen: bool = False


People = dict[str, Person]
"""By label, which the harness draws; pseudonyms are the gate's."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing a gate does, all of it or nothing.

    Attributes:
        kind: a key of KINDS.
        who: label of the person it concerns.
        household: of an enrolment or a move.
        card: hex card id.
        phone: hex P-256 point, empty = no phone.
        face: seed, NO_FACE = none.

    """

    kind: str
    who: str = ""
    household: str = ""
    card: str = ""
    phone: str = ""
    face: int = NO_FACE

    def told(self) -> dict[str, Any]:
        return asdict(self)


def after(people: Mapping[str, Person], act: Act) -> People:
    """Return who is there once the act is done."""
    now = dict(people)
    old = now.get(act.who)
    if act.kind == "enrol":
        now[act.who] = Person(
            act.household,
            frozenset({(act.card, True)}),
            frozenset({act.phone} if act.phone else ()),
            f"notice {act.face}" if act.face >= 0 else "",
            act.face,
        )
        return now
    if old is None:
        return now
    match act.kind:
        case "erase":
            del now[act.who]
        case "move":
            now[act.who] = replace(old, household=act.household)
        case "face":
            now[act.who] = replace(old, consent=f"notice {act.face}", face=act.face)
        case "withdraw":
            now[act.who] = replace(old, consent="", face=NO_FACE)
        case "freeze" | "thaw":
            now[act.who] = replace(old, frozen=act.kind == "freeze")
        case "card":
            now[act.who] = replace(old, cards=old.cards | {(act.card, True)})
        case "block" | "unblock":
            was = (act.card, act.kind == "block")
            cards = old.cards - {was} | {(act.card, act.kind != "block")}
            now[act.who] = replace(old, cards=cards)
        case _:
            pass
    return now


KINDS = (
    *("decide", "decide", "decide", "enrol", "enrol", "erase", "face", "withdraw", "freeze"),
    *("thaw", "card", "block", "unblock", "move", "rotate", "renew", "prune", "sign"),
    *("settle", "reopen"),
)
"""Acts to draw from; what opens the door is drawn most."""


def choose(rng: Random, people: Mapping[str, Person], kind: str = "") -> Act:
    """Draw an act that can be done now; of a kind that cannot, draw another."""
    kind = kind or rng.choice(KINDS)
    if kind == "erase" and len(people) <= FEWEST_PEOPLE:
        kind = "enrol"
    elif kind == "enrol" and len(people) >= MOST_PEOPLE:
        kind = "erase"
    new_card = rng.randbytes(16).hex()
    if kind == "enrol":
        return Act(
            "enrol",
            f"person {rng.randrange(10**12)}",
            f"flat {rng.randrange(10**6)}",
            new_card,
            _point(rng) if rng.random() < 0.5 else "",
            rng.randrange(SEEDS) if rng.random() < 0.8 else NO_FACE,
        )
    if kind in {"decide", "rotate", "renew", "prune", "sign", "settle", "reopen"}:
        return Act(kind, rng.choice(sorted(people)) if kind == "decide" else "")
    fits = sorted(name for name, one in people.items() if _fits(kind, one))
    if not fits:
        return choose(rng, people, "decide")
    who = rng.choice(fits)
    card = new_card
    if kind in {"block", "unblock"}:
        card = rng.choice(
            sorted(c for c, active in people[who].cards if active is (kind == "block"))
        )
    return Act(
        kind,
        who,
        f"flat {rng.randrange(10**6)}" if kind == "move" else "",
        card,
        face=rng.randrange(SEEDS) if kind == "face" else NO_FACE,
    )


def _fits(kind: str, one: Person) -> bool:
    active = sum(1 for _, on in one.cards if on) + len(one.passes)
    match kind:
        case "withdraw" | "freeze" | "thaw":
            return one.face >= 0 and (kind == "withdraw" or one.frozen is (kind == "thaw"))
        case "face":
            return active > 0
        case "block":
            return any(on for _, on in one.cards)
        case "unblock":
            return any(not on for _, on in one.cards)
        case "card":
            return len(one.cards) < 4
        case _:
            return True


def _point(rng: Random) -> str:
    key = ec.derive_private_key(rng.randrange(1, 2**128), ec.SECP256R1())
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()
