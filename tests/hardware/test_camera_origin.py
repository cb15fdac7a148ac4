"""What stands behind a video node, read from a tree as the kernel makes it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np
import pytest

from appliance.clock import SystemClock
from appliance.config import parse
from appliance.errors import CameraError
from appliance.vision.pad.camera_path import CameraPathCue, Commission
from appliance.vision.pipeline import Sight
from appliance.vision.process import open_pipeline, wanted_origin
from hardware import camera_v4l2
from hardware.board import open_camera
from hardware.camera_origin import read_origin
from hardware.errors import DeviceUnavailableError
from hardware.ports import CameraOptions, CameraOrigin

if TYPE_CHECKING:
    from appliance.messages import CueEvidence
    from appliance.vision.pad.look import Look


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    """A webcam as video0, a CSI receiver as video2; loopback as video7, vivid as video9."""
    usb = tmp_path / "devices/pci0000:00/usb1/1-1.2"
    interface = usb / "1-1.2:1.0"
    webcam = interface / "video4linux/video0"
    csi = tmp_path / "devices/platform/soc/fe801000.csi"
    loop = tmp_path / "devices/virtual/video4linux/video7"
    vivid = tmp_path / "devices/platform/vivid.0"
    for folder in (webcam, loop, csi / "video4linux/video2", vivid / "video4linux/video9"):
        folder.mkdir(parents=True)
    for name, text in (("idVendor", "046d"), ("idProduct", "0825"), ("serial", "A1B2")):
        (usb / name).write_text(text + "\n")
    (webcam / "name").write_text("HD Webcam\n")
    (vivid / "video4linux/video9/name").write_text("vivid-000-vid-cap\n")
    (loop / "name").write_text("Dummy video device (0x0000)\n")
    (csi / "video4linux/video2/name").write_text("unicam-image\n")
    for node, device, driver in (
        (webcam, interface, "uvcvideo"),
        (csi / "video4linux/video2", csi, "unicam"),
        (vivid / "video4linux/video9", vivid, "vivid"),
    ):
        home = tmp_path / "bus/drivers" / driver
        home.mkdir(parents=True)
        (device / "driver").symlink_to(home)
        (node / "device").symlink_to(device)
    links = tmp_path / "class/video4linux"
    links.mkdir(parents=True)
    for node in (
        webcam,
        loop,
        csi / "video4linux/video2",
        vivid / "video4linux/video9",
    ):
        (links / node.name).symlink_to(node)
    return tmp_path


def test_a_node_that_is_not_there_is_refused(sysfs: Path) -> None:
    with pytest.raises(DeviceUnavailableError, match="no such node"):
        read_origin("/dev/video5", sysfs)
    with pytest.raises(DeviceUnavailableError, match="no such node"):
        read_origin("footage.mp4", sysfs)


def test_a_loopback_device_is_virtual_whatever_it_calls_itself(sysfs: Path) -> None:
    assert read_origin("7", sysfs) == CameraOrigin("virtual", model="Dummy video device (0x0000)")


def test_a_webcam_has_driver_port_model_and_serial(sysfs: Path) -> None:
    assert read_origin("/dev/video0", sysfs) == CameraOrigin(
        "uvcvideo", "1-1.2", "046d:0825", "A1B2"
    )


def test_a_csi_receiver_has_driver_and_address(sysfs: Path) -> None:
    assert read_origin("2", sysfs) == CameraOrigin("unicam", "fe801000.csi", "unicam-image")


@pytest.mark.parametrize(
    ("source", "table", "said"),
    [
        ("7", "", "driver virtual (Dummy video device (0x0000)); expected uvcvideo"),
        ("7", 'driver = "virtual"', "virtual is configured; expected the driver of a sensor"),
        ("7", 'driver = "v4l2loopback"', "v4l2loopback is configured; expected the driver"),
        ("9", "", "driver vivid (vivid-000-vid-cap); expected uvcvideo"),
        ("9", 'driver = "vivid"', "vivid is configured; expected the driver of a sensor"),
        ("2", "", "driver unicam (unicam-image); expected uvcvideo"),
        ("0", 'bus = "1-1.3"', "bus 1-1.2; expected 1-1.3"),
        ("0", 'model = "1d6b:0102"', "model 046d:0825; expected 1d6b:0102"),
        ("0", 'serial = "C3"', "serial A1B2; expected C3"),
        ("5", "", "origin unknown; expected uvcvideo"),
    ],
)
def test_a_camera_that_is_not_the_configured_one_shows_no_faces(
    monkeypatch: pytest.MonkeyPatch, sysfs: Path, source: str, table: str, said: str
) -> None:
    sight = seen(monkeypatch, sysfs, source, table)
    fault = open_pipeline(sight=sight)
    assert isinstance(fault, CameraError)
    assert said in str(fault)
    evidence = cue(sight)
    assert evidence.frames == 1
    assert evidence.score < 0.1


@pytest.mark.parametrize(
    ("source", "table"),
    [
        ("0", ""),
        ("0", 'bus = "1-1.2"\nmodel = "046d:0825"\nserial = "A1B2"'),
        ("2", 'driver = "unicam"'),
    ],
)
def test_the_configured_camera_is_taken(
    monkeypatch: pytest.MonkeyPatch, sysfs: Path, source: str, table: str
) -> None:
    assert cue(seen(monkeypatch, sysfs, source, table)).score == 1.0


def test_what_this_machine_has_is_told_without_a_fault() -> None:
    nodes = sorted(Path("/sys/class/video4linux").glob("video*"))
    if not nodes:
        pytest.skip("no video node on this machine")
    assert all(read_origin(f"/dev/{node.name}").driver for node in nodes)


def seen(monkeypatch: pytest.MonkeyPatch, sysfs: Path, source: str, table: str) -> Sight:
    """Open `source` with a capture that gives nothing; return what vision is told of it."""
    monkeypatch.setattr(camera_v4l2, "read_origin", partial(read_origin, sysfs=sysfs))
    monkeypatch.setattr(cv2, "VideoCapture", Nothing)
    config = parse(f"[camera.origin]\n{table}\n")
    camera = open_camera(CameraOptions("v4l2", source), SystemClock())
    camera.close()
    return Sight(camera.origin, wanted_origin(config.camera))


class Nothing:
    """A capture that opens and has no picture."""

    def __init__(self, *opened: object) -> None:
        self.opened = opened

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return True

    def set(self, option: int, value: float) -> None:
        pass

    def get(self, option: int) -> float:
        return 0.0 * option

    def read(self, image: object) -> tuple[bool, object]:
        return False, image

    def release(self) -> None:
        pass


def cue(sight: Sight) -> CueEvidence:
    """What the cue says of one grey picture through that camera."""
    cue = CameraPathCue(sight.found, Commission(origin=sight.wanted))
    grey = np.full((480, 640), 90, np.uint8)
    cue.look(cast("Look", SimpleNamespace(grey=grey, taken_ns=1, sequence=0, exposure=None)))
    return cue.evidence()
