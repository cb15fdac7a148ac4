"""Visitor passes: what a resident's pass for a guest may give, never more than the site allows."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.gate.access.reasons import Reason
from appliance.gate.credential.wire import Kind, Message

HOUR = 3600
STATIC_SECONDS = 4 * HOUR
"""A printed pass can be copied by whoever sees it: it lives no longer."""
STATIC_USES = 1
FARTHEST_SECONDS = 366 * 24 * HOUR
"""No pass ends later than this from now; a withdrawal need not be remembered for longer."""


@dataclass(frozen=True, slots=True)
class VisitorRules:
    """What this site allows residents to pass on.

    Attributes:
        gate: number of this gate, 0 to 31: its bit in a pass's gates.
        allowed: residents may let guests in at all.
        longest: seconds from a pass's opening to its end, at most.
        most_uses: entries at each gate, at most.
        static: printed passes, which anybody who sees one can show, are taken.

    """

    gate: int = 0
    allowed: bool = True
    longest: int = 24 * HOUR
    most_uses: int = 10
    static: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """A visitor pass that a resident signed.

    Attributes:
        grant_id: the resident's key id and the pass's own, 16 bytes.
        ends_at: Unix second from which it opens nothing.
        uses: how often it opens this gate.

    """

    grant_id: bytes
    ends_at: int
    uses: int


def refusal(message: Message, rules: VisitorRules, now: int) -> Reason | None:
    """Return why a genuine pass opens nothing here and now, or None.

    Args:
        message: a grant or a static pass, its signature checked.
        rules: the site's.
        now: Unix seconds.

    """
    static = message.kind is Kind.STATIC
    if not rules.allowed or (static and not rules.static):
        return Reason.VISITORS_OFF
    if _too_wide(message, rules, now, static=static):
        return Reason.PASS_TOO_WIDE
    if not message.gates >> rules.gate & 1:
        return Reason.PASS_NOT_HERE
    if now < message.opens_at:
        return Reason.PASS_NOT_YET
    return Reason.PASS_ENDED if now >= message.ends_at else None


def _too_wide(message: Message, rules: VisitorRules, now: int, *, static: bool) -> bool:
    longest = min(rules.longest, STATIC_SECONDS) if static else rules.longest
    most_uses = STATIC_USES if static else rules.most_uses
    one_gate = message.gates.bit_count() == 1
    return (
        not 0 < message.ends_at - message.opens_at <= longest
        or message.uses > most_uses
        or message.ends_at > now + FARTHEST_SECONDS
        or (static and not one_gate)
    )
