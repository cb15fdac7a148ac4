"""Every page, act, row, word and fault of the counter has words, and every letter has a shape."""

from __future__ import annotations

import re
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from appliance.messages import Hint
from appliance.terminal import Phase, Portal
from appliance.ui import pages
from appliance.ui.table import TABLE, knows
from appliance.ui.words import REASONS

CHINESE = re.compile("[\u3400-\u9fff]")
STATIC = Path(pages.__file__).parent / "static"
CONTRACT = [
    *("help", "my.open", "staff.card", "staff.pin", "first.name", "first.card"),
    *("first.pin", "first.pin-again", "my.home", "my.kept", "my.viewers", "my.entries"),
    *("my.consents", "my.frozen", "my.withdraw", "my.erasing", "my.receipt", "my.correct"),
    *("my.complain", "my.ticket", "my.copy", "manager.home", "enrol.household"),
    *("enrol.person", "enrol.label", "enrol.methods", "enrol.card", "enrol.phone"),
    *("enrol.saved", "enrol.notice", "enrol.consent", "enrol.guardian", "enrol.confirm"),
    *("enrol.glasses", "enrol.capture", "enrol.alike", "enrol.trial", "enrol.done"),
    *("find.household", "find.list", "person.show", "person.change", "erase.what"),
    *("erase.household", "erase.running", "erase.receipt", "visitors.list"),
    *("visitors.household", "visitors.kind", "visitors.until", "visitors.date"),
    *("visitors.way", "visitors.done", "reissue.card", "alarms.list", "tickets.list"),
    *("tickets.show", "hours.show", "hours.opens", "hours.closes", "reports.show"),
    *("operators.list", "audit.reason", "audit.second", "audit.list", "audit.verified"),
    *("tech.list", "tech.check", "tech.sign", "tech.signed"),
]
ACTS = [
    *("face", "code", "stop", "help", "my-data", "staff", "first", "kept", "viewers"),
    *("entries", "consents", "freeze", "thaw", "withdraw", "correct", "complain", "copy"),
    *("leave", "show", "receipt", "undo", "done", "back", "withdraw-yes", "lock"),
    *("identity", "adult", "child", "label", "next", "prev", "no-finish", "tell-more"),
    *("consent-no", "consent-yes", "glasses-yes", "glasses-no", "no-turn", "card-and-face"),
    *("without-face", "all", "open", "change", "block-card", "unblock-card", "block-phone"),
    *("reissue", "add-face", "freeze-face", "erase", "erase-face", "erase-all", "end"),
    *("add", "date", "seen", "answered", "day", "filter", "verify", "check", "run"),
    *("passed", "retry", "sign-off", "more-time", "enrol", "find", "visitors", "alarms"),
    *("tickets", "hours", "reports", "operators", "remove"),
]
FAULTS = [
    *("not-yours", "unknown-card", "wrong-pin", "paused", "household-unknown"),
    *("household-form", "too-long", "no-other-door", "card-taken", "phone-taken"),
    *("no-face-in-time", "no-consent", "alike", "not-unlike", "store-failed"),
    *("reader-fault", "two-cards", "pulled-away", "not-allowed", "too-late", "face-off"),
    *("needs-two",),
]


@pytest.mark.parametrize("name", CONTRACT)
def test_every_page_of_the_contract_has_a_title_and_says_what_to_do(name: str) -> None:
    assert f"page.{name}" in TABLE
    assert f"say.{name}" in TABLE


def test_every_act_and_fault_of_the_contract_has_words() -> None:
    assert [one for one in ACTS if not knows(one, "act", "public")] == []
    assert [one for one in FAULTS if f"fault.{one}" not in TABLE] == []


def test_every_hint_and_every_state_of_the_door_has_words() -> None:
    assert [one for one in Hint if f"hint.{one.value}" not in TABLE] == []
    for name in ("granted", "refused", "held", "forced", "tamper", "fire", "unwell", "away"):
        assert f"public.{name}" in TABLE
    assert len(Phase) == 5
    assert len(Portal) == 7


