"""What the log holds: an event, its one text, and its place."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from appliance.errors import AuditError

if TYPE_CHECKING:
    from collections.abc import Mapping

WORD_LIMIT = 64
DETAIL_ENTRIES = 16
DETAIL_LIMIT = 200
TEXT_LIMIT = 64_000
"""No event of these limits is longer, escaped as JSON, in characters."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Something that happened; no names, no scores of persons, no pictures.

    Attributes:
        kind: what happened: "entry.granted", "entry.refused", "door.forced".
        at: when, aware; kept in UTC.
        portal: where.
        method: "card", "pass", "face", or empty.
        reason: reason code, or empty.
        pseudonym: whom it concerns, if known.
        detail: few short words more.

    """

    kind: str
    at: datetime
    portal: str
    method: str = ""
    reason: str = ""
    pseudonym: str | None = None
    detail: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise AuditError("audit event's time", self.at, "a time with a zone")
        if not self.kind:
            raise AuditError("audit event's kind", "empty", "a word")
        pseudonym = "" if self.pseudonym is None else self.pseudonym
        words = (self.kind, self.portal, self.method, self.reason, pseudonym)
        if not all(isinstance(word, str) for word in words):
            raise AuditError("audit event", "a word that is no text", "texts")
        if max(map(len, words)) > WORD_LIMIT:
            raise AuditError("audit event", "a long word", f"at most {WORD_LIMIT} characters")
        if len(self.detail) > DETAIL_ENTRIES or any(
            not isinstance(part, str) or len(part) > DETAIL_LIMIT
            for pair in self.detail.items()
            for part in pair
        ):
            raise AuditError(
                "audit event's detail",
                f"{len(self.detail)} entries",
                f"{DETAIL_ENTRIES} texts of {DETAIL_LIMIT} characters",
            )

    def canonical(self) -> str:
        """Return the one text this event has: JSON, keys sorted, no spaces, ASCII."""
        return json.dumps(self.fields(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)

    def fields(self) -> dict[str, Any]:
        """Return what `canonical` writes, as plain data."""
        return {
            "kind": self.kind,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "portal": self.portal,
            "method": self.method,
            "reason": self.reason,
            "pseudonym": self.pseudonym,
            "detail": dict(self.detail),
        }

    @classmethod
    def parse(cls, text: str | bytes) -> AuditEvent:
        """Read what `canonical` wrote.

        Raises:
            AuditError: it is not the one text of an event, to the character.

        """
        try:
            whole = text.decode("ascii") if isinstance(text, bytes) else text
            if len(whole) > TEXT_LIMIT:
                raise ValueError(f"{len(whole)} characters")  # noqa: TRY301 - one refusal for all
            fields: dict[str, Any] = json.loads(whole)
            event = cls(**{**fields, "at": datetime.fromisoformat(fields["at"])})
            # Two readings of one text must not exist: what is signed is what is read.
            if event.canonical() != whole:
                raise ValueError("written in another way")  # noqa: TRY301 - the same
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise AuditError("stored event", repr(error), "an event of this version") from error
        except RecursionError as error:
            raise AuditError("stored event", "nested without end", "an event") from error
        return event


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An event with its place in the log.

    Attributes:
        sequence: its number, from 1.
        event: what happened.
        chain: the public hash over it and all before it, 32 bytes.

    """

    sequence: int
    event: AuditEvent
    chain: bytes = b""


def microseconds(at: datetime) -> int:
    """Return an aware time as whole microseconds since 1970."""
    return (at - EPOCH) // timedelta(microseconds=1)


def from_microseconds(count: int) -> datetime:
    """Return the time, in UTC, that `microseconds` counted."""
    return EPOCH + timedelta(microseconds=count)
