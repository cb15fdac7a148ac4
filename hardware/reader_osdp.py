"""A reader on RS-485 that proves cards itself and tells the result over OSDP's secure channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hardware.cards import Authenticity, CardPresentation
from hardware.errors import DeviceStuckError, DeviceUnavailableError
from hardware.osdp_line import SerialLine, place_of
from hardware.reader_thread import ReaderThread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from itertools import count

    from hardware.cards import CardEvent, ReaderOptions
    from hardware.osdp_line import Place
    from hardware.ports import Clock

CARD_BITS: Final = 128
"""The value of a DESFire file: what no UID, Wiegand number or copied card has the size of."""
JOIN_NS: Final = 8_000_000_000
"""A reader with the right key is in the secure channel before that, even at 9600 baud."""
ASK_NS: Final = 1_000_000_000
SILENT_NS: Final = 3_000_000_000
"""libosdp itself asks a dead line for ever and calls it secure, so the answers are counted here."""
PAUSE_S: Final = 0.01


class OsdpSession:
    """The control panel of one reader, in the secure channel or on the way to it.

    Attributes:
        tampered: the reader's case is open; its cards count for nothing meanwhile.
        power_failed: the reader runs on its battery.

    """

    pause_s = PAUSE_S

    def __init__(self, library: Any, place: Place, identity: str, clock: Clock) -> None:  # noqa: ANN401 - libosdp has no types
        self.tampered = False
        self.power_failed = False
        self._library = library
        self._identity = identity
        self._address = place.address
        self._clock = clock
        self._line = SerialLine(place.port, place.baud)
        try:
            self._panel = library.ControlPanel(
                [
                    library.PDInfo(
                        place.address,
                        self._line,
                        scbk=place.key,
                        # No cleartext, no default key; install mode is never asked for.
                        flags=[library.LibFlag.EnforceSecure],
                    )
                ],
                log_level=library.LogLevel.Emergency,
            )
        except BaseException:
            self._line.close()
            raise
        self._secure = False
        self._told = False
        self._since_ns = self._asked_ns = clock.now_ns()

    @property
    def working(self) -> bool:
        """Whether the reader is in the secure channel, told its state, and its case is shut."""
        return self._secure and self._told and not self.tampered

    def step(self, _command: tuple[int, bytes] | None) -> Sequence[CardEvent]:
        """Let the panel poll its reader; such a reader takes no APDUs."""
        self._panel.ctx.refresh()
        if self._line.fault is not None:
            raise self._line.fault
        self._watch(self._clock.now_ns())
        cards = []
        while (event := self._panel.get_event(self._address, timeout=-1)) is not None:
            if event["event"] == self._library.Event.Status:
                self._take_status(event)
            elif event["event"] == self._library.Event.CardRead:
                cards.append(self._presented(event))
        return cards

    def close(self) -> None:
        """End the panel and close its line."""
        self._panel.ctx = None
        self._line.close()

    def _watch(self, now_ns: int) -> None:
        secure = bool(self._panel.ctx.sc_status())
        if secure and not self._secure:
            self._secure, self._since_ns, self._asked_ns = True, now_ns, now_ns - ASK_NS
        elif self._secure and not secure:
            raise DeviceUnavailableError(self._identity, "secure channel lost", "a secure channel")
        if not secure and now_ns - self._since_ns > JOIN_NS:
            raise DeviceStuckError(
                self._identity, "no secure channel", "a reader at this address with this key"
            )
        if secure and now_ns - self._since_ns > SILENT_NS:
            raise DeviceStuckError(self._identity, "no state told", "an answer to each LSTAT")
        if secure and now_ns - self._asked_ns >= ASK_NS:
            self._asked_ns = now_ns
            self._panel.ctx.submit_command(
                0,
                {
                    "command": self._library.Command.Status,
                    "type": self._library.StatusReportType.Local,
                    "report": bytes(2),
                },
            )

    def _take_status(self, event: dict[str, Any]) -> None:
        """Take an LSTATR: tamper, power (SIA OSDP 2.2, 7.6)."""
        report = event["report"]
        if event["type"] == self._library.StatusReportType.Local and len(report) == len("tp"):
            self.tampered, self.power_failed = bool(report[0]), bool(report[1])
            self._told, self._since_ns = True, self._clock.now_ns()

    def _presented(self, event: dict[str, Any]) -> CardPresentation:
        now_ns, data = self._clock.now_ns(), bytes(event["data"])
        if not self.working:
            return CardPresentation(b"", Authenticity.FAILED, now_ns)
        if (
            event["format"] != self._library.CardFormat.Unspecified
            or event["length"] != CARD_BITS
            or len(data) * 8 != CARD_BITS
        ):
            return CardPresentation(b"", Authenticity.COPYABLE, now_ns)
        return CardPresentation(data, Authenticity.MUTUAL, now_ns)


class OsdpReader(ReaderThread):
    """The reader, found again whenever its line was cut."""

    def __init__(self, library: Any, place: Place, clock: Clock) -> None:  # noqa: ANN401 - libosdp has no types
        identity = f"osdp {place.port}:{place.address}"
        self._last: OsdpSession | None = None

        def find(_numbers: count[int]) -> OsdpSession:
            self._last = OsdpSession(library, place, identity, clock)
            return self._last

        super().__init__(identity, find)

    @property
    def tampered(self) -> bool:
        """Whether the reader's case was open when it was last heard."""
        return self._last is not None and self._last.tampered

    @property
    def power_failed(self) -> bool:
        """Whether the reader ran on its battery when it was last heard."""
        return self._last is not None and self._last.power_failed


def open_device(options: ReaderOptions, clock: Clock) -> OsdpReader:
    """Open the reader at `options.source` ("/dev/ttyUSB0:ADDRESS[:BAUD]") with its own key.

    Raises:
        DeviceSettingError: source or key are refused.
        DeviceUnavailableError: the extra `osdp` is not installed. An absent reader is looked for.

    """
    place = place_of(options.source, options.key_file)
    try:
        import osdp  # noqa: PLC0415 - only a gate with such a reader needs it
    except ImportError as fault:
        raise DeviceUnavailableError(
            "osdp reader", str(fault), "libosdp: install the extra `osdp`"
        ) from fault
    return OsdpReader(osdp, place, clock)
