"""A PC/SC card reader through pcscd, such as a USB CCID reader."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from hardware.errors import DeviceSettingError, DeviceUnavailableError
from hardware.ports import CardAnswered, CardGone, CardSeen, CardTechnology
from hardware.reader_thread import ReaderThread

if TYPE_CHECKING:
    from itertools import count

    from hardware.ports import CardEvent, Clock, ReaderOptions

VIRTUAL: Final = "Virtual PCD"
"""vsmartcard's reader: anybody on the network could hold a card to it."""
GET_UID: Final = bytes.fromhex("FFCA000000")
LOOK_MS: Final = 200
"""Longest wait inside the library for a card to come; the thread can be closed in between."""
PRESENT_PAUSE_S: Final = 0.05
"""Between two looks whether a card is still there; a command ends the pause."""
_STORAGE: Final = bytes.fromhex("A000000306")
"""PC/SC part 3: what a reader puts into the ATR of a card that takes no APDU."""
_STORAGE_KINDS: Final = {
    0x0001: CardTechnology.CLASSIC,
    0x0002: CardTechnology.CLASSIC,
    0x0026: CardTechnology.CLASSIC,
    0x0003: CardTechnology.TYPE_2,
    0x003A: CardTechnology.TYPE_2,
    0x0036: CardTechnology.CLASSIC,
    0x0037: CardTechnology.CLASSIC,
    0xFF88: CardTechnology.CLASSIC,
}
_TYPE_B_HEAD: Final = b"\x3b\x88\x80\x01"
"""Application data and protocol info of type B as eight historical bytes; DESFire has one."""


def technology(atr: bytes) -> CardTechnology:
    """Return what kind of card an ATR stands for (PC/SC part 3, section 3.1.3.2.3)."""
    place = atr.find(_STORAGE)
    if place >= 0:
        kind = atr[place + len(_STORAGE) + 1 :][:2]
        return _STORAGE_KINDS.get(int.from_bytes(kind, "big"), CardTechnology.UNKNOWN)
    if atr.startswith(_TYPE_B_HEAD):
        return CardTechnology.TYPE_B
    if atr[:1] == b"\x3b":
        return CardTechnology.ISO_DEP
    return CardTechnology.UNKNOWN


