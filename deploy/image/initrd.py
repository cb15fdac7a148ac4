"""Makes the initrd, which checks the data partition and gives this machine its id, before systemd.

It is made in a root of its own: that takes minutes under emulation, and is seldom needed again.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from image.profile import HERE
from image.root import remove

if TYPE_CHECKING:
    from pathlib import Path

    from image.profile import Profile
    from image.workshop import Workshop

FILES: Final = HERE / "initrd"
"""They mirror `/` of the root it is made in."""
MAKE: Final = 'exec mkinitramfs -o /initrd.img "$(ls /usr/lib/modules)"'


def make(profile: Profile, shop: Workshop) -> None:
    """Make `work/initrd.img` out of `work/system.tar`."""
    root = shop.work / "initrd-root"
    shop.do(f"remove an old {root}", remove, root)
    shop.do(f"make {root}", lambda: root.mkdir(parents=True))
    # `-m`: no file is older than the build's time, which mkinitramfs then gives to all of them.
    shop.call(["tar", "--numeric-owner", "-C", root, "-mxf", shop.work / "system.tar"])
    shop.do("copy our scripts and the list of modules", place, profile, root)
    shop.call(["chroot", root, "sh", "-c", MAKE], {"PATH": "/usr/sbin:/usr/bin"})
    shop.do("keep the initrd", shutil.copyfile, root / "initrd.img", shop.work / "initrd.img")
    shop.do(f"remove {root}", remove, root)


def place(profile: Profile, root: Path) -> None:
    """Copy our files into the root the initrd is made in."""
    for path in sorted(FILES.rglob("*")):
        if path.is_file():
            target = root / path.relative_to(FILES)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            runs = path.read_bytes().startswith(b"#!")
            target.chmod(0o755 if runs else 0o644)
    listed = root / "usr/share/initramfs-tools/modules.d/sanmen"
    with listed.open("a", encoding="ascii") as file:
        file.write("".join(f"{name}\n" for name in profile.initrd))
