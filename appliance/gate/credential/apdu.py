"""DESFire commands and answers as wrapped APDUs, and conversations made of them."""

from __future__ import annotations

from enum import IntEnum
from hmac import compare_digest
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from appliance.gate.credential.secure_messaging import (
    BLOCK,
    NO_IV,
    MessagingError,
    Session,
    decrypt,
    encrypt,
    rotated_left,
    session_keys,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

CLASS: Final = 0x90
SW1: Final = 0x91
LONGEST_ANSWER: Final = 258
"""A short APDU's answer: 256 bytes and its status."""
VERSION_PARTS: Final = (7, 7, 14)
UID_BYTES: Final = 7


class Ins(IntEnum):
    """DESFire's native instructions."""

    SELECT = 0x5A
    GET_VERSION = 0x60
    AUTHENTICATE = 0x71
    MORE = 0xAF
    GET_UID = 0x51
    READ = 0xAD
    WRITE = 0x8D
    GET_KEY_VERSION = 0x64
    CHANGE_KEY = 0xC4
    CREATE_APPLICATION = 0xCA
    CREATE_FILE = 0xCD


class Status(IntEnum):
    """The second status byte."""

    OK = 0x00
    MORE = 0xAF
    AUTHENTICATION = 0xAE
    INTEGRITY = 0x1E
    NO_APPLICATION = 0xA0
    DUPLICATE = 0xDE
    NO_FILE = 0xF0


class UnexpectedError(Exception):
    """The card answered with another status, length or form than the protocol has."""

    def __init__(self, what: str, status: int | None = None) -> None:
        super().__init__(what if status is None else f"{what}: status {status:02X}")
        self.status = status


T = TypeVar("T")


def wrapped(ins: int, data: bytes = b"") -> bytes:
    """Return the APDU `90 INS 00 00 [Lc data] 00`."""
    body = bytes([len(data)]) + data if data else b""
    return bytes([CLASS, ins, 0, 0]) + body + b"\x00"


def ask(ins: int, data: bytes = b"") -> Generator[bytes, bytes, tuple[int, bytes]]:
    """Send one command; return the status and the data.

    Raises:
        UnexpectedError: the answer is no wrapped one.

    """
    response = yield wrapped(ins, data)
    if not 2 <= len(response) <= LONGEST_ANSWER:  # noqa: PLR2004 - SW1 SW2 is the least
        raise UnexpectedError(f"{len(response)} bytes")
    if response[-2] != SW1:
        raise UnexpectedError(f"SW {response[-2:].hex()}")
    return response[-1], response[:-2]


def require(
    ins: int, data: bytes = b"", *, status: int = Status.OK, length: int | None = None
) -> Generator[bytes, bytes, bytes]:
    """Send one command and return its data, which must come with this status and length.

    Raises:
        UnexpectedError: it did not.

    """
    found, answer = yield from ask(ins, data)
    if found != status:
        raise UnexpectedError(f"command {ins:02X}", found)
    if length is not None and len(answer) != length:
        raise UnexpectedError(f"command {ins:02X}: {len(answer)} bytes")
    return answer


def get_version() -> Generator[bytes, bytes, bytes]:
    """Return the 28 bytes of GetVersion.

    Raises:
        UnexpectedError: three parts did not come.

    """
    hardware, software, production = VERSION_PARTS
    answer = yield from require(Ins.GET_VERSION, status=Status.MORE, length=hardware)
    answer += yield from require(Ins.MORE, status=Status.MORE, length=software)
    answer += yield from require(Ins.MORE, length=production)
    return answer


def uid_of(version: bytes) -> bytes:
    """Return the UID that GetVersion told."""
    return version[14 : 14 + UID_BYTES]


def authenticate(
    number: int, key: bytes, draw: Callable[[int], bytes]
) -> Generator[bytes, bytes, Session]:
    """Prove key `number` to each other (AuthenticateEV2First, AN12343 section 5).

    Args:
        number: of the key in the selected application.
        key: 16 bytes.
        draw: gives random bytes.

    Raises:
        UnexpectedError: another status, AUTHENTICATION if the card refuses our proof.
        MessagingError: the card's proof is wrong: it does not know the key.

    """
    first = yield from require(
        Ins.AUTHENTICATE, bytes([number, 0]), status=Status.MORE, length=BLOCK
    )
    rnd_b = decrypt(key, NO_IV, first)
    rnd_a = draw(BLOCK)
    proof = encrypt(key, NO_IV, rnd_a + rotated_left(rnd_b))
    last = yield from require(Ins.MORE, proof, length=2 * BLOCK)
    plain = decrypt(key, NO_IV, last)
    if not compare_digest(plain[4 : 4 + BLOCK], rotated_left(rnd_a)):
        raise MessagingError("the card's proof")
    encryption_key, mac_key = session_keys(key, rnd_a, rnd_b)
    return Session(encryption_key, mac_key, plain[:4])


def get_uid(session: Session) -> Generator[bytes, bytes, bytes]:
    """Return the UID under the session's protection (GetCardUID, CommMode.Full).

    Raises:
        UnexpectedError: another status.
        MessagingError: the answer is not this session's.

    """
    answer = yield from require(Ins.GET_UID, session.protect(Ins.GET_UID))
    return session.reveal(Status.OK, answer)


def read_data(session: Session, file: int, length: int) -> Generator[bytes, bytes, bytes]:
    """Return a file's first `length` bytes (ReadData, CommMode.Full).

    Raises:
        UnexpectedError: another status.
        MessagingError: the answer is not this session's, or has another length.

    """
    header = bytes([file]) + bytes(3) + length.to_bytes(3, "little")
    answer = yield from require(Ins.READ, session.protect(Ins.READ, header))
    content = session.reveal(Status.OK, answer)
    if len(content) != length:
        raise MessagingError("length")
    return content


class Steps(Generic[T]):
    """Runs a conversation written as a generator, one answer at a time.

    Args:
        talk: gives commands, takes answers.

    Attributes:
        command: the APDU to send now; empty once it has ended.
        result: what it returned.

    Raises:
        UnexpectedError: from `answer`, as `talk` raises it.
        MessagingError: the same.

    """

    def __init__(self, talk: Generator[bytes, bytes, T]) -> None:
        self._talk = talk
        self.command = b""
        self.result: T | None = None
        self._advance(None)

    def answer(self, response: bytes) -> None:
        """Take an answer; after the end it is dropped."""
        if self.command:
            self._advance(response)

    def _advance(self, response: bytes | None) -> None:
        self.command = b""
        try:
            self.command = next(self._talk) if response is None else self._talk.send(response)
        except StopIteration as end:
            self.result = end.value
