"""The root key's other sources: systemd, the Pi's OTP memory and a TPM; each missing or false."""

from __future__ import annotations

import hmac
import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from appliance.errors import KeyMissingError, StoreError
from appliance.gate.store.keys import KeyUse, OpenedKey, derive
from appliance.gate.store.roots import create_root, open_root, weakness
from appliance.gate.store.roots.credential import CredentialKey
from appliance.gate.store.roots.file import FileKey
from appliance.gate.store.roots.otp import OtpKey
from appliance.sections import Store
from tests.rig.software_tpm import SoftwareTpm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = bytes(range(32))


def private(path: Path, content: bytes = SECRET, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


# systemd credentials


@pytest.fixture
def handed(tmp_path: Path) -> Path:
    folder = tmp_path / "credentials"
    folder.mkdir(mode=0o700)
    private(folder / "sanmen.key", mode=0o400)
    return folder


def credential(folder: Path, name: str = "sanmen.key") -> CredentialKey:
    return CredentialKey(name, {"CREDENTIALS_DIRECTORY": str(folder)})


def test_a_credential_is_read(handed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert credential(handed).key() == SECRET
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed))
    assert create_root(Store(key="credential")).key() == SECRET
    assert credential(handed).identity == "credential:sanmen.key"


def test_without_systemd_there_is_no_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(KeyMissingError, match="started by systemd"):
        open_root(Store(key="credential")).key()
    with pytest.raises(KeyMissingError):
        credential(tmp_path / "gone").key()


@pytest.mark.parametrize("name", ["", ".", "..", "../sanmen.key", "/etc/shadow", "other"])
def test_a_credential_of_another_name_is_not_read(handed: Path, name: str) -> None:
    with pytest.raises(KeyMissingError):
        credential(handed, name).key()


@pytest.mark.parametrize("mode", [0o444, 0o404, 0o420, 0o460])
def test_a_credential_others_can_reach_is_refused(handed: Path, mode: int) -> None:
    (handed / "sanmen.key").chmod(mode)
    with pytest.raises(KeyMissingError, match="mode"):
        credential(handed).key()
    (handed / "sanmen.key").chmod(0o400)
    handed.chmod(0o705)
    with pytest.raises(KeyMissingError, match="mode 0705"):
        credential(handed).key()


@pytest.mark.parametrize("length", [0, 31, 33, 5000])
def test_a_credential_of_wrong_length_is_refused(handed: Path, length: int) -> None:
    (handed / "sanmen.key").chmod(0o600)
    private(handed / "sanmen.key", bytes(length))
    with pytest.raises(KeyMissingError, match="bytes"):
        credential(handed).key()


# The Pi's one-time-programmable memory

DEVICE = bytes(range(32, 64))


