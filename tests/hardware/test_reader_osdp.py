"""OSDP: a real control panel against a real peripheral device over a real serial line."""

from __future__ import annotations

import gc
import os
import select
import threading
import time
import tty
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hardware.board import open_reader
from hardware.cards import Authenticity, CardPresentation, ReaderOptions
from hardware.errors import DeviceSettingError, DeviceStuckError, DeviceUnavailableError
from hardware.osdp_line import place_of
from hardware.reader_osdp import OsdpReader, OsdpSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hardware.cards import CardEvent
    from tests.rig.clock import HandClock

osdp = pytest.importorskip("osdp", reason="the extra `osdp` is not installed")

KEY = bytes.fromhex("00112233445566778899aabbccddeeff")
CARD = bytes.fromhex("c0ffee00c0ffee01c0ffee02c0ffee03")
ADDRESS = 101
LONG_S = 20.0
"""Only a failing test waits so long."""


class RunningClock:
    def now_ns(self) -> int:
        return time.monotonic_ns()

    def sleep_until_ns(self, at_ns: int) -> None:
        time.sleep(max(0, at_ns - time.monotonic_ns()) / 1e9)


class Wire:
    """The reader's end of the line; it can be cut, and keeps what passed."""

    id = 0

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.cut = False
        self.seen = b""

    def read(self, most: int) -> bytes:
        if not select.select([self.descriptor], [], [], 0)[0]:
            return b""
        piece = os.read(self.descriptor, most)
        if self.cut:
            return b""
        self.seen += piece
        return piece

    def write(self, out: bytes) -> int:
        if not self.cut:
            self.seen += out
            os.write(self.descriptor, out)
        return len(out)

    def flush(self) -> None:
        pass


