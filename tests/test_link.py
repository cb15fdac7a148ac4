"""The wire between the rooms: what is refused, who is sent away, and what passes unchanged."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance import link as wire
from appliance.clock import SystemClock
from appliance.errors import LinkClosedError, LinkError
from appliance.link import Door, Link, connect, pair
from appliance.messages import (
    FROM_VISION,
    PROTOCOL,
    CueEvidence,
    FaceEvidence,
    Guidance,
    Health,
    Hint,
    IntentSeen,
    Purpose,
    QrRead,
    Ready,
    Trigger,
    VisitAbandoned,
)
from appliance.orders import FROM_GATE, SetMode, StartVisit, StopVisit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from appliance.messages import Message

VISIT = bytes(range(16))
SECOND = 1_000_000_000
NOBODY = 65534
VISION, SCREEN = 61_001, 61_002
FACE = FaceEvidence(VISIT, 1, 2, "recipe", b"\0" * 1280, 80, 4, (CueEvidence("texture", 0.9, 4),))
SPOKEN: tuple[Message, ...] = (
    Ready("recipe", "camera", "no model"),
    Health(1, 2, "dark", ""),
    IntentSeen(3, Trigger.TOUCH),
    Guidance(4, Hint.COME_CLOSER),
    FACE,
    VisitAbandoned(VISIT, 5, Hint.MORE_LIGHT),
    QrRead(6, "文字"),
    SetMode(face=True, qr=False),
    StartVisit(VISIT, Purpose.ENROL, 7),
    StopVisit(VISIT),
)
HEALTH: dict[str, object] = {"at_ns": 1, "frames": 2, "camera_fault": "", "face_fault": ""}


class Ends:
    """A gate's link, and the bare other end of its socket."""

    def __init__(self) -> None:
        self.far, near = pair()
        self.near = Link(near, FROM_VISION, SystemClock())

    def say(self, body: object, kind: str = "Health", number: int = 1, **other: int) -> None:
        sent_ns = other.get("sent_ns", time.monotonic_ns())
        protocol = other.get("protocol", PROTOCOL)
        self.far.send(msgspec.msgpack.encode([protocol, number, sent_ns, kind, body]))

    def close(self) -> None:
        self.far.close()
        self.near.close()


@pytest.fixture
def ends() -> Iterator[Ends]:
    both = Ends()
    yield both
    both.close()


DEEP = b"\x91" * 16_000
BAD_ENVELOPES = {
    "empty text": b"\xa0",
    "no msgpack": b"\xc1",
    "cut short": msgspec.msgpack.encode([1, 1, 1, "Health"]),
    "one part too many": msgspec.msgpack.encode([1, 1, 1, "Health", {}, 1]),
    "a map": msgspec.msgpack.encode({"protocol": 1}),
    "number as text": msgspec.msgpack.encode([1, "1", 1, "Health", {}]),
    "kind that is no UTF-8": b"\x95\x01\x01\x01\xa1\xff\x80",
    "nested without end": b"\x95\x01\x01\x01\xa6Health" + DEEP,
    "number beyond any": b"\x95\x01\x01\xcf" + b"\xff" * 8 + b"\xa6Health\x80",
}


@pytest.mark.parametrize("content", BAD_ENVELOPES.values(), ids=BAD_ENVELOPES)
def test_what_is_no_envelope_is_refused(ends: Ends, content: bytes) -> None:
    ends.far.send(content)
    with pytest.raises(LinkError):
        ends.near.receive()


