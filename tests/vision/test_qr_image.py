"""Codes held to the camera: real ones are read, noise is not, each is told once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import zxingcpp

from appliance.errors import PictureError
from appliance.vision import qr_image
from appliance.vision.qr_image import INTERVAL_NS, LONGEST, REPEAT_NS, QrReader, decode
from hardware.sim.phone_screen import KINDS, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

TEXT = "0123456789ABCDEF $%*+-./:"
SIGNED = "RESIDENT" * 19
"""As long as a resident's code."""


def code(text: str, side: int = 300) -> NDArray[np.uint8]:
    """Return a camera's picture of a code on paper."""
    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    grey = cv2.resize(np.array(barcode.to_image(scale=4)), (side, side))
    picture = np.full((480, 640, 3), 128, np.uint8)
    picture[60 : 60 + side, 100 : 100 + side] = grey[..., None]
    return picture


BAD = {
    "grey": np.zeros((100, 100), np.uint8),
    "16 bit": np.zeros((100, 100, 3), np.uint16),
    "one pixel": np.zeros((1, 1, 3), np.uint8),
    "8K": np.zeros((4320, 7680, 3), np.uint8),
    "four channels": np.zeros((100, 100, 4), np.uint8),
}


@pytest.mark.parametrize("pixels", BAD.values(), ids=BAD)
def test_what_is_no_picture_is_refused(pixels: NDArray[np.uint8]) -> None:
    with pytest.raises(PictureError, match="picture"):
        decode(pixels)


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_no_code(seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert decode(noise) == ""


def test_other_barcodes_are_not_read() -> None:
    barcode = zxingcpp.create_barcode("1234567890128", zxingcpp.BarcodeFormat.EAN13)
    grey = np.array(barcode.to_image(scale=4))
    bars = np.full((max(64, grey.shape[0] + 80), grey.shape[1] + 80, 3), 255, np.uint8)
    bars[40 : 40 + grey.shape[0], 40 : 40 + grey.shape[1]] = grey[..., None]
    assert decode(bars) == ""


def test_a_text_too_long_for_a_pass_is_not_told() -> None:
    assert decode(code("A" * (LONGEST + 1), 460 - 60)) == ""


def test_codes_are_read_sharp_turned_and_blurred() -> None:
    sharp = code(TEXT)
    assert decode(sharp) == TEXT
    assert decode(np.ascontiguousarray(np.rot90(sharp))) == TEXT
    assert decode(np.asarray(cv2.GaussianBlur(sharp, (0, 0), 1.5), np.uint8)) == TEXT


@pytest.mark.parametrize("kind", KINDS)
def test_a_phone_in_a_hand_is_read_whatever_is_wrong_with_it(kind: str) -> None:
    # Ten looks a second: a hand that is missed once is read in the next moment.
    wall = np.full((480, 640, 3), 96, np.uint8)
    looks = [shown(SIGNED, kind, wall, np.random.default_rng(seed)) for seed in range(3)]
    assert SIGNED in [decode(look) for look in looks]


def test_dark_mode_is_read() -> None:
    assert decode(255 - code(TEXT)) == TEXT


def test_a_control_character_is_told_as_itself() -> None:
    assert decode(code("A\x01B")) == "A\x01B"


def test_a_code_held_up_is_told_once_and_again_after_a_while() -> None:
    reader, picture = QrReader(), code(TEXT)
    at = 0
    told = []
    while at <= REPEAT_NS:
        told.append(reader.look(picture, at))
        at += INTERVAL_NS
    assert [text for text in told if text] == [TEXT]
    assert reader.look(code("other"), at) == "other"
    assert reader.look(picture, at + INTERVAL_NS) == TEXT
    assert reader.look(picture, at + 2 * INTERVAL_NS + REPEAT_NS) == TEXT


def test_pictures_that_come_faster_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[object] = []
    monkeypatch.setattr(qr_image, "decode", lambda pixels: looks.append(pixels) or "")
    reader, picture = QrReader(), code(TEXT)
    for number in range(100):
        reader.look(picture, number * INTERVAL_NS // 10)
    assert len(looks) == 10
