"""`sanmen prove no-trace`: after people pass the real rooms, nothing of them is left anywhere."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from appliance.cli import file_scan, memory_scan
from appliance.cli.memory_scan import Scanner
from appliance.cli.run import commands
from appliance.cli.traces import Traces, traces_of
from appliance.clock import SystemClock
from appliance.config import load
from appliance.errors import SanmenError
from appliance.gate.archive import create_archive, open_archive
from appliance.supervisor import Supervisor

Rooms = Callable[[Path, Path], dict[str, list[str]]]
"""Makes the rooms' commands of a configuration and the folder of the sockets."""
SLACK_S = 60.0
"""Beyond the clip's own length, until the rooms have seen its end."""
REST_S = 3.0
"""After the end: a second until the models are rinsed, and the last visit's end."""
MOST_TO_DISK = 65_536
"""Bytes vision may have sent to storage: what it says in words, page by page. A picture that was
written and removed again is no file any more, but it was counted."""
GATE = """
[site]
simulation = true
[store]
folder = "state"
key_file = "device.key"
[camera]
driver = "file"
source = {clip}
dark_after = true
[door]
driver = "mock"
[methods]
card = false
qr = true
face = true
[face]
near_px = {near_px}
"""
"""A gate where nobody is enrolled: whoever shows intent is compared and refused."""

app = typer.Typer(help="Proofs that anybody can run.", no_args_is_help=True)


@dataclass(slots=True)
class Proof:
    """What was looked for, where, and what was found.

    Attributes:
        bytes_written_images: bytes of files that hold a picture, a part of one, or a vector.
        files_scanned: files looked through.
        memory_hits: places in both rooms' memory that hold something of a person.
        proven: nothing was found although it would have been.
        control_hits: places found in vision's memory by the same search while the clip was still
            running; 0 would mean that the search finds nothing at all.
        visits: acts of intent that gate answered with a visit.
        refused: decisions, all of them refusals since nobody is enrolled.
        pictures: of the clip.
        traces: runs of pixels looked for.
        vectors: vectors looked for.
        memory_bytes_scanned: of both rooms.
        file_bytes_scanned: of all files.
        vision_bytes_to_disk: what the kernel counted for vision, 64 KiB at most: also what was
            written and removed again.
        found: what was found, by place.
        notes: what the rooms said about their memory.

    """

    bytes_written_images: int = 0
    files_scanned: int = 0
    memory_hits: int = 0
    proven: bool = False
    control_hits: int = 0
    visits: int = 0
    refused: int = 0
    pictures: int = 0
    traces: int = 0
    vectors: int = 0
    memory_bytes_scanned: int = 0
    file_bytes_scanned: int = 0
    vision_bytes_to_disk: int = 0
    found: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@app.callback()
def _group() -> None:
    """Keep `no-trace` a word of its own while it is the only proof."""