@pytest.fixture
def firmware(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a tool on PATH that answers as the Pi's does, with the device key 20 21 .. 3f."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def install(change: str = "") -> None:
        tool = folder / "rpi-fw-crypto"
        tool.write_text(
            f"""#!{sys.executable}
import hmac, sys
command, words = sys.argv[1], sys.argv[2:]
status = "Key 1 status: 0x00000003 (DEVICE LOCKED)"
answer = ""
if command == "get-key-status":
    answer = status + "\\n"
elif command == "hmac":
    options = dict(zip(words[::2], words[1::2]))
    assert options["--key-id"] == "1" and options["--outform"] == "hex", options
    message = open(options["--in"], "rb").read()
    answer = hmac.new(bytes(range(32, 64)), message, "sha256").hexdigest()
else:
    sys.exit(1)
{change}
sys.stdout.write(answer)
"""
        )
        tool.chmod(0o700)

    return install


def test_the_otp_root_needs_both_the_chip_and_the_disk(
    tmp_path: Path, firmware: Callable[[str], None]
) -> None:
    firmware("")
    path = private(tmp_path / "host")
    root = OtpKey(path, 1).key()
    device = hmac.digest(DEVICE, b"sanmen/1/root", "sha256")
    # HKDF-SHA256 (RFC 5869) of both, no salt, info "sanmen/1/root/otp", one block.
    drawn = hmac.digest(bytes(32), device + SECRET, "sha256")
    assert root == hmac.digest(drawn, b"sanmen/1/root/otp\x01", "sha256")
    private(path, SECRET[::-1])
    assert OtpKey(path, 1).key() != root
    private(path)
    firmware("answer = answer[::-1]")
    assert OtpKey(path, 1).key() != root


def test_an_otp_root_is_made_once(tmp_path: Path, firmware: Callable[[str], None]) -> None:
    firmware("")
    section = Store(key="otp", key_file=str(tmp_path / "host"))
    assert create_root(section).key() == open_root(section).key()
    with pytest.raises(StoreError, match="already there"):
        create_root(section)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("answer = answer[:-2]", "62 characters"),
        ("answer += '00'", "66 characters"),
        ("answer = 'x' * 64", "hex digits"),
        ("answer = ''", "0 characters"),
        ("answer = '0' * 64", "all zero"),
        ("sys.exit('Last crypto error: 2 (Key not found)')", "Key not found"),
        ("sys.exit(255)", "no reason given"),
    ],
)
def test_an_answer_that_is_no_hmac_is_refused(
    tmp_path: Path, firmware: Callable[[str], None], change: str, said: str
) -> None:
    firmware(change)
    private(tmp_path / "host")
    with pytest.raises(KeyMissingError, match=said):
        OtpKey(tmp_path / "host", 1).key()
    with pytest.raises(KeyMissingError):
        OtpKey.create(tmp_path / "other", 1)
    assert not (tmp_path / "other").exists()


def test_without_the_tool_or_the_host_secret_there_is_no_root(
    tmp_path: Path, firmware: Callable[[str], None]
) -> None:
    private(tmp_path / "host")
    with pytest.raises(KeyMissingError, match="not installed"):
        OtpKey(tmp_path / "host", 1).key()
    firmware("")
    with pytest.raises(KeyMissingError, match="key file"):
        OtpKey(tmp_path / "gone", 1).key()
    with pytest.raises(KeyMissingError):
        OtpKey(private(tmp_path / "open", mode=0o644), 1).key()


def test_what_is_weak_is_said(tmp_path: Path, firmware: Callable[[str], None]) -> None:
    firmware("")
    section = Store(key="otp", key_file=str(tmp_path / "host"))
    assert weakness(section) is None
    firmware("answer = 'Key 1 status: 0x00000001 (DEVICE)'")
    assert "lock_device_private_key=1" in str(weakness(section))
    assert "whoever takes the disk" in str(weakness(Store()))
    assert weakness(Store(key="tpm")) is None


def test_a_credential_is_as_safe_as_the_card_it_lies_on(tmp_path: Path) -> None:
    section = Store(key="credential", folder=str(tmp_path / "not yet" / "made"))
    assert "a card that is not encrypted" in str(weakness(section))
    device = tmp_path.stat().st_dev
    mapping = tmp_path / f"sys/dev/block/{os.major(device)}:{os.minor(device)}/dm"
    mapping.mkdir(parents=True)
    (mapping / "uuid").write_text("LVM-8279f4c93af94e3fa8f8239146c1ad89")
    assert weakness(section, tmp_path / "sys") is not None
    (mapping / "uuid").write_text("CRYPT-LUKS2-8279f4c93af94e3fa8f8239146c1ad89-data\n")
    assert weakness(section, tmp_path / "sys") is None


# A TPM 2.0


@pytest.fixture
def chips(tmp_path: Path) -> Iterator[list[SoftwareTpm]]:
    pytest.importorskip("tpm2_pytss")
    if shutil.which("swtpm") is None:
        pytest.skip("needs swtpm")
    made = [SoftwareTpm(tmp_path / f"chip{number}") for number in range(2)]
    yield made
    for chip in made:
        chip.close()


