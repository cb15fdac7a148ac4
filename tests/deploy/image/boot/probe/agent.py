"""Runs what the tests ask for, as root, and answers: one JSON object a line, on a virtio port."""

# ruff: noqa: S603 - it runs what the tests ask for, in a machine of their own

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from pathlib import Path

PORT = Path("/dev/virtio-ports/sanmen.probe")
MOST = 2_000_000
"""Characters of an answer that are passed on."""
lock = threading.Lock()


def say(port: int, said: dict[str, object]) -> None:
    """Write one object, whole."""
    content = json.dumps(said).encode() + b"\n"
    with lock:
        while content:
            content = content[os.write(port, content) :]


def answer(port: int, asked: dict[str, object]) -> None:
    """Run one command."""
    try:
        done = subprocess.run(
            asked["run"],
            input=asked["given"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=asked["limit_s"],
            check=False,
        )
        code, out, err = done.returncode, done.stdout, done.stderr
    except (OSError, subprocess.SubprocessError) as fault:
        code, out, err = 127, "", repr(fault)
    say(port, {"id": asked["id"], "code": code, "out": out[-MOST:], "err": err[-MOST:]})


def main() -> None:
    """Serve until the machine ends."""
    while not PORT.exists():
        time.sleep(0.1)
    port = os.open(PORT, os.O_RDWR)
    say(
        port,
        {
            "hello": os.uname().release,
            "uptime_s": float(Path("/proc/uptime").read_text().split()[0]),
        },
    )
    rest = b""
    while True:
        piece = os.read(port, 65536)
        if not piece:  # nobody listens outside now
            time.sleep(0.1)
        rest += piece
        *lines, rest = rest.split(b"\n")
        for line in lines:
            threading.Thread(target=answer, args=(port, json.loads(line)), daemon=True).start()


main()
