"""The tables of a gate's configuration file: frozen, with ranges, no key beside their own."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from appliance.camera_section import CameraSection, InfraredCameraSection
from appliance.pad_section import PadSection
from appliance.sign_sections import IndicatorSection, SoundSection

Name = Annotated[str, Meta(min_length=1, max_length=80)]
Pin = Annotated[int, Meta(ge=0, le=27)]
"""A BCM number."""
Wire = Pin | Literal["none"]
"""An input's pin; TOML has no null, so an input that is not wired says so."""
Seconds = Annotated[float, Meta(ge=1.0, le=30.0)]
Volume = Annotated[float, Meta(ge=0.0, le=1.0)]
Time = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d\Z|^24:00\Z")]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file: frozen, and no key beside its own."""


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Site(_Section, frozen=True):
    """Who runs this gate and where it is (S145, S151).

    Attributes:
        name: of the site.
        portal: of this gate.
        timezone: IANA name; schedules are in its civil time.
        operator: who runs the gate.
        contact: how residents reach the person responsible for their data.
        simulation: devices may be simulated; never at a real gate.

    """

    name: Name = "demo site"
    portal: Annotated[str, Meta(min_length=1, max_length=64)] = "gate 1"
    timezone: Name = "Asia/Shanghai"
    operator: Name = "not set"
    contact: Name = "not set"
    simulation: bool = False


class Store(_Section, frozen=True):
    """Where the gate keeps what it keeps.

    Attributes:
        folder: of roster, gallery and log; only the gate's user may enter it.
        key: where the root key comes from: "file" for development, systemd's "credential", "otp"
            of the Pi, or "tpm".
        key_file: "file": the key itself, best on another medium than `folder`; "otp": the secret
            mixed in; "tpm": the key as the chip sealed it.
        credential: "credential": its name in the service's unit.
        otp_key: "otp": the slot of the device key.
        tpm: "tpm": how the chip is reached (TCTI).

    """

    folder: Name = "state"
    key: Literal["file", "credential", "otp", "tpm"] = "file"
    key_file: Name = "device.key"
    credential: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,80}\Z")] = "sanmen.key"
    otp_key: Annotated[int, Meta(ge=1, le=255)] = 1
    tpm: Name = "device:/dev/tpmrm0"


class DoorSection(_Section, frozen=True):
    """The lock and the inputs of the portal; see hardware.ports.DoorOptions.

    Attributes:
        driver: "gpio" on a Pi; "mock" elsewhere.
        lock: fail-secure "strike" or fail-safe "maglock".
        pulse_s: how long a grant releases the lock, seconds.
        held_open_s: how long the door may stand open, seconds.
        debounce_ms: an input counts when it was stable for so long, milliseconds.

    """

    driver: Literal["gpio", "mock"] = "gpio"
    lock: Literal["strike", "maglock"] = "strike"
    strike_releases_on_fire: bool = False
    pulse_s: Seconds = 4.0
    held_open_s: Annotated[float, Meta(ge=5.0, le=600.0)] = 30.0
    debounce_ms: Annotated[int, Meta(ge=1, le=500)] = 30
    relay_pin: Pin = 17
    door_pin: Wire = 27
    rex_pin: Wire = 22
    fire_pin: Wire = 23
    tamper_pin: Wire = 24


class ReaderSection(_Section, frozen=True):
    """The card reader; see hardware.ports.ReaderOptions.

    Attributes:
        driver: "pcsc" (USB), "pn532", "osdp", or "sim", which needs site.simulation.
        source: device path, or part of a PC/SC reader's name; empty = the first.
        key_file: an OSDP reader's secure channel key.
        application: the site's DESFire application, 6 hex digits; F5xxxx is free to choose.
        community: the site's number on its cards, 8 hex digits.

    """

    driver: Literal["none", "sim", "pcsc", "pn532", "osdp"] = "none"
    source: str = ""
    key_file: str = ""
    application: Annotated[str, Meta(pattern=r"^[Ff]5[0-9A-Fa-f]{4}\Z")] = "F5534D"
    community: Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{8}\Z")] = "00000000"


class Methods(_Section, frozen=True):
    """The doors of this gate; face alone is refused (law 1, S2)."""

    card: bool = True
    qr: bool = True
    face: bool = False


class FaceSection(_Section, frozen=True):
    """Face settings; one threshold for everybody (law 10, S173).

    Attributes:
        near_px: smallest eye distance that counts as near, pixels.
        threshold: smallest comparison score of a match; models.toml says how it was chosen.
        margin: how far the best score must be clear of the second person's (S129).
        attempts: failed attempts before face pauses (S124).
        pause_s: first pause, seconds; doubled each time.
        grace_h: how long face goes on when no other door works, hours (law 1).

    """

    near_px: Annotated[float, Meta(ge=40.0, le=300.0)] = 60.0
    threshold: Annotated[float, Meta(ge=0.45, le=0.9)] = 0.58
    margin: Annotated[float, Meta(ge=0.02, le=0.5)] = 0.06
    attempts: Annotated[int, Meta(ge=1, le=10)] = 3
    pause_s: Annotated[float, Meta(ge=10.0, le=3600.0)] = 60.0
    grace_h: Annotated[float, Meta(ge=0.0, le=24.0)] = 4.0


