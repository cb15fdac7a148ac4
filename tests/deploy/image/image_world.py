"""Recipes as a test wants them, and a building machine that answers as it is told."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

REPOSITORY = Path(__file__).parents[3]
DEPLOY = REPOSITORY / "deploy"
if str(DEPLOY) not in sys.path:
    sys.path.insert(0, str(DEPLOY))

from image.preflight import Host  # noqa: E402 - deploy/ is no package
from image.workshop import Workshop  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

RECIPE = DEPLOY / "image"
EVERYTHING = 10**12
EPOCH = 1_700_000_000


def copied(folder: Path) -> Path:
    """Return a copy of the recipe's data that a test may spoil."""
    shutil.copy(RECIPE / "recipe.toml", folder)
    shutil.copytree(RECIPE / "profiles", folder / "profiles", symlinks=True)
    return folder


def host(
    *,
    lacks: tuple[str, ...] = (),
    free: int = EVERYTHING,
    user: int = 0,
    architecture: str = "amd64",
    emulates: bool = True,
    python: tuple[int, int] = (3, 11),
    has_pip: bool = True,
    keys: bool = True,
) -> Host:
    """Return a machine that can build, but for what is said."""
    finds: Callable[[str], str | None] = lambda tool: None if tool in lacks else f"/bin/{tool}"  # noqa: E731
    return Host(
        finds=finds,
        free=lambda _: free,
        user=user,
        architecture=architecture,
        emulates=emulates,
        python=python,
        has_pip=has_pip,
        exists=lambda _: keys,
    )


def shop(folder: Path, *, dry: bool = False) -> Workshop:
    """Return a workshop in a test's folder; nothing of it is made yet."""
    return Workshop(folder / "work", folder / "out", EPOCH, dry=dry)