class SoftReader:
    """libosdp's peripheral device in a thread, behind a serial line that can be unplugged."""

    def __init__(self, port: Path, key: bytes = KEY) -> None:
        self.state = b"\x00\x00"
        self._port = port
        line, self._end = os.openpty()
        tty.setraw(self._end)
        port.symlink_to(os.ttyname(self._end))
        self.wire = Wire(line)
        self._device = osdp.PeripheralDevice(
            osdp.PDInfo(ADDRESS, self.wire, scbk=key, flags=[osdp.LibFlag.EnforceSecure]),
            osdp.PDCapabilities([(osdp.Capability.ContactStatusMonitoring, 1, 1)]),
            log_level=osdp.LogLevel.Emergency,
            command_handler=self._told,
        )
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def read_card(self, data: bytes, bits: int, form: int = osdp.CardFormat.Unspecified) -> None:
        self._submit(
            event=osdp.Event.CardRead,
            reader_no=0,
            direction=0,
            format=form,
            length=bits,
            data=data,
        )

    def press(self, key: bytes) -> None:
        self._submit(event=osdp.Event.KeyPress, reader_no=0, data=key)

    def report(self, *, tamper: bool = False, power: bool = False) -> None:
        self.state = bytes((tamper, power))
        self._submit(event=osdp.Event.Status, type=osdp.StatusReportType.Local, report=self.state)

    def unplug(self) -> None:
        if self._stop.is_set():
            return
        self._stop.set()
        self._thread.join()
        self._device.ctx = None
        self._port.unlink()
        os.close(self.wire.descriptor)
        os.close(self._end)

    def _submit(self, **event: object) -> None:
        with self._lock:
            assert self._device.ctx.submit_event(event)

    def _told(self, command: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
        if command["command"] == osdp.Command.Status:
            return 0, {**command, "report": self.state}
        return 0, None

    def _run(self) -> None:
        while not self._stop.wait(0.003):
            with self._lock:
                self._device.ctx.refresh()


@pytest.fixture
def port(tmp_path: Path) -> Path:
    return tmp_path / "ttyUSB0"


@pytest.fixture
def options(tmp_path: Path, port: Path) -> ReaderOptions:
    key = tmp_path / "scbk"
    key.touch(0o600)
    key.write_bytes(KEY)
    return ReaderOptions("osdp", f"{port}:{ADDRESS}:115200", str(key))


@pytest.fixture
def soft(port: Path) -> Iterator[SoftReader]:
    made = SoftReader(port)
    yield made
    made.unplug()


def opened(options: ReaderOptions) -> OsdpReader:
    reader = open_reader(options, RunningClock())
    assert isinstance(reader, OsdpReader)
    return reader


@pytest.fixture
def reader(soft: SoftReader, options: ReaderOptions) -> Iterator[OsdpReader]:
    assert soft.wire
    made = opened(options)
    until(lambda: made.working)
    yield made
    made.close()
    assert not made._thread.is_alive()


def until(true: Callable[[], bool]) -> None:
    for _ in range(round(LONG_S / 0.002)):
        if true():
            return
        time.sleep(0.002)
    raise AssertionError("never")


def event(reader: OsdpReader) -> CardPresentation:
    found: tuple[CardEvent, ...] = ()
    while not found:
        assert select.select([reader.fileno()], [], [], LONG_S)[0]
        found = reader.poll()
    (one,) = found
    assert isinstance(one, CardPresentation)
    return one


def test_a_card_passes_the_secure_channel_and_cannot_be_read_on_the_wire(
    soft: SoftReader, reader: OsdpReader, capfd: pytest.CaptureFixture[str]
) -> None:
    soft.read_card(CARD, 128)

    shown = event(reader)

    assert (shown.card_id, shown.authenticity) == (CARD, Authenticity.MUTUAL)
    assert len(soft.wire.seen) > 100
    assert CARD not in soft.wire.seen
    assert CARD[:4] not in soft.wire.seen
    assert KEY not in soft.wire.seen
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("bits", "form"),
    [
        (26, osdp.CardFormat.Wiegand),
        (34, osdp.CardFormat.Wiegand),
        (32, osdp.CardFormat.Unspecified),
        (56, osdp.CardFormat.Unspecified),
        (64, osdp.CardFormat.Unspecified),
        (127, osdp.CardFormat.Unspecified),
        (136, osdp.CardFormat.Unspecified),
        (128, osdp.CardFormat.Wiegand),
    ],
)
def test_a_number_that_is_no_file_value_is_copyable(
    soft: SoftReader, reader: OsdpReader, bits: int, form: int
) -> None:
    soft.read_card(bytes(range(1, 18))[: (bits + 7) // 8], bits, form)

    shown = event(reader)

    assert (shown.card_id, shown.authenticity) == (b"", Authenticity.COPYABLE)


def test_an_opened_case_stops_the_reader_and_its_cards(
    soft: SoftReader, reader: OsdpReader
) -> None:
    soft.report(tamper=True)
    until(lambda: reader.tampered)
    assert not reader.working
    reader.poll()
    soft.read_card(CARD, 128)

    shown = event(reader)
    assert (shown.card_id, shown.authenticity) == (b"", Authenticity.FAILED)

    soft.report()
    until(lambda: reader.working)
    soft.read_card(CARD, 128)
    assert event(reader).authenticity is Authenticity.MUTUAL


def test_a_reader_on_its_battery_says_so_and_works(soft: SoftReader, reader: OsdpReader) -> None:
    soft.report(power=True)

    until(lambda: reader.power_failed)
    assert reader.working
    assert not reader.tampered


def test_pressed_keys_are_no_cards(soft: SoftReader, reader: OsdpReader) -> None:
    reader.poll()
    soft.press(b"1234")
    soft.read_card(CARD, 128)

    assert event(reader).card_id == CARD


def test_a_reader_takes_no_apdu(reader: OsdpReader) -> None:
    reader.poll()
    reader.send(1, b"\x90\x60\x00\x00\x00")
    time.sleep(0.05)

    assert reader.poll() == ()
    assert reader.working


def test_a_cut_wire_is_noticed_and_a_mended_one_carries_cards_again(
    soft: SoftReader, reader: OsdpReader
) -> None:
    soft.wire.cut = True
    until(lambda: not reader.working)
    assert reader.fault is None or "expected" in str(reader.fault)

    soft.wire.cut = False
    until(lambda: reader.working)
    reader.poll()
    soft.read_card(CARD, 128)

    assert event(reader).card_id == CARD


def test_an_unplugged_line_is_found_again_without_leaks(
    soft: SoftReader, reader: OsdpReader, port: Path
) -> None:
    soft.unplug()
    until(lambda: "No such file" in str(reader.fault))
    assert not reader.working
    gc.collect()
    without = len([*Path("/proc/self/fd").iterdir()])

    for _ in range(2):
        again = SoftReader(port)
        until(lambda: reader.working)
        again.read_card(CARD, 128)
        assert event(reader).card_id == CARD
        again.unplug()
        until(lambda: "No such file" in str(reader.fault))
        gc.collect()

    assert len([*Path("/proc/self/fd").iterdir()]) == without
    assert [t.name for t in threading.enumerate()].count(reader.identity) == 1


def test_a_reader_with_another_key_never_comes_online(
    port: Path, options: ReaderOptions, clock: HandClock
) -> None:
    soft = SoftReader(port, bytes(reversed(KEY)))
    session = OsdpSession(osdp, place_of(options.source, options.key_file), "osdp x", clock)
    for _ in range(300):
        assert session.step(None) == []
        assert not session.working
        time.sleep(0.005)
    with soft._lock:
        soft._device.ctx.submit_event(
            {
                "event": osdp.Event.CardRead,
                "reader_no": 0,
                "direction": 0,
                "format": osdp.CardFormat.Unspecified,
                "length": 128,
                "data": CARD,
            }
        )
    for _ in range(100):
        assert session.step(None) == []
        time.sleep(0.005)
    assert CARD not in soft.wire.seen

    clock.pass_ms(8001)
    with pytest.raises(DeviceStuckError, match=r"no secure channel; expected .* with this key"):
        session.step(None)
    session.close()
    soft.unplug()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "expected source"),
        ("/dev/ttyUSB0", "expected source"),
        ("ttyUSB0:1", "expected source"),
        ("/dev/ttyUSB0:-1", "expected source"),
        ("/dev/ttyUSB0:1:", "expected source"),
        ("/dev/tty USB0:1", "expected source"),
        ("/dev/ttyUSB0:127", "address 127; expected 0..126"),  # 7F is broadcast
        ("/dev/ttyUSB0:1:12345", "baud 12345; expected one of 9600, 19200"),
    ],
)
def test_a_source_that_names_no_reader_is_refused(
    options: ReaderOptions, clock: HandClock, source: str, message: str
) -> None:
    with pytest.raises(DeviceSettingError, match=message):
        open_reader(ReaderOptions("osdp", source, options.key_file), clock)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (KEY[:15], "of another size; expected 16 bytes"),
        (KEY + b"\n", "of another size"),
        (KEY.hex().encode(), "of another size"),
        (b"", "of another size"),
        (b"0123456789:;<=>?", "holds a default key"),
        (bytes(16), "holds a default key"),
        (b"\xff" * 16, "holds a default key"),
    ],
)
def test_a_bad_key_is_refused_and_never_printed(
    options: ReaderOptions, clock: HandClock, key: bytes, message: str
) -> None:
    Path(options.key_file).write_bytes(key)

    with pytest.raises(DeviceSettingError, match=message) as caught:
        open_reader(options, clock)
    assert "2233" not in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_that_others_can_read_is_refused(
    options: ReaderOptions, clock: HandClock, mode: int
) -> None:
    Path(options.key_file).chmod(mode)

    with pytest.raises(DeviceSettingError, match=f"mode {mode:04o}; expected .* mode 0600"):
        open_reader(options, clock)


@pytest.mark.parametrize("kind", ["missing", "link", "folder", "pipe"])
def test_a_key_file_that_is_none_is_refused(
    options: ReaderOptions, clock: HandClock, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "other"
    if kind == "link":
        path.symlink_to(options.key_file)
    elif kind == "folder":
        path.mkdir(0o700)
    elif kind == "pipe":
        os.mkfifo(path, 0o600)

    with pytest.raises(DeviceSettingError, match="key_file"):
        open_reader(ReaderOptions("osdp", options.source, str(path)), clock)


def test_the_key_is_not_in_any_text(options: ReaderOptions) -> None:
    shown = repr(place_of(options.source, options.key_file))

    assert "address=101" in shown
    assert "key=" not in shown
    assert repr(KEY)[2:-1] not in shown


def test_a_missing_library_names_the_extra(
    options: ReaderOptions, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "osdp", None)

    with pytest.raises(DeviceUnavailableError, match="install the extra `osdp`"):
        open_reader(options, clock)
