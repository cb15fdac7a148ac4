"""One TOML file becomes frozen records; ranges are checked and unknown keys refused."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import inspect

from appliance.errors import ConfigError
from appliance.sections import Config, ScheduleSection
from hardware.ports import LED_LINES

if TYPE_CHECKING:
    from pathlib import Path


def load(path: Path) -> Config:
    """Read a configuration; relative paths in it are relative to the file's folder.

    Raises:
        ConfigError: the file does not read, a key is unknown, a value is out of range, or the
            whole contradicts a law of the product.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as fault:
        raise ConfigError(
            f"configuration {path}", fault.strerror, "a readable TOML file"
        ) from fault
    except UnicodeDecodeError as fault:
        raise ConfigError(f"configuration {path}", str(fault), "TOML in UTF-8") from fault
    config = parse(text)
    root = path.resolve().parent
    store = msgspec.structs.replace(
        config.store,
        folder=str(root / config.store.folder),
        key_file=str(root / config.store.key_file),
    )
    camera, reader, infrared = config.camera, config.reader, config.infrared
    if infrared.driver == "file":
        infrared = msgspec.structs.replace(infrared, source=str(root / infrared.source))
    if camera.driver in {"file", "sim"}:
        camera = msgspec.structs.replace(camera, source=str(root / camera.source))
    # The other drivers' is part of a name, or a bus: "uart:/dev/ttyAMA0" is no path.
    if reader.source and reader.driver in {"sim", "osdp"}:
        reader = msgspec.structs.replace(reader, source=str(root / reader.source))
    if reader.key_file:
        reader = msgspec.structs.replace(reader, key_file=str(root / reader.key_file))
    return msgspec.structs.replace(
        config, store=store, camera=camera, infrared=infrared, reader=reader
    )


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
    if config.camera.driver == "sim" and not config.site.simulation:
        raise ConfigError("camera.driver", "'sim'", "a real camera, or site.simulation = true")
    if config.camera.driver == "file" and not config.site.simulation:
        raise ConfigError("camera.driver", "'file'", "a camera, or site.simulation = true")
    if config.door.driver == "mock" and not config.site.simulation:
        raise ConfigError("door.driver", "'mock'", "'gpio', or site.simulation = true")
    try:
        ZoneInfo(config.site.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:  # "Asia" is a folder
        raise ConfigError("site.timezone", repr(config.site.timezone), "an IANA zone") from fault
    _check_infrared(config)
    _check_pins(config)
    _check_schedule(config.schedule)


def _check_pins(config: Config) -> None:
    door = config.door
    pins = (door.relay_pin, door.door_pin, door.rex_pin, door.fire_pin, door.tamper_pin)
    wired = [pin for pin in pins if pin != "none"]
    if config.indicator.driver == "leds":
        wired += [LED_LINES["red"], LED_LINES["green"], LED_LINES["blue"]]
    if config.infrared.driver != "none":
        wired.append(LED_LINES["infrared"])
    if len(set(wired)) != len(wired):
        raise ConfigError("pins", str(wired), "a pin of its own for each wire")


def _check_infrared(config: Config) -> None:
    infrared, camera = config.infrared, config.camera
    if infrared.driver == "none":
        if config.pad.infrared.on:
            raise ConfigError("infrared.driver", "'none'", "the second camera of pad.infrared")
        return
    if not config.site.simulation and (infrared.driver == "file" or infrared.lamp == "mock"):
        found = f"{infrared.driver!r} with lamp {infrared.lamp!r}"
        raise ConfigError("infrared", found, "a camera and a lamp, or site.simulation = true")
    if (infrared.driver, infrared.source) == (camera.driver, camera.source):
        raise ConfigError("infrared.source", repr(infrared.source), "another one than the camera's")


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