def test_the_chip_opens_what_it_sealed_and_only_its_own(
    tmp_path: Path, chips: list[SoftwareTpm], capfd: pytest.CaptureFixture[str]
) -> None:
    from tpm2_pytss import ESAPI  # noqa: PLC0415 - not on every machine
    from tpm2_pytss.constants import ESYS_TR  # noqa: PLC0415

    section = Store(key="tpm", key_file=str(tmp_path / "sealed"), tpm=chips[0].tcti)
    root = create_root(section)
    key = root.key()
    assert len(key) == 32
    assert open_root(section).key() == key
    assert derive(OpenedKey(root), KeyUse.SEAL) == derive(root, KeyUse.SEAL)
    content = (tmp_path / "sealed").read_bytes()
    assert key not in content
    assert (tmp_path / "sealed").stat().st_mode & 0o777 == 0o600
    with pytest.raises(StoreError, match="already there"):
        create_root(section)

    elsewhere = Store(key="tpm", key_file=section.key_file, tpm=chips[1].tcti)
    with pytest.raises(KeyMissingError, match="another chip"):
        open_root(elsewhere).key()
    # Its name forged into the file, the other chip still cannot load what it did not seal.
    create_root(Store(key="tpm", key_file=str(tmp_path / "other"), tpm=chips[1].tcti))
    forged = (tmp_path / "other").read_bytes()[:49] + content[49:]
    private(tmp_path / "sealed", forged)
    with pytest.raises(KeyMissingError):
        open_root(elsewhere).key()

    private(tmp_path / "sealed", content)
    with ESAPI(chips[0].tcti) as esapi:
        esapi.clear(ESYS_TR.LOCKOUT)
    with pytest.raises(KeyMissingError, match="another chip, or cleared"):
        root.key()
    assert key.hex() not in capfd.readouterr().err + repr(root) + root.identity


def test_a_chip_that_lost_power_often_does_not_lock_itself(
    tmp_path: Path, chips: list[SoftwareTpm]
) -> None:
    """It takes lost power for a wrong guess at a key it protects; this one allows three."""
    root = create_root(Store(key="tpm", key_file=str(tmp_path / "sealed"), tpm=chips[0].tcti))
    key = root.key()
    for _ in range(6):
        chips[0].lose_power()
        assert root.key() == key


def test_an_altered_or_missing_sealed_file_is_refused(
    tmp_path: Path, chips: list[SoftwareTpm]
) -> None:
    path = tmp_path / "sealed"
    section = Store(key="tpm", key_file=str(path), tpm=chips[0].tcti)
    with pytest.raises(KeyMissingError, match="key file"):
        open_root(section).key()
    create_root(section)
    content = path.read_bytes()
    for altered in (
        b"",
        content[:20],
        content[:-1],
        content + b"\0",
        b"x" + content[1:],
        content[:60] + bytes([content[60] ^ 1]) + content[61:],
        content[:-5] + bytes([content[-5] ^ 1]) + content[-4:],
        content + bytes(5000),
    ):
        private(path, altered)
        with pytest.raises(KeyMissingError):
            open_root(section).key()
    private(path, content, 0o644)
    with pytest.raises(KeyMissingError, match="mode"):
        open_root(section).key()


def test_without_a_chip_there_is_no_root(tmp_path: Path) -> None:
    pytest.importorskip("tpm2_pytss")
    section = Store(key="tpm", key_file=str(tmp_path / "k"), tpm=f"device:{tmp_path / 'tpm0'}")
    with pytest.raises(KeyMissingError, match="TPM"):
        create_root(section)
    assert not (tmp_path / "k").exists()


def test_the_file_is_the_default(tmp_path: Path) -> None:
    section = Store(key_file=str(tmp_path / "k"))
    assert create_root(section).key() == open_root(section).key() == FileKey(tmp_path / "k").key()
