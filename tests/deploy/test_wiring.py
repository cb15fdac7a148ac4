"""The wiring page's pictures: pins are the program's, escape is by wire, words are legible."""

from __future__ import annotations

import itertools
import re
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from appliance.sections import DoorSection
from tests.deploy.provision_world import DEPLOY

from provision.answers import DoorAnswers  # isort: skip

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

HERE = DEPLOY / "wiring"
sys.path.insert(0, str(HERE))

import draw  # noqa: E402 - a script beside its pictures

DATA: dict[str, Any] = tomllib.loads((HERE / "wiring.toml").read_text("utf-8"))
PICTURES = sorted(HERE.glob("*.svg"))
CIRCUITS = [name for name, one in DATA.items() if "wire" in one]
TEXT = re.compile(r"<text[^>]*>([^<]*)</text>")


def texts(name: str) -> list[str]:
    return TEXT.findall((HERE / f"{name}.svg").read_text("utf-8"))


def test_the_pictures_are_as_the_script_draws_them_now() -> None:
    drawn = draw.pictures()
    assert sorted(drawn) == [one.name for one in PICTURES]
    for one in PICTURES:
        assert one.read_text("utf-8") == drawn[one.name], f"run deploy/wiring/draw.py: {one.name}"


@pytest.mark.parametrize(
    ("picture", "signal", "bcm", "pin"),
    [
        ("strike", "relay", 17, 11),
        ("maglock", "relay", 17, 11),
        ("inputs", "door", 27, 13),
        ("inputs", "rex", 22, 15),
        ("inputs", "fire", 23, 16),
        ("inputs", "tamper", 24, 18),
    ],
)
def test_each_signal_is_drawn_at_the_pin_that_the_program_takes_by_default(
    picture: str, signal: str, bcm: int, pin: int
) -> None:
    assert f"GPIO {bcm} · 针 pin {pin}" in texts(picture)
    assert getattr(DoorSection(), f"{signal}_pin") == bcm
    assert getattr(DoorAnswers(lock="strike"), f"{signal}_pin") == bcm
    assert any(f"GPIO {bcm}" in one for one in texts("header"))


def test_the_sample_for_the_technician_names_the_same_relay_pin() -> None:
    sample = (DEPLOY / "provision/gate.toml").read_text("utf-8")
    assert "# relay_pin = 17 " in sample


def test_supply_pins_are_supply_pins_and_no_pin_is_used_twice() -> None:
    kinds = {"5 V": "5V", "3.3 V": "3V3", "GND": "GND"}
    used: dict[int, str] = {}
    for name in CIRCUITS:
        for one in texts(name):
            found = re.fullmatch(r"(.*?) · 针 pin (\d+)", one)
            if not found:
                continue
            words, pin = found[1], int(found[2])
            line = re.search(r"GPIO (\d+)", words)
            assert draw.BCM_AT[pin - 1] == (int(line[1]) if line else kinds[words])
            assert used.setdefault(pin, words) == words  # the two locks share the relay's pins
    header = {
        int(pin) for pin in re.findall(r'data-wire="pin (\d+)"', (HERE / "header.svg").read_text())
    }
    assert set(used) <= header


@pytest.mark.parametrize(
    ("bcm", "pin"), [(2, 3), (3, 5), (14, 8), (15, 10), (17, 11), (18, 12), (27, 13), (24, 18)]
)
def test_the_header_is_the_raspberry_pis(bcm: int, pin: int) -> None:
    assert draw.pin_of(bcm) == pin
    assert len(draw.BCM_AT) == 40
    grounds = [at for at, one in enumerate(draw.BCM_AT, 1) if one == "GND"]
    assert grounds == [6, 9, 14, 20, 25, 30, 34, 39]


@pytest.mark.parametrize("name", CIRCUITS)
def test_every_wire_ends_at_terminals_and_every_terminal_but_the_open_contact_has_one(
    name: str,
) -> None:
    there = {f"{part['id']}.{key}" for part in DATA[name]["part"] for key in part.get("at", {})}
    ends = {one[key] for one in DATA[name]["wire"] for key in ("from", "to")}
    assert ends <= there
    spare = {"strike": {"relay.nc"}, "maglock": {"relay.no"}}
    assert there - ends == spare.get(name, set())


