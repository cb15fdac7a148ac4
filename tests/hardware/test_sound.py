"""The loudspeaker: missing, failing, hanging or slow, it holds nobody up; its tones are right."""

from __future__ import annotations

import struct
import sys
import time
import wave
from io import BytesIO
from threading import active_count
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hardware import sound_alsa
from hardware.board import open_sound
from hardware.ports import SoundOptions
from hardware.sound_alsa import AlsaSound
from hardware.tones import SOUNDS, Tone, wav

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.rig.clock import HandClock

PATIENCE_S = 20.0


@pytest.fixture
def make(
    tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], AlsaSound]]:
    """Open the driver with a player that is this script."""
    monkeypatch.setattr(sound_alsa, "LONGEST_S", 0.5)
    made: list[AlsaSound] = []

    def build(script: str) -> AlsaSound:
        player = tmp_path / "player"
        player.write_text(f"#!{sys.executable}\nimport sys, time, pathlib\n{script}\n")
        player.chmod(0o700)
        sound = open_sound(SoundOptions("alsa", "hw:3", str(player)), clock)
        assert isinstance(sound, AlsaSound)
        made.append(sound)
        return sound

    yield build
    for one in made:
        one.close()


def until(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def test_a_player_that_is_missing_is_told_and_harms_nobody(clock: HandClock) -> None:
    sound = open_sound(SoundOptions("alsa", player="/nowhere/aplay"), clock)
    sound.play("granted", 1.0)
    until(lambda: "/nowhere/aplay" in sound.fault)
    sound.play("granted", 1.0)
    sound.close()
    sound.close()


def test_a_player_that_fails_leaves_its_words(make: Callable[[str], AlsaSound]) -> None:
    sound = make("sys.stderr.write('no such card\\n'); sys.exit(1)")
    sound.play("refused", 1.0)
    until(lambda: sound.fault == "no such card")


def test_a_player_that_hangs_is_killed_and_the_next_sound_is_tried(
    make: Callable[[str], AlsaSound], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    sound = make(f"open({str(log)!r}, 'a').write('x'); time.sleep(600)")
    before = time.monotonic()
    for _ in range(50):
        sound.play("granted", 1.0)
    assert time.monotonic() - before < 5  # two sounds that hang take longer
    until(lambda: sound.fault.endswith("hung"))

    def tried_again() -> bool:  # a player that starts too slowly here is killed before it writes
        sound.play("granted", 1.0)
        return log.exists() and len(log.read_text()) > 1

    until(tried_again)


def test_closing_while_a_player_hangs_ends_it_at_once(
    make: Callable[[str], AlsaSound], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound_alsa, "LONGEST_S", 600.0)
    threads, log = active_count(), tmp_path / "log"
    sound = make(f"pathlib.Path({str(log)!r}).touch(); time.sleep(600)")
    sound.play("granted", 1.0)
    until(log.exists)
    sound.close()
    assert active_count() == threads


def test_the_player_is_given_the_device_and_the_sound(
    make: Callable[[str], AlsaSound], tmp_path: Path
) -> None:
    heard, told = tmp_path / "heard", tmp_path / "told"
    sound = make(
        f"open({str(heard)!r}, 'wb').write(sys.stdin.buffer.read())\n"
        f"open({str(told)!r}, 'w').write(' '.join(sys.argv[1:]) + '\\n')"
    )
    sound.play("granted", 0.5)
    until(lambda: told.exists() and told.read_text().endswith("\n"))
    assert told.read_text() == "-q -D hw:3 -t wav -\n"
    assert heard.read_bytes() == wav(SOUNDS["granted"], 0.5)
    until(lambda: sound._playing is None)
    assert sound.fault == ""


@pytest.mark.parametrize(
    ("name", "volume"), [("unknown", 1.0), ("granted", 0.0), ("granted", float("nan"))]
)
def test_what_is_unknown_or_without_volume_is_silence(
    make: Callable[[str], AlsaSound], name: str, volume: float
) -> None:
    sound = make("")
    sound.play(name, volume)
    assert sound._next is None


def test_no_sound_is_a_driver_too(clock: HandClock) -> None:
    sound = open_sound(SoundOptions("none"), clock)
    sound.play("granted", 1.0)
    assert sound.fault == ""
    sound.close()


def samples(tones: tuple[Tone, ...], volume: float) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    with wave.open(BytesIO(wav(tones, volume))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


@pytest.mark.parametrize(
    ("name", "notes"),
    [
        ("granted", [(880, 90), (1175, 90)]),
        ("refused", [(330, 220)]),
        ("key", [(1000, 15)]),
        ("held", [(600, 150)]),
    ],
)
def test_the_notes_are_those_of_the_words_table(name: str, notes: list[tuple[int, int]]) -> None:
    heard = samples(SOUNDS[name], 1.0)
    at = 0
    for hz, ms in notes:
        part = heard[at : at + 16 * ms].astype(float)
        spectrum = np.abs(np.fft.rfft(part, 160_000))
        assert abs(int(spectrum.argmax()) / 10 - hz) <= 4
        at += 16 * ms
    assert not heard[at:].any()
    assert len(heard) - at == 800


@pytest.mark.parametrize(
    ("volume", "peak"),
    [(1.0, 29_490), (0.5, 14_745), (2.0, 29_490), (-1.0, 0), (float("nan"), 0)],
)
def test_volume_is_between_silence_and_full(volume: float, peak: int) -> None:
    heard = samples((Tone(1000, 0.1),), volume)
    assert abs(int(np.abs(heard).max()) - peak) <= 40


def test_a_wav_file_is_riff_as_its_header_says() -> None:
    made = wav((Tone(440, 0.01),), 1.0)
    assert made[:4] + made[8:16] == b"RIFFWAVEfmt "
    assert struct.unpack("<I", made[4:8])[0] == len(made) - 8
    assert made[36:40] == b"data"
    assert struct.unpack("<I", made[40:44])[0] == len(made) - 44 == 2 * (160 + 800)
