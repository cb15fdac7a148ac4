"""What a technician says about a gate: the tables of gate.toml, with ranges, every key known."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from appliance.sections import Name, Seconds, Wire  # noqa: TC001 - msgspec reads them
from appliance.sign_sections import IndicatorSection, SoundSection

Identity = Annotated[str, Meta(max_length=80)]
Key = Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{32})?\Z")]
Address = Annotated[str, Meta(pattern=r"^(\d{1,3}(\.\d{1,3}){3}/\d{1,2})?\Z")]
Host = Annotated[str, Meta(pattern=r"^(\d{1,3}(\.\d{1,3}){3})?\Z")]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file: frozen, and no key beside its own."""


class SiteAnswers(_Section, frozen=True):
    """Who runs the gate."""

    name: Name
    operator: Name
    contact: Name
    timezone: Name = "Asia/Shanghai"


class GateAnswers(_Section, frozen=True):
    """Which gate of the site this is."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    number: Annotated[int, Meta(ge=0, le=31)] = 0


class DoorAnswers(_Section, frozen=True):
    """How the lock is wired; see appliance.sections.DoorSection."""

    lock: Literal["strike", "maglock"]
    strike_releases_on_fire: bool = False
    pulse_s: Seconds = 4.0
    held_open_s: Annotated[float, Meta(ge=5.0, le=600.0)] = 30.0
    relay_pin: Annotated[int, Meta(ge=0, le=27)] = 17
    door_pin: Wire = 27
    rex_pin: Wire = 22
    fire_pin: Wire = 23
    tamper_pin: Wire = 24


class ReaderAnswers(_Section, frozen=True):
    """Which card reader; `key` is a secret."""

    driver: Literal["none", "pcsc", "pn532", "osdp"]
    source: Annotated[str, Meta(max_length=120)] = ""
    key: Key = ""
    application: Annotated[str, Meta(pattern=r"^[Ff]5[0-9A-Fa-f]{4}\Z")] = "F5534D"
    community: Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{8}\Z")] = "00000000"


class CameraAnswers(_Section, frozen=True):
    """Which camera; its port, model and serial are compared at each start, where they are given."""

    driver: Literal["picamera2", "v4l2"] = "picamera2"
    source: Name = "0"
    bus: Identity = ""
    model: Identity = ""
    serial: Identity = ""


class InfraredAnswers(_Section, frozen=True):
    """The second camera; see appliance.camera_section.InfraredCameraSection."""

    driver: Literal["none", "picamera2", "v4l2"] = "none"
    source: Name = "1"
    focal_px: Annotated[float, Meta(ge=100.0, le=5000.0)] = 554.0
    baseline_mm: Annotated[float, Meta(ge=20.0, le=200.0)] = 50.0


class PadAnswers(_Section, frozen=True):
    """What proves that no screen or print is held up; see appliance.pad_section.PadSection."""

    emission: Literal["any", "light", "infrared"] = "any"


class ScreenAnswers(_Section, frozen=True):
    """The touchscreen."""

    language: Literal["zh", "en"] = "zh"


class MethodAnswers(_Section, frozen=True):
    """Which of the three doors are open."""

    card: bool = True
    qr: bool = True
    face: bool = False


class NetworkAnswers(_Section, frozen=True):
    """The machine's network; an empty address is asked for by DHCP."""

    kind: Literal["none", "ethernet"]
    address: Address = ""
    gateway: Host = ""


class EndAnswers(_Section, frozen=True):
    """The last lines: a file cut short does not have them."""

    complete: bool


class Answers(_Section, frozen=True):
    """All a technician says about a gate."""

    site: SiteAnswers
    gate: GateAnswers
    door: DoorAnswers
    reader: ReaderAnswers
    network: NetworkAnswers
    end: EndAnswers
    camera: CameraAnswers = msgspec.field(default_factory=CameraAnswers)
    methods: MethodAnswers = msgspec.field(default_factory=MethodAnswers)
    infrared: InfraredAnswers = msgspec.field(default_factory=InfraredAnswers)
    pad: PadAnswers = msgspec.field(default_factory=PadAnswers)
    sound: SoundSection = msgspec.field(default_factory=SoundSection)
    indicator: IndicatorSection = msgspec.field(default_factory=IndicatorSection)
    ui: ScreenAnswers = msgspec.field(default_factory=ScreenAnswers)