@app.command("no-trace")
def no_trace(
    clip: Annotated[Path, typer.Option(help="People at the gate, a video file.")],
    near_px: Annotated[
        float, typer.Option(help="As in [face]: 300 makes everybody a passer-by.")
    ] = 60.0,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Play a clip to the real rooms, then search their memory and files for whoever was in it.

    Takes the clip's length twice and needs root: the rooms let nobody else read their memory.
    """
    proof = prove(clip, near_px)
    if as_json:
        typer.echo(json.dumps(asdict(proof)))
    else:
        table = Table("figure", "value", title=f"traces of {clip.name}")
        for name, value in asdict(proof).items():
            table.add_row(name, str(value))
        Console().print(table)
    if not proof.proven:
        raise typer.Exit(1)


def prove(
    clip: Path,
    near_px: float = 60.0,
    rooms: Callable[[Path, Path], dict[str, list[str]]] = commands,
) -> Proof:
    """Return what a gate at which nobody is enrolled keeps of the people in `clip`.

    Args:
        clip: a video file.
        near_px: from which eye distance on a person counts as near.
        rooms: the rooms' commands, by configuration and folder of the sockets.

    Raises:
        SanmenError: the rooms did not start, did not live to the end, or may not be looked at.
        DeviceError: the file is missing or no clip.

    """
    memory_scan.may_read()
    traces = traces_of(clip)
    with tempfile.TemporaryDirectory(prefix="sanmen-") as name:
        return _Trial(Path(name), clip, near_px, traces).run(rooms)


class _Trial:
    """One clip, played to one gate in a folder of its own."""

    def __init__(self, folder: Path, clip: Path, near_px: float, traces: Traces) -> None:
        self._folder = folder
        self._clip = clip.resolve()
        self._config = folder / "gate.toml"
        self._config.write_text(
            GATE.format(clip=json.dumps(str(self._clip)), near_px=near_px), encoding="utf-8"
        )
        self._said = folder / "said"
        self._told: list[str] = []
        traces = _with_turned(traces, self._config)
        self._scanner = Scanner(traces)
        self._proof = Proof(
            pictures=traces.pictures, traces=len(traces.runs), vectors=len(traces.vectors)
        )
        self._written: set[Path] = set()

    def run(self, rooms: Rooms) -> Proof:
        """Play, wait, search."""
        sockets = self._folder / "sockets"
        sockets.mkdir(mode=0o700)
        with self._said.open("wb") as output:
            supervisor = Supervisor(
                sockets, rooms(self._config, sockets), self._told.append, output, self._folder
            )
            try:
                self._play(supervisor)
                self._search(supervisor)
            finally:
                supervisor.stop()
        return self._proof

    def _play(self, supervisor: Supervisor) -> None:
        """Wait until the clip is over, and search once while it is not."""
        vision = supervisor.rooms[1]
        end_s = time.monotonic() + SLACK_S + self._proof.pictures
        while not vision.ready:
            self._step(supervisor, end_s)
        while vision.process is not None and self._playing(vision.process.pid):
            self._step(supervisor, end_s)
            if not self._proof.control_hits and vision.process is not None:
                hits = memory_scan.look_through(
                    vision.process.pid,
                    self._scanner,
                    lambda: self._step(supervisor, end_s),
                    vectors=False,
                )
                self._proof.control_hits = hits.total
        rest_s = time.monotonic() + REST_S
        while time.monotonic() < rest_s:
            self._step(supervisor, end_s)
        self._check_lives(supervisor)

    def _playing(self, pid: int) -> bool:
        """Whether vision still has the clip open; it lets go of it at its end."""
        links = Path(f"/proc/{pid}/fd").iterdir()
        return any(link.resolve() == self._clip for link in links if link.is_symlink())

    def _step(self, supervisor: Supervisor, end_s: float) -> None:
        supervisor.step(0.0 if self._proof.control_hits else 0.05)
        for room in supervisor.rooms:
            if room.process is not None and room.process.poll() is None:
                self._written |= file_scan.written_by(room.process.pid)
        self._check_lives(supervisor)
        if time.monotonic() > end_s:
            raise SanmenError("clip", "still running", "an end, by its number of pictures")

    def _check_lives(self, supervisor: Supervisor) -> None:
        for room in supervisor.rooms:
            if room.starts > 1 or (room.starts and room.process is None):
                said = self._said.read_text("utf-8", "replace")[-300:]
                raise SanmenError(room.name, f"{self._told[-1:]} {said}", "one life, to the end")

    def _search(self, supervisor: Supervisor) -> None:
        proof = self._proof
        endless = float("inf")
        for room in supervisor.rooms:
            if room.process is None:
                raise SanmenError(room.name, "not running", "a living room to search")
            hits = memory_scan.look_through(
                room.process.pid, self._scanner, lambda: self._step(supervisor, endless)
            )
            proof.memory_bytes_scanned += hits.scanned
            proof.memory_hits += hits.total
            if hits.found:
                kinds = [f"{count} x {kind}" for kind, count in sorted(hits.found.items())]
                proof.found[f"memory of {room.name}"] = kinds
            if room.name == "vision":
                proof.vision_bytes_to_disk = file_scan.bytes_to_disk(room.process.pid)
        try:
            paths = {*file_scan.below(self._folder), *self._written}
            files = file_scan.look_through(paths, self._scanner)
        except OSError as fault:
            raise SanmenError("file", str(fault), "one that may be read") from fault
        proof.bytes_written_images = files.images
        proof.files_scanned = files.files
        proof.file_bytes_scanned = files.scanned
        proof.found |= files.found
        said = self._said.read_text(encoding="utf-8", errors="replace").splitlines()
        proof.visits = sum("looking at one face" in line for line in said)
        proof.refused = sum("face: refused" in line for line in said)
        proof.notes = [line for line in said if ": memory: " in line]
        proof.proven = (
            proof.control_hits > 0
            and proof.memory_hits == 0
            and proof.bytes_written_images == 0
            and proof.vision_bytes_to_disk <= MOST_TO_DISK
        )


def _with_turned(traces: Traces, config: Path) -> Traces:
    """Make the gate's store, and add each person's vector as this gate's rotation turns it."""
    settings = load(config)
    create_archive(settings)
    archive = open_archive(settings, SystemClock())
    try:
        turned = tuple(
            (f"turned {name}", archive.gallery.rotate(vector))
            for name, vector in traces.vectors
            if name.startswith("joined")
        )
    finally:
        archive.close()
    return Traces(traces.runs, traces.kinds, (*traces.vectors, *turned), traces.pictures)
