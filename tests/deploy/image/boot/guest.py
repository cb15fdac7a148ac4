"""The line to the probe inside a machine: one JSON object a line, each request with its answer."""

from __future__ import annotations

import json
import queue
import shlex
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

DRIVE = "/run/sanmen-probe"
PYTHON = "/opt/sanmen/bin/python"
PATIENCE_S = 400.0


class SilentError(Exception):
    """The machine does not answer: it hangs, it ended, or it was never there."""


@dataclass(frozen=True)
class Done:
    """What became of a command inside.

    Attributes:
        code: its exit code.
        out: standard output.
        err: standard error.

    """

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - what a script printed
        """Its output, which is JSON."""
        assert self.code == 0, f"exit {self.code}: {self.err}{self.out}"
        return json.loads(self.out)


class Pending:
    """A command that goes on inside."""

    def __init__(self, words: str) -> None:
        self._words = words
        self.answers: queue.SimpleQueue[Done] = queue.SimpleQueue()

    def wait(self, within_s: float = PATIENCE_S) -> Done:
        """Return what became of it.

        Raises:
            SilentError: nothing in time.

        """
        try:
            return self.answers.get(timeout=within_s)
        except queue.Empty:
            raise SilentError(f"no answer within {within_s:.0f} s to: {self._words}") from None


class Guest:
    """The probe of one machine.

    Attributes:
        hello: its first words; None until it said them.
        events: objects it sent on its own (`say` of the scripts), newest last.

    """

    def __init__(self, path: Path) -> None:
        self.hello: dict[str, Any] | None = None
        self.events: list[dict[str, Any]] = []
        self._pending: dict[int, Pending] = {}
        self._number = 0
        self._met = threading.Event()
        self._heard = threading.Condition()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._thread = threading.Thread(target=self._listen, name="guest")
        self._thread.start()

    def meet(self, within_s: float) -> dict[str, Any]:
        """Wait for the probe's first words.

        Raises:
            SilentError: it never came up.

        """
        if not self._met.wait(within_s) or self.hello is None:
            raise SilentError(f"no probe within {within_s:.0f} s; the boot log tells more")
        return self.hello

    def start(self, *words: str, given: str = "", limit_s: float = 600.0) -> Pending:
        """Run a command as root, outside every sandbox, and do not wait for it."""
        self._number += 1
        pending = self._pending[self._number] = Pending(shlex.join(words))
        asked = {"id": self._number, "run": words, "given": given, "limit_s": limit_s}
        try:
            self._socket.sendall(json.dumps(asked).encode() + b"\n")
        except OSError as fault:
            raise SilentError(str(fault)) from fault
        return pending

    def run(self, *words: str, given: str = "", within_s: float = PATIENCE_S) -> Done:
        """Run a command as root, outside every sandbox."""
        return self.start(*words, given=given, limit_s=within_s).wait(within_s + 10)

    def script(self, name: str, *words: str, within_s: float = PATIENCE_S) -> Done:
        """Run one of the probe's own scripts."""
        return self.run(PYTHON, f"{DRIVE}/{name}", *words, within_s=within_s)

    def ask(self, *words: str) -> str:
        """Return what a command prints, without the ends; it has to succeed."""
        done = self.run(*words)
        assert done.code == 0, f"{shlex.join(words)}: exit {done.code}: {done.err}"
        return done.out.strip()

    def wait_for(self, kind: str, count: int, within_s: float) -> list[dict[str, Any]]:
        """Wait until so many events of a kind came; return them.

        Raises:
            SilentError: too few in time.

        """
        until = time.monotonic() + within_s
        with self._heard:
            while True:
                found = [one for one in self.events if one.get("event") == kind]
                if len(found) >= count:
                    return found
                if not self._heard.wait(max(0.0, until - time.monotonic())):
                    raise SilentError(f"{len(found)} of {count} {kind} within {within_s:.0f} s")

    def close(self) -> None:
        """Hang up."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        with suppress(OSError), self._socket.makefile("rb") as lines:
            for line in lines:
                try:
                    said = json.loads(line)
                except ValueError:
                    continue  # the machine went in the middle of a line
                self._hear(said)

    def _hear(self, said: dict[str, Any]) -> None:
        if "hello" in said:
            self.hello = said
            self._met.set()
        elif "id" in said:
            pending = self._pending.pop(said["id"], None)
            if pending is not None:
                pending.answers.put(Done(said["code"], said["out"], said["err"]))
        else:
            with self._heard:
                self.events.append(said)
                self._heard.notify_all()
