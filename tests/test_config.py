"""The configuration: every bad value is named with its key, its value and what was expected."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.config import load, parse
from appliance.errors import ConfigError
from appliance.sections import Config

if TYPE_CHECKING:
    from pathlib import Path

SIMULATED = "[site]\nsimulation = true\n"
BAD = {
    "[methods]\nface = true\ncard = false\nqr = false": ("methods.face", "only way in", "law 1"),
    "[methods]\ncard = false\nqr = false": ("methods", "none", "card or qr"),
    "[methods]\nqr = false": ("reader.driver", "none", "a reader"),
    "[methods]\nqr = false\nface = true": ("reader.driver", "none", "a reader"),
    '[reader]\ndriver = "sim"': ("reader.driver", "'sim'", "simulation"),
    '[camera]\ndriver = "file"': ("camera.driver", "'file'", "simulation"),
    "[pad.infrared]\non = true": ("infrared.driver", "'none'", "the second camera"),
    '[infrared]\ndriver = "file"\nsource = "x"': ("infrared", "'file'", "simulation"),
    '[infrared]\ndriver = "v4l2"\nlamp = "mock"': ("infrared", "'mock'", "simulation"),
    '[infrared]\ndriver = "v4l2"\nsource = "0"': ("infrared.source", "'0'", "another"),
    '[infrared]\ndriver = "v4l2"\n[door]\nrex_pin = 18': ("pins", "18", "of its own"),
    "[infrared]\nbaseline_mm = 5": ("infrared.baseline_mm", "5", ">= 20"),
    '[camera.origin]\nport = "1-1"': ("camera.origin.port", "unknown key", "a known one"),
    '[door]\ndriver = "mock"': ("door.driver", "'mock'", "simulation"),
    '[door]\ndriver = "relay9000"': ("door.driver", "relay9000", "one of gpio, mock"),
    '[camera]\ndriver = "webcam"': ("camera.driver", "webcam", "file, picamera2, sim, v4l2"),
    "[door]\npulse_s = 0.5": ("door.pulse_s", "0.5", ">= 1"),
    "[door]\npulse_s = 31.0": ("door.pulse_s", "31.0", "<= 30"),
    "[door]\npulse_s = nan": ("door.pulse_s", "nan", "float"),
    "[door]\nheld_open_s = inf": ("door.held_open_s", "inf", "<= 600"),
    "[door]\nrelay_pin = 28": ("door.relay_pin", "28", "<= 27"),
    "[door]\nrelay_pin = 1.5": ("door.relay_pin", "1.5", "int"),
    "[door]\nrelay_pin = true": ("door.relay_pin", "True", "int"),
    "[door]\nrelay_pin = 27": ("pins", "27, 27", "of its own"),
    "[face]\nthreshold = 0.1": ("face.threshold", "0.1", ">= 0.45"),
    "[face]\nmargin = 0.0": ("face.margin", "0.0", ">= 0.02"),
    "[pad.texture]\nsupports = 0.01": ("pad.texture.supports", "0.01", ">= 0.05"),
    "[pad.texture]\ncontradicts = 0.9": ("pad.texture", "0.9", "at most as high as supports"),
    '[pad]\nemission = "light"': ("pad", "light", "pad.screen_light.on = true"),
    '[pad]\nemission = "infrared"\n[pad.screen_light]\non = true': (
        "pad",
        "infrared",
        "pad.infrared.on = true",
    ),
    '[pad]\nemission = "sun"': ("pad.emission", "'sun'", "any, infrared, light"),
    "[pad.wink]\non = true": ("pad.wink", "unknown key", "a known one"),
    "[face]\nattempts = 0": ("face.attempts", "0", ">= 1"),
    "[face]\nnear_px = 10": ("face.near_px", "10", ">= 40"),
    '[site]\nname = ""': ("site.name", "''", "length"),
    f'[site]\nportal = "{"x" * 65}"': ("site.portal", "xxx", "<= 64"),
    '[site]\ntimezone = "Mars/Base"': ("site.timezone", "Mars/Base", "IANA"),
    '[site]\ntimezone = "Asia"': ("site.timezone", "Asia", "IANA"),
    '[site]\ntimezone = "../../etc"': ("site.timezone", "etc", "IANA"),
    '[site]\nsimulation = "yes"': ("site.simulation", "yes", "bool"),
    '[[schedule.periods]]\ndays = ["mon"]\nopens = "25:00"': ("opens", "25:00", "regex"),
    '[[schedule.periods]]\ndays = ["someday"]': ("periods[0].days[0]", "someday", "mon, "),
    "[[schedule.periods]]\ndays = []": ("periods[0].days", "[]", "length"),
    '[[schedule.periods]]\ndays = ["mon"]\nopens = "24:00"': ("periods[0]", "24:00", "span"),
    '[[schedule.periods]]\ndays = ["mon"]\ncloses = "00:00"': ("periods[0]", "00:00", "24:00"),
    '[[schedule.periods]]\ndays=["mon"]\nopens="08:00"\ncloses="08:00"': (
        "periods[0]",
        "08:00",
        "span",
    ),
    '[[schedule.periods]]\ndays = ["mon"]\nclose = "08:00"': ("close", "unknown key", "known"),
    '[camera]\ndriver = "sim"': ("camera.driver", "'sim'", "simulation"),
    '[indicator]\ndriver = "lamp"': ("indicator.driver", "lamp", "one of leds, none"),
    '[indicator]\ndriver = "leds"\n[door]\nrelay_pin = 13': ("pins", "13", "of its own"),
    '[sound]\ndriver = "mp3"': ("sound.driver", "mp3", "one of alsa, none"),
    '[sound]\ndevice = ""': ("sound.device", "''", "length"),
    "sight = 1": ("sight", "unknown key", "known"),
    "[face]\nthresold = 0.6": ("face.thresold", "unknown key", "known"),
    "face = 3": ("face", "3", "object"),
    "[face": ("configuration", "", "TOML"),
    "x = " + "[" * 3000: ("configuration", "recursion", "TOML"),
    "x = " + "9" * 5000: ("configuration", "digits", "TOML"),
    "[camera]\nwidth = 1979-05-27": ("camera.width", "1979", "int"),
}


@pytest.mark.parametrize(("text", "told"), BAD.items(), ids=[key[:40] for key in BAD])
def test_a_bad_value_is_named_with_key_value_and_expectation(
    text: str, told: tuple[str, str, str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    key, found, expected = told
    assert key in caught.value.thing
    assert found in str(caught.value.found)
    assert expected in caught.value.expected


VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
SECTIONS = st.sampled_from([*Config.__struct_fields__, "other"])
KEYS = st.sampled_from(["driver", "name", "timezone", "pulse_s", "periods", "width", "x"])


@settings(suppress_health_check=[HealthCheck.too_slow])  # of the machine, not of this
@given(st.dictionaries(SECTIONS, st.dictionaries(KEYS, VALUES) | VALUES))
def test_no_toml_raises_anything_but_a_named_fault(content: dict[str, object]) -> None:
    with suppress(ConfigError):
        parse(tomli_w.dumps(content))


@given(st.text())
def test_no_text_raises_anything_but_a_named_fault(text: str) -> None:
    with suppress(ConfigError):
        parse(text)


def test_a_file_that_is_missing_a_folder_or_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "missing", tmp_path, tmp_path / "noise"):
        with pytest.raises(ConfigError, match=path.name):
            load(path)


@pytest.mark.parametrize("source", ["uart:/dev/ttyAMA0", "i2c:1", "spi:0.0"])
def test_a_bus_is_no_path(tmp_path: Path, source: str) -> None:
    path = tmp_path / "gate.toml"
    path.write_text(f'[reader]\ndriver = "pn532"\nsource = "{source}"\n')

    assert load(path).reader.source == source


def test_paths_are_relative_to_the_folder_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    path.write_text(
        SIMULATED + '[store]\nfolder = "state"\nkey_file = "/keys/device.key"\n'
        '[camera]\ndriver = "file"\nsource = "clip.mp4"\n'
        '[infrared]\ndriver = "file"\nsource = "dark.mp4"\nlamp = "mock"\n'
        '[reader]\ndriver = "sim"\nsource = "pipe"\n'
    )
    config = load(path)
    assert config.store.folder == str(tmp_path / "state")
    assert config.store.key_file == "/keys/device.key"
    assert config.camera.source == str(tmp_path / "clip.mp4")
    assert config.infrared.source == str(tmp_path / "dark.mp4")
    assert config.reader.source == str(tmp_path / "pipe")


def test_a_device_number_is_no_path(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    path.write_text('[camera]\nsource = "0"\n')
    config = load(path)
    assert config.camera.source == "0"
    assert config.reader.source == ""


def test_an_empty_file_gives_a_real_gate_without_face() -> None:
    config = parse("")
    assert not config.methods.face
    assert not config.site.simulation
    assert (config.methods.card, config.methods.qr, config.door.driver) == (True, True, "gpio")


def test_face_beside_another_door_and_a_night_shift_are_taken() -> None:
    text = (
        SIMULATED + '[methods]\nface = true\ncard = false\n[door]\ndriver = "mock"\n'
        '[[schedule.periods]]\ndays = ["mon", "sun"]\nopens = "22:00"\ncloses = "06:00"\n'
    )
    config = parse(text)
    assert config.methods.face
    assert config.schedule.periods[0].days == ("mon", "sun")


def test_light_and_infrared_are_off_until_their_hardware_is_there() -> None:
    pad = parse("").pad
    assert (pad.screen_light.on, pad.infrared.on, pad.emission) == (False, False, "any")
    demanded = parse('[pad]\nemission = "light"\n[pad.screen_light]\non = true').pad
    assert demanded.emission == "light"
