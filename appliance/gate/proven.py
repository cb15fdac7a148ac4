"""Tells the counter who holds a card or a live code, without opening anything by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.errors import SanmenError
from appliance.gate.access.card_proof import CardProof
from appliance.gate.counter.wants import CardShown, CodeShown, NotGiven
from appliance.gate.credential.findings import Refused, Withdrawal

if TYPE_CHECKING:
    from appliance.gate.access.decision import Moment
    from appliance.gate.cards import JudgedCard
    from appliance.gate.credential.pass_token import PassVerifier
    from appliance.gate.credential.replay import Ledger
    from appliance.gate.store.roster import Roster
    from appliance.messages import QrRead

FAULTS = {
    CardProof.PULLED_AWAY: "pulled-away",
    CardProof.COLLIDED: "two-cards",
    CardProof.READER_FAULT: "reader-fault",
    CardProof.STORE_FAILED: "store-failed",
}
"""What the page says of a card that was not proven; of all others, that it is unknown."""


def card_shown(roster: Roster, card: JudgedCard) -> CardShown | NotGiven:
    """Return whose card it is, if it is proven and not blocked; never raises."""
    if card.proof is not CardProof.PROVEN:
        return NotGiven(FAULTS.get(card.proof, "unknown-card"))
    try:
        holder = roster.find_by_card(card.card_id)
    except SanmenError:
        return NotGiven("store-failed")
    if holder is None or not holder.credential.active:
        return NotGiven("unknown-card")
    return CardShown(card.card_id, holder.resident.pseudonym)


def code_shown(
    roster: Roster, passes: PassVerifier, ledger: Ledger, read: QrRead, moment: Moment
) -> CodeShown | NotGiven:
    """Return whose live code it is, and use it up; never raises.

    A visitor's pass is signed by its resident's phone, but shows nobody the resident's data: only
    a code without a grant counts.
    """
    if not moment.sure:
        return NotGiven("clock-unsure")
    try:
        found = passes.verify(read.text, moment.at)
        if isinstance(found, Refused | Withdrawal) or found.grant is not None:
            return NotGiven("unknown-code")
        holder = roster.find_by_pass(found.key_id)
        if holder is None or not holder.credential.active:
            return NotGiven("unknown-code")
        if ledger.spend(found, int(moment.at.timestamp())) is not None:
            return NotGiven("unknown-code")
    except SanmenError:
        return NotGiven("store-failed")
    return CodeShown(found.key_id, holder.resident.pseudonym)
