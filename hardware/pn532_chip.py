"""The commands of a PN532 that a gate needs, each with a deadline (NXP UM0701-02, section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hardware.cards import CardTechnology
from hardware.errors import DeviceStuckError, DeviceUnavailableError
from hardware.pn532_frames import ACK, NACK, Kind, encode

if TYPE_CHECKING:
    from hardware.pn532_frames import Received
    from hardware.pn532_link import Link

DIAGNOSE, VERSION, SAM, RF = 0x00, 0x02, 0x14, 0x32
LIST, EXCHANGE, RELEASE = 0x4A, 0x40, 0x52
PN532: Final = 0x32
TYPE_A, TYPE_B = 0x00, 0x03
UID_SIZES: Final = (4, 7, 10)
MOST_DATA: Final = 262
"""So much of a command goes to the card in one frame; longer ones are chained."""
MOST_RESPONSE: Final = 4096
ACK_S: Final = 0.1
ANSWER_S: Final = 0.5
"""Longer than any of our commands takes; a card may ask for time, the chip handles that."""
_TRIES = 3
_MORE = 0x40
_ERROR = 0x3F
_ATQB = 12


@dataclass(frozen=True, slots=True)
class Target:
    """One card that anticollision found; `uid` is empty for type B, whose number may be random."""

    number: int
    technology: CardTechnology
    uid: bytes


def technology_of(sak: int) -> CardTechnology:
    """Tell a type A card by its SAK (NXP AN10833): bit 4 Classic, bit 6 ISO/IEC 14443-4.

    A card that says both (28h, 38h) emulates Classic, and that part of it can be copied.
    """
    if sak & 0x08:
        return CardTechnology.CLASSIC
    if sak & 0x20:
        return CardTechnology.ISO_DEP
    return CardTechnology.TYPE_2 if sak == 0 else CardTechnology.UNKNOWN


class Pn532:
    """The chip behind a link; not for two threads.

    DeviceStuckError: it did not answer in time or made no sense. OSError: its device is gone.
    """

    def __init__(self, link: Link, identity: str) -> None:
        self._link = link
        self._identity = identity

    def start(self) -> None:
        """Wake the chip, end what it may be doing, and make it ready with the field off.

        Raises:
            DeviceUnavailableError: another chip answers.

        """
        self._link.wake()
        self._link.send(ACK)  # aborts a command under way
        self.call(SAM, b"\x01\x14\x01")  # normal mode: also ends "low battery" after power-up
        version = self.call(VERSION)
        if len(version) != 4 or version[0] != PN532:  # noqa: PLR2004 - IC, version, revision, support
            raise DeviceUnavailableError(self._identity, f"chip {version.hex()}", "a PN532 (32..)")
        self.field_off()
        self.call(RF, b"\x05\x02\x01\x01")  # listing tries twice, not for ever

    def field_off(self) -> None:
        """Take power from all cards; the next listing gives it back."""
        self.call(RF, b"\x01\x00")

    def list_a(self) -> tuple[Target, ...]:
        """Return up to two type A cards."""
        found = self.call(LIST, bytes((2, TYPE_A)))
        targets, rest = [], found[1:]
        for _ in range(self._count(found, 2)):
            size = 5 + self._at(rest, 4)
            sak = rest[3]
            if sak & 0x20:
                size += self._at(rest, size)  # ATS, its length included
            self._at(rest, size - 1)
            uid = rest[5 : 5 + rest[4]]
            if len(uid) not in UID_SIZES:
                raise self._stuck(LIST, f"a UID of {len(uid)} bytes")
            targets.append(Target(rest[0], technology_of(sak), uid))
            rest = rest[size:]
        return tuple(targets)

    def list_b(self) -> tuple[Target, ...]:
        """Return a type B card of any application family."""
        found = self.call(LIST, bytes((1, TYPE_B, 0x00)))
        if not self._count(found, 1):
            return ()
        self._at(found, _ATQB + 1)
        return (Target(found[1], CardTechnology.TYPE_B, b""),)

    def present(self) -> bool:
        """Whether the one ISO/IEC 14443-4 card still answers; its session is not disturbed."""
        return self.call(DIAGNOSE, b"\x06")[:1] == b"\x00"

    def exchange(self, target: int, command: bytes) -> bytes | None:
        """Send an APDU and return the response; None: the card is gone, or made no sense.

        Never sent twice: a card counts the commands of its secure session.
        """
        pieces = [command[at : at + MOST_DATA] for at in range(0, len(command), MOST_DATA)] or [b""]
        for piece in pieces[:-1]:
            answer = self._once(bytes((target | _MORE,)) + piece)
            if answer[0] & _ERROR:
                return None
        answer = self._once(bytes((target,)) + pieces[-1])
        response = answer[1:]
        while not answer[0] & _ERROR and answer[0] & _MORE:
            if len(response) > MOST_RESPONSE:
                return None
            answer = self._once(bytes((target,)))
            response += answer[1:]
        return None if answer[0] & _ERROR else response

    def release(self) -> None:
        """Forget all cards."""
        self.call(RELEASE, b"\x00")

    def call(self, code: int, data: bytes = b"", *, again: bool = True) -> bytes:
        """Run one command and return its packet data; `again` allows to repeat it unheard."""
        frame = encode(bytes((code,)) + data)
        for _ in range(_TRIES):
            self._link.send(frame)
            heard = self._next_control()
            if heard is Kind.ACK:
                return self._answer(code)
            if heard is not Kind.NACK and not again:
                break
        raise self._stuck(code, "no acknowledgement")

    def _once(self, data: bytes) -> bytes:
        answer = self.call(EXCHANGE, data, again=False)
        self._at(answer, 0)
        return answer

    def _next_control(self) -> Kind | None:
        """Wait for ACK or NACK; answers to earlier commands are dropped."""
        for _ in range(_TRIES):
            received = self._link.receive(ACK_S)
            if received is None or received.kind is not Kind.DATA:
                return received.kind if received else None
        return None

    def _answer(self, code: int) -> bytes:
        for _ in range(_TRIES):
            received = self._link.receive(ANSWER_S)
            if received is None:
                self._link.send(ACK)  # aborts the command
                raise self._stuck(code, f"no answer in {ANSWER_S} s")
            if self._belongs(received, code):
                return received.data[1:]
            if received.kind is Kind.SYNTAX_ERROR:
                raise self._stuck(code, "a syntax error frame")
            if received.kind is Kind.DAMAGED:
                self._link.send(NACK)  # the answer once more
        raise self._stuck(code, "only damaged frames")

    @staticmethod
    def _belongs(received: Received, code: int) -> bool:
        return received.kind is Kind.DATA and received.data[0] == code + 1

    def _count(self, found: bytes, most: int) -> int:
        if self._at(found, 0) > most:
            raise self._stuck(LIST, f"{found[0]} targets")
        return found[0]

    def _at(self, data: bytes, index: int) -> int:
        """Return a byte of an answer, which may be shorter than it should be."""
        if index >= len(data):
            raise DeviceStuckError(self._identity, f"an answer of {len(data)} bytes", "a whole one")
        return data[index]

    def _stuck(self, code: int, found: str) -> DeviceStuckError:
        return DeviceStuckError(self._identity, f"{found} to command {code:02X}h", "a PN532")