def test_the_screen_has_words_for_all_that_gate_s_counter_declares() -> None:
    try:
        forms = import_module("appliance.gate.counter.pages").all_forms()
        described = import_module("appliance.gate.counter.vocabulary").vocabulary(forms)
    except ModuleNotFoundError:
        pytest.skip("this tree has no counter")
    kinds: dict[str, tuple[str, ...]] = {
        "acts": ("act",),
        "rows": ("row", "word", "act", "page"),
        "words": ("word", "hint", "row", "act", "page"),
        "faults": ("fault",),
    }
    missing = {f"{kind}.{name}" for name in described for kind in ("page", "say")} - set(TABLE)
    for page in described.values():
        for kind, ways in kinds.items():
            missing |= {f"{kind} {one}" for one in page[kind] if not knows(one, *ways)}
    assert sorted(missing) == []


@pytest.mark.parametrize("key", sorted(TABLE))
def test_words_are_in_their_own_language_and_short_enough_for_their_place(key: str) -> None:
    chinese, english = TABLE[key]
    assert chinese.strip() == chinese
    assert english
    if key != "public.language":  # each names the other language in that language
        assert CHINESE.search(chinese)
        assert not CHINESE.search(english)
    longest = {"act": (8, 26), "word": (18, 48), "hint": (12, 34), "page": (11, 28)}
    most = longest.get(key.partition(".")[0], (26, 56))
    assert len(chinese) <= most[0]
    assert len(english) <= most[1]


@pytest.mark.parametrize("key", [key for key in TABLE if key.startswith(("public.", "hint."))])
def test_the_public_screen_has_no_place_for_a_name_or_a_score(key: str) -> None:
    for text in TABLE[key]:
        assert not re.search(r"[0-9{}%]", text)


def cmap(name: str) -> set[int]:
    fonts: Any = pytest.importorskip("fontTools.ttLib", reason="fonttools reads fonts")
    pytest.importorskip("brotli", reason="woff2 is brotli")
    with fonts.TTFont(STATIC / "fonts" / name) as font:
        return set(font.getBestCmap())


@pytest.mark.parametrize("face", ["screen-regular.woff2", "screen-bold.woff2"])
def test_every_letter_of_every_word_is_in_the_font(face: str) -> None:
    has = cmap(face)
    texts = [text for words in (*TABLE.values(), *REASONS.values()) for text in words]
    templates = (STATIC.parent / "pages").glob("*.html")
    texts += [path.read_text("utf-8") for path in templates]
    texts += ["●0123456789-:/·"]
    blank = {letter for text in texts for letter in text if letter > " " and ord(letter) not in has}
    assert sorted(blank) == []


def test_the_names_face_has_all_characters_people_may_be_called_by() -> None:
    has = cmap("names.woff2")
    assert {one for one in "玥曈垚喆堃祎龑昇赟王李张㛃"[:-1] if ord(one) not in has} == set()
    assert len(has) >= 20_924


def table() -> dict[str, str]:
    lines = (STATIC / "pinyin.txt").read_text("utf-8").splitlines()
    return dict(line.split(" ") for line in lines if not line.startswith("#"))


@pytest.mark.parametrize(
    ("syllable", "first"),
    [("wang", "王"), ("li", "李"), ("zhang", "张"), ("lü", "吕"), ("xie", "谢"), ("zhao", "赵")],
)
def test_surnames_are_offered_first(syllable: str, first: str) -> None:
    assert table()[syllable][0] == first


def test_every_character_can_be_typed_also_the_rare_ones() -> None:
    reached = set("".join(table().values()))
    assert set("玥曈垚喆堃祎龑昇赟单仇解查") <= reached
    assert len(reached) >= 20_900


def test_code_of_others_is_byte_for_byte_what_its_publisher_packed() -> None:
    tomllib = import_module("tomllib")
    listed = tomllib.loads((STATIC / "vendor" / "vendor.toml").read_text("utf-8"))["file"]
    for one in listed:
        found = sha256((STATIC / "vendor" / one["path"]).read_bytes()).hexdigest()
        assert found == one["sha256"], one["path"]
    here = {path.name for path in (STATIC / "vendor").glob("*.js")}
    assert here == {one["path"] for one in listed}
