"""Consent as data: to what, by whom, when, how and until when a person agreed, and withdrew."""

from __future__ import annotations

import hashlib
import json
import unicodedata
import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from appliance.errors import EnrolmentError

TEXT_LIMIT = 400
LONGEST_TERM = timedelta(days=1096)
"""Three years with a leap day; nobody agrees for longer at once (S107)."""
EARLIER_LIMIT = 16
STORED_LIMIT = 100_000
FORM = 2
"""Of stored consents; the first had no number, and neither basis, relation nor withdrawal."""
NO_WAIVER = (
    *("irrevocabl", "unlimited", "perpetual", "indefinite", "forever", "transferab", "waive"),
    *("不可撤", "不得撤", "永久", "永远", "无限", "無限", "转让", "轉讓", "转授权", "放弃", "放棄"),
)
"""Words that would make a waiver of a consent: no text of one may hold them (S107)."""


class GivenBy(Enum):
    """Who agreed; for a child under 14 only a guardian can."""

    SELF = "self"
    GUARDIAN = "guardian"


class Relation(Enum):
    """What a guardian is to the child (PRC Civil Code, article 27)."""

    PARENT = "parent"
    GRANDPARENT = "grandparent"
    SIBLING = "sibling"
    OTHER = "other"
    UNRECORDED = "unrecorded"
    """Of a consent kept before relations were."""


class LegalBasis(Enum):
    """Why the reference may be kept at all; stored with each consent (S104)."""

    SEPARATE_CONSENT = "separate consent"
    """PIPL, articles 13 (1) and 29; GDPR, article 9 (2) (a)."""


