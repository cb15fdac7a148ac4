"""The search for traces: what is planted in bytes, memory or files is found, noise is not."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from appliance.cli import file_scan, memory_scan
from appliance.cli.memory_scan import CHUNK, Scanner
from appliance.cli.traces import Traces, runs
from appliance.errors import SanmenError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NOISE = np.random.default_rng(5)
ROW = NOISE.integers(0, 256, 48, np.uint8)
VECTOR = NOISE.standard_normal(320).astype(np.float32)
VECTOR /= np.linalg.norm(VECTOR)


@pytest.fixture
def scanner() -> Scanner:
    return Scanner(Traces(ROW[None], ("picture",), (("joined vector", VECTOR),), 1))


def noise(size: int) -> bytearray:
    return bytearray(np.random.default_rng(size).bytes(size))


@pytest.mark.parametrize("at", [0, 1, 2, 3, 4, 5, 6, 7, 4001, 9952])
def test_a_row_is_found_at_any_place(scanner: Scanner, at: int) -> None:
    content = noise(10_000)
    content[at : at + 48] = ROW.tobytes()
    assert dict(scanner.runs_in(bytes(content))) == {"picture": 1}


def test_a_row_with_one_other_byte_and_noise_are_not_found(scanner: Scanner) -> None:
    content = noise(1_000_000)
    content[800:848] = ROW.tobytes()
    content[847] ^= 1
    assert not scanner.runs_in(bytes(content))
    assert not scanner.vectors_in(bytes(content))


@pytest.mark.parametrize("content", [b"", b"x", ROW.tobytes()[:47]])
def test_bytes_too_short_for_a_trace_hold_none(scanner: Scanner, content: bytes) -> None:
    assert not scanner.runs_in(content)
    assert not scanner.vectors_in(content)


@pytest.mark.parametrize("at", [0, 1, 2, 3, 16_370, 30_001])
@pytest.mark.parametrize("scale", [1.0, 10.0])
def test_a_vector_is_found_at_any_place_and_length(scanner: Scanner, at: int, scale: float) -> None:
    content = noise(40_000)
    content[at : at + 1280] = (np.float32(scale) * VECTOR).tobytes()
    assert scanner.vectors_in(bytes(content))["joined vector"] >= 1


def test_another_picture_of_the_same_person_is_found_and_a_stranger_is_not(
    scanner: Scanner,
) -> None:
    stranger = np.random.default_rng(6).standard_normal(320).astype(np.float32)
    stranger /= np.linalg.norm(stranger)
    alike = 0.8 * VECTOR + 0.6 * stranger
    assert scanner.vectors_in(bytes(100) + alike.astype(np.float32).tobytes())
    assert not scanner.vectors_in(bytes(100) + stranger.tobytes())


def test_a_vector_in_double_precision_is_found(scanner: Scanner) -> None:
    content = bytes(8000) + VECTOR.astype(np.float64).tobytes() + bytes(8000)
    assert scanner.vectors_in(content)["joined vector"] >= 1


CHILD = """
import ctypes, sys
hidden = bytes.fromhex(sys.stdin.readline())
at = int(sys.stdin.readline())
kept = (ctypes.c_ubyte * {size})()
for number, value in enumerate(hidden):
    kept[at + number] = value ^ 255
sys.stdout.write("ready\\n"); sys.stdout.flush()
sys.stdin.read()
"""
"""Holds the row at one place only: what it was told is another row."""


def planted(at: int, size: int) -> memory_scan.Hits:
    scanner = Scanner(Traces(ROW[None], ("picture",), (), 1))
    with subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", CHILD.format(size=size)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(f"{(ROW ^ 255).tobytes().hex()}\n{at}\n")
        child.stdin.flush()
        child.stdout.readline()
        try:
            return memory_scan.look_through(child.pid, scanner, lambda: None)
        except SanmenError as fault:
            pytest.skip(str(fault))
        finally:
            child.kill()


@pytest.mark.parametrize("at", [3, CHUNK - 20, CHUNK + 4090])
def test_a_row_in_another_process_is_found_also_on_the_border_of_two_reads(at: int) -> None:
    hits = planted(at, 2 * CHUNK)
    assert hits.found["picture"] in (1, 2)  # twice where two reads overlap
    assert hits.scanned > 2 * CHUNK


def test_who_may_not_read_a_room_is_told_to_be_root() -> None:
    if os.geteuid() != 0:
        with pytest.raises(SanmenError, match="root"):
            memory_scan.may_read()
        return
    code = """
