"""Commissioning: each device is tried, and technician and manager sign together (S144, S154)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from appliance.errors import OperatorError
from appliance.gate import commissioning
from appliance.gate.counter.form import BACK, Form, Turn, View, at, go, leave, stay, to, word
from appliance.gate.counter.network_check import reachable
from appliance.gate.counter.wants import CardShown, CheckOrder, CheckSeen, NotGiven, Want
from appliance.gate.store.operator_record import Role
from appliance.terminal import Choice, Ground, Row, Weight

if TYPE_CHECKING:
    from appliance.gate.counter.form import Touch
    from appliance.gate.counter.session import Session
    from appliance.gate.enrolment.receipt import Receipt

CHECKS: Final = tuple(commissioning.CHECKS)
JUDGED: Final = frozenset({"focus-height", "relay", "screen", "sound"})
"""Only a person can say whether these are well."""
WATCHED: Final = frozenset(
    {"camera", "relay", "door-sensor", "rex", "fire", "reader", "clock", "sound"}
)
"""The controller shows what these do."""
RUNS: Final = frozenset({"relay", "sound"})
MISWIRED: Final = ("swapped", "held-high", "held-low")
"""What a relay's check can show that no judgement passes over; each with a fix of its own."""
STATES: Final = {None: "open", True: "passed", False: "failed"}
LIVE: Final = (
    *("works", "broken", "open", "shut", "pressed", "at-rest", "on", "off", "not-wired"),
    *("closed", "reachable", "unknown", "played", "waiting"),
    *MISWIRED,
)
ORDER: Final = "check"
SEEN: Final = "check-seen"


def _state(session: Session, name: str) -> str:
    return STATES[session.tools.archive.journal.check_passed(name)]


def _list(session: Session) -> View:
    rows = tuple(Row(name, (word(_state(session, name)),), "check", name) for name in CHECKS)
    whole = all(_state(session, name) == "passed" for name in CHECKS)
    sign = (Choice("sign-off", Weight.NEXT),) if whole else ()
    return View(rows=rows, choices=(Choice("leave", Weight.BACK), *sign))


def _check(session: Session, touch: Touch) -> Turn:
    session.draft[ORDER] = CheckOrder(touch.value)
    session.draft.pop(SEEN, None)
    return go("tech.check")


def _wired(session: Session, name: str) -> bool:
    """Say whether there is anything to check; a gate may do without some inputs."""
    door, reader = session.tools.config.door, session.tools.config.reader
    wires = {
        "door-sensor": door.door_pin,
        "rex": door.rex_pin,
        "fire": door.fire_pin,
        "reader": reader.driver,
        "sound": session.tools.config.sound.driver,
    }
    return wires.get(name) != "none"


def _seen(session: Session, order: CheckOrder) -> CheckSeen | None:
    """Return what the device shows, as far as it is known yet."""
    if not _wired(session, order.name):
        return CheckSeen("not-wired", passed=True)
    if order.name == "network":
        found = {True: "reachable", False: "closed", None: "unknown"}[reachable()]
        return CheckSeen(found, passed=found == "closed")
    seen = session.draft.get(SEEN)
    return seen if isinstance(seen, CheckSeen) else None


def _one(session: Session) -> View:
    order: CheckOrder = session.draft.get(ORDER, CheckOrder(CHECKS[0]))
    name, seen = order.name, _seen(session, order)
    wrong = seen.live if seen is not None and seen.live in MISWIRED else ""
    passes = not wrong and (name in JUDGED or (seen is not None and seen.passed))
    runs = name in RUNS and not wrong and _wired(session, name)
    live = (Row("live", (word(seen.live),)),) if seen else ()
    wants = {Want.CHECK} if name in WATCHED and _wired(session, name) else set()
    if name == "reader" and wants:
        wants.add(Want.CARD)  # any card will do: it is not to open the door meanwhile
    return View(
        rows=(
            Row("todo", (word(f"todo-{name}"),)),
            *live,
            Row("fix", (word(f"fix-{wrong or name}"),)),
            Row("state", (word(_state(session, name)),)),
        ),
        choices=(
            BACK,
            *((Choice("run", Weight.PART),) if runs else ()),
            Choice("failed", Weight.TWIN),
            *((Choice("passed", Weight.TWIN),) if passes else ()),
        ),
        wants=frozenset(wants),
        detail=order if wants else None,
        preview=name in {"camera", "focus-height"},
    )


