"""One TOML file becomes frozen records; ranges are checked and unknown keys refused."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta, inspect

from appliance.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

Name = Annotated[str, Meta(min_length=1, max_length=80)]
Pin = Annotated[int, Meta(ge=0, le=27)]
Wire = Pin | Literal["none"]
"""An input's pin; TOML has no null, so an input that is not wired says so."""
Seconds = Annotated[float, Meta(ge=1.0, le=30.0)]
Time = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


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
        key_file: the device key; best on another medium than `folder`.

    """

    folder: Name = "state"
    key_file: Name = "device.key"


class CameraSection(_Section, frozen=True):
    """The camera; see hardware.ports.CameraOptions."""

    driver: Literal["picamera2", "v4l2", "file"] = "v4l2"
    source: Name = "0"
    width: Annotated[int, Meta(ge=160, le=1920)] = 640
    height: Annotated[int, Meta(ge=120, le=1920)] = 480
    fps: Annotated[float, Meta(ge=1.0, le=60.0)] = 25.0
    repeat: bool = False


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
    """The card reader; "sim" needs site.simulation."""

    driver: Literal["none", "sim"] = "none"
    source: str = ""


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
        pad_threshold: smallest score of the texture cue.
        attempts: failed attempts before face pauses (S124).
        pause_s: first pause, seconds; doubled each time.
        grace_h: how long face goes on when no other door works, hours (law 1).

    """

    near_px: Annotated[float, Meta(ge=40.0, le=300.0)] = 60.0
    threshold: Annotated[float, Meta(ge=0.45, le=0.9)] = 0.58
    margin: Annotated[float, Meta(ge=0.02, le=0.5)] = 0.06
    pad_threshold: Annotated[float, Meta(ge=0.5, le=0.999)] = 0.5
    attempts: Annotated[int, Meta(ge=1, le=10)] = 3
    pause_s: Annotated[float, Meta(ge=10.0, le=3600.0)] = 60.0
    grace_h: Annotated[float, Meta(ge=0.0, le=24.0)] = 4.0


class OpenPeriod(_Section, frozen=True):
    """Hours in which residents pass, the same for card, QR and face."""

    days: Annotated[tuple[Day, ...], Meta(min_length=1, max_length=7)]
    opens: Time = "00:00"
    closes: Time = "24:00"


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


class Config(_Section, frozen=True):
    """All settings of one gate."""

    site: Site = msgspec.field(default_factory=Site)
    store: Store = msgspec.field(default_factory=Store)
    camera: CameraSection = msgspec.field(default_factory=CameraSection)
    door: DoorSection = msgspec.field(default_factory=DoorSection)
    reader: ReaderSection = msgspec.field(default_factory=ReaderSection)
    methods: Methods = msgspec.field(default_factory=Methods)
    face: FaceSection = msgspec.field(default_factory=FaceSection)
    schedule: ScheduleSection = msgspec.field(default_factory=ScheduleSection)


def load(path: Path) -> Config:
    """Read a configuration; relative paths in it are relative to the file's folder.

    Raises:
        ConfigError: the file does not read, a key is unknown, a value is out of range, or the
            whole contradicts a law of the product.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigError(f"configuration {path}", str(fault), "a readable TOML file") from fault
    config = parse(text)
    root = path.resolve().parent
    store = Store(
        folder=str(root / config.store.folder), key_file=str(root / config.store.key_file)
    )
    camera, reader = config.camera, config.reader
    if camera.driver == "file":
        camera = msgspec.structs.replace(camera, source=str(root / camera.source))
    if reader.source:
        reader = msgspec.structs.replace(reader, source=str(root / reader.source))
    return msgspec.structs.replace(config, store=store, camera=camera, reader=reader)


def parse(text: str) -> Config:
    """Turn TOML text into a checked configuration.

    Raises:
        ConfigError: as `load`.

    """
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as fault:  # also numbers of thousands of digits
        raise ConfigError("configuration", str(fault), "TOML") from fault
    try:
        config = msgspec.convert(raw, Config)
    except msgspec.ValidationError as fault:
        raise _explained(str(fault), raw) from fault
    _check(config)
    return config


def _explained(message: str, raw: dict[str, object]) -> ConfigError:
    """Turn the checker's words into key, value and expectation."""
    said, _, place = message.partition(" - at `$")
    key = place.rstrip("`").lstrip(".")
    unknown = re.search(r"unknown field `(.*)`", said)
    if unknown:
        return ConfigError(".".join(filter(None, (key, unknown[1]))), "unknown key", "a known one")
    value: object = raw
    for step in re.findall(r"[^.\[\]]+", key):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit():
            value = value[int(step)]
    if said.startswith("Invalid enum value"):
        return ConfigError(key, repr(value), f"one of {', '.join(_choices(key))}")
    expected = re.sub(r"^Expected ", "", said).replace("`", "")
    return ConfigError(key or "configuration", repr(value), expected.partition(", got")[0])


def _choices(key: str) -> list[str]:
    """Return the words that a key of closed choice takes."""
    kind: inspect.Type = inspect.type_info(Config)
    for step in re.findall(r"[^.\[\]]+", key):
        if isinstance(kind, inspect.StructType):
            kind = next(one.type for one in kind.fields if one.encode_name == step)
        elif isinstance(kind, inspect.VarTupleType):
            kind = kind.item_type
    return [str(word) for word in kind.values] if isinstance(kind, inspect.LiteralType) else []


def _check(config: Config) -> None:
    """Refuse what is right key by key and wrong as a whole."""
    methods = config.methods
    if methods.face and not (methods.card or methods.qr):
        raise ConfigError(
            "methods.face", "the only way in", "card or qr beside it: face is never alone (law 1)"
        )
    if not (methods.card or methods.qr or methods.face):
        raise ConfigError("methods", "none", "at least card or qr")
    if methods.card and config.reader.driver == "none" and not methods.qr:
        raise ConfigError("reader.driver", "'none'", "a reader for the only method, card")
    if config.reader.driver == "sim" and not config.site.simulation:
        raise ConfigError("reader.driver", "'sim'", "a real reader, or site.simulation = true")
    if config.door.driver == "mock" and not config.site.simulation:
        raise ConfigError("door.driver", "'mock'", "'gpio', or site.simulation = true")
    try:
        ZoneInfo(config.site.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:  # "Asia" is a folder
        raise ConfigError("site.timezone", repr(config.site.timezone), "an IANA zone") from fault
    door = config.door
    pins = (door.relay_pin, door.door_pin, door.rex_pin, door.fire_pin, door.tamper_pin)
    wired = [pin for pin in pins if pin != "none"]
    if len(set(wired)) != len(wired):
        raise ConfigError("door pins", str(wired), "a pin of its own for each wire")
    _check_schedule(config.schedule)


def _check_schedule(schedule: ScheduleSection) -> None:
    if schedule.holidays and not schedule.periods:
        raise ConfigError("schedule.holidays", "without periods", "the hours of ordinary days too")
    named = [(f"periods[{n}]", one) for n, one in enumerate(schedule.periods)]
    named += [(f"holiday_periods[{n}]", one) for n, one in enumerate(schedule.holiday_periods)]
    for name, period in named:
        if period.opens == "24:00" or period.closes in ("00:00", period.opens):
            raise ConfigError(
                f"schedule.{name}",
                f"{period.opens} to {period.closes}",
                "a span of time; midnight opens at 00:00 and closes at 24:00",
            )
