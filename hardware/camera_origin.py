"""Reads from the system which device stands behind a Video4Linux node."""

from __future__ import annotations

from pathlib import Path

from hardware.errors import DeviceUnavailableError
from hardware.ports import CameraOrigin

SYSFS = Path("/sys")
_DEPTH = 6
"""Folders between a video node's interface and its USB device, at most."""


def read_origin(source: str, sysfs: Path = SYSFS) -> CameraOrigin:
    """Return what the kernel knows of `source`, a number or a path such as /dev/video0.

    A link such as /dev/v4l/by-path/... is followed. A node without a device below it was made by
    software (v4l2loopback, vivid) and has the driver "virtual".

    Raises:
        DeviceUnavailableError: there is no such node.

    """
    number = source if source.isdecimal() else Path(source).resolve().name.removeprefix("video")
    node = sysfs / "class" / "video4linux" / f"video{number}"
    if not number.isdecimal() or not node.exists():
        raise DeviceUnavailableError(f"v4l2 {source}", "no such node", "/dev/video0 or the like")
    name = _text(node / "name")
    device = node / "device"
    if "virtual" in node.resolve().parts or not device.exists():
        return CameraOrigin("virtual", model=name)
    driver = device / "driver"
    behind = device.resolve()
    kernel = driver.resolve().name if driver.exists() else "unknown"
    for folder in (behind, *behind.parents[:_DEPTH]):
        if (folder / "idVendor").exists():
            model = f"{_text(folder / 'idVendor')}:{_text(folder / 'idProduct')}"
            return CameraOrigin(kernel, folder.name, model, _text(folder / "serial"))
    return CameraOrigin(kernel, behind.name, name)


def _text(path: Path) -> str:
    return path.read_text("utf-8", "replace").strip() if path.exists() else ""