BAD_BODIES = {
    "missing field": {"at_ns": 1},
    "missing field with a default": {"at_ns": 1, "frames": 2},
    "field of another message": {**HEALTH, "visit": VISIT},
    "wrong type": {**HEALTH, "frames": "2"},
    "truth for a number": {**HEALTH, "frames": True},
    "below zero": {**HEALTH, "frames": -1},
    "text too long": {**HEALTH, "camera_fault": "x" * 401},
    "not a number": {**HEALTH, "at_ns": float("nan")},
    "nothing": None,
    "a list": [1, 2, "", ""],
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_body_that_is_not_exactly_its_fields_is_refused(ends: Ends, body: object) -> None:
    ends.say(body)
    with pytest.raises(LinkError, match="message Health"):
        ends.near.receive()


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("FaceEvidence", {"probe": b""}),
        ("FaceEvidence", {"probe": b"\0" * 4097}),
        ("FaceEvidence", {"visit": b"\0" * 15}),
        ("FaceEvidence", {"visit": b"\0" * 17}),
        ("FaceEvidence", {"quality": 101}),
        ("FaceEvidence", {"frames": 0}),
        ("FaceEvidence", {"cues": [{"cue": "a", "score": 1.5, "frames": 1}]}),
        ("FaceEvidence", {"cues": [{"cue": "a", "score": 0.5, "frames": 1}] * 17}),
        ("QrRead", {"text": ""}),
        ("QrRead", {"text": "x" * 2049}),
        ("Guidance", {"hint": "go away"}),
        ("IntentSeen", {"trigger": "shout"}),
    ],
)
def test_a_field_out_of_its_bounds_is_refused(
    ends: Ends, kind: str, change: dict[str, object]
) -> None:
    good = next(one for one in SPOKEN if type(one).__name__ == kind)
    ends.say({**msgspec.msgpack.decode(msgspec.msgpack.encode(good)), **change}, kind)
    with pytest.raises(LinkError, match=kind):
        ends.near.receive()


def test_text_that_is_no_utf_8_is_refused(ends: Ends) -> None:
    body = b"\x84\xa5at_ns\x01\xa6frames\x01\xaccamera_fault\xa1\xff\xaaface_fault\xa0"
    ends.say(msgspec.Raw(body))
    with pytest.raises(LinkError, match="Health"):
        ends.near.receive()


@pytest.mark.parametrize(
    ("what", "named"),
    [
        ({"kind": "OpenDoor"}, "OpenDoor"),
        ({"kind": "SetMode"}, "SetMode"),
        ({"protocol": PROTOCOL + 1}, "version"),
        ({"number": 0}, "number"),
        ({"number": 2}, "number"),
        ({"sent_ns": 0}, "age"),
    ],
    ids=["unknown kind", "wrong direction", "version", "number before", "skipped", "stale"],
)
def test_a_message_out_of_order_is_refused(ends: Ends, what: dict[str, Any], named: str) -> None:
    ends.say(HEALTH, **what)
    with pytest.raises(LinkError, match=named):
        ends.near.receive()


def test_a_message_from_the_future_is_refused(ends: Ends) -> None:
    ends.say(HEALTH, sent_ns=time.monotonic_ns() + 10 * SECOND)
    with pytest.raises(LinkError, match="age"):
        ends.near.receive()


def test_a_message_said_twice_is_refused_the_second_time(ends: Ends) -> None:
    content = msgspec.msgpack.encode([PROTOCOL, 1, time.monotonic_ns(), "Health", HEALTH])
    ends.far.send(content)
    assert len(ends.near.receive()) == 1
    ends.far.send(content)
    with pytest.raises(LinkError, match="number"):
        ends.near.receive()


def test_a_message_larger_than_any_is_refused(ends: Ends) -> None:
    ends.far.send(b"\0" * (wire.LARGEST + 1))
    with pytest.raises(LinkError, match="at most"):
        ends.near.receive()


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_a_refusal(content: bytes) -> None:
    both = Ends()
    both.far.send(content)
    with suppress(LinkError):
        both.near.receive()
    both.close()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.sampled_from([kind.__name__ for kind in FROM_VISION]), JSON)
def test_no_body_raises_anything_but_a_refusal(kind: str, body: object) -> None:
    both = Ends()
    both.say(body, kind)
    with suppress(LinkError):
        both.near.receive()
    both.close()


def test_the_end_of_the_other_room_is_told(ends: Ends) -> None:
    ends.far.close()
    with pytest.raises(LinkClosedError):
        ends.near.receive()
    with pytest.raises(LinkClosedError):
        ends.near.send(SetMode(face=False, qr=False))


def test_what_a_room_said_before_it_went_still_counts(ends: Ends) -> None:
    ends.say(HEALTH)
    ends.far.close()
    assert len(ends.near.receive()) == 1
    with pytest.raises(LinkClosedError):
        ends.near.receive()


def test_a_closed_link_tells_so(ends: Ends) -> None:
    ends.near.close()
    ends.near.close()
    with pytest.raises(LinkClosedError):
        ends.near.receive()


def test_a_room_that_never_reads_is_taken_for_gone(ends: Ends) -> None:
    def talk() -> None:
        for _ in range(100_000):
            ends.near.send(SetMode(face=False, qr=False))

    with pytest.raises(LinkClosedError):
        talk()


