"""The footage that ships with the simulator, by name; altered files are refused."""

from __future__ import annotations

import hashlib
import tomllib
from importlib.resources import files
from pathlib import Path

from hardware.errors import DeviceSettingError, DeviceUnavailableError


def footage_path(name: str) -> Path:
    """Return the path of a file listed in footage.toml, its SHA-256 checked."""
    folder = Path(str(files("hardware.sim"))) / "footage"
    listed = tomllib.loads((folder / "footage.toml").read_text("utf-8"))
    if name not in listed:
        raise DeviceSettingError("footage", repr(name), "one of " + ", ".join(sorted(listed)))
    path = folder / name
    found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no such file"
    if found != listed[name]["sha256"]:
        raise DeviceUnavailableError(f"footage {name}", found, f"SHA-256 {listed[name]['sha256']}")
    return path
