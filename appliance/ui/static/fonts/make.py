"""Makes the screen's fonts: Noto Sans CJK SC cut down to the characters of the words.

Run it in the repository after a change of words, where `pyftsubset` (fonttools 4.68.0, brotli
1.2.1) and Debian's fonts-noto-cjk are installed: `python appliance/ui/static/fonts/make.py`. The
names face takes two minutes and depends on no words, so it is made anew only with `names`.
"""

# ruff: noqa: INP001 - a script beside what it makes, no package

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from appliance.ui.table import TABLE
from appliance.ui.words import FALLBACK, REASONS

HERE: Final = Path(__file__).parent
NOTO: Final = Path("/usr/share/fonts/opentype/noto")
SIGNS: Final = "U+20-7E,U+A0-FF,U+2013-2026,U+2190-2193,U+25CF,U+3000-303F,U+FF00-FFEF"
NAMES: Final = "U+4E00-9FFF"
TEMPLATES: Final = ("document", "head", "parts")
DAYS: Final = "周一二三四五六日年月天时分秒"


def letters() -> str:
    """Return each character of the words and of the templates, once, in order."""
    texts = [text for one in (*TABLE.values(), *REASONS.values(), FALLBACK) for text in one]
    pages = HERE.parent.parent / "pages"
    texts += [(pages / f"{name}.html").read_text("utf-8") for name in TEMPLATES]
    return "".join(sorted({letter for text in (*texts, DAYS) for letter in text if letter > " "}))


def make(weight: str, name: str, unicodes: str, text: str, features: str) -> None:
    """Cut one font."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as listed:
        listed.write(text)
        listed.flush()
        subprocess.run(  # noqa: S603 - fixed arguments
            [  # noqa: S607 - of the environment this is run in
                "pyftsubset",
                str(NOTO / f"NotoSansCJK-{weight}.ttc"),
                "--font-number=2",  # SC: the mainland's shapes
                "--flavor=woff2",
                f"--layout-features={features}",
                "--no-hinting",
                "--desubroutinize",
                f"--text-file={listed.name}",
                f"--unicodes={unicodes}",
                f"--output-file={HERE / name}",
            ],
            check=True,
        )


def main() -> None:
    """Make the two faces of the words, and with `names` the one of the names."""
    for weight in ("Regular", "Bold"):
        make(weight, f"screen-{weight.lower()}.woff2", SIGNS, letters(), "*")
    if "names" in sys.argv[1:]:
        make("Regular", "names.woff2", NAMES, "", "")


if __name__ == "__main__":
    main()