class PcscSession:
    """A reader while pcscd has it; see reader_thread.Session.

    Raises:
        DeviceUnavailableError: no pcscd, or no such reader.
        DeviceSettingError: the only such reader is virtual, and this is no simulation.

    """

    def __init__(self, options: ReaderOptions, clock: Clock, numbers: count[int]) -> None:
        from smartcard import scard  # noqa: PLC0415 - built against pcscd; extra `card`

        self._scard: Any = scard
        self._clock = clock
        self._numbers = numbers
        self._identity = "pcsc"
        self._card: int | None = None
        self._handle: Any = None
        self._protocol: Any = None
        self._state: int = scard.SCARD_STATE_UNAWARE
        self.working = False
        failed, self._context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
        self._check(failed, "a running pcscd")
        try:
            self._reader = self._choose(options)
            self._identity = f"pcsc {self._reader}"
            self._watch(0)
            # A card that lies there from before, perhaps forgotten, opens nothing until it was
            # taken away and held to the reader again.
            self._lay_there = self._there
        except BaseException:
            self.close()
            raise
        self.working = True

    @property
    def pause_s(self) -> float:
        """Waiting for a card to come is done inside the library, without a pause."""
        return 0.0 if self._card is None else PRESENT_PAUSE_S

    def step(self, command: tuple[int, bytes] | None) -> list[CardEvent]:
        """Send a command, or look for a card; see reader_thread.Session."""
        if command is not None and self._card == command[0]:
            return self._transmit(command[1])
        before = self._state
        self._watch(LOOK_MS if self._card is None else 0)
        # pcscd counts insertions in the upper half: a card gone and back between two looks.
        moved = (before ^ self._state) >> 16 != 0
        events: list[CardEvent] = []
        if self._card is not None and (moved or not self._there):
            events += self._leave()
        if not self._there:
            self._lay_there = False
        elif self._card is None and (moved or not self._lay_there):
            events += self._meet()
        return events

    @property
    def _there(self) -> bool:
        present, mute = self._scard.SCARD_STATE_PRESENT, self._scard.SCARD_STATE_MUTE
        return bool(self._state & (present | mute) == present)

    def close(self) -> None:
        """Let go of card and context."""
        self.working = False
        self._disconnect()
        self._scard.SCardReleaseContext(self._context)

    def _choose(self, options: ReaderOptions) -> str:
        failed, names = self._scard.SCardListReaders(self._context, [])
        if failed == self._scard.SCARD_E_NO_READERS_AVAILABLE:
            names = []
        else:
            self._check(failed, "a reader")
        wanted = [name for name in names if options.source in name]
        real = [name for name in wanted if VIRTUAL not in name]
        if options.simulation:
            real = wanted
        if real:
            return str(real[0])
        if wanted:
            raise DeviceSettingError(
                "pcsc reader", wanted[0], "a real reader: anybody can hold a card to a virtual one"
            )
        raise DeviceUnavailableError(
            "pcsc reader", ", ".join(names) or "none", f"one named {options.source or '...'}"
        )

    def _watch(self, wait_ms: int) -> None:
        """Take in the reader's state, after at most `wait_ms` without a change."""
        scard = self._scard
        failed, states = scard.SCardGetStatusChange(
            self._context, wait_ms, [(self._reader, self._state)]
        )
        if failed == scard.SCARD_E_TIMEOUT:
            return
        self._check(failed, "the reader's state")
        _, state, _ = states[0]
        if state & (scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE):
            raise DeviceUnavailableError(self._identity, "unplugged", "the reader")
        self._state = state & ~scard.SCARD_STATE_CHANGED

    def _meet(self) -> list[CardEvent]:
        at_ns = self._clock.now_ns()
        scard = self._scard
        failed, handle, protocol = scard.SCardConnect(
            self._context,
            self._reader,
            scard.SCARD_SHARE_EXCLUSIVE,
            scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
        )
        if failed != scard.SCARD_S_SUCCESS:
            # Gone again, or held by another program: not a card that could be asked now.
            time.sleep(PRESENT_PAUSE_S)
            return []
        self._handle, self._protocol = handle, protocol
        # Asked now: right after an insertion the reader's state may not have it yet.
        failed, _, _, _, atr = scard.SCardStatus(handle)
        if failed != scard.SCARD_S_SUCCESS or not atr:
            self._disconnect()
            return []
        kind = technology(bytes(atr))
        answer = self._exchange(GET_UID) or b""
        uid = answer[:-2] if answer[-2:] == b"\x90\x00" else b""
        self._card, self._lay_there = next(self._numbers), True
        return [CardSeen(self._card, at_ns, kind, uid if len(uid) in {4, 7, 10} else b"")]

    def _transmit(self, command: bytes) -> list[CardEvent]:
        answer = self._exchange(command)
        if answer is None:
            return self._leave()
        return [] if self._card is None else [CardAnswered(self._card, answer)]

    def _exchange(self, command: bytes) -> bytes | None:
        """Return the card's answer, or None if it is gone."""
        failed, answer = self._scard.SCardTransmit(self._handle, self._protocol, list(command))
        # Some drivers call it a success when the card was pulled away, and give no bytes.
        if failed == self._scard.SCARD_S_SUCCESS and answer:
            return bytes(answer)
        return None

    def _leave(self) -> list[CardEvent]:
        card, self._card = self._card, None
        self._disconnect()
        return [] if card is None else [CardGone(card)]

    def _disconnect(self) -> None:
        if self._handle is not None:
            # Without power the card forgets the session, also if it lies on for hours.
            self._scard.SCardDisconnect(self._handle, self._scard.SCARD_UNPOWER_CARD)
            self._handle = None

    def _check(self, failed: int, expected: str) -> None:
        if failed != self._scard.SCARD_S_SUCCESS:
            said = self._scard.SCardGetErrorMessage(failed)
            raise DeviceUnavailableError(self._identity, said, expected)


def open_device(options: ReaderOptions, clock: Clock) -> ReaderThread:
    """Open the first reader whose name contains `options.source`, now or once it is plugged in.

    Raises:
        DeviceSettingError: the extra `card` is not installed.

    """
    try:
        import smartcard.scard  # noqa: F401, PLC0415
    except ImportError as fault:
        raise DeviceSettingError("pcsc reader", str(fault), "the extra `card` (pyscard)") from fault
    name = f"pcsc {options.source}".rstrip()
    return ReaderThread(name, lambda numbers: PcscSession(options, clock, numbers))