import os
from appliance.cli import memory_scan
from appliance.errors import SanmenError
os.setgid(65534); os.setuid(65534)
try:
    list(memory_scan.memory(1))
except SanmenError as fault:
    print(fault)
"""
    said = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert "memory of process 1: Permission denied; expected root" in said


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("JPEG", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"),
        ("JPEG", b"before \xff\xd8\xff\xe1\x00\x10Exif\x00\x00"),
        ("JPEG", b"before \xff\xd8\xff\xdb\x00\x43\x00"),
        ("PNG", b"a record \x89PNG\r\n\x1a\n\x00"),
        ("WebP", b"RIFF\x01\x02\x03\x04WEBPVP8 "),
        ("AVI", b"RIFF\x01\x02\x03\x04AVI LIST"),
        ("GIF", b"x GIF89a"),
        ("MP4", b"\x00\x00\x00\x18ftypisom"),
        ("BMP", b"BM\x00\x01\x02\x03\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00"),
        ("TIFF", b"II*\x00\x08"),
        ("Matroska", b"\x1aE\xdf\xa3"),
        ("netpbm", b"P6\n640 480\n255\n"),
        ("numpy", b"\x93NUMPY\x01\x00"),
    ],
)
def test_a_picture_in_a_file_is_known_by_its_signature(
    tmp_path: Path, kind: str, content: bytes
) -> None:
    file = tmp_path / "a" / ".hidden"
    file.parent.mkdir()
    file.write_bytes(content)
    hits = file_scan.look_through(file_scan.below(tmp_path))
    assert hits.found == {str(file): [kind]}
    assert hits.images == len(content)
    assert hits.files == 1


def test_random_bytes_text_pipes_and_links_hold_no_picture(tmp_path: Path) -> None:
    (tmp_path / "sealed").write_bytes(noise(3_000_000))
    (tmp_path / "log").write_text("face: refused (no-match)\n")
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "reader")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    hits = file_scan.look_through(file_scan.below(tmp_path))
    assert hits.found == {}
    assert (hits.files, hits.scanned) == (3, 3_000_025)


def test_rows_and_vectors_without_any_signature_are_found_in_files(
    tmp_path: Path, scanner: Scanner
) -> None:
    (tmp_path / "a").write_bytes(b"xyz" + ROW.tobytes())
    (tmp_path / "b").write_bytes(b"xyz" + VECTOR.tobytes())
    hits = file_scan.look_through(file_scan.below(tmp_path), scanner)
    assert sorted(hits.found) == [str(tmp_path / "a"), str(tmp_path / "b")]
    assert hits.images == 51 + 1283


def test_files_open_for_writing_are_listed_and_others_are_not(tmp_path: Path) -> None:
    (tmp_path / "read").touch()
    with (tmp_path / "read").open("rb"), (tmp_path / "written").open("wb"):
        written = file_scan.written_by(os.getpid())
    assert tmp_path / "written" in written
    assert tmp_path / "read" not in written


def test_a_file_removed_while_open_is_still_looked_through(tmp_path: Path) -> None:
    path = tmp_path / "gone"
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        file.flush()
        path.unlink()
        links = [one for one in file_scan.written_by(os.getpid()) if one.name == str(file.fileno())]
        assert file_scan.look_through(links).found == {str(links[0]): ["PNG"]}


def flat(level: int) -> NDArray[np.uint8]:
    return np.full((4, 90), level, np.uint8)


def test_a_flat_row_or_a_ramp_is_no_evidence_and_so_not_looked_for() -> None:
    assert list(runs(flat(90))) == []
    assert list(runs(np.arange(90, dtype=np.uint8)[None])) == []
    assert len(list(runs(np.random.default_rng(1).integers(0, 255, (4, 90), np.uint8)))) == 4
