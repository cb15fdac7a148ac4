"""What the technician's file may say, and how it is refused: with the line, in their words."""

# ruff: noqa: RUF001 - Chinese has its own punctuation

from __future__ import annotations

import random
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance import config
from tests.deploy.provision_world import DEPLOY, FILE, KEY

from provision.gate_file import GateFileError, read, text_of  # isort: skip
from provision.settings import configuration, network  # isort: skip

if TYPE_CHECKING:
    from provision.answers import Answers


def taken(content: bytes) -> Answers:
    return read(text_of(content))


def made(content: str) -> str:
    return configuration(read(content), content)


def refusal(content: bytes | str) -> GateFileError:
    text = content.encode() if isinstance(content, str) else content
    with pytest.raises(GateFileError) as caught:
        made(text_of(text))
    assert KEY not in str(caught.value)
    assert KEY not in caught.value.english + caught.value.chinese
    return caught.value


def changed(old: str, new: str) -> str:
    assert FILE.count(old) == 1
    return FILE.replace(old, new)


@pytest.mark.parametrize(
    ("content", "line", "english", "chinese"),
    [
        (b"", 0, "the file is empty", "文件是空的"),
        (b"\r\n  \r\n", 0, "the file is empty", "文件是空的"),
        (bytes(4096), 0, "the file is empty", "文件是空的"),
        (b"#" * 65_537, 0, "over 65536 bytes", "文件太大"),
        (b"[site]\n\xff\xd8\xff\xe0 JFIF", 2, "not UTF-8", "UTF-8"),
        ("[site]\nname = '阳光'".encode("gbk"), 2, "not UTF-8", "另存为"),
        (b"[site]\nname = 'a\0b'\n", 2, "no text", "文件损坏"),
        (b"\xff\xfe[", 1, "not UTF-8", "UTF-8"),
        (b"PK\x03\x04\x14\x00\x00\x00", 1, "no text", "文件损坏"),
    ],
)
def test_what_is_no_text_is_refused(content: bytes, line: int, english: str, chinese: str) -> None:
    fault = refusal(content)

    assert fault.line == line
    assert english in fault.english
    assert chinese in fault.chinese


