"""The same state gives the same screen; fire before pages, pages before visits, doors alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from appliance.messages import Hint
from appliance.terminal import (
    Cell,
    Choice,
    Doors,
    Entry,
    Ground,
    Outcome,
    Pad,
    Page,
    Phase,
    Portal,
    Row,
    Standing,
    Terminal,
    Weight,
)
from appliance.ui import pages, screens
from appliance.ui.model import Label, Language, Tab, View
from appliance.ui.steady import Steady

VIEW = View(datetime(2025, 11, 22, 18, 42, tzinfo=UTC), now_ns=1_000_000_000_000)
OPEN = Doors(Standing.OPEN, Standing.OPEN, Standing.OPEN)
IDLE = Terminal(0, Phase.IDLE, Hint.NONE, OPEN, Portal.SHUT)
PAGE = Page(b"p" * 16, "my.withdraw", Ground.RESIDENT)
NO_FACE = Outcome(granted=False, method="face", reason="face-no-match", until_ns=1)


def test_fire_is_shown_over_everything() -> None:
    state = replace(IDLE, portal=Portal.FIRE, phase=Phase.FACE, unwell=True)
    screen = screens.draw(state, PAGE, VIEW)
    assert (screen.name, screen.page, screen.preview) == ("fire", "", False)


def test_a_gate_that_is_not_heard_shows_nothing_to_touch() -> None:
    screen = screens.draw(None, PAGE, VIEW)
    assert screen.name == "away"
    assert (screen.doors, screen.tiles, screen.twins, screen.parts) == ((), (), (), ())


def test_a_page_of_the_counter_is_shown_while_the_door_opens_and_says_so() -> None:
    granted = replace(IDLE, phase=Phase.GRANTED, portal=Portal.RELEASED)
    screen = screens.draw(granted, PAGE, VIEW)
    assert screen.page == "70" * 16
    assert screen.strip == Label("门开了", "Door is open")


@pytest.mark.parametrize("language", list(Language))
def test_the_three_doors_are_alike_and_in_one_order(language: Language) -> None:
    doors = screens.draw(IDLE, None, replace(VIEW, language=language)).doors
    assert [one.icon for one in doors] == ["card", "code", "face"]
    assert [one.off for one in doors] == [False, False, False]
    assert len({(one.count, one.value) for one in doors}) == 1


@pytest.mark.parametrize(
    ("standing", "note"),
    [
        (Standing.OFF, "Not offered here"),
        (Standing.PAUSED, "Back in minutes"),
        (Standing.BROKEN, "Out of order"),
    ],
)
def test_a_door_that_is_shut_stays_in_its_place_and_says_why(standing: Standing, note: str) -> None:
    state = replace(IDLE, doors=replace(OPEN, face=standing))
    face = screens.draw(state, None, VIEW).doors[2]
    assert face.off
    assert face.note.second == note


def test_a_refusal_names_each_other_open_door_card_first_and_neither_name_nor_score() -> None:
    screen = screens.draw(replace(IDLE, phase=Phase.REFUSED, outcome=NO_FACE), None, VIEW)
    assert [one.icon for one in screen.doors] == ["card", "code"]
    assert [one.act for one in screen.tiles] == ["face"]
    assert screen.code == "face-no-match"


def test_a_refusal_does_not_send_people_to_a_broken_door() -> None:
    doors = replace(OPEN, card=Standing.BROKEN, face=Standing.PAUSED)
    state = replace(IDLE, phase=Phase.REFUSED, outcome=NO_FACE, doors=doors)
    screen = screens.draw(state, None, VIEW)
    assert [one.icon for one in screen.doors] == ["code"]
    assert screen.tiles == ()


def test_no_camera_picture_is_shown_unless_gate_allows_it() -> None:
    face = replace(IDLE, phase=Phase.FACE)
    assert not screens.draw(face, None, VIEW).preview
    assert screens.draw(replace(face, preview=True), None, VIEW).preview
    page = replace(PAGE, name="enrol.capture", preview=True)
    assert not screens.draw(IDLE, page, VIEW).preview


def test_unwell_offers_help_and_no_door() -> None:
    screen = screens.draw(replace(IDLE, unwell=True), None, VIEW)
    assert ([one.act for one in screen.tiles], screen.doors) == (["help"], ())


def test_a_lock_is_announced_twenty_seconds_ahead() -> None:
    page = replace(PAGE, locks_ns=VIEW.now_ns + 20_000_000_001)
    assert screens.draw(IDLE, page, VIEW).warning is None
    nearer = replace(VIEW, now_ns=VIEW.now_ns + 1)
    warned = screens.draw(IDLE, page, nearer).warning
    assert warned is not None
    assert warned.act == "more-time"


LAYOUTS = [
    ("receipt", replace(PAGE, code="x")),
    ("keyboard", replace(PAGE, entry=Entry(Pad.TEXT, 60))),
    ("pad", replace(PAGE, entry=Entry(Pad.HOUSEHOLD, 14))),
    ("capture", replace(PAGE, name="enrol.capture")),
    ("card", replace(PAGE, name="my.open", preview=True)),
    ("notice", replace(PAGE, name="enrol.notice")),
    ("tiles", replace(PAGE, choices=(Choice("kept", Weight.TILE),))),
    ("twins", replace(PAGE, choices=(Choice("back", Weight.TWIN),))),
    ("desk", replace(PAGE, choices=(Choice("adult", Weight.TWIN),), rows=(Row("a", act="b"),))),
    ("list", PAGE),
]


@pytest.mark.parametrize(("layout", "page"), LAYOUTS, ids=[one[0] for one in LAYOUTS])
def test_a_page_is_laid_out_by_what_it_holds(layout: str, page: Page) -> None:
    assert screens.draw(IDLE, page, VIEW).layout == layout


def test_leaves_turn_by_their_own_acts_and_a_step_forward_stays_bottom_right() -> None:
    choices = (
        Choice("back", Weight.BACK),
        Choice("prev", Weight.PART),
        Choice("next", Weight.PART),
        Choice("next", Weight.NEXT),
    )
    screen = screens.draw(IDLE, replace(PAGE, choices=choices), VIEW)
    assert screen.before is not None
    assert screen.after is not None
    assert screen.onward is not None
    assert screen.back is not None
    assert screen.parts == ()


def test_the_course_of_a_capture_is_a_ring_and_one_instruction() -> None:
    rows = (
        Row("left", (Cell(word="running"),)),
        Row("share", (Cell(text="60"),)),
        Row("hint", (Cell(word="come_closer"),)),
    )
    screen = screens.draw(IDLE, replace(PAGE, name="enrol.capture", rows=rows), VIEW)
    assert screen.share == 60
    assert screen.say == Label("请靠近一点", "Come closer")
    assert [(one.part, one.running) for one in screen.lines] == [("left", True)]


def test_an_unknown_word_of_a_newer_gate_is_shown_and_breaks_nothing() -> None:
    page = Page(
        b"p" * 16,
        "page.of-the-future",
        Ground.MANAGER,
        (Row("new-row", (Cell(word="new-word"),)),),
        (Choice("new-act", Weight.TILE),),
        fault="new-fault",
    )
    html = pages.render(screens.draw(IDLE, page, VIEW))
    for word in ("new-row", "new-word", "new-act", "new-fault"):
        assert word in html


NASTY = "<img src=x onerror=alert(1)>\"'&{{7*7}}"


@pytest.mark.parametrize(
    ("language", "shown"), [(Language.CHINESE, "没有认出"), (Language.ENGLISH, "Not recognised")]
)
def test_a_report_names_a_reason_and_tells_nobody_what_to_do(
    language: Language, shown: str
) -> None:
    row = Row("refusals", (Cell(word="face-no-match"), Cell(text="3")))
    page = Page(b"p" * 16, "reports.show", Ground.MANAGER, (row,))
    assert screens.draw(IDLE, page, replace(VIEW, language=language)).lines[0].cells == (shown, "3")


def test_what_people_typed_is_never_markup() -> None:
    page = Page(
        b"p" * 16,
        "find.list",
        Ground.MANAGER,
        (Row("resident", (Cell(text=NASTY),), "open", 'v"><b>'),),
        entry=Entry(Pad.TEXT, 60, NASTY),
        code=NASTY,
        fault="paused",
        fault_text=NASTY,
    )
    view = replace(VIEW, place=NASTY, operator=NASTY, contact=NASTY)
    for state, open_page in ((IDLE, None), (IDLE, page), (IDLE, replace(page, code=""))):
        html = pages.shell(screens.draw(state, open_page, view), Tab('n"', 'c">', "t<"))
        assert "<img" not in html
        assert "49" not in html
        assert 'v"><b>' not in html


def test_no_page_has_a_style_a_handler_or_a_script_inside() -> None:
    html = pages.render(screens.draw(IDLE, replace(PAGE, code="x"), VIEW))
    for banned in (" style=", "<script", " onclick", " onload", "javascript:", "http://", "<a "):
        assert banned not in html.replace("http://www.w3.org/2000/svg", "")


MS = 1_000_000


def test_the_first_instruction_is_shown_at_once() -> None:
    assert Steady().after(Hint.COME_CLOSER, 5).shown is Hint.COME_CLOSER


def test_an_act_that_gate_asks_for_waits_for_nothing() -> None:
    held = Steady().after(Hint.COME_CLOSER, 0)
    assert held.after(Hint.TURN_LEFT, 10 * MS).shown is Hint.TURN_LEFT
    asked = held.after(Hint.TURN_LEFT, 10 * MS).after(Hint.BLINK, 20 * MS)
    assert (asked.shown, asked.since_ns, asked.due_ns) == (Hint.BLINK, 20 * MS, None)


def test_an_instruction_stays_long_enough_to_be_read() -> None:
    held = Steady().after(Hint.COME_CLOSER, 0)
    held = held.after(Hint.HOLD_STILL, 100 * MS)
    assert held.shown is Hint.COME_CLOSER
    assert held.due_ns == 1200 * MS
    assert held.after(Hint.HOLD_STILL, 1199 * MS).shown is Hint.COME_CLOSER
    assert held.after(Hint.HOLD_STILL, 1200 * MS).shown is Hint.HOLD_STILL


def test_a_new_cause_must_last_before_it_is_said() -> None:
    held = Steady().after(Hint.COME_CLOSER, 0).after(Hint.STEP_BACK, 5000 * MS)
    assert held.due_ns == 5300 * MS
    flickered = held.after(Hint.COME_CLOSER, 5100 * MS)
    assert flickered.due_ns is None
    again = flickered.after(Hint.STEP_BACK, 5200 * MS)
    assert again.after(Hint.STEP_BACK, 5499 * MS).shown is Hint.COME_CLOSER
    assert again.after(Hint.STEP_BACK, 5500 * MS).shown is Hint.STEP_BACK


def test_an_instruction_may_be_taken_away_only_after_it_could_be_read() -> None:
    held = Steady().after(Hint.COME_CLOSER, 0)
    assert held.after(Hint.NONE, 1000 * MS).shown is Hint.COME_CLOSER
    assert held.after(Hint.NONE, 1300 * MS).shown is Hint.NONE
