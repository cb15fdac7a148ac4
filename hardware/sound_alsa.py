"""A loudspeaker behind ALSA: generated tones through `aplay`, in a thread that nobody waits for."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from threading import Condition, Thread
from typing import TYPE_CHECKING, Final

from hardware.tones import SOUNDS, wav

if TYPE_CHECKING:
    from hardware.ports import Clock, SoundOptions

LONGEST_S: Final = 3.0
"""No sound is longer; a player that still runs then hangs, and is killed."""
JOIN_S: Final = 2.0
MOST_WORDS: Final = 200


class AlsaSound:
    """Plays one sound after the other and keeps only the newest of those that wait.

    A player that is missing, fails or hangs leaves its reason in `fault` and the gate as it was.

    Attributes:
        fault: why the last sound was not heard, or empty.

    """

    def __init__(self, options: SoundOptions) -> None:
        self.fault = ""
        self._command = [options.player, "-q", "-D", options.device, "-t", "wav", "-"]
        self._changed = Condition()
        self._next: bytes | None = None
        self._closed = False
        self._playing: subprocess.Popen[bytes] | None = None
        self._thread = Thread(target=self._run, name="sound", daemon=True)
        self._thread.start()

    def play(self, name: str, volume: float) -> None:
        """Begin a sound; see `ports.Sound.play`."""
        if name not in SOUNDS or not volume > 0:
            return
        made = wav(SOUNDS[name], volume)
        with self._changed:
            self._next = made
            self._changed.notify()

    def close(self) -> None:
        """End what plays."""
        with self._changed:
            self._closed = True
            if self._playing is not None:
                self._playing.kill()
            self._changed.notify()
        self._thread.join(JOIN_S)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._next is not None or self._closed)
                if self._closed:
                    return
                sound, self._next = self._next or b"", None
            try:
                self.fault = self._sounded(sound)
            except OSError as fault:
                self.fault = str(fault)[:MOST_WORDS]

    def _sounded(self, sound: bytes) -> str:
        """Play to the end; return why nobody heard it, or nothing."""
        with subprocess.Popen(  # noqa: S603 - the player that the configuration names
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as player:
            with self._changed:
                self._playing = player
                if self._closed:
                    player.kill()
            try:
                _, said = player.communicate(sound, timeout=LONGEST_S)
            except subprocess.TimeoutExpired:
                player.kill()
                with suppress(subprocess.TimeoutExpired):
                    player.communicate(timeout=JOIN_S)
                return f"{self._command[0]} hung"
            finally:
                with self._changed:
                    self._playing = None
        words = said.decode("utf-8", "replace").strip()[:MOST_WORDS]
        return words or f"ended with {player.returncode}" if player.returncode else ""


def open_device(options: SoundOptions, _clock: Clock) -> AlsaSound:
    """Open the loudspeaker; whether it is there shows at the first sound."""
    return AlsaSound(options)
