"""Draws the wiring page's pictures from wiring.toml; pins come from the program's own defaults.

Run it in the repository after a change: `PYTHONPATH=. python deploy/wiring/draw.py`. Each picture
is a plain SVG; `tests/deploy/test_wiring.py` compares its pins with the code and looks, in
Chromium, that no text lies over another, over a wire or outside.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from hardware.ports import LED_LINES, DoorPins

HERE: Final = Path(__file__).parent
BCM_AT: Final = (
    *("3V3", "5V", 2, "5V", 3, "GND", 4, 14, "GND", 15, 17, 18, 27, "GND", 22, 23, "3V3", 24),
    *(10, "GND", 9, 25, 11, 8, "GND", 7, 0, 1, 5, "GND", 6, 12, 13, "GND", 19, 16, 26, 20),
    *("GND", 21),
)
"""The 40-pin header of every Raspberry Pi since the 2 B: pin 1 first; a number is a BCM line."""
COLOURS: Final = {
    "red": "#c62828",
    "black": "#222222",
    "blue": "#1565c0",
    "green": "#2e7d32",
    "orange": "#e65100",
    "violet": "#6a1b9a",
    "brown": "#5d4037",
    "grey": "#757575",
}
STYLE: Final = (
    "text{font-family:'Noto Sans CJK SC','Noto Sans SC','PingFang SC','Microsoft YaHei',"
    "sans-serif;fill:#1b1b1b}.t{font-size:24px;font-weight:700}.n{font-size:17px;font-weight:700}"
    ".e{font-size:14px;fill:#444}.p{font-size:14px}.w{font-size:14px;font-weight:700}"
    ".s{font-size:14px;fill:#8a1f11;font-weight:700}"
)


def lines() -> dict[str, int]:
    """Return the BCM number of each signal, as the program has it by default."""
    door = DoorPins()
    wired = {"relay": door.relay, "door": door.door, "rex": door.rex, "fire": door.fire}
    wired |= {"tamper": door.tamper, "lamp": LED_LINES["infrared"], "uart-tx": 14, "uart-rx": 15}
    wired |= {name: LED_LINES[name] for name in ("red", "green", "blue")}
    return {name: pin for name, pin in wired.items() if pin is not None}


def pin_of(bcm: int) -> int:
    """Return where on the header a BCM line is."""
    return BCM_AT.index(bcm) + 1


@dataclass(frozen=True, slots=True)
class Terminal:
    """One screw or pin.

    Attributes:
        x, y: where a wire meets it.
        side: of its part: "left", "right", "top" or "bottom".
        words: on it.

    """

    x: float
    y: float
    side: str
    words: str


class Sheet:
    """One picture that grows."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.parts: list[str] = []
        self.wires: list[str] = []
        self.terminals: dict[str, Terminal] = {}

    def text(self, x: float, y: float, words: str, kind: str = "p", anchor: str = "start") -> None:
        """Put one line of text; y is its baseline."""
        self.parts.append(
            f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">'
            f"{escape(words)}</text>"
        )

    def part(self, one: dict[str, Any]) -> None:
        """Draw a box with its names and terminals."""
        x, y, w, h = one["box"]
        fill = one.get("fill", "#f7f3ea")
        self.parts.append(
            f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="8" fill="{fill}" '
            'stroke="#444" stroke-width="2"/>'
        )
        top = y + one.get("head", 24)
        for number, (words, kind) in enumerate(
            [(one["zh"], "n"), *((words, "e") for words in (one["en"], *one.get("more", ())))]
        ):
            self.text(x + w / 2, top + 20 * number, words, kind, "middle")
        for key, spot in one.get("at", {}).items():
            self._terminal(f"{one['id']}.{key}", one["box"], spot)
        if "contact" in one:
            self._contact(one["box"], one["contact"], closed=one["closed"])

    def wire(self, one: dict[str, Any]) -> None:
        """Draw a wire from terminal to terminal, by its corners."""
        start, end = (self.terminals[one[key]] for key in ("from", "to"))
        corners = [(start.x, start.y)]
        if "lane" in one:
            corners += [(one["lane"], start.y), (one["lane"], end.y)]
        corners.append((end.x, end.y))
        points = " ".join(f"{x:g},{y:g}" for x, y in corners)
        width = 8 if one.get("ribbon") else 3
        ends = quoteattr(f"{one['from']}>{one['to']}")
        dashed = ' stroke-dasharray="8 5"' if one.get("optional") else ""
        self.wires.append(
            f'<polyline data-wire={ends} points="{points}" fill="none" '
            f'stroke="{COLOURS[one["colour"]]}" stroke-width="{width}"{dashed}/>'
        )
        if "label" in one:
            x, y, words = one["label"]
            self.text(x, y, words, "w", "middle")

    def svg(self) -> str:
        """Return the whole picture."""
        width, height = self.data["size"]
        title = f"{self.data['zh']} · {self.data['en']}"
        body = "\n".join([*self.wires, *self.parts])
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'role="img" aria-label={quoteattr(title)}>\n<style>{STYLE}</style>\n'
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
            f'<text class="t" x="30" y="42">{escape(title)}</text>\n{body}\n</svg>\n'
        )

    def _terminal(self, name: str, box: list[float], spot: dict[str, Any]) -> None:
        x, y, w, h = box
        side, place = spot["side"], spot["place"]
        at = {"left": (x, place), "right": (x + w, place), "top": (place, y)}
        at["bottom"] = (place, y + h)
        words = spot.get("words", "")
        if "signal" in spot:
            bcm = lines()[spot["signal"]]
            words = f"{words} GPIO {bcm} · 针 pin {pin_of(bcm)}".strip()
        if "pin" in spot:
            words = f"{words} · 针 pin {spot['pin']}"
        here = Terminal(*at[side], side, words)
        self.terminals[name] = here
        self.parts.append(
            f'<circle data-terminal={quoteattr(name)} cx="{here.x:g}" cy="{here.y:g}" r="5" '
            'fill="#fff" stroke="#222" stroke-width="2"/>'
        )
        shift = {"left": (12, 5, "start"), "right": (-12, 5, "end")}
        shift |= {"top": (0, 22, "middle"), "bottom": (0, -12, "middle")}
        dx, dy, anchor = shift[side]
        self.text(here.x + dx, here.y + dy, words, "p", anchor)

    def _contact(self, box: list[float], y: float, *, closed: bool) -> None:
        """Draw a switch between the two sides of a box."""
        x, _, w, _ = box
        left, right = x + w / 2 - 26, x + w / 2 + 26
        lift = 0 if closed else 14
        self.parts.append(
            f'<path d="M{x + 5} {y}H{left}M{right} {y}H{x + w - 5}M{left} {y}L{right} {y - lift}" '
            'fill="none" stroke="#222" stroke-width="3"/>'
            f'<circle cx="{left}" cy="{y}" r="4"/><circle cx="{right}" cy="{y}" r="4"/>'
        )


