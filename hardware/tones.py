"""The gate's sounds as tones, and tones as a WAV file in memory."""

from __future__ import annotations

import math
import struct
from array import array
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

RATE: Final = 16_000
"""Samples a second, one channel, 16 bits."""
EDGE_S: Final = 0.005
"""Each tone swells and fades for so long, so that it does not click."""
TAIL_S: Final = 0.05
"""Silence at the end: sound cards cut the last samples off."""
LOUDEST: Final = 0.9


@dataclass(frozen=True, slots=True)
class Tone:
    """One tone; 0 Hz is a pause.

    Attributes:
        hz: its frequency.
        span_s: how long, seconds.

    """

    hz: float
    span_s: float


SOUNDS: Final = MappingProxyType(
    {
        "granted": (Tone(880, 0.09), Tone(1175, 0.09)),
        "refused": (Tone(330, 0.22),),
        "key": (Tone(1000, 0.015),),
        "held": (Tone(600, 0.15),),
        "alarm": (Tone(960, 0.25), Tone(0, 0.1), Tone(960, 0.25), Tone(0, 0.1), Tone(960, 0.25)),
        "help": (Tone(660, 0.12), Tone(880, 0.12)),
    }
)
"""Two rising notes for yes, one soft low one for no; each also has a picture and words."""


def wav(tones: tuple[Tone, ...], volume: float) -> bytes:
    """Return a WAV file (RIFF, PCM) of tones one after the other.

    Args:
        tones: what to hear.
        volume: 0 to 1; anything beyond is taken as the nearer end, and what is no number as 0.

    """
    loudness = min(max(volume, 0.0), 1.0) if volume == volume else 0.0  # noqa: PLR0124 - not NaN
    samples = array("h")
    for tone in tones:
        count = round(tone.span_s * RATE)
        edge = EDGE_S * RATE
        for number in range(count):
            swell = min(1.0, number / edge, (count - number) / edge)
            wave = math.sin(2 * math.pi * tone.hz * number / RATE)
            samples.append(round(32_767 * LOUDEST * loudness * swell * wave))
    samples.extend([0] * round(TAIL_S * RATE))
    # WAV is little-endian; so are all machines this runs on, and the test of the bytes says so.
    data = samples.tobytes()
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    head = struct.pack("<4sI4s", b"RIFF", 4 + len(form) + 8 + len(data), b"WAVE")
    return head + form + struct.pack("<4sI", b"data", len(data)) + data
