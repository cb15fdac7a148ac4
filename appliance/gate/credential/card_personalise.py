"""How the issuing desk makes a blank DESFire card one of its site; the gate never runs this.

Every step first looks whether it was done, so that a card pulled away in the middle, or a power
cut, is healed by holding the same card to the desk again.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING

from appliance.errors import CardError
from appliance.gate.credential import apdu
from appliance.gate.credential.apdu import Ins, Status, UnexpectedError
from appliance.gate.credential.card_layout import (
    CREATE_APPLICATION,
    CREATE_FILE,
    DESK_KEY,
    FACTORY_KEY,
    FILE,
    FILE_BYTES,
    KEY_VERSION,
    KEYS,
    READ_KEY,
    WRITE_KEY,
    CardFile,
    is_recent,
)
from appliance.gate.credential.diversification import card_key
from appliance.gate.credential.secure_messaging import MessagingError, change_key_data

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from appliance.gate.credential.card_layout import Site
    from appliance.gate.credential.secure_messaging import Session

    Random = Callable[[int], bytes]
    Talk = Generator[bytes, bytes, "IssuedCard"]

ROOT = bytes(3)
"""The card itself, above its applications."""


@dataclass(frozen=True, slots=True)
class IssuedCard:
    """A card that was personalised and read back.

    Attributes:
        uid: 7 bytes, proven.
        file: what it holds.
        read_key: what a gate gets of it; not shown.

    """

    uid: bytes
    file: CardFile
    read_key: bytes

    def __repr__(self) -> str:
        return f"IssuedCard(uid={self.uid.hex()}, issue={self.file.issue})"


def card_uid(told: bytes) -> Generator[bytes, bytes, bytes]:
    """Return the UID of the card at hand, unproven, after a look at its kind.

    Args:
        told: by anticollision, or empty.

    Raises:
        CardError: it is no DESFire EV2 or later, or its two UIDs differ.
        UnexpectedError: it answered something else.

    """
    yield from apdu.require(Ins.SELECT, ROOT)
    version = yield from apdu.get_version()
    uid = apdu.uid_of(version)
    if not is_recent(version):
        raise CardError("card", f"{uid.hex()}: an old kind", "DESFire EV2 or EV3")
    if told and told != uid:
        raise CardError("card", f"{uid.hex()}: another UID in the field", "one UID")
    return uid


def personalise(
    told: bytes, site: Site, master: bytes, file: CardFile, draw: Random = secrets.token_bytes
) -> Talk:
    """Make the card at hand one of `site`: application, keys, file, and a full read back.

    Args:
        told: UID from anticollision, or empty.
        site: application and community.
        master: the issuing master key, 16 bytes.
        file: what to write.
        draw: gives random bytes.

    Raises:
        CardError: the card's kind, its owner or what was read back is wrong.
        UnexpectedError: it answered something else; begin again.
        MessagingError: the same.

    """
    uid = yield from card_uid(told)
    keys = [card_key(master, uid, site.application, number) for number in range(KEYS)]
    done = yield from _versions(site)
    desk = keys[DESK_KEY] if done[DESK_KEY] else FACTORY_KEY
    yield from _make_file(desk, draw)
    session = yield from _open_desk(desk, draw)
    for number in (READ_KEY, WRITE_KEY):
        if not done[number]:
            yield from _set_key(session, number, keys[number])
    if not done[DESK_KEY]:
        yield from _set_desk_key(session, keys[DESK_KEY])
    session = yield from apdu.authenticate(WRITE_KEY, keys[WRITE_KEY], draw)
    header = bytes([FILE]) + bytes(3) + FILE_BYTES.to_bytes(3, "little")
    answer = yield from apdu.require(Ins.WRITE, session.protect(Ins.WRITE, header, file.encode()))
    session.confirm(Status.OK, answer)
    yield from _read_back(uid, keys, file, draw)
    return IssuedCard(uid, file, keys[READ_KEY])


def _versions(site: Site) -> Generator[bytes, bytes, list[bool]]:
    """Make the application unless it is there; return which of its keys are set already."""
    status, _ = yield from apdu.ask(
        Ins.CREATE_APPLICATION, site.application[::-1] + CREATE_APPLICATION
    )
    if status not in (Status.OK, Status.DUPLICATE):
        raise UnexpectedError("making the application", status)
    yield from apdu.require(Ins.SELECT, site.application[::-1])
    done = []
    for number in range(KEYS):
        version = yield from apdu.require(Ins.GET_KEY_VERSION, bytes([number]), length=1)
        done.append(version[0] == KEY_VERSION)
    return done


def _open_desk(key: bytes, draw: Random) -> Generator[bytes, bytes, Session]:
    try:
        return (yield from apdu.authenticate(DESK_KEY, key, draw))
    except UnexpectedError as fault:
        if fault.status != Status.AUTHENTICATION:
            raise
        raise CardError("card", "personalised with another master key", "a blank card") from fault


def _make_file(desk: bytes, draw: Random) -> Generator[bytes, bytes, None]:
    """Make the file in a session of its own: a card that has it ends the session by its refusal."""
    session = yield from _open_desk(desk, draw)
    status, answer = yield from apdu.ask(
        Ins.CREATE_FILE, session.sign(Ins.CREATE_FILE, CREATE_FILE)
    )
    if status == Status.DUPLICATE:
        return
    if status != Status.OK:
        raise UnexpectedError("making the file", status)
    session.confirm(status, answer)


def _set_key(session: Session, number: int, key: bytes) -> Generator[bytes, bytes, None]:
    data = session.protect(
        Ins.CHANGE_KEY, bytes([number]), change_key_data(key, KEY_VERSION, FACTORY_KEY)
    )
    answer = yield from apdu.require(Ins.CHANGE_KEY, data)
    session.confirm(Status.OK, answer)


def _set_desk_key(session: Session, key: bytes) -> Generator[bytes, bytes, None]:
    """Set the key of the session itself, which ends with it; the answer has no MAC."""
    data = session.protect(
        Ins.CHANGE_KEY, bytes([DESK_KEY]), change_key_data(key, KEY_VERSION, None)
    )
    yield from apdu.require(Ins.CHANGE_KEY, data, length=0)


def _read_back(
    uid: bytes, keys: list[bytes], file: CardFile, draw: Random
) -> Generator[bytes, bytes, None]:
    """Read the card as a gate does, and prove that no factory key opens it any more."""
    session = yield from apdu.authenticate(READ_KEY, keys[READ_KEY], draw)
    proven = yield from apdu.get_uid(session)
    content = yield from apdu.read_data(session, FILE, FILE_BYTES)
    if not compare_digest(proven, uid) or CardFile.decode(content) != file:
        raise CardError("card", "read back differently", "what was written")
    for number in (DESK_KEY, READ_KEY, WRITE_KEY):
        try:
            yield from apdu.authenticate(number, FACTORY_KEY, draw)
        except (UnexpectedError, MessagingError):
            continue
        raise CardError("card", f"key {number} is still the factory's", "a key of its own")
