"""The closed lists of methods and of reasons a decision can give."""

from __future__ import annotations

from enum import Enum


class Method(Enum):
    """The three equal doors of a gate; card and QR first, face is opt-in (S1, S12)."""

    CARD = "card"
    QR = "qr"
    FACE = "face"


class Reason(Enum):
    """Why a decision was taken; the codes are stable, for log and screen (law 9)."""

    GRANTED = "granted"

    UNKNOWN_CARD = "card-unknown"
    COPYABLE_CARD = "card-copyable"
    CLASSIC_CARD = "card-classic"
    """MIFARE Classic or a clone of it: copied within minutes (S4)."""
    NUMBER_ONLY_CARD = "card-number-only"
    """NTAG, Ultralight, 125 kHz: there is no key to prove (S4)."""
    ID_CARD = "card-id-card"
    """Type B: this system does not read identity cards."""
    FOREIGN_CARD = "card-not-ours"
    OLD_CARD = "card-too-old"
    """DESFire before EV2."""
    CARD_MISMATCH = "card-mismatch"
    """The card does not know its key, or altered an answer: perhaps a clone."""
    CARD_PULLED_AWAY = "card-pulled-away"
    CARDS_COLLIDED = "cards-collided"
    """Two cards at once."""
    READER_FAULT = "card-reader-fault"
    CARD_NOT_PROVEN = "card-not-proven"
    """A reader that proves cards itself could not prove this one."""
    CARD_BLOCKED = "card-blocked"

    PASS_INVALID = "pass-invalid"  # noqa: S105 - a reason code, not a password
    PASS_EXPIRED = "pass-expired"  # noqa: S105 - the same
    PASS_REPLAYED = "pass-replayed"  # noqa: S105 - the same
    PASS_BLOCKED = "pass-blocked"  # noqa: S105 - the same
    PASS_WITHDRAWN = "pass-withdrawn"  # noqa: S105 - the same
    """A visitor pass that its resident took back."""
    PASS_NOT_HERE = "pass-not-here"  # noqa: S105 - the same
    """A visitor pass for another gate."""
    PASS_NOT_YET = "pass-not-yet"  # noqa: S105 - the same
    PASS_ENDED = "pass-ended"  # noqa: S105 - the same
    PASS_USED_UP = "pass-used-up"  # noqa: S105 - the same
    PASS_TOO_WIDE = "pass-too-wide"  # noqa: S105 - the same
    """A visitor pass that gives more than the site allows."""
    VISITORS_OFF = "visitors-off"
    """The site takes no visitor passes, or not of this kind."""
    VISIT_WITHDRAWN = "visit-withdrawn"
    """A resident took a visitor pass back here: done, and nothing opens."""

    NO_MATCH = "face-no-match"
    NOT_CLEAR = "face-not-clear"
    """The second best candidate is too near (S129)."""
    NEEDS_SECOND_FACTOR = "face-second-factor"
    """The person is marked as a look-alike: card or QR instead (S129)."""
    ATTACK_SUSPECTED = "face-attack"
    PRESENTATION_UNPROVEN = "face-unproven"
    """There is no evidence for a bona fide presentation."""
    NO_CONSENT = "face-no-consent"
    CONSENT_ENDED = "face-consent-ended"
    FACE_FROZEN = "face-frozen"
    FACE_PAUSED = "face-paused"
    """Too many failed attempts (S124)."""
    FACE_SUSPENDED = "face-suspended"
    """No non-biometric door works (law 1)."""
    FACE_NOT_COMMISSIONED = "face-not-commissioned"
    """Technician and manager have not signed this gate off yet (S144, S154)."""
    FACE_BROKEN = "face-broken"
    NO_USABLE_FACE = "face-not-usable"
    """Failure to acquire: covered, too far, too dark. Nobody's fault (S29, S125)."""
    FEATURES_DIFFER = "face-features-differ"
    """Probe and references were made by different recipes."""

    METHOD_OFF = "method-off"
    """This portal does not offer the method."""
    METHOD_NOT_CHOSEN = "method-not-chosen"
    """The resident did not choose the method (S13)."""
    RESIDENT_INACTIVE = "resident-inactive"
    OUTSIDE_SCHEDULE = "outside-schedule"
    NOT_YET_VALID = "not-yet-valid"
    VALIDITY_ENDED = "validity-ended"

    STALE = "stale"
    REPLAYED = "replayed"
    LOG_FAILED = "log-failed"
    CLOCK_UNSURE = "clock-unsure"
    STORE_FAILED = "store-failed"
    DOOR_STUCK = "door-stuck"
    """The relay is wired wrong: it is not driven."""
    TAMPERED = "tampered"
    """The terminal is being opened: face is refused, card and QR go on."""