class VisitorSection(_Section, frozen=True):
    """What residents may pass on to their guests, the same for all of them (S6).

    Attributes:
        allowed: visitor passes are taken at all.
        max_hours: from a pass's opening to its end, hours.
        max_uses: entries of one pass at each gate.
        static: printed passes for guests without a phone, which anybody who sees one can show:
            one gate, one entry, four hours at most.
        gate_number: of this gate among those of the site, the same in the residents' app.

    """

    allowed: bool = True
    max_hours: Annotated[int, Meta(ge=1, le=168)] = 24
    max_uses: Annotated[int, Meta(ge=1, le=100)] = 10
    static: bool = False
    gate_number: Annotated[int, Meta(ge=0, le=31)] = 0


class OpenPeriod(_Section, frozen=True):
    """Hours in which residents pass, the same for card, QR and face."""

    days: Annotated[tuple[Day, ...], Meta(min_length=1, max_length=7)]
    opens: Time = "00:00"
    closes: Time = "24:00"


class LogSection(_Section, frozen=True):
    """The log of events (S164).

    Attributes:
        retention_days: how long an event is kept, days.
        checkpoint_every: events from one signed checkpoint to the next.

    """

    retention_days: Annotated[int, Meta(ge=180, le=3650)] = 180
    checkpoint_every: Annotated[int, Meta(ge=1, le=100_000)] = 256


class ScheduleSection(_Section, frozen=True):
    """When the gate serves residents; without a period, always.

    Attributes:
        periods: the hours of ordinary days.
        holidays: dates on which `holiday_periods` take their place.
        holiday_periods: the hours of holidays; none = shut.

    """

    periods: tuple[OpenPeriod, ...] = ()
    holidays: Annotated[tuple[date, ...], Meta(max_length=400)] = ()
    holiday_periods: tuple[OpenPeriod, ...] = ()


class ConsentSection(_Section, frozen=True):
    """What a consent to face may be at most (S101, S107).

    Attributes:
        term_days: how long it holds unless withdrawn earlier; never more than three years.
        jurisdiction: whose law holds, ISO 3166-1.

    """

    term_days: Annotated[int, Meta(ge=1, le=1095)] = 365
    jurisdiction: Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")] = "CN"


class RetentionSection(_Section, frozen=True):
    """What `sanmen sweep` lets stand, and for how long (S35, S52).

    Attributes:
        moved_out_days: a resident whose validity ended so long ago is erased.

    """

    moved_out_days: Annotated[int, Meta(ge=0, le=365)] = 30


class UiSection(_Section, frozen=True):
    """The touchscreen.

    Attributes:
        port: of the loopback address; 0 = a free one, as the launch file tells.
        language: the screen's, until somebody chooses the other.
        idle_s: so long after the last touch the next person finds the usual language and size.
        night: begin and end, over midnight if the end is earlier; the screen is dark then.
        volume: of sounds by day and by night, 0 to 1.

    """

    port: Annotated[int, Meta(ge=0, le=65535)] = 8460
    language: Literal["zh", "en"] = "zh"
    idle_s: Annotated[float, Meta(ge=10.0, le=600.0)] = 60.0
    night: tuple[Time, Time] = ("22:00", "06:00")
    volume: tuple[Volume, Volume] = (0.8, 0.3)


class Config(_Section, frozen=True):
    """All settings of one gate."""

    site: Site = msgspec.field(default_factory=Site)
    store: Store = msgspec.field(default_factory=Store)
    camera: CameraSection = msgspec.field(default_factory=CameraSection)
    infrared: InfraredCameraSection = msgspec.field(default_factory=InfraredCameraSection)
    door: DoorSection = msgspec.field(default_factory=DoorSection)
    reader: ReaderSection = msgspec.field(default_factory=ReaderSection)
    sound: SoundSection = msgspec.field(default_factory=SoundSection)
    indicator: IndicatorSection = msgspec.field(default_factory=IndicatorSection)
    methods: Methods = msgspec.field(default_factory=Methods)
    face: FaceSection = msgspec.field(default_factory=FaceSection)
    log: LogSection = msgspec.field(default_factory=LogSection)
    visitors: VisitorSection = msgspec.field(default_factory=VisitorSection)
    pad: PadSection = msgspec.field(default_factory=PadSection)
    schedule: ScheduleSection = msgspec.field(default_factory=ScheduleSection)
    consent: ConsentSection = msgspec.field(default_factory=ConsentSection)
    retention: RetentionSection = msgspec.field(default_factory=RetentionSection)
    ui: UiSection = msgspec.field(default_factory=UiSection)
