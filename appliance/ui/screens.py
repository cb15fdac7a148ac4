"""Gate's state and page become one screen in two languages; the same input, the same screen."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from appliance.messages import Hint
from appliance.terminal import Phase, Portal, Standing
from appliance.ui.counter_screens import counter
from appliance.ui.look import label, said
from appliance.ui.model import NOTHING, Button, Screen
from appliance.ui.words import words

if TYPE_CHECKING:
    from appliance.terminal import Outcome, Page, Terminal
    from appliance.ui.model import View

_TROUBLE: Final = MappingProxyType(
    {
        Portal.FORCED_OPEN: ("forced", "alarm"),
        Portal.TAMPERED: ("tamper", "alarm"),
        Portal.HELD_OPEN: ("held", "door"),
    }
)
_WAYS: Final = ("card", "code", "face")
_DOOR_OF: Final = MappingProxyType({"card": "card", "qr": "code", "face": "face"})
"""The door on the screen, by the method of an outcome."""


def draw(state: Terminal | None, page: Page | None, view: View) -> Screen:
    """Return what to show: fire first, then the counter's page, a visit, the door, the doors.

    Args:
        state: the newest from gate, or None while gate is not heard.
        page: the open page of the counter, or None.
        view: all that the screen knows by itself.

    """
    if state is None:
        return _told("away", "card", view)
    if state.portal is Portal.FIRE:
        return _told("fire", "exit", view)
    if page is not None:
        return counter(state, page, view)
    if state.outcome is not None and state.phase in {Phase.GRANTED, Phase.REFUSED}:
        return _ended(state, state.outcome, view)
    return _before_a_visit_ends(state, view)


def _before_a_visit_ends(state: Terminal, view: View) -> Screen:
    if state.unwell:
        return _told("unwell", "tools", view, tiles=(_button(view, "help"),))
    if state.phase in {Phase.FACE, Phase.CODE}:
        return _visit(state, view)
    if state.portal in _TROUBLE:
        name, icon = _TROUBLE[state.portal]
        return _told(name, icon, view, doors=_doors(state, view))
    return _idle(state, view)


def _told(
    name: str,
    icon: str,
    view: View,
    *,
    layout: str = "state",
    doors: tuple[Button, ...] = (),
    tiles: tuple[Button, ...] = (),
) -> Screen:
    """Return a screen that says one thing."""
    return Screen(
        layout=layout,
        key=name,
        view=view,
        name=name,
        title=said(view, f"public.{name}"),
        say=said(view, f"public.{name}-say"),
        icon=icon,
        doors=doors,
        tiles=tiles,
    )


def _idle(state: Terminal, view: View) -> Screen:
    return Screen(
        layout="idle",
        key="idle",
        view=view,
        name="idle",
        title=said(view, "public.choose"),
        doors=_doors(state, view),
        parts=(_button(view, "my-data"), _button(view, "help")),
        onward=_button(view, "staff"),
        strip=NOTHING if state.clock_sure else said(view, "public.clock-unsure"),
    )


def _visit(state: Terminal, view: View) -> Screen:
    face = state.phase is Phase.FACE
    hint = state.hint if view.hint is None else view.hint
    start = "public.look" if face else "public.show-code"
    stop = "public.stop" if face else "public.stop-code"
    card = state.doors.card is Standing.OPEN
    code = state.doors.code is Standing.OPEN
    ways = {(True, True): "public.other", (True, False): "public.other-card"}.get((card, code), "")
    return Screen(
        layout="visit",
        key=state.phase.value,
        view=view,
        name=state.phase.value,
        title=said(view, f"public.camera-{state.phase.value}"),
        say=said(view, start if hint is Hint.NONE else f"hint.{hint.value}"),
        icon=("look_ahead" if face else "code") if hint is Hint.NONE else hint.value,
        preview=state.preview,
        back=Button("stop", said(view, stop), icon="back"),
        strip=said(view, ways if face else "public.other-card" if card else ""),
    )


def _ended(state: Terminal, outcome: Outcome, view: View) -> Screen:
    """Say that the door is open, or why not and each other door that works, card first (S16)."""
    if outcome.granted:
        return _told("granted", "granted", view, layout="granted")
    used = _DOOR_OF.get(outcome.method, "")
    doors = [one for one in _doors(state, view) if not one.off]
    again = [one for one in doors if one.icon == used and one.act]
    return Screen(
        layout="refused",
        key=f"refused {outcome.reason}",
        view=view,
        name="refused",
        title=said(view, "public.refused"),
        say=label(words(outcome.reason), view),
        icon="refused",
        code=outcome.reason,
        doors=tuple(one for one in doors if one.icon != used),
        tiles=tuple(Button(one.act, said(view, "public.again"), icon="again") for one in again),
        parts=(_button(view, "help"),),
    )


def _doors(state: Terminal, view: View) -> tuple[Button, ...]:
    """Return the three doors, always in this order and always alike (S1, S12)."""
    return tuple(_door(name, getattr(state.doors, name), view) for name in _WAYS)


def _door(name: str, standing: Standing, view: View) -> Button:
    works = standing is Standing.OPEN
    return Button(
        act="" if name == "card" else name,  # a card is held, there is nothing to ask of gate
        label=said(view, f"public.{name}"),
        icon=name,
        note=said(view, f"public.{name}-how" if works else f"public.{standing.value}"),
        off=not works,
    )


def _button(view: View, act: str) -> Button:
    icons = {"my-data": "person", "help": "help", "staff": "key"}
    return Button(act, said(view, f"public.{act}"), icon=icons[act])
