"""Every reason has words in two languages that expose nobody and name another way in."""

from __future__ import annotations

import re

import pytest

from appliance.gate.access.reasons import Reason
from appliance.ui.words import FALLBACK, REASONS, words

CHINESE = re.compile("[\u4e00-\u9fff]")


def test_every_reason_has_words_and_no_words_are_left_over() -> None:
    missing = {one.value for one in Reason} - set(REASONS)
    assert missing == set()
    assert set(REASONS) - {one.value for one in Reason} == set()


@pytest.mark.parametrize("code", sorted(REASONS))
def test_words_are_short_whole_and_in_their_own_language(code: str) -> None:
    chinese, english = words(code)
    assert CHINESE.search(chinese)
    assert not CHINESE.search(english)
    assert chinese.endswith("。")
    assert english.endswith(".")
    assert len(chinese) <= 50
    assert len(english) <= 110


@pytest.mark.parametrize("code", sorted(REASONS))
def test_no_words_hold_a_number_a_score_or_a_place_for_a_name(code: str) -> None:
    for text in words(code):
        assert not re.search(r"[0-9{}%]", text.replace("M1", ""))


CARDS = [code for code in sorted(REASONS) if code.startswith("card")]


@pytest.mark.parametrize("code", CARDS)
def test_a_refused_card_is_told_the_nearest_other_door(code: str) -> None:
    chinese, english = words(code)
    assert "二维码" in chinese
    assert "code" in english


GUESTS = [f"pass-{end}" for end in ("withdrawn", "not-here", "not-yet", "ended", "used-up")]
GUESTS += ["pass-too-wide"]
CODES = [code for code in sorted(REASONS) if code.startswith("pass") and code not in GUESTS]


@pytest.mark.parametrize("code", CODES)
def test_a_refused_code_is_told_of_the_card(code: str) -> None:
    chinese, english = words(code)
    assert "刷卡" in chinese
    assert "card" in english


@pytest.mark.parametrize("code", GUESTS)
def test_a_refused_guest_has_no_card_and_is_told_of_the_host(code: str) -> None:
    chinese, english = words(code)
    assert "住户" in chinese
    assert "host" in english


@pytest.mark.parametrize("code", [code for code in sorted(REASONS) if code.startswith("face")])
def test_a_refused_face_is_told_of_card_and_code_or_of_help(code: str) -> None:
    chinese, english = words(code)
    assert "二维码" in chinese or "求助" in chinese
    assert "card or your code" in english or "help" in english


def test_a_code_of_a_newer_gate_still_gets_help() -> None:
    assert words("card-of-the-future") == FALLBACK