def circuit(data: dict[str, Any]) -> str:
    """Return the picture of boxes and wires."""
    sheet = Sheet(data)
    for one in data.get("part", ()):
        sheet.part(one)
    for one in data.get("wire", ()):
        sheet.wire(one)
    for one in data.get("shape", ()):
        sheet.parts.append(one)
    for x, y in data.get("joint", ()):
        sheet.parts.append(f'<circle cx="{x}" cy="{y}" r="5" fill="#222"/>')
    for note in data.get("note", ()):
        x, y, words, *kind = note
        sheet.text(x, y, words, *kind)
    return sheet.svg()


def header(data: dict[str, Any]) -> str:
    """Return the picture of the Pi's pin header with what hangs on each pin."""
    sheet = Sheet(data)
    used = {pin_of(lines()[name]): words for name, words in data["signal"].items()}
    used |= {int(pin): words for pin, words in data["supply"].items()}
    optional = {pin_of(lines()[name]) for name in data["optional"]} | set(data["optional_pins"])
    x, y, pitch = data["corner"][0], data["corner"][1], 30
    sheet.parts.append(
        f'<rect x="{x - 30}" y="{y - 26}" width="120" height="{20 * pitch + 20}" rx="8" '
        'fill="#1e5b33"/>'
    )
    for pin, bcm in enumerate(BCM_AT, 1):
        right = pin % 2 == 0
        cx, cy = x + 60 * right, y + (pin - 1) // 2 * pitch
        fill = {"3V3": "#ef9a9a", "5V": "#ef5350", "GND": "#424242"}.get(str(bcm), "#fff59d")
        if pin not in used:
            fill = "#9bb5a4"
        ink = "#fff" if bcm == "GND" and pin in used else "#111"
        sheet.parts.append(
            f'<circle cx="{cx}" cy="{cy}" r="13" fill="{fill}" stroke="#111"/>'
            f'<text class="p" x="{cx}" y="{cy + 5}" text-anchor="middle" style="fill:{ink}">'
            f"{pin}</text>"
        )
        if pin in used:
            name = f"GPIO {bcm}" if isinstance(bcm, int) else str(bcm).replace("3V3", "3.3 V")
            words = f"{used[pin]} · {name}" if not right else f"{name} · {used[pin]}"
            kind = "e" if pin in optional else "w"
            edge, end = (cx + 30, cx + 48) if right else (cx - 30, cx - 48)
            sheet.wires.append(
                f'<polyline data-wire="pin {pin}" points="{edge},{cy} {end},{cy}" fill="none" '
                'stroke="#444" stroke-width="2"/>'
            )
            sheet.text(end + (8 if right else -8), cy + 5, words, kind, "start" if right else "end")
    for note in data.get("note", ()):
        sheet.text(*note)
    return sheet.svg()


def pictures() -> dict[str, str]:
    """Return each picture by its file's name."""
    data = tomllib.loads((HERE / "wiring.toml").read_text("utf-8"))
    return {
        f"{name}.svg": header(one) if "signal" in one else circuit(one)
        for name, one in data.items()
    }


def main() -> None:
    """Draw them all."""
    for name, content in pictures().items():
        (HERE / name).write_text(content, "utf-8")


if __name__ == "__main__":
    main()
