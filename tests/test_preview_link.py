"""Preview pictures between the rooms: what is no picture is refused, who does not read waits."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from appliance.errors import LinkError
from appliance.link import connect
from appliance.preview_link import HEADER, LARGEST, PreviewReceiver, PreviewSender

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JPEG = b"\xff\xd8 picture \xff\xd9"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "preview.socket"


@pytest.fixture
def receiver(path: Path) -> Iterator[PreviewReceiver]:
    made = PreviewReceiver(path)
    yield made
    made.close()


@pytest.fixture
def sender(path: Path) -> Iterator[PreviewSender]:
    made = PreviewSender(path)
    yield made
    made.close()


def shown(receiver: PreviewReceiver) -> bytes | None:
    return None if receiver.picture is None else bytes(receiver.picture)


def kept(receiver: PreviewReceiver) -> bytes:
    return bytes(receiver._memory).strip(b"\0")


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff\xd8",
        HEADER.pack(1, 5),
        HEADER.pack(1, 5) + b"no picture",
        HEADER.pack(1, 5) + b"\xff\xd8 cut off",
        HEADER.pack(2, 5) + JPEG,
        HEADER.pack(0, 5) + JPEG,
        HEADER.pack(1, 5) + b"\xff\xd8" + bytes(LARGEST) + b"\xff\xd9",
    ],
    ids=["empty", "short", "header alone", "text", "cut", "number 2", "number 0", "too large"],
)
def test_what_is_no_picture_ends_the_connection_and_shows_nothing(
    path: Path, receiver: PreviewReceiver, sender: PreviewSender, message: bytes
) -> None:
    with connect(path) as stranger:
        stranger.send(message)
        if message:
            with pytest.raises(LinkError, match="preview"):
                receiver.receive()
        else:
            receiver.receive()
    assert shown(receiver) is None
    assert kept(receiver) == b""

    assert sender.send(7, memoryview(JPEG))
    assert receiver.receive()
    assert shown(receiver) == JPEG


def test_a_process_of_another_user_is_sent_away(path: Path) -> None:
    receiver = PreviewReceiver(path, os.getuid() + 1)
    with connect(path), pytest.raises(LinkError, match="peer"):
        receiver.receive()
    receiver.close()


def test_a_replayed_picture_is_refused_and_the_last_one_gone(
    path: Path, receiver: PreviewReceiver
) -> None:
    with connect(path) as stranger:
        stranger.send(HEADER.pack(1, 5) + JPEG)
        assert receiver.receive()
        stranger.send(HEADER.pack(1, 5) + JPEG)
        with pytest.raises(LinkError, match="number: 1; expected 2"):
            receiver.receive()
    assert shown(receiver) is None


def test_only_the_newest_is_kept(receiver: PreviewReceiver, sender: PreviewSender) -> None:
    for number in range(1, 4):
        assert sender.send(number, memoryview(b"\xff\xd8" + bytes([number]) + b"\xff\xd9"))
    assert receiver.receive()
    assert (shown(receiver), receiver.taken_ns) == (b"\xff\xd8\x03\xff\xd9", 3)
    assert not receiver.receive()


def test_a_picture_of_time_zero_ends_the_preview_and_wipes_it(
    receiver: PreviewReceiver, sender: PreviewSender
) -> None:
    sender.send(9, memoryview(JPEG))
    receiver.receive()
    sender.send(0, memoryview(JPEG))

    assert receiver.receive()
    assert shown(receiver) is None
    assert kept(receiver) == b""


def test_the_end_of_vision_ends_the_preview_and_another_vision_is_met(
    path: Path, receiver: PreviewReceiver, sender: PreviewSender
) -> None:
    sender.send(9, memoryview(JPEG))
    receiver.receive()
    sender.close()

    assert receiver.receive()
    assert shown(receiver) is None
    assert kept(receiver) == b""
    assert not receiver.receive()

    other = PreviewSender(path)
    assert other.send(10, memoryview(JPEG))
    assert receiver.receive()
    assert shown(receiver) == JPEG
    other.close()


def test_without_a_screen_pictures_are_dropped_until_there_is_one(
    path: Path, sender: PreviewSender
) -> None:
    assert not sender.send(1, memoryview(JPEG))
    receiver = PreviewReceiver(path)
    assert sender.send(2, memoryview(JPEG))
    assert receiver.receive()
    receiver.close()
    assert not sender.send(3, memoryview(JPEG))
    assert not sender.send(4, memoryview(JPEG))


def test_a_screen_that_does_not_read_blocks_nobody_and_gets_few_old_pictures(
    receiver: PreviewReceiver, sender: PreviewSender
) -> None:
    large = memoryview(b"\xff\xd8" + bytes(30_000) + b"\xff\xd9")
    sent = [sender.send(number, large) for number in range(1, 101)]
    taken = sent.count(True)
    assert sent == [True] * taken + [False] * (100 - taken)
    assert 1 <= taken <= 10

    assert receiver.receive()
    assert receiver.taken_ns == taken
    assert sender.send(200, large)


def test_a_listener_whose_queue_is_full_does_not_block_the_sender(tmp_path: Path) -> None:
    path = tmp_path / "deaf"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as deaf:
        deaf.bind(str(path))
        deaf.listen(0)
        with connect(path):
            sender = PreviewSender(path)
            assert not sender.send(1, memoryview(JPEG))
            sender.close()


def test_a_picture_that_is_too_large_is_not_sent(
    receiver: PreviewReceiver, sender: PreviewSender
) -> None:
    assert not sender.send(1, memoryview(bytes(LARGEST + 1)))
    assert not receiver.receive()
    assert sender.send(1, memoryview(b"\xff\xd8" + bytes(LARGEST - 4) + b"\xff\xd9"))
    assert receiver.receive()


def test_the_socket_is_for_its_user_alone_and_goes_with_the_screen(path: Path) -> None:
    receiver = PreviewReceiver(path)
    assert path.stat().st_mode & 0o777 == 0o600
    receiver.close()
    assert not path.exists()
