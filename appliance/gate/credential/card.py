"""How a gate talks to a DESFire EV2 or EV3 card: prove the key to each other, read its file.

The layout is `card_layout.py`'s. Every answer can come from an attacker's card, so whatever
comes ends in an outcome and never in an exception.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING

from appliance.gate.credential import apdu
from appliance.gate.credential.apdu import Ins, Status, Steps, UnexpectedError
from appliance.gate.credential.card_layout import (
    FILE,
    FILE_BYTES,
    READ_KEY,
    CardFile,
    is_recent,
)
from appliance.gate.credential.scheme import Finding, Outcome
from appliance.gate.credential.secure_messaging import MessagingError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from appliance.gate.credential.card_layout import Site
    from appliance.gate.credential.scheme import CardKey


@dataclass(frozen=True, slots=True)
class Desfire:
    """DESFire EV2 and EV3 cards of one site.

    Attributes:
        site: whose application and community the cards must have.
        draw: gives random bytes; another one only in tests with published vectors.

    """

    site: Site
    draw: Callable[[int], bytes] = secrets.token_bytes

    @property
    def name(self) -> str:
        """Name of the kind, for people."""
        return "DESFire EV2/EV3"

    def begin(self, uid: bytes, find: Callable[[bytes], CardKey | None]) -> DesfireConversation:
        """Begin a conversation; see `scheme.CardScheme`."""
        return DesfireConversation(self, uid, find)


class DesfireConversation:
    """One card's conversation; see `scheme.Conversation`."""

    def __init__(
        self, scheme: Desfire, uid: bytes, find: Callable[[bytes], CardKey | None]
    ) -> None:
        self._scheme = scheme
        self._uid = uid
        self._find = find
        self._told = uid
        self._keyed = False
        self._steps = Steps(self._talk())
        self._outcome: Outcome | None = None

    @property
    def command(self) -> bytes:
        """The APDU to send now; empty once there is an outcome."""
        return b"" if self._outcome else self._steps.command

    @property
    def outcome(self) -> Outcome | None:
        """What it came to, or None while it goes on."""
        return self._outcome

    def answer(self, response: bytes) -> None:
        """Take the card's answer; only the roster's own fault passes through, from `find`."""
        if self._outcome is not None:
            return
        try:
            self._steps.answer(response)
        except _EndError as end:
            self._outcome = Outcome(end.finding, self._told)
        except MessagingError:
            self._outcome = Outcome(Finding.MISMATCH, self._told)
        except UnexpectedError as fault:
            # Once a key is in use, a refusal says that the card has another one.
            wrong_key = self._keyed and fault.status in (Status.AUTHENTICATION, Status.INTEGRITY)
            self._outcome = Outcome(Finding.MISMATCH if wrong_key else Finding.FAULT, self._told)
        else:
            self._outcome = self._steps.result

    def _talk(self) -> Generator[bytes, bytes, Outcome]:
        yield from self._select()
        uid = yield from self._name()
        held = self._find(uid)
        if held is None:
            raise _EndError(Finding.UNKNOWN)
        self._keyed = True
        session = yield from apdu.authenticate(READ_KEY, held.key, self._scheme.draw)
        proven = yield from apdu.get_uid(session)
        content = yield from apdu.read_data(session, FILE, FILE_BYTES)
        file = CardFile.decode(content)
        if file is None:
            raise _EndError(Finding.FAULT)
        if file.community != self._scheme.site.community:
            raise _EndError(Finding.NOT_OURS)
        same_card = compare_digest(proven, uid) and compare_digest(file.card_id, held.number)
        if not same_card or file.issue != held.issue:
            raise _EndError(Finding.MISMATCH)
        return Outcome(Finding.PROVEN, uid, file.card_id)

    def _select(self) -> Generator[bytes, bytes, None]:
        # A foreign card may answer anything at all, also a status of ISO 7816 alone.
        response = yield apdu.wrapped(Ins.SELECT, self._scheme.site.application[::-1])
        if response != bytes([apdu.SW1, Status.OK]):
            raise _EndError(Finding.NOT_OURS)

    def _name(self) -> Generator[bytes, bytes, bytes]:
        """Return the UID the card gives itself, if its kind is one that we trust."""
        version = yield from apdu.get_version()
        self._told = uid = apdu.uid_of(version)
        if not is_recent(version):
            raise _EndError(Finding.TOO_OLD)
        if self._uid and self._uid != uid:
            raise _EndError(Finding.MISMATCH)
        return uid


class _EndError(Exception):
    """Ends a conversation early."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.value)
        self.finding = finding
