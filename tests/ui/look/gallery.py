"""One state of the terminal, and one page of the counter, for every screen there is."""

# ruff: noqa: RUF001 - Chinese text has Chinese punctuation

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

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
from appliance.ui.model import View

NOW = datetime(2025, 11, 22, 18, 42, tzinfo=ZoneInfo("Asia/Shanghai"))
AT = int(NOW.timestamp())
OPEN = Doors(Standing.OPEN, Standing.OPEN, Standing.OPEN)
VIEW = View(
    NOW,
    now_ns=10**12,
    place="翠湖花园 3号门",
    operator="翠湖物业管理有限公司",
    contact="0571-8888 0000 张主任",
)
BACK = Choice("back", Weight.BACK)
NEXT = Choice("next", Weight.NEXT)
DONE = Choice("done", Weight.NEXT)
LEAVES = (Choice("prev", Weight.PART), Choice("next", Weight.PART))
RECEIPT = "eyJhbGciOiJFZERTQSIsInR5cCI6InJlY2VpcHQifQ." + "Zm9vYmFyYmF6" * 16


def terminal(phase: Phase = Phase.IDLE, **more: Any) -> Terminal:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {"hint": Hint.NONE, "doors": OPEN, "portal": Portal.SHUT}
    return Terminal(10**12, phase, **(fields | more))


def refused(method: str, reason: str) -> Terminal:
    return terminal(Phase.REFUSED, outcome=Outcome(False, method, reason, 2 * 10**12))  # noqa: FBT003


def page(
    name: str, *choices: Choice, rows: tuple[Row, ...] = (), ground: Ground = Ground.MANAGER,
    **more: Any,  # noqa: ANN401 - any field
) -> Page:  # fmt: skip
    return Page(name.encode().ljust(16)[:16], name, ground, rows, choices, **more)


def row(key: str, *cells: str | int, act: str = "", value: str = "") -> Row:
    """Return a row; a cell `:word` is a word, an int a time."""
    made = [
        Cell(at=one) if isinstance(one, int)
        else Cell(word=one[1:]) if one.startswith(":") else Cell(text=one)
        for one in cells
    ]  # fmt: skip
    return Row(key, tuple(made), act, value)


def tiles(*acts: str, **more: Any) -> tuple[Choice, ...]:  # noqa: ANN401 - any field
    return tuple(Choice(one, Weight.TILE, **more) for one in acts)


def values(act: str, *words: str) -> tuple[Choice, ...]:
    return tuple(Choice(act, Weight.TILE, one, one) for one in words)


def twins(*acts: str) -> tuple[Choice, ...]:
    return tuple(Choice(one, Weight.TWIN) for one in acts)


