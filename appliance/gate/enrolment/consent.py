"""Consent as data: to what, by whom, when, how and until when a person agreed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from appliance.errors import EnrolmentError

TEXT_LIMIT = 400


class GivenBy(Enum):
    """Who agreed; for a child under 14 only a guardian can."""

    SELF = "self"
    GUARDIAN = "guardian"


@dataclass(frozen=True, slots=True)
class Consent:
    """One person's consent to face identification at this gate.

    Attributes:
        notice_version: the text the person was shown.
        purpose: what the reference may be used for.
        given_by: the person, or a guardian.
        given_at: from when it holds, aware.
        expires_at: from when it no longer holds, aware.
        how: signed on paper, tapped on the screen.

    """

    notice_version: str
    purpose: str
    given_by: GivenBy
    given_at: datetime
    expires_at: datetime
    how: str

    def __post_init__(self) -> None:
        for name in ("notice_version", "purpose", "how"):
            text = getattr(self, name)
            if not 0 < len(text.strip()) <= len(text) <= TEXT_LIMIT:
                raise EnrolmentError(
                    f"consent's {name}", f"{len(text)} characters", f"1 to {TEXT_LIMIT}, not blank"
                )
        for name in ("given_at", "expires_at"):
            if getattr(self, name).utcoffset() is None:
                raise EnrolmentError(f"consent's {name}", getattr(self, name), "a time with a zone")
        if self.expires_at <= self.given_at:
            raise EnrolmentError("consent's term", self.expires_at, f"after {self.given_at}")

    def in_force(self, now: datetime) -> bool:
        """Say whether it holds at `now`; the second it expires it no longer does."""
        return self.given_at <= now < self.expires_at

    def encode(self) -> bytes:
        """Return it as bytes to be sealed."""
        return json.dumps(
            {
                "notice_version": self.notice_version,
                "purpose": self.purpose,
                "given_by": self.given_by.value,
                "given_at": self.given_at.isoformat(),
                "expires_at": self.expires_at.isoformat(),
                "how": self.how,
            },
        ).encode()

    @classmethod
    def decode(cls, content: bytes) -> Consent:
        """Read what `encode` wrote."""
        try:
            fields = json.loads(content)
            return cls(
                notice_version=fields["notice_version"],
                purpose=fields["purpose"],
                given_by=GivenBy(fields["given_by"]),
                given_at=datetime.fromisoformat(fields["given_at"]),
                expires_at=datetime.fromisoformat(fields["expires_at"]),
                how=fields["how"],
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise EnrolmentError(
                "stored consent", repr(error), "a consent of this version"
            ) from error