def test_a_flood_does_not_keep_the_reader(ends: Ends) -> None:
    for number in range(wire.BATCH + 10):
        ends.say(HEALTH, number=number + 1)
    assert len(ends.near.receive()) == wire.BATCH
    assert len(ends.near.receive()) == 10


def test_a_peer_of_another_user_is_sent_away(tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can become another user")
    path = tmp_path / "link"
    door = Door(path)
    path.chmod(0o666)
    tmp_path.chmod(0o711)
    folder = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    child = os.fork()
    if child == 0:  # relative to a folder it could not walk to
        os.fchdir(folder)
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as own:
                own.connect("link")
                os._exit(0 if own.recv(1) == b"" else 2)
        except OSError:
            os._exit(3)
    refused = _first_refusal(door)
    os.close(folder)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert refused == f"peer: user {NOBODY}; expected user 0"
    door.close()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that every user can walk to, unlike pytest's own."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="sanmen-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


def test_a_room_of_the_folders_group_is_let_in_and_one_of_another_is_not(open_folder: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can become other users")
    shared, rooms = open_folder / "gate-vision", open_folder / "gate"
    rooms.mkdir()
    shared.mkdir()
    os.chown(shared, 0, VISION)
    shared.chmod(0o2710)
    (rooms / "link").symlink_to("../gate-vision/link")
    door = Door(rooms / "link")
    listening = (shared / "link").stat()
    assert (listening.st_mode & 0o777, listening.st_gid) == (0o660, VISION)
    assert _knock(rooms / "link", SCREEN) == "PermissionError"
    assert door.accept() is None
    assert _knock(rooms / "link", VISION) == "connected"
    connection = door.accept()
    assert connection is not None
    connection.close()
    (shared / "link").chmod(0o666)  # what the kernel would let in, the peer check still does not
    shared.chmod(0o2711)
    assert _knock(rooms / "link", SCREEN) == "connected"
    with pytest.raises(LinkError, match=f"user {SCREEN}"):
        door.accept()
    door.close()
    assert (rooms / "link").is_symlink()


def _knock(path: Path, user: int) -> str:
    """Connect as another user with a group of the same number; return what came of it."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
        try:
            connect(path).close()
            os.write(tell, b"connected")
        except LinkError as fault:
            os.write(tell, type(fault.__cause__).__name__.encode())
        finally:
            os._exit(0)
    os.close(tell)
    os.waitpid(child, 0)
    said = os.read(told, 100).decode()
    os.close(told)
    return said


def _first_refusal(door: Door) -> str:
    until_s = time.monotonic() + 10
    while time.monotonic() < until_s:
        try:
            assert door.accept() is None
        except LinkError as fault:
            return str(fault)
        time.sleep(0.01)
    return "nobody came"


def test_a_peer_of_the_own_user_is_let_in_and_heard(tmp_path: Path) -> None:
    path = tmp_path / "link"
    path.write_text("left by a crash")
    door = Door(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert door.accept() is None
    far = Link(connect(path), FROM_GATE, SystemClock())
    connection = door.accept()
    assert connection is not None
    near = Link(connection, FROM_VISION, SystemClock())
    far.send(Health(1, 2))
    assert near.receive() == [Health(1, 2)]
    assert near.fileno() > 0
    assert door.fileno() > 0
    for end in (near, far, door):
        end.close()
    assert not path.exists()


def test_nobody_home_and_no_room_for_a_socket_are_told(tmp_path: Path) -> None:
    with pytest.raises(LinkClosedError, match="listens"):
        connect(tmp_path / "nobody")
    with pytest.raises(LinkError, match="a folder"):
        Door(tmp_path / "missing" / "link")
    (tmp_path / "folder").mkdir()
    with pytest.raises(LinkError, match="folder"):
        Door(tmp_path / "folder")


@pytest.mark.parametrize("message", SPOKEN, ids=lambda one: type(one).__name__)
def test_every_message_passes_unchanged(message: Message) -> None:
    one, other = pair()
    kinds: tuple[type[Any], ...] = (*FROM_VISION, *FROM_GATE)
    sender, receiver = (Link(end, kinds, SystemClock()) for end in (one, other))
    sender.send(message)
    sender.send(message)
    assert receiver.receive() == [message, message]
    assert receiver.receive() == []
    sender.close()
    receiver.close()
