"""Files that appear whole: also on a USB stick, whose FAT has no hard links."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from appliance.errors import StoreError
from appliance.gate.store.files import publish


def refuse_links(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """Let this file system answer as another does; the boot tests have a real stick."""

    def refused(path: Path, target: Path) -> None:
        del target
        raise OSError(code, os.strerror(code), str(path))

    monkeypatch.setattr(Path, "hardlink_to", refused)


@pytest.fixture(params=[0, errno.EPERM, errno.EOPNOTSUPP])
def links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """File systems with hard links and without."""
    if request.param:
        refuse_links(monkeypatch, request.param)


@pytest.mark.usefixtures("links")
def test_a_file_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "gate.backup"
    path.write_bytes(b"older")
    with pytest.raises(StoreError, match="is already there"):
        publish(path, b"newer")
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("links")
def test_it_appears_whole_private_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "gate.backup"
    publish(path, b"content")
    assert path.read_bytes() == b"content"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_any_other_fault_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_links(monkeypatch, errno.EIO)
    with pytest.raises(StoreError, match="Input/output error"):
        publish(tmp_path / "gate.backup", b"content")
    assert list(tmp_path.iterdir()) == []


def test_a_stick_that_fails_at_the_last_step_keeps_no_empty_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_links(monkeypatch, errno.EPERM)

    def broken(path: Path, target: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path), None, str(target))

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(StoreError, match="Input/output error"):
        publish(tmp_path / "gate.backup", b"content")
    assert list(tmp_path.iterdir()) == []
