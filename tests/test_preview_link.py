"""Preview pictures on their way to the screen: whoever does not read waits, vision never does."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from appliance.link import Door, connect
from appliance.preview_link import HEADER, LARGEST, PreviewSender

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JPEG = b"\xff\xd8 picture \xff\xd9"


class Screen:
    """Listens, and takes what comes when it is asked to."""

    def __init__(self, path: Path) -> None:
        self._door = Door(path)
        self._vision: socket.socket | None = None

    def taken(self) -> list[tuple[int, int, bytes]]:
        """Return number, time and bytes of all pictures that wait; then the end, if it came."""
        self._vision = self._vision or self._door.accept()
        assert self._vision is not None
        self._vision.setblocking(False)  # noqa: FBT003
        pictures = []
        while True:
            try:
                message = self._vision.recv(LARGEST * 2)
            except BlockingIOError:
                return pictures
            if not message:
                self._vision.close()
                self._vision = None
                return [*pictures, (0, 0, b"end")]
            pictures.append((*HEADER.unpack_from(message), message[HEADER.size :]))

    def close(self) -> None:
        if self._vision is not None:
            self._vision.close()
        self._door.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "preview.socket"


@pytest.fixture
def screen(path: Path) -> Iterator[Screen]:
    made = Screen(path)
    yield made
    made.close()


@pytest.fixture
def sender(path: Path) -> Iterator[PreviewSender]:
    made = PreviewSender(path)
    yield made
    made.close()


def test_without_a_screen_pictures_are_dropped_until_there_is_one(
    path: Path, sender: PreviewSender
) -> None:
    assert not sender.send(1, memoryview(JPEG))
    screen = Screen(path)
    assert sender.send(2, memoryview(JPEG))
    assert screen.taken() == [(1, 2, JPEG)]
    screen.close()
    assert not sender.send(3, memoryview(JPEG))
    assert not sender.send(4, memoryview(JPEG))
    other = Screen(path)
    assert sender.send(5, memoryview(JPEG))
    assert other.taken() == [(1, 5, JPEG)]
    other.close()


def test_a_screen_that_does_not_read_blocks_nobody_and_gets_few_old_pictures(
    screen: Screen, sender: PreviewSender
) -> None:
    large = memoryview(b"\xff\xd8" + bytes(30_000) + b"\xff\xd9")
    sent = [sender.send(number, large) for number in range(1, 101)]
    taken = sent.count(True)
    assert sent == [True] * taken + [False] * (100 - taken)
    assert 1 <= taken <= 10

    assert len(screen.taken()) == taken
    assert sender.send(200, large)
    assert screen.taken() == [(taken + 1, 200, bytes(large))]


def test_a_listener_whose_queue_is_full_does_not_block_the_sender(tmp_path: Path) -> None:
    path = tmp_path / "deaf"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as deaf:
        deaf.bind(str(path))
        deaf.listen(0)
        with connect(path):
            sender = PreviewSender(path)
            assert not sender.send(1, memoryview(JPEG))
            sender.close()


def test_a_picture_that_is_too_large_is_not_sent_and_harms_none(
    screen: Screen, sender: PreviewSender
) -> None:
    assert not sender.send(1, memoryview(bytes(LARGEST + 1)))
    assert sender.send(2, memoryview(bytes(LARGEST)))
    assert screen.taken() == [(1, 2, bytes(LARGEST))]


def test_each_picture_has_the_next_number_and_its_time(
    screen: Screen, sender: PreviewSender
) -> None:
    for taken_ns in (7, 9, 0):
        assert sender.send(taken_ns, memoryview(JPEG))
    assert screen.taken() == [(1, 7, JPEG), (2, 9, JPEG), (3, 0, JPEG)]


def test_the_end_of_vision_reaches_the_screen(screen: Screen, sender: PreviewSender) -> None:
    sender.send(7, memoryview(JPEG))
    sender.close()
    sender.close()
    assert screen.taken() == [(1, 7, JPEG), (0, 0, b"end")]
