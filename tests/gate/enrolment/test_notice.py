"""The notice: made from the real configuration, and another text is another version."""

from __future__ import annotations

import pytest

from appliance.gate.enrolment.notice import face_notice
from appliance.sections import Config, ConsentSection, Methods, Site

SITE = Site(name="阳光花园", portal="north", operator="阳光物业", contact="李经理 010-1234")
HOUSE = Config(site=SITE, methods=Methods(face=True))


def test_the_notice_says_what_the_gate_is_set_to_do() -> None:
    notice = face_notice(Config(site=SITE, consent=ConsentSection(term_days=90)))
    for text in (notice.zh(), notice.en()):
        assert "90" in text
        assert "阳光物业" in text
        assert "李经理 010-1234" in text
        assert "north" in text
    heads = " ".join(line.head_en for line in notice.lines)
    assert heads == "For What Until Needed Effect Risks Rights Children Who"


def test_only_doors_that_are_there_are_offered_instead() -> None:
    both = face_notice(HOUSE).en()
    card = face_notice(Config(site=SITE, methods=Methods(qr=False, face=True))).en()
    assert "card or phone code opens" in both
    assert "no: card opens" in card


@pytest.mark.parametrize(
    "other",
    [
        Config(site=SITE, methods=Methods(qr=False, face=True)),
        Config(site=SITE, methods=HOUSE.methods, consent=ConsentSection(term_days=364)),
        Config(site=SITE, methods=HOUSE.methods, consent=ConsentSection(jurisdiction="DE")),
        Config(site=Site(name="other"), methods=HOUSE.methods),
    ],
)
def test_another_text_is_another_version(other: Config) -> None:
    assert face_notice(other).version != face_notice(HOUSE).version
    assert face_notice(HOUSE).version == face_notice(HOUSE).version
    assert len(face_notice(other).version) == 12