def reaches(name: str, start: str, end: str, through: dict[str, str]) -> bool:
    """Say whether current finds a way, over wires and through the contacts given."""
    ways = [(one["from"], one["to"]) for one in DATA[name]["wire"]] + list(through.items())
    seen = {start}
    for _ in ways:
        for one, other in ways:
            if (one in seen) != (other in seen):
                seen |= {one, other}
    return end in seen


FIRE, REX, RELAY = ("fire.a", "fire.b"), ("rex.a", "rex.b"), ("relay.com", "relay.nc")


def test_a_maglock_has_power_only_while_fire_exit_button_and_relay_let_it() -> None:
    contacts = (FIRE, REX, RELAY)
    assert reaches("maglock", "supply.p", "lock.p", dict(contacts))
    for broken in contacts:
        rest = dict(one for one in contacts if one != broken)
        assert not reaches("maglock", "supply.p", "lock.p", rest), broken
    assert reaches("maglock", "supply.m", "lock.m", {})


def test_a_strike_has_power_only_while_the_relay_pulls_in() -> None:
    assert not reaches("strike", "supply.p", "lock.p", {"relay.com": "relay.nc"})
    assert reaches("strike", "supply.p", "lock.p", {"relay.com": "relay.no"})
    assert reaches("strike", "supply.m", "lock.m", {})


def test_no_supply_is_shorted_and_no_lock_voltage_reaches_the_pi() -> None:
    for name in ("strike", "maglock"):
        assert not reaches(name, "supply.p", "supply.m", {"relay.com": "relay.no"})
        for pin in ("pi.v", "pi.s", "pi.g"):
            assert not reaches(name, "supply.p", pin, {"relay.com": "relay.no", "fire.a": "fire.b"})


MEASURE = """() => [...document.querySelectorAll('svg text')].map(one => {
  const box = one.getBBox(); return [one.textContent, box.x, box.y, box.width, box.height] })"""
SEGMENTS = """() => [...document.querySelectorAll('polyline')].map(
  one => one.getAttribute('points').split(' ').map(pair => pair.split(',').map(Number)))"""
Box = tuple[str, float, float, float, float]


def over(one: Box, other: Box) -> bool:
    """Say whether two texts lie over each other, but for the air around letters."""
    air = 2.0
    _, x, y, w, h = one
    _, u, v, a, b = other
    return x + air < u + a and u + air < x + w and y + 2 * air < v + b and v + 2 * air < y + h


@pytest.mark.parametrize("picture", PICTURES, ids=lambda one: one.stem)
def test_no_word_lies_on_another_on_a_wire_or_outside(chromium: Browser, picture: Path) -> None:
    page = chromium.new_page()
    page.set_content(picture.read_text("utf-8"))
    page.evaluate("document.fonts.ready")
    boxes: list[Box] = [tuple(one) for one in page.evaluate(MEASURE)]
    wires = page.evaluate(SEGMENTS)
    page.close()
    found = re.search(r'viewBox="0 0 (\d+) (\d+)"', picture.read_text("utf-8"))
    assert found
    width, height = int(found[1]), int(found[2])
    assert len(boxes) >= 12
    for words, x, y, w, h in boxes:
        assert x >= 0, words
        assert y >= 0, words
        assert x + w <= width, words
        assert y + h <= height, words
    lying = [
        (one[0], other[0]) for one, other in itertools.combinations(boxes, 2) if over(one, other)
    ]
    assert lying == []
    crossed = [
        one[0]
        for wire in wires
        for (x, y), (u, v) in itertools.pairwise(wire)
        for one in boxes
        if over(one, ("", min(x, u) - 2, min(y, v) - 3, abs(x - u) + 4, abs(y - v) + 6))
    ]
    assert crossed == []


def test_the_page_shows_every_picture_and_names_who_must_look_over_it() -> None:
    page = (HERE / "README.md").read_text("utf-8")
    for one in PICTURES:
        assert f"({one.name})" in page
    for link in re.findall(r"\]\(([^)#:]+)\)", page):
        assert (HERE / link).exists(), link
    assert "locksmith" in page
    assert "fire engineer" in page
    assert "消防" in page
