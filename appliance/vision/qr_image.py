"""Reads the text of a QR code held to the camera (zxing-cpp), at a bounded rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import zxingcpp

from appliance.vision.samples import brief, checked

if TYPE_CHECKING:
    import numpy as np
    from cv2.typing import MatLike
    from numpy.typing import NDArray

INTERVAL_NS = 100_000_000
"""Ten looks a second are faster than a hand and leave the processor to others."""
REPEAT_NS = 2_000_000_000
"""A code still held up is not read again before this."""
LONGEST = 2048
"""Characters; a longer text is no pass."""
SHARPEN_PX, SHARPEN_GAIN = 2.0, 2.0
"""Of the blur that is taken away, and how much of it; measured with `evaluate qr --rendered`."""


def decode(pixels: NDArray[np.uint8]) -> str:
    """Return the text of a QR code in (height, width, 3) uint8 BGR, or nothing.

    The first look reads nearly all, dark mode too. What it misses gets two more: blurred, for
    screens whose pixel grid or a noisy picture makes it stumble, and sharpened, for a phone that
    moves or is out of focus.

    Raises:
        PictureError: not a picture this room can look at.

    """
    with brief(cv2.cvtColor(checked(pixels), cv2.COLOR_BGR2GRAY)) as grey:
        text = _read(grey)
        for look in (_blurred, _sharpened):
            if not text:
                with brief(look(grey)) as other:
                    text = _read(other)
    return text


def _read(grey: NDArray[Any]) -> str:
    # Model 2 alone: phones show neither micro codes nor the older kind.
    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)
    # Plain text: a control character as itself, not as its name in brackets.
    for found in zxingcpp.read_barcodes(grey, formats=formats, text_mode=zxingcpp.TextMode.Plain):
        if found.valid and 0 < len(found.text) <= LONGEST:
            return str(found.text)
    return ""


def _blurred(grey: MatLike) -> MatLike:
    return cv2.blur(grey, (3, 3))


def _sharpened(grey: MatLike) -> MatLike:
    with brief(cv2.GaussianBlur(grey, (0, 0), SHARPEN_PX)) as soft:
        return cv2.addWeighted(grey, 1 + SHARPEN_GAIN, soft, -SHARPEN_GAIN, 0)


class QrReader:
    """Looks for a code now and then and tells each one once."""

    def __init__(self) -> None:
        self._looked_ns = -INTERVAL_NS
        self._last = ""
        self._last_ns = -REPEAT_NS

    def look(self, pixels: NDArray[np.uint8], at_ns: int) -> str:
        """Return a text not told lately, or nothing."""
        if at_ns - self._looked_ns < INTERVAL_NS:
            return ""
        self._looked_ns = at_ns
        text = decode(pixels)
        if not text:
            return ""
        repeated = text == self._last and at_ns - self._last_ns < REPEAT_NS
        self._last, self._last_ns = text, at_ns
        return "" if repeated else text
