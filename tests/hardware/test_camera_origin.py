"""What stands behind a video node, read from a tree as the kernel makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hardware.camera_origin import read_origin
from hardware.errors import DeviceUnavailableError
from hardware.ports import CameraOrigin

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    """A webcam as video0, a loopback device as video7, a CSI receiver as video2."""
    usb = tmp_path / "devices/pci0000:00/usb1/1-1.2"
    interface = usb / "1-1.2:1.0"
    webcam = interface / "video4linux/video0"
    csi = tmp_path / "devices/platform/soc/fe801000.csi"
    loop = tmp_path / "devices/virtual/video4linux/video7"
    for folder in (webcam, loop, csi / "video4linux/video2"):
        folder.mkdir(parents=True)
    for name, text in (("idVendor", "046d"), ("idProduct", "0825"), ("serial", "A1B2")):
        (usb / name).write_text(text + "\n")
    (webcam / "name").write_text("HD Webcam\n")
    (loop / "name").write_text("Dummy video device (0x0000)\n")
    (csi / "video4linux/video2/name").write_text("unicam-image\n")
    for node, device, driver in (
        (webcam, interface, "uvcvideo"),
        (csi / "video4linux/video2", csi, "unicam"),
    ):
        home = tmp_path / "bus/drivers" / driver
        home.mkdir(parents=True)
        (device / "driver").symlink_to(home)
        (node / "device").symlink_to(device)
    links = tmp_path / "class/video4linux"
    links.mkdir(parents=True)
    for node in (webcam, loop, csi / "video4linux/video2"):
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
