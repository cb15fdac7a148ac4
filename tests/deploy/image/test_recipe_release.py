"""What goes out with an image: packages listed and compared, wheels, packing, signature."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.deploy.image.image_world import REPOSITORY, shop

from image import manifest, python_env, release, root  # isort: skip
from image.faults import BuildError  # isort: skip
from image.manifest import Part  # isort: skip
from image.profile import load  # isort: skip

PARTS = [
    Part("deb", "libc6", "2.36-9", "arm64", "aa" * 32),
    Part("deb", "tzdata", "2025b", "all", "bb" * 32),
]


def test_packages_that_changed_are_named() -> None:
    before = manifest.lines(PARTS)
    after = manifest.lines(
        [replace(PARTS[0], version="2.36-10"), Part("deb", "zstd", "1.5", "arm64", "cc" * 32)]
    )
    assert manifest.drift(before, before) == []
    assert manifest.drift(before, after) == [
        "libc6: 2.36-9 -> 2.36-10",
        "tzdata: gone (was 2025b)",
        "zstd: new, 1.5",
    ]


def test_drift_stops_a_build_unless_it_is_accepted() -> None:
    profile = load("qemu")
    listed = profile.lock.read_text("ascii")
    newer = listed.replace(listed.split()[1], "99", 1)
    assert "those this recipe was tested with" in manifest.refuse_drift(
        profile, listed, accept=False
    )
    with pytest.raises(BuildError, match="-> 99") as told:
        manifest.refuse_drift(profile, newer, accept=False)
    assert "--accept-drift" in told.value.remedy
    assert "you accepted that" in manifest.refuse_drift(profile, newer, accept=True)


def test_other_content_under_the_same_version_is_never_accepted() -> None:
    profile = load("qemu")
    listed = profile.lock.read_text("ascii")
    digest = listed.split()[3]
    other = listed.replace(digest, "00" * 32, 1)
    with pytest.raises(BuildError, match="OTHER CONTENT"):
        manifest.refuse_drift(profile, other, accept=True)


def test_every_package_is_listed_with_the_hash_of_the_file_it_came_in(tmp_path: Path) -> None:
    for name in ("dbus_1%3a1.14_arm64.deb", "sway_1.7_arm64.deb"):
        (tmp_path / name).write_bytes(b"a package")
    status = (
        "Package: dbus\nStatus: install ok installed\nArchitecture: arm64\nVersion: 1:1.14\n"
        "Description: bus\n Version: 7\n\n"
        "Package: sway\nStatus: install ok triggers-pending\nArchitecture: arm64\nVersion: 1.7\n\n"
        "Package: apt\nStatus: deinstall ok config-files\nArchitecture: arm64\nVersion: 2\n"
    )
    digest = hashlib.sha256(b"a package").hexdigest()
    assert manifest.debian_parts(status, tmp_path) == [
        Part("deb", "dbus", "1:1.14", "arm64", digest),
        Part("deb", "sway", "1.7", "arm64", digest),
    ]
    with pytest.raises(BuildError, match=r"dbus_2_arm64\.deb is not among"):
        manifest.debian_parts(status.replace("1:1.14", "2", 1), tmp_path)


def test_the_bill_of_materials_is_cyclonedx_and_the_same_each_time() -> None:
    parts = [*PARTS, *manifest.model_parts()]
    profile = load("qemu")
    text = manifest.sbom(profile, "1.2.3", parts)
    assert text == manifest.sbom(profile, "1.2.3", parts)
    told = json.loads(text)
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.5")
    first = told["components"][0]
    assert first["purl"] == "pkg:deb/debian/libc6@2.36-9?arch=arm64&distro=bookworm"
    assert first["hashes"] == [{"alg": "SHA-256", "content": "aa" * 32}]
    models = [one for one in told["components"] if one["type"] == "machine-learning-model"]
    assert len(models) == 5
    for one in models:
        digest = one["hashes"][0]["content"]
        assert digest in (REPOSITORY / "appliance/models/models.toml").read_text("utf-8")
    assert len({one["bom-ref"] for one in told["components"]}) == len(told["components"])


def wheel(folder: Path, name: str, **files: bytes) -> None:
    with zipfile.ZipFile(folder / f"{name}-1-py3-none-any.whl", "w") as archive:
        for path, content in files.items():
            archive.writestr(path.replace("__", "/").replace("_dot_", "."), content)


def test_wheels_are_unpacked_without_their_tests(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    wheel(wheels, "a", a__init_dot_py=b"", a__tests__test_a_dot_py=b"", a__a_dot_pyi=b"")
    python_env.unpack(wheels, tmp_path / "root")
    site = tmp_path / "root" / python_env.PACKAGES
    assert [str(path.relative_to(site)) for path in site.rglob("*.*")] == ["a/init.py"]
    assert (tmp_path / "root/opt/sanmen/bin/python").readlink() == Path("/usr/bin/python3.11")
    assert (tmp_path / "root/opt/sanmen/bin/sanmen").stat().st_mode & 0o777 == 0o755


def test_wheels_that_fight_over_a_file_or_lead_out_are_refused(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    wheel(wheels, "a", cv2__init_dot_py=b"1")
    wheel(wheels, "b", cv2__init_dot_py=b"2")
    with pytest.raises(BuildError, match=r"another wheel brought cv2/init\.py"):
        python_env.unpack(wheels, tmp_path / "root")
    (wheels / "a-1-py3-none-any.whl").unlink()
    with zipfile.ZipFile(wheels / "b-1-py3-none-any.whl", "w") as archive:
        archive.writestr("../../bin/python", b"")
    with pytest.raises(BuildError, match="leads out"):
        python_env.unpack(wheels, tmp_path / "other")


def test_a_root_that_outgrew_its_partition_is_refused(tmp_path: Path) -> None:
    image = tmp_path / "root.squashfs"
    with image.open("wb") as file:
        file.truncate(1025 * 1024 * 1024)
    with pytest.raises(BuildError, match="1025 MiB, its partition 1024"):
        root.fits(load("qemu"), image)


def test_the_same_root_packs_to_the_same_bytes(tmp_path: Path) -> None:
    if shutil.which("mksquashfs") is None:
        pytest.skip("mksquashfs is not installed: apt-get install squashfs-tools")
    profile = load("qemu")
    seen = []
    for time in (1, 2):
        place = shop(tmp_path / str(time))
        (place.work / "root/etc").mkdir(parents=True)
        place.out.mkdir()
        for name in ("b", "a") if time == 1 else ("a", "b"):
            (place.work / "root/etc" / name).write_bytes(b"content" * 1000)
            os.utime(place.work / "root/etc" / name, (time, time))
        root.squash(profile, place)
        seen.append(manifest.sha256(place.out / "root.squashfs"))
    assert seen[0] == seen[1]


def test_a_release_without_a_key_is_called_a_test_and_its_signature_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for tool in ("openssl", "rauc", "bmaptool", "xz", "mksquashfs"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed: apt-get install rauc bmap-tools squashfs-tools")
    place, profile = shop(tmp_path), load("rpi")
    place.work.mkdir()
    place.out.mkdir()
    for name in ("disk.img", "boot.vfat", "root.squashfs"):
        (place.out / name).write_bytes(os.urandom(4096))
    signer = release.test_signer(place)
    release.publish(profile, place, "1.2.3", signer)
    assert "NOT FOR A REAL GATE" in capsys.readouterr().out
    name = "sanmen-1.2.3-TESTKEY"
    made = {path.name for path in place.out.iterdir()}
    assert made >= {f"{name}.{kind}" for kind in ("img.xz", "bmap", "raucb", "sha256", "crt")}
    subprocess.run(["sha256sum", "--quiet", "-c", f"{name}.sha256"], cwd=place.out, check=True)  # noqa: S603, S607
    public = subprocess.run(  # noqa: S603 - as the README tells the technician
        ["openssl", "x509", "-in", f"{name}.crt", "-pubkey", "-noout"],  # noqa: S607
        cwd=place.out,
        capture_output=True,
        check=True,
    ).stdout
    (place.out / "public.pem").write_bytes(public)
    verify = ["openssl", "dgst", "-sha256", "-verify", "public.pem"]
    verify += ["-signature", f"{name}.sha256.sig", f"{name}.sha256"]
    assert subprocess.run(verify, cwd=place.out, check=False, capture_output=True).returncode == 0  # noqa: S603
    (place.out / f"{name}.sha256").write_bytes(b"0")
    assert subprocess.run(verify, cwd=place.out, check=False, capture_output=True).returncode == 1  # noqa: S603
    info = subprocess.run(  # noqa: S603 - as a gate looks at it
        ["rauc", "info", f"--keyring={signer.certificate}", f"{name}.raucb"],  # noqa: S607
        cwd=place.out,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "sanmen-rpi" in info
    assert "1.2.3" in info


def test_a_file_with_two_names_is_counted_once(tmp_path: Path) -> None:
    folder = tmp_path / "root/usr/lib/dri"
    folder.mkdir(parents=True)
    (folder / "vc4.so").write_bytes(bytes(5_000_000))
    (folder / "v3d.so").hardlink_to(folder / "vc4.so")
    (folder / "link.so").symlink_to("vc4.so")
    image = tmp_path / "root.squashfs"
    image.write_bytes(b"12345")
    assert json.loads(manifest.sizes(tmp_path / "root", [image])) == {
        "root_unpacked": 5_000_000,
        "files": {"root.squashfs": 5},
        "folders": {"usr": 5_000_000, "usr/lib": 5_000_000, "usr/lib/dri": 5_000_000},
    }