class ConsentStatus(Enum):
    """What a consent is worth at some moment."""

    NOT_YET = "not yet"
    GIVEN = "given"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The end a person put to a consent; no reason is asked, so none is kept (S102).

    Attributes:
        at: when, aware.
        how: on the screen, at the desk, by letter.
        by: the person, or the guardian.

    """

    at: datetime
    how: str
    by: GivenBy

    def __post_init__(self) -> None:
        _require_text("withdrawal's way", self.how)
        _require_zone("withdrawal's time", self.at)


@dataclass(frozen=True, slots=True)
class Consent:
    """One person's consent to face identification at this gate, apart from all else (S99).

    Attributes:
        notice_version: the text the person was shown.
        purpose: what the reference may be used for.
        given_by: the person, or a guardian.
        given_at: from when it holds, aware.
        expires_at: from when it no longer holds, aware; at most three years later.
        how: signed on paper, tapped on the screen.
        relation: of the guardian to the child; None when the person gave it.
        legal_basis: why the reference may be kept.
        record_id: UUID of this consent, on its receipts.
        withdrawal: the end put to it, or None.
        earlier: consents before this one, oldest first; facts only, their references are gone.

    Raises:
        EnrolmentError: a text is blank, too long or a waiver, a time has no zone, or the term is
            none or too long.

    """

    notice_version: str
    purpose: str
    given_by: GivenBy
    given_at: datetime
    expires_at: datetime
    how: str
    relation: Relation | None = None
    legal_basis: LegalBasis = LegalBasis.SEPARATE_CONSENT
    # The id names the record; what was agreed is equal without it.
    record_id: str = field(default_factory=lambda: str(uuid.uuid4()), compare=False)
    withdrawal: Withdrawal | None = None
    earlier: tuple[Consent, ...] = ()

    def __post_init__(self) -> None:
        for name in ("notice_version", "purpose", "how"):
            _require_text(f"consent's {name}", getattr(self, name))
        for name in ("given_at", "expires_at"):
            _require_zone(f"consent's {name}", getattr(self, name))
        if not timedelta() < self.expires_at - self.given_at <= LONGEST_TERM:
            raise EnrolmentError(
                "consent's term",
                self.expires_at,
                f"after {self.given_at}, by at most {LONGEST_TERM.days} days",
            )
        if (self.relation is not None) is not (self.given_by is GivenBy.GUARDIAN):
            found = self.relation.value if self.relation else "none"
            raise EnrolmentError(
                "guardian's relation", found, "one for a guardian, none for the person"
            )
        if self.withdrawal is not None and self.withdrawal.at < self.given_at:
            raise EnrolmentError("withdrawal", self.withdrawal.at, f"not before {self.given_at}")
        if len(self.earlier) > EARLIER_LIMIT or any(one.earlier for one in self.earlier):
            raise EnrolmentError(
                "earlier consents", len(self.earlier), f"a flat list of {EARLIER_LIMIT} at most"
            )
        try:
            whole = str(uuid.UUID(self.record_id)) == self.record_id
        except (ValueError, AttributeError, TypeError):
            whole = False
        if not whole:
            raise EnrolmentError("consent's record_id", repr(self.record_id)[:60], "a UUID")

    def in_force(self, now: datetime) -> bool:
        """Say whether it holds at `now`; the second it expires it no longer does.

        Once withdrawn it never holds again, also not for a clock that has gone back.
        """
        return self.status(now) is ConsentStatus.GIVEN

    def status(self, now: datetime) -> ConsentStatus:
        """Return what it is worth at `now`."""
        if self.withdrawal is not None:
            return ConsentStatus.WITHDRAWN
        if now < self.given_at:
            return ConsentStatus.NOT_YET
        return ConsentStatus.GIVEN if now < self.expires_at else ConsentStatus.EXPIRED

    def withdrawn(self, withdrawal: Withdrawal) -> Consent:
        """Return it with the end put to it.

        Raises:
            EnrolmentError: it has been withdrawn before.

        """
        if self.withdrawal is not None:
            raise EnrolmentError("consent", f"withdrawn at {self.withdrawal.at}", "one that stands")
        # A clock that has gone back does not keep anybody from withdrawing.
        at = max(withdrawal.at, self.given_at)
        return replace(self, withdrawal=replace(withdrawal, at=at))

    def after(self, last: Consent | None) -> Consent:
        """Return it with the one before it as history, of which the newest are kept."""
        if last is None or last.record_id == self.record_id:
            return self
        earlier = (*last.earlier, replace(last, earlier=()))
        return replace(self, earlier=earlier[-EARLIER_LIMIT:])

    def encode(self) -> bytes:
        """Return it as bytes to be sealed."""
        # ASCII escapes: also half a surrogate pair, typed or pasted, comes back as it was.
        return json.dumps({"form": FORM, **_fields(self)}).encode()

    @classmethod
    def decode(cls, content: bytes) -> Consent:
        """Read what `encode` wrote, also the first form, which knew no withdrawal.

        Raises:
            EnrolmentError: neither.

        """
        if len(content) > STORED_LIMIT:
            raise EnrolmentError(
                "stored consent", f"{len(content)} bytes", f"{STORED_LIMIT} at most"
            )
        try:
            fields = json.loads(content)
            return _consent(fields) if "form" in fields else _first_form(fields, content)
        except EnrolmentError:
            raise
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            OverflowError,
            RecursionError,
        ) as error:
            raise EnrolmentError(
                "stored consent", type(error).__name__, "a consent of this version"
            ) from error


def _fields(consent: Consent) -> dict[str, Any]:
    ended = consent.withdrawal
    return {
        "notice_version": consent.notice_version,
        "purpose": consent.purpose,
        "given_by": consent.given_by.value,
        "given_at": consent.given_at.isoformat(),
        "expires_at": consent.expires_at.isoformat(),
        "how": consent.how,
        "relation": consent.relation and consent.relation.value,
        "legal_basis": consent.legal_basis.value,
        "record_id": consent.record_id,
        "withdrawal": ended
        and {"at": ended.at.isoformat(), "how": ended.how, "by": ended.by.value},
        "earlier": [_fields(one) for one in consent.earlier],
    }


def _consent(fields: dict[str, Any]) -> Consent:
    if fields.get("form", FORM) != FORM:
        raise EnrolmentError("stored consent's form", "unknown", f"{FORM}, or the first")
    ended = fields["withdrawal"]
    return Consent(
        notice_version=fields["notice_version"],
        purpose=fields["purpose"],
        given_by=GivenBy(fields["given_by"]),
        given_at=datetime.fromisoformat(fields["given_at"]),
        expires_at=datetime.fromisoformat(fields["expires_at"]),
        how=fields["how"],
        relation=None if fields["relation"] is None else Relation(fields["relation"]),
        legal_basis=LegalBasis(fields["legal_basis"]),
        record_id=fields["record_id"],
        withdrawal=None
        if ended is None
        else Withdrawal(datetime.fromisoformat(ended["at"]), ended["how"], GivenBy(ended["by"])),
        earlier=tuple(_consent(one) for one in fields["earlier"]),
    )


def _first_form(fields: dict[str, Any], content: bytes) -> Consent:
    """Bring a consent of the first form forward; a longer term than now allowed is cut."""
    given_by = GivenBy(fields["given_by"])
    given_at = datetime.fromisoformat(fields["given_at"])
    expires_at = datetime.fromisoformat(fields["expires_at"])
    return Consent(
        notice_version=fields["notice_version"],
        purpose=fields["purpose"],
        given_by=given_by,
        given_at=given_at,
        expires_at=min(expires_at, given_at + LONGEST_TERM),
        how=fields["how"],
        relation=Relation.UNRECORDED if given_by is GivenBy.GUARDIAN else None,
        # The same bytes give the same id, so that two receipts of it agree.
        record_id=str(uuid.UUID(bytes=hashlib.sha256(content).digest()[:16], version=4)),
    )


def _require_text(thing: str, text: object) -> None:
    if not isinstance(text, str) or not 0 < len(text.strip()) <= len(text) <= TEXT_LIMIT:
        found = f"{len(text)} characters" if isinstance(text, str) else type(text).__name__
        raise EnrolmentError(thing, found, f"1 to {TEXT_LIMIT} characters, not blank")
    # Letters alone, in one form: spaces, dashes and invisible marks must not hide a word.
    plain = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
    waiver = next((word for word in NO_WAIVER if word in plain), None)
    if waiver is not None:
        raise EnrolmentError(thing, f"says {waiver!r}", "no waiver: a consent ends, and can end")


def _require_zone(thing: str, at: datetime) -> None:
    if at.utcoffset() is None:
        raise EnrolmentError(thing, at, "a time with a zone")
