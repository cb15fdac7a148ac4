"""One gate's key, store and log in a private folder."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from appliance.gate.store.gallery import Gallery
from appliance.gate.store.roots.file import FileKey
from appliance.gate.store.roster import Roster
from appliance.gate.store.schema import Store, create_store, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    return state


@pytest.fixture
def root(tmp_path: Path) -> FileKey:
    return FileKey.create(tmp_path / "root.key")


@pytest.fixture
def other_root(tmp_path: Path) -> FileKey:
    return FileKey.create(tmp_path / "other.key")


@pytest.fixture
def store(folder: Path, root: FileKey) -> Iterator[Store]:
    create_store(folder / "store.db", root)
    with open_store(folder / "store.db", root) as opened:
        yield opened


@pytest.fixture
def roster(store: Store) -> Roster:
    return Roster(store)


@pytest.fixture
def gallery(roster: Roster) -> Gallery:
    return Gallery(roster)


@pytest.fixture
def tamper(store: Store) -> Callable[..., None]:
    """Change the open store's file as somebody does who has the disk but not the key."""

    def alter(sql: str, values: tuple[object, ...] = ()) -> None:
        with closing(sqlite3.connect(store.path)) as conn, conn:
            conn.execute(sql, values)

    return alter