@pytest.mark.parametrize(
    ("content", "line", "english", "chinese"),
    [
        # keys
        (changed("contact =", "phone = 'x'\ncontact ="), 4, "'phone' is unknown", "不认识 'phone'"),
        (changed("[network]", "[wifi]\nname = 'x'\n[network]"), 24, "'wifi' is", "不认识 'wifi'"),
        ("colour = 3\n" + FILE, 1, "'colour' is unknown", "不认识 'colour'"),
        (changed('contact = "400-000-0000"\n', ""), 1, "[site] lacks contact", "缺少 contact"),
        (changed('[network]\nkind = "none"\n', ""), 0, "lacks network", "缺少 network"),
        (changed('lock = "maglock"\n', ""), 10, "[door] lacks lock", "缺少 lock"),
        # twice
        (changed("number = 3", "number = 3\nnumber = 4"), 9, "second time", "写了两次"),
        (FILE + "[site]\nname = 'x'\n", 29, "second time", "写了两次"),
        # values
        (changed("number = 3", "number = 32"), 8, "gate.number should be", "值不对"),
        (changed("number = 3", 'number = "3"'), 8, "gate.number should be int", "值不对"),
        (changed("number = 3", "number = true"), 8, "gate.number should be int", "值不对"),
        (changed('"maglock"', '"magnet"'), 11, "one of maglock, strike", "值不对"),
        (changed("pulse_s = 5.0", "pulse_s = 31"), 12, "door.pulse_s should be", "值不对"),
        (changed("pulse_s = 5.0", "pulse_s = nan"), 12, "door.pulse_s should be", "值不对"),
        (changed('"阳光花园"', '""'), 2, "site.name should be", "值不对"),
        (changed('fire_pin = "none"', "fire_pin = 28"), 13, "door.fire_pin should be", "值不对"),
        (changed('kind = "none"', 'kind = "wlan"'), 25, "one of ethernet, none", "值不对"),
        (changed("[gate]\n", "gate = 1\n[gates]\n"), 6, "'gate' is", "不认识"),
        # the whole
        (changed('fire_pin = "none"', "fire_pin = 17"), 10, "a pin of its own", "接线|应为"),
        (changed("face = true", "face = true\ncard = false\nqr = false"), 22, "beside it", "应为"),
        (changed('400-000-0000"', '400"\ntimezone = "Asia/Nowhere"'), 5, "an IANA zone", "应为"),
        (changed(f'key = "{KEY}"\n', ""), 15, "key belongs to an OSDP reader", "密钥"),
        (changed('driver = "osdp"', 'driver = "pcsc"'), 18, "and nowhere else", "其他读卡器"),
        (changed('source = "/dev/ttyUSB0:1"\n', ""), 15, "needs source", "source"),
        (changed(KEY, "0" * 32), 18, "no random one", "太简单"),
        (changed(KEY, KEY[:-1]), 18, "reader.key should be", "值不对"),
        (changed("[network]", '[pad]\nemission = "infrared"\n[network]'), 24, "pad", "应为"),
        (changed("[network]", '[indicator]\ndriver = "gpio"\n[network]'), 25, "leds, none", "值"),
        # cut short
        (FILE[: FILE.index("[end]")], 0, "the file is cut short", "文件不完整"),
        (FILE[: FILE.index("lock")], 0, "the file is cut short", "文件不完整"),
        (FILE[: FILE.index("光物业")], 3, "quotation marks", "引号"),
        (changed("complete = true", "complete = false"), 28, "complete = true", "complete"),
        # written on a Chinese keyboard
        (changed('name = "东门"', "name = “东门”"), 7, "the wide sign “", "全角符号 “"),
        (changed("number = 3", "number ＝ 3"), 8, "the wide sign ＝", "全角符号 ＝"),
        (changed("[gate]", "【gate】"), 6, "the wide sign 【", "全角符号 【"),
        (changed('name = "东门"', "name = 东门"), 7, "quotation marks", "引号"),
        ("[" * 5000, 1, "not as it should be", "格式不对"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(
    content: str, line: int, english: str, chinese: str
) -> None:
    fault = refusal(content)

    assert (fault.line, english in fault.english) == (line, True), fault.english
    assert any(part in fault.chinese for part in chinese.split("|")), fault.chinese
    if line:
        assert fault.english.startswith(f"Line {line}: ")
        assert fault.chinese.startswith(f"第 {line} 行：")


@pytest.mark.parametrize(
    "content",
    [
        FILE.encode(),
        FILE.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode(),
        FILE.encode("utf-16"),
        ("# 注释，用“全角”也没关系\n" + FILE).encode(),
        FILE.rstrip("\n").encode(),
    ],
    ids=["plain", "windows line ends", "byte order mark", "utf-16", "comment", "no last line end"],
)
def test_a_file_from_any_editor_says_the_same(content: bytes) -> None:
    assert taken(content) == read(FILE)


def test_the_gates_configuration_is_what_was_said() -> None:
    written = made(FILE)
    settings = config.parse(written)

    assert (settings.site.name, settings.site.portal) == ("阳光花园", "东门")
    assert not settings.site.simulation
    assert (settings.store.key, settings.store.credential) == ("credential", "sanmen.key")
    assert settings.store.folder == "/var/lib/sanmen/gate"
    assert (settings.door.driver, settings.door.lock, settings.door.pulse_s) == (
        *("gpio", "maglock"),
        5.0,
    )
    assert (settings.door.fire_pin, settings.door.rex_pin) == ("none", 22)
    assert (settings.reader.driver, settings.reader.community) == ("osdp", "0A0B0C0D")
    assert settings.reader.key_file == "/var/lib/sanmen/reader/osdp.key"
    assert settings.visitors.gate_number == 3
    assert settings.methods.face
    assert KEY not in written


def test_what_is_fitted_beside_is_said_in_the_same_file() -> None:
    more = """
[camera]
driver = "v4l2"
source = "/dev/video0"
bus = "1-1.2"
model = "046d:0825"
serial = "A1B2"
[infrared]
driver = "v4l2"
source = "/dev/video2"
[pad]
emission = "infrared"
[sound]
driver = "alsa"
[indicator]
driver = "leds"
[ui]
language = "en"
"""
    settings = config.parse(made(changed("[network]", more + "[network]")))

    origin = settings.camera.origin
    assert (origin.bus, origin.model, origin.serial) == ("1-1.2", "046d:0825", "A1B2")
    assert (settings.infrared.driver, settings.infrared.source) == ("v4l2", "/dev/video2")
    assert (settings.pad.emission, settings.pad.infrared.on) == ("infrared", True)
    assert (settings.sound.driver, settings.indicator.driver) == ("alsa", "leds")
    assert settings.ui.language == "en"


def test_what_is_not_fitted_is_off() -> None:
    settings = config.parse(made(FILE))

    assert (settings.infrared.driver, settings.pad.infrared.on) == ("none", False)
    assert (settings.pad.emission, settings.pad.screen_light.on) == ("any", False)
    assert (settings.sound.driver, settings.indicator.driver) == ("none", "none")


def test_light_that_must_answer_is_shown() -> None:
    more = '[pad]\nemission = "light"\n[network]'
    assert config.parse(made(changed("[network]", more))).pad.screen_light.on


@pytest.mark.parametrize("name", ['"', "\\", "a\x7fb", 'x"]\n[store]\nkey = "file', "😀", "\x01"])
def test_no_text_breaks_out_of_its_quotation_marks(name: str) -> None:
    escaped = "".join(f"\\U{ord(sign):08X}" for sign in name)
    written = made(changed('"阳光花园"', f'"{escaped}"'))

    assert tomllib.loads(written)["site"]["name"] == name
    assert tomllib.loads(written)["store"]["key"] == "credential"


def test_a_gate_without_network_has_its_socket_unmanaged_and_one_with_asks_or_is_told() -> None:
    assert "Unmanaged=yes" in network(read(FILE))
    asks = read(changed('kind = "none"', 'kind = "ethernet"'))
    assert "DHCP=ipv4" in network(asks)
    told = read(changed('"none"\n\n[end]', '"ethernet"\naddress = "10.0.0.5/24"\n\n[end]'))
    assert "Address=10.0.0.5/24" in network(told)
    assert "DHCP" not in network(told)


def test_the_sample_is_whole_and_taken() -> None:
    sample = DEPLOY / "provision/gate.toml"
    settings = config.parse(made(sample.read_text("utf-8")))

    assert settings.reader.driver == "pcsc"
    assert not settings.methods.face


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_but_a_refusal(content: bytes) -> None:
    with pytest.raises(GateFileError):
        made(text_of(content))


@given(st.integers(0, 2**32))
def test_no_damage_to_a_good_file_raises_anything_but_a_refusal(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    content = bytearray(FILE.encode())
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(content))
        kind = chance.randrange(3)
        if kind == 0:
            content[at] = chance.randrange(256)
        elif kind == 1:
            del content[at : at + chance.randint(1, 40)]
        else:
            content[at:at] = content[: chance.randint(1, 60)]
    try:
        written = made(text_of(bytes(content)))
    except GateFileError:
        return
    config.parse(written)


@pytest.mark.parametrize("cut", range(0, len(FILE) - 16, 7))
def test_a_file_cut_anywhere_sets_nothing_up(cut: int) -> None:
    refusal(FILE[:cut])


def test_the_folder_of_the_program_is_what_the_unit_runs() -> None:
    assert (Path(DEPLOY) / "provision/__main__.py").is_file()
