"""What is kept of a resident and of a credential, and its form inside a seal."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any

from appliance.errors import RosterError, SealBrokenError

TEXT_LIMIT = 400
SCHEDULE_LIMIT = 20_000
METHODS = frozenset({"card", "pass", "face"})
CARD_ID_BYTES = 16
CARD_KEY_BYTES = 16
UID_BYTES = 7


class CredentialKind(Enum):
    """The two doors that need no face."""

    CARD = "card"
    PASS = "pass"  # noqa: S105 - the word for the phone's token


@dataclass(frozen=True, slots=True)
class Profile:
    """What the manager knows and may change of a resident.

    Attributes:
        household: flat or house, free text.
        label: how the manager recognises the person, free text.
        methods: the doors the person chose, of "card", "pass" and "face".
        valid_from: no entry before, aware; None = at once.
        valid_until: no entry from then on, aware; None = until removed.
        schedule: the hours, as the JSON text of `store/hours.py`; "null" = always.

    """

    household: str
    label: str
    methods: frozenset[str]
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    schedule: str = "null"

    def __post_init__(self) -> None:
        for name in ("household", "label"):
            if len(getattr(self, name)) > TEXT_LIMIT:
                raise RosterError(
                    f"resident's {name}",
                    f"{len(getattr(self, name))} characters",
                    f"at most {TEXT_LIMIT}",
                )
        if not self.methods <= METHODS:
            raise RosterError("resident's methods", sorted(self.methods - METHODS), str(METHODS))
        for when in (self.valid_from, self.valid_until):
            if when is not None and when.utcoffset() is None:
                raise RosterError("resident's validity", when, "a time with a zone")
        if len(self.schedule) > SCHEDULE_LIMIT:
            raise RosterError(
                "resident's schedule",
                f"{len(self.schedule)} characters",
                f"at most {SCHEDULE_LIMIT}",
            )
        try:
            json.loads(self.schedule)
        except (ValueError, RecursionError) as error:
            raise RosterError("resident's schedule", error, "JSON") from error

    def with_method(self, method: str) -> Profile:
        """Return it with one door more.

        Raises:
            RosterError: there is no such door.

        """
        return replace(self, methods=self.methods | {method})


@dataclass(frozen=True, slots=True)
class Resident:
    """One person on the roster.

    Attributes:
        pseudonym: 16 random hex digits; the only name outside the store.
        profile: what the manager knows.
        face_frozen: the person has put face to rest without erasing it.
        look_alikes: pseudonyms of people whose faces are too near to be told apart (S129).

    """

    pseudonym: str
    profile: Profile
    face_frozen: bool = False
    look_alikes: frozenset[str] = frozenset()

    def encode(self) -> bytes:
        """Return it as bytes to be sealed."""
        profile = self.profile
        return _pack(
            {
                "household": profile.household,
                "label": profile.label,
                "methods": sorted(profile.methods),
                "valid_from": profile.valid_from and profile.valid_from.isoformat(),
                "valid_until": profile.valid_until and profile.valid_until.isoformat(),
                "schedule": profile.schedule,
                "face_frozen": self.face_frozen,
                "look_alikes": sorted(self.look_alikes),
            }
        )

    @classmethod
    def decode(cls, pseudonym: str, content: bytes) -> Resident:
        """Read what `encode` wrote."""
        try:
            fields = json.loads(content)
            profile = Profile(
                household=fields["household"],
                label=fields["label"],
                methods=frozenset(fields["methods"]),
                valid_from=_time(fields["valid_from"]),
                valid_until=_time(fields["valid_until"]),
                schedule=fields["schedule"],
            )
            marks = frozenset(fields.get("look_alikes", ()))
            return cls(pseudonym, profile, bool(fields["face_frozen"]), marks)
        except (ValueError, KeyError, TypeError, OverflowError, RosterError) as error:
            raise SealBrokenError(
                f"record of {pseudonym}", repr(error), "a record of this version"
            ) from error


@dataclass(frozen=True, slots=True)
class Credential:
    """A card or a phone's key.

    Attributes:
        kind: card or pass.
        number: card id (16 bytes) or pass key id (8 bytes).
        active: opens; False = blocked.
        public_key: of a pass, its P-256 point (65 bytes); of a card, empty.
        key: of a card, its own AES key (16 bytes), or empty; never printed.
        uid: of a card, 7 bytes, or empty; the card's key is found by it, no door opens by it.
        issue: of a card, how often it was written.

    """

    kind: CredentialKind
    number: bytes
    active: bool = True
    public_key: bytes = b""
    key: bytes = field(default=b"", repr=False)
    uid: bytes = b""
    issue: int = 0

    def __post_init__(self) -> None:
        if self.kind is not CredentialKind.CARD:
            return
        _require_length("card id", self.number, CARD_ID_BYTES)
        if self.key:
            _require_length("card key", self.key, CARD_KEY_BYTES)
        if self.uid:
            _require_length("card UID", self.uid, UID_BYTES)
        if self.issue < 0:
            raise RosterError("card issue", self.issue, "0 or more")

    def encode(self) -> bytes:
        """Return it as bytes to be sealed."""
        return _pack(
            {
                "kind": self.kind.value,
                "number": self.number.hex(),
                "active": self.active,
                "public_key": self.public_key.hex(),
                "key": self.key.hex(),
                "uid": self.uid.hex(),
                "issue": self.issue,
            }
        )

    @classmethod
    def decode(cls, content: bytes) -> Credential:
        """Read what `encode` wrote."""
        try:
            fields = json.loads(content)
            return cls(
                CredentialKind(fields["kind"]),
                bytes.fromhex(fields["number"]),
                bool(fields["active"]),
                bytes.fromhex(fields["public_key"]),
                bytes.fromhex(fields.get("key", "")),
                bytes.fromhex(fields.get("uid", "")),
                int(fields.get("issue", 0)),
            )
        except (ValueError, KeyError, TypeError, OverflowError, RosterError) as error:
            raise SealBrokenError(
                "stored credential", repr(error), "a credential of this version"
            ) from error


@dataclass(frozen=True, slots=True)
class Holder:
    """Who presented a credential, and what it is worth."""

    resident: Resident
    credential: Credential


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that did not open; the others did."""

    pseudonym: str
    reason: str


def _require_length(thing: str, value: bytes, length: int) -> None:
    if len(value) != length:
        raise RosterError(thing, f"{len(value)} bytes", f"{length} bytes")


def _pack(fields: dict[str, Any]) -> bytes:
    # Not as escapes: two halves of a surrogate pair would come back as the one character they name.
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