def _looked(session: Session, event: CheckSeen) -> Turn:
    order: CheckOrder = session.draft[ORDER]
    # A reader has passed once it has read a card; that it is there is not enough.
    held = session.draft.get("card-read") == order
    passed = event.passed and (order.name != "reader" or held)
    session.draft[SEEN] = replace(event, passed=passed)
    return stay()


def _card_read(session: Session, _event: CardShown | NotGiven) -> Turn:
    order: CheckOrder = session.draft[ORDER]
    session.draft["card-read"] = order
    seen = session.draft.get(SEEN)
    if isinstance(seen, CheckSeen):
        session.draft[SEEN] = replace(seen, passed=seen.live == "works")
    return stay()


def _run(session: Session, _touch: Touch) -> Turn:
    """Let the relay click; in the log before it does (law 5)."""
    order: CheckOrder = session.draft[ORDER]
    by = session.operator.pseudonym if session.operator else "-"
    session.tools.archive.journal.happened("check.run", check=order.name, by=by)
    session.draft[ORDER] = replace(order, run=order.run + 1)
    return stay()


def _judge(session: Session, touch: Touch) -> Turn:
    order: CheckOrder = session.draft[ORDER]
    by = session.operator.pseudonym if session.operator else "-"
    passed = touch.act == "passed"
    session.tools.archive.journal.checked(order.name, by, passed=passed)
    return go("tech.list")


def _sign(_session: Session) -> View:
    return View(choices=(BACK,), wants=frozenset({Want.CARD}))


def _signed_by(session: Session, event: CardShown) -> Turn:
    """Take the manager's card: two people of two roles, and no personal data shown."""
    manager = session.tools.operators.of_person(event.holder)
    if manager is None or session.operator is None:
        return stay("unknown-card")
    if manager.role is not Role.MANAGER:
        return stay("needs-two")
    if any(_state(session, name) != "passed" for name in CHECKS):
        return go("tech.list", "not-allowed")
    tools = session.tools
    results = {name: True if _wired(session, name) else None for name in CHECKS}
    try:
        session.draft["signed"] = commissioning.conclude(
            tools.archive, tools.config, session.operator, manager, results
        )
    except OperatorError:
        return stay("needs-two")
    return go("tech.signed")


def _signed(session: Session) -> View:
    """Show the record as a code: whoever has the gate's public key can check it."""
    signed: Receipt | None = session.draft.get("signed")
    rows = (Row("at", (at(signed.claims["at"]),)),) if signed else ()
    code = signed.token if signed else ""
    return View(rows=rows, choices=(Choice("done", Weight.NEXT),), code=code)


FORMS = (
    Form(
        "tech.list",
        Ground.TECHNICIAN,
        _list,
        {"leave": leave, "check": _check, "sign-off": to("tech.sign")},
        rows=CHECKS,
        words=tuple(STATES.values()),
    ),
    Form(
        "tech.check",
        Ground.TECHNICIAN,
        _one,
        {"back": to("tech.list"), "run": _run, "passed": _judge, "failed": _judge},
        {CheckSeen: _looked, CardShown: _card_read, NotGiven: _card_read},
        rows=("todo", "live", "fix", "state"),
        words=(
            *(f"todo-{name}" for name in CHECKS),
            *(f"fix-{name}" for name in (*CHECKS, *MISWIRED)),
            *STATES.values(),
            *LIVE,
        ),
    ),
    Form(
        "tech.sign",
        Ground.TECHNICIAN,
        _sign,
        {"back": to("tech.list")},
        {CardShown: _signed_by},
        faults=("needs-two",),
    ),
    Form(
        "tech.signed",
        Ground.TECHNICIAN,
        _signed,
        {"done": to("tech.list")},
        rows=("at",),
    ),
)
