"""How far a card was proven, and the reason each lack of proof is refused with."""

from __future__ import annotations

from enum import Enum

from appliance.gate.access.reasons import Reason


class CardProof(Enum):
    """How far the reader could prove the card (S4, S5)."""

    PROVEN = "proven"
    COPYABLE = "copyable"
    FAILED = "failed"
    CLASSIC = "classic"
    NUMBER_ONLY = "number-only"
    ID_CARD = "id-card"
    NOT_OURS = "not-ours"
    TOO_OLD = "too-old"
    UNKNOWN = "unknown"
    MISMATCH = "mismatch"
    PULLED_AWAY = "pulled-away"
    COLLIDED = "collided"
    READER_FAULT = "reader-fault"
    STORE_FAILED = "store-failed"


CARD_REFUSALS = {
    CardProof.PROVEN: None,
    CardProof.COPYABLE: Reason.COPYABLE_CARD,
    CardProof.FAILED: Reason.CARD_NOT_PROVEN,
    CardProof.CLASSIC: Reason.CLASSIC_CARD,
    CardProof.NUMBER_ONLY: Reason.NUMBER_ONLY_CARD,
    CardProof.ID_CARD: Reason.ID_CARD,
    CardProof.NOT_OURS: Reason.FOREIGN_CARD,
    CardProof.TOO_OLD: Reason.OLD_CARD,
    CardProof.UNKNOWN: Reason.UNKNOWN_CARD,
    CardProof.MISMATCH: Reason.CARD_MISMATCH,
    CardProof.PULLED_AWAY: Reason.CARD_PULLED_AWAY,
    CardProof.COLLIDED: Reason.CARDS_COLLIDED,
    CardProof.READER_FAULT: Reason.READER_FAULT,
    CardProof.STORE_FAILED: Reason.STORE_FAILED,
}
