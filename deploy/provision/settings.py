"""Writes a gate's configuration, and its network's, from what the technician said."""

# ruff: noqa: RUF001 - Chinese has its own punctuation

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from appliance.config import parse
from appliance.errors import ConfigError
from provision.gate_file import GateFileError, line_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provision.answers import Answers

READER_KEY: Final = "/var/lib/sanmen/reader/osdp.key"
STORE: Final = "/var/lib/sanmen/gate"
HEAD: Final = "# Made at first start from the technician's gate.toml. 首次启动时生成。"
Value = str | float | bool
PLACES: Final = {
    "site.portal": ("gate", "name"),
    "visitors.gate_number": ("gate", "number"),
    "pins": ("door", "relay_pin"),
}
"""Keys of the gate's configuration that have another name in the technician's file."""


def configuration(answers: Answers, text: str) -> str:
    """Return the gate's own configuration file, checked as the gate will check it.

    Args:
        answers: of the technician.
        text: of the file they are from, to name a line.

    Raises:
        GateFileError: the whole contradicts itself: pins used twice, face alone, no such zone.

    """
    site, door, reader, camera = answers.site, answers.door, answers.reader, answers.camera
    tables: dict[str, Mapping[str, Value]] = {
        "site": {
            "name": site.name,
            "portal": answers.gate.name,
            "timezone": site.timezone,
            "operator": site.operator,
            "contact": site.contact,
        },
        "store": {"folder": STORE, "key": "credential", "credential": "sanmen.key"},
        "camera": {"driver": camera.driver, "source": camera.source},
        "camera.origin": {"bus": camera.bus, "model": camera.model, "serial": camera.serial},
        "infrared": _fields(answers.infrared),
        "pad": _fields(answers.pad),
        "pad.infrared": {"on": answers.infrared.driver != "none"},
        "pad.screen_light": {"on": answers.pad.emission == "light"},
        "door": {"driver": "gpio", **_fields(door)},
        "reader": {
            "driver": reader.driver,
            "source": reader.source,
            "key_file": READER_KEY if reader.key else "",
            "application": reader.application,
            "community": reader.community,
        },
        "methods": _fields(answers.methods),
        "visitors": {"gate_number": answers.gate.number},
        "sound": _fields(answers.sound),
        "indicator": _fields(answers.indicator),
        "ui": _fields(answers.ui),
    }
    lines = [HEAD]
    for name, section in tables.items():
        lines += ["", f"[{name}]"]
        lines += [f"{key} = {_written(value)}" for key, value in section.items()]
    made = "\n".join(lines) + "\n"
    try:
        parse(made)
    except ConfigError as fault:
        table, key = PLACES.get(fault.thing, (*fault.thing.split("."), "")[:2])
        raise GateFileError(
            line_of(text, table, key) or line_of(text, table),
            f"{fault.thing}：{fault.found} 不行，应为 {fault.expected}。",
            f"{fault.thing}: {fault.found}; should be {fault.expected}.",
        ) from fault
    return made


def network(answers: Answers) -> str:
    """Return the machine's network as systemd-networkd reads it."""
    wanted = answers.network
    if wanted.kind == "none":
        return "[Match]\nName=eth* en*\n\n[Link]\nUnmanaged=yes\n"
    lines = ["[Match]", "Name=eth* en*", "", "[Network]", "LinkLocalAddressing=no"]
    lines += ["LLMNR=no", "MulticastDNS=no"]
    if wanted.address:
        lines += [f"Address={wanted.address}"]
        lines += [f"Gateway={wanted.gateway}"] if wanted.gateway else []
    else:
        lines += ["DHCP=ipv4"]
    return "\n".join(lines) + "\n"


def _fields(section: object) -> dict[str, Value]:
    return {name: getattr(section, name) for name in section.__struct_fields__}  # type: ignore[attr-defined]


def _written(value: Value) -> str:
    """Return a value as TOML; its strings are JSON's but for one sign."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
