"""Looks over a recipe without building it: what a dry run and the tests can know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from image import card
from image.faults import BuildError
from image.python_env import REPOSITORY
from image.root import OURS, command_line

if TYPE_CHECKING:
    from image.profile import Profile

LARGEST_AUTOBOOT: Final = 512
LONGEST_COMMAND_LINE: Final = 1024
SAFE: Final = ("gpio=17=op,dl", "dtparam=strict_gpiod", "dtparam=watchdog=on")
"""Lines of config.txt without which a gate's relay or watchdog is not safe."""
PER_SYSTEM: Final = (
    "[boot_partition=2]\ncmdline=cmdline-a.txt\n[boot_partition=3]\ncmdline=cmdline-b.txt\n"
)
NEVER: Final = ("openssh-server", "dropbear", "telnetd", "avahi-daemon", "network-manager")


def static_problems(profile: Profile) -> list[str]:
    """Return what is wrong with a recipe, each with what to do; empty if nothing is."""
    found = []
    try:
        card.configuration(profile)
    except BuildError as fault:
        found.append(str(fault))
    if len(card.AUTOBOOT) > LARGEST_AUTOBOOT:
        found.append("autoboot.txt has over 512 bytes: the firmware would ignore it.")
    missing = [pattern for pattern, _ in OURS if not any(REPOSITORY.glob(pattern))]
    found += [f"{pattern} is missing: use a complete copy of the source." for pattern in missing]
    for letter in "ab":
        line = command_line(profile, letter)
        if line.count("\n") != 1 or len(line) > LONGEST_COMMAND_LINE:
            found.append(f"cmdline-{letter}.txt must be one line of at most 1024 characters.")
    listening = sorted(set(NEVER) & set(profile.packages))
    found += [f"{name} must not be in a gate: take it out." for name in listening]
    settings = profile.boot_files / "config.txt"
    if settings.exists():
        found += _firmware(settings.read_text("ascii"))
    elif profile.archive:
        found.append(f"{settings} is missing: the firmware needs it.")
    return found


def _firmware(text: str) -> list[str]:
    """Look over config.txt."""
    everywhere = _of_all(text)
    found = [
        f"config.txt lacks {line!r} for every board: the relay or the watchdog is not safe."
        for line in SAFE
        if line not in everywhere
    ]
    if PER_SYSTEM not in text:
        found.append("config.txt does not tell the two systems apart ([boot_partition=2], =3).")
    return found


def _of_all(text: str) -> set[str]:
    """Return the settings that hold for every board and both systems."""
    held, section = set(), "all"
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#") and section == "all":
            held.add(line)
    return held
