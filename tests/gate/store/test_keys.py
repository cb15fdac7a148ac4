"""The root key: missing, open to others, cut, or somebody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appliance.errors import KeyMissingError, StoreError
from appliance.gate.store.keys import KeyUse, derive
from appliance.gate.store.roots.file import FileKey
from appliance.gate.store.sealed import Sealer

if TYPE_CHECKING:
    from pathlib import Path


def test_a_created_key_is_private_and_stable(tmp_path: Path) -> None:
    key = FileKey.create(tmp_path / "k")
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600
    assert len(key.key()) == 32
    assert key.key() == FileKey(tmp_path / "k").key()
    assert [path.name for path in tmp_path.iterdir()] == ["k"]


def test_create_never_replaces_a_key(tmp_path: Path) -> None:
    before = FileKey.create(tmp_path / "k").key()
    with pytest.raises(StoreError, match="already there"):
        FileKey.create(tmp_path / "k")
    assert FileKey(tmp_path / "k").key() == before


def test_create_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        FileKey.create(tmp_path / "nowhere" / "k")


def test_a_missing_key_is_said_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(KeyMissingError):
        FileKey(tmp_path / "k").key()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o601])
def test_a_key_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    key = FileKey.create(tmp_path / "k")
    (tmp_path / "k").chmod(mode)
    with pytest.raises(KeyMissingError, match="mode"):
        key.key()


@pytest.mark.parametrize("length", [0, 31, 33, 4096])
def test_a_key_of_wrong_length_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / "k"
    path.write_bytes(bytes(length))
    path.chmod(0o600)
    with pytest.raises(KeyMissingError, match="bytes"):
        FileKey(path).key()


def test_a_link_or_folder_is_no_key(tmp_path: Path) -> None:
    FileKey.create(tmp_path / "k")
    (tmp_path / "link").symlink_to(tmp_path / "k")
    (tmp_path / "folder").mkdir(mode=0o700)
    for name in ("link", "folder"):
        with pytest.raises(KeyMissingError):
            FileKey(tmp_path / name).key()


def test_sub_keys_differ_by_use_and_by_root(tmp_path: Path) -> None:
    roots = [FileKey.create(tmp_path / name) for name in "ab"]
    keys = {derive(root, use) for root in roots for use in KeyUse}
    assert len(keys) == 12
    assert all(len(key) == 32 for key in keys)
    assert not keys & {root.key() for root in roots}


class ShortKey:
    identity = "short"

    def key(self) -> bytes:
        return b"short"


def test_a_source_that_gives_a_short_key_is_refused() -> None:
    with pytest.raises(KeyMissingError, match="5 bytes"):
        derive(ShortKey(), KeyUse.SEAL)


def test_secrets_do_not_print(tmp_path: Path) -> None:
    key = FileKey.create(tmp_path / "k")
    for text in (repr(key), key.identity, repr(Sealer(key.key()))):
        assert key.key().hex() not in text
        assert repr(key.key()) not in text