FACE_OFF = Doors(Standing.OPEN, Standing.OPEN, Standing.OFF)
LATE = Doors(Standing.OPEN, Standing.BROKEN, Standing.PAUSED)
PUBLIC: dict[str, Terminal | None] = {
    "idle": terminal(),
    "idle-late": terminal(doors=LATE, clock_sure=False),
    "idle-no-face": terminal(doors=FACE_OFF),
    "face": terminal(Phase.FACE, hint=Hint.COME_CLOSER, preview=True),
    "face-look": terminal(Phase.FACE, preview=True),
    "face-one": terminal(Phase.FACE, hint=Hint.ONE_PERSON, preview=True),
    "face-dark": terminal(Phase.FACE, hint=Hint.MORE_LIGHT, preview=True),
    "face-cover": terminal(Phase.FACE, hint=Hint.UNCOVER_MOUTH, preview=True),
    "code": terminal(Phase.CODE, preview=True),
    "granted": terminal(
        Phase.GRANTED,
        outcome=Outcome(True, "card", "granted", 2 * 10**12),  # noqa: FBT003
        portal=Portal.RELEASED,
    ),
    "refused-face": refused("face", "face-no-match"),
    "refused-card": refused("card", "card-classic"),
    "refused-code": refused("qr", "pass-expired"),
    "held": terminal(portal=Portal.HELD_OPEN),
    "forced": terminal(portal=Portal.FORCED_OPEN),
    "tamper": terminal(portal=Portal.TAMPERED),
    "fire": terminal(portal=Portal.FIRE),
    "unwell": terminal(unwell=True),
    "away": None,
}
HELD = (
    row("household", "3-2-1502"),
    row("label", "住户1"),
    row("methods", ":card", ":code", ":face"),
    row("validity", ":always"),
    row("card", "4f2a", ":active"),
    row("phone", "91c0", ":active"),
    row("face", ":active", AT - 86400 * 30, AT + 86400 * 300),
)
DOORSTEP = (
    page(
        "help",
        BACK,
        rows=(row("operator", "翠湖物业管理有限公司"), row("contact", "0571-8888 0000 张主任")),
        ground=Ground.DOORSTEP,
    ),
    page("my.open", BACK, ground=Ground.DOORSTEP, preview=True),
    page("staff.card", BACK, ground=Ground.DOORSTEP),
    page(
        "staff.pin", BACK, NEXT, ground=Ground.DOORSTEP, entry=Entry(Pad.PIN, 12), fault="wrong-pin"
    ),
    page("first.name", BACK, NEXT, ground=Ground.DOORSTEP, entry=Entry(Pad.TEXT, 60)),
)
MINE = (
    page(
        "my.home",
        *tiles("kept", "viewers", "entries", "consents", "freeze", "withdraw"),
        *tiles("correct", "complain", "copy"),
        Choice("leave", Weight.BACK),
        rows=(row("face", ":active"), row("cards", "1"), row("phones", "1")),
        ground=Ground.RESIDENT,
    ),
    page("my.kept", BACK, rows=HELD, ground=Ground.RESIDENT),
    page(
        "my.entries",
        BACK,
        *LEAVES,
        rows=tuple(
            row("", f"11-{22 - n}", ":morning" if n % 2 else ":afternoon", ":card", ":granted")
            for n in range(8)
        ),
        ground=Ground.RESIDENT,
        leaf=2,
        leaves=3,
    ),
    page("my.frozen", *twins("undo", "done"), rows=(row("at", AT),), ground=Ground.RESIDENT),
    page(
        "my.withdraw",
        *twins("back", "withdraw-yes"),
        rows=(row("will-erase"), row("card-stays")),
        ground=Ground.RESIDENT,
    ),
    page(
        "my.erasing",
        rows=(row("stop", ":done"), row("destroy", ":running"), row("read-back", ":waiting")),
        ground=Ground.RESIDENT,
    ),
    page(
        "my.receipt",
        DONE,
        rows=(
            row("number", "7F3A-21C9"),
            row("at", AT),
            row("what", ":face-erased"),
            row("verdict", ":nothing-left"),
        ),
        ground=Ground.RESIDENT,
        code=RECEIPT,
    ),
    page("my.copy", DONE, ground=Ground.RESIDENT, code="x" * 1100, rows=(row("at", AT),)),
    page(
        "my.complain",
        BACK,
        *values("topic", "door", "refusal", "face", "privacy", "staff", "other"),
        ground=Ground.RESIDENT,
    ),
    page("my.ticket", DONE, rows=(row("number", "C-0042"), row("due", AT)), ground=Ground.RESIDENT),
)
NOTICE = (
    (
        *("目的", "For", "只用于打开这道门，不作其他用途，不用于训练，不提供给任何人。"),
        "opening this gate and nothing else: no training, handed to nobody.",
    ),
    (
        *("方式", "What", "由您的脸算出一串数字，加密存放在本机；不保存照片，不离开本机。"),
        "numbers made from your face, sealed in this gate; no photo is kept, nothing leaves.",
    ),
    (
        *("期限", "Until", "最长 365 天；您撤回、搬离或到期，立即删除，并给您凭证。"),
        "365 days at most; erased, with a receipt, when you withdraw, move out or the term ends.",
    ),
    (
        *("必要性", "Needed", "不是必需：刷卡和二维码同样能进门，时间、权利、速度相同。"),
        "no: card and QR code opens the same doors at the same hours, just as fast.",
    ),
)
STEP = {"steps": 8}
ENROL = (
    page("enrol.household", BACK, NEXT, entry=Entry(Pad.HOUSEHOLD, 14, "3-2-15"), step=1, **STEP),
    page(
        "enrol.person",
        BACK,
        *twins("adult", "child"),
        NEXT,
        rows=(
            row("household", "3-2-1502"),
            row("others", "2"),
            row("identity", ":yes", act="identity"),
            row("age", ":adult"),
            row("label", "住户3", act="label"),
        ),
        step=2,
        **STEP,
    ),
    page("enrol.label", BACK, NEXT, entry=Entry(Pad.TEXT, 60, "王"), step=2, **STEP),
    page(
        "enrol.methods",
        BACK,
        NEXT,
        rows=(row("card", ":on", act="card"), row("phone", ":off", act="phone")),
        step=3,
        **STEP,
    ),
    page("enrol.card", BACK, step=4, fault="pulled-away", **STEP),
    page("enrol.phone", BACK, step=4, preview=True, **STEP),
    page("enrol.saved", *twins("no-finish", "tell-more"), step=5, **STEP),
    page(
        "enrol.notice",
        BACK,
        *LEAVES,
        rows=tuple(row("notice", *one) for one in NOTICE),
        step=6,
        leaf=1,
        leaves=2,
        **STEP,
    ),
    page("enrol.consent", *twins("consent-no", "consent-yes"), step=6, **STEP),
    page(
        "enrol.guardian",
        BACK,
        *values("relation", "mother", "father", "grandparent", "guardian"),
        step=6,
        **STEP,
    ),
    page(
        "enrol.glasses",
        BACK,
        *twins("glasses-yes", "glasses-no"),
        Choice("no-turn", Weight.PART),
        step=7,
        **STEP,
    ),
    page(
        "enrol.capture",
        BACK,
        rows=(
            row("front", ":done"),
            row("left", ":running"),
            row("right", ":waiting"),
            row("share", "60"),
            row("hint", ":turn_left"),
        ),
        preview=True,
        step=7,
        **STEP,
    ),
    page("enrol.alike", *twins("card-and-face", "without-face"), step=8, **STEP),
    page(
        "enrol.trial",
        BACK,
        Choice("again", Weight.NEXT),
        rows=(row("share", "0"),),
        step=8,
        fault="no-face-in-time",
        **STEP,
    ),
    page(
        "enrol.done",
        DONE,
        rows=(row("household", "3-2-1502"), row("label", "住户3"), row("face", ":active")),
        code=RECEIPT,
        step=8,
        **STEP,
    ),
)
LONG = "欧阳" * 29 + "先生"
ODD = ("مرحبا بكم في البوابة", "👵🏽 奶奶 <b>", "玥曈喆堃", LONG, "O'Neill & Sons Ltd.")
OFFICE = (
    page(
        "manager.home",
        *tiles("enrol", "find", "visitors", "reissue"),
        Choice("alarms", Weight.TILE, count=2),
        Choice("tickets", Weight.TILE, count=1),
        *tiles("hours", "reports", "operators", "update"),
        Choice("lock", Weight.BACK),
        rows=(row("last-backup", AT - 86400),),
    ),
    page(
        "find.household",
        BACK,
        Choice("all", Weight.PART),
        NEXT,
        entry=Entry(Pad.HOUSEHOLD, 14),
        fault="household-unknown",
    ),
    page(
        "find.list",
        BACK,
        *LEAVES,
        rows=tuple(
            row("resident", f"{n}-1-{n}01", name, act="open", value=f"r{n}")
            for n, name in enumerate((*ODD, "住户1", "住户2", "住户3"), 1)
        ),
        leaf=1,
        leaves=125,
    ),
    page(
        "person.show",
        BACK,
        *tiles("change", "reissue", "add-face", "erase"),
        rows=(
            row("household", "3-2-1502"),
            row("label", "住户1"),
            row("methods", ":card", ":pass"),
            row("validity", ":always"),
            row("card", "4f2a", ":active", act="block-card", value="4f2a"),
            row("card", "77b1", ":blocked", act="unblock-card", value="77b1"),
            row("phone", "91c0", ":active", act="block-phone", value="91c0"),
            row("face", ":none"),
        ),
        locks_ns=10**12 + 10 * 10**9,
    ),
    page("erase.what", BACK, *twins("erase-face", "erase-all")),
    page(
        "visitors.list",
        BACK,
        *LEAVES,
        Choice("add", Weight.NEXT),
        rows=tuple(row("", "3-2-1502", ":courier", AT, act="end", value=f"v{n}") for n in range(5)),
        leaf=1,
        leaves=1,
    ),
    page("visitors.kind", BACK, *values("kind", "guest", "works", "courier", "carer")),
    page("visitors.date", BACK, NEXT, entry=Entry(Pad.DATE, 10, "2025-12")),
    page(
        "hours.opens",
        BACK,
        NEXT,
        *(Choice(one, Weight.PART) for one in ("all-day", "shut")),
        entry=Entry(Pad.DIGITS, 4, "06"),
    ),
)
REASONS = ("complaint", "incident", "inspection", "request")
RESULTS = (":refused", ":granted")
STAFF = (
    page("audit.reason", BACK, *values("reason", *REASONS), ground=Ground.AUDITOR),
    page("audit.second", BACK, ground=Ground.AUDITOR),
    page(
        "audit.list",
        BACK,
        *LEAVES,
        *(Choice(one, Weight.PART) for one in ("day", "kind", "verify")),
        rows=tuple(
            row("", str(4711 - n), AT - n * 700, RESULTS[n % 3 > 0], ":card", "p-8f2e")
            for n in range(8)
        ),
        ground=Ground.AUDITOR,
        leaf=1,
        leaves=40,
    ),
    page(
        "tech.list",
        BACK,
        Choice("sign-off", Weight.NEXT),
        rows=tuple(
            row(name, state, act="check", value=name)
            for name, state in (
                ("camera", ":passed"), ("focus-height", ":passed"), ("relay", ":passed"),
                ("door-sensor", ":failed"), ("rex", ":open"), ("fire", ":open"),
                ("reader", ":passed"), ("screen", ":passed"), ("network", ":passed"),
                ("clock", ":passed"), ("sound", ":open"),
            )
        ),
        ground=Ground.TECHNICIAN,
    ),
    page(
        "tech.check",
        BACK,
        *twins("failed"),
        rows=(
            row("todo", ":todo-relay"), row("live", ":swapped"), row("fix", ":fix-swapped"),
            row("state", ":open"),
        ),
        ground=Ground.TECHNICIAN,
    ),
    page(
        "tech.check",
        BACK,
        Choice("run", Weight.PART),
        *twins("failed", "passed"),
        rows=(
            row("todo", ":todo-relay"), row("live", ":off"), row("fix", ":fix-relay"),
            row("state", ":open"),
        ),
        ground=Ground.TECHNICIAN,
    ),
    page(
        "tech.signed",
        DONE,
        rows=(row("at", AT),),
        ground=Ground.TECHNICIAN,
        code="x" * 900,
    ),
)  # fmt: skip
WRONG = STAFF[-3]
UPDATES = (
    page(
        "update.list", BACK,
        rows=(
            row("version", "0.1.0"),
            row("bundle", "sanmen-0.2.0.raucb", act="choose", value="sanmen-0.2.0.raucb"),
        ),
    ),
    page(
        "update.confirm", *twins("back", "install"),
        rows=(row("bundle", "sanmen-0.2.0.raucb"), row("closed-for", ":one-minute")),
    ),
    page(
        "update.running", DONE,
        rows=(
            row("bundle", "sanmen-0.2.0.raucb"), row("state", ":refused-update"),
            row("why", "更新包比本机旧，不能降级。请用更新的版本。"),
            row("", "It is older than what ran here, and there is no way back. Use a newer one."),
        ),
    ),
)  # fmt: skip
PAGES = {one.name: one for one in (*DOORSTEP, *MINE, *ENROL, *OFFICE, *STAFF, *UPDATES)}
PAGES["tech.check-wrong"] = WRONG
