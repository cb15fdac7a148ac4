"""Every page, act, row, word and fault of the counter, as plain data for the screen's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from appliance.gate.counter.form import COMMON_FAULTS, GIVEN_FAULTS, LEAF_ACTS, offered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from appliance.gate.counter.form import Form
    from appliance.terminal import Page

MORE_TIME = "more-time"
PUBLIC_ACTS = ("face", "code", "stop", "help", "my-data", "staff")
"""Acts of the public screen."""


class Described(TypedDict):
    """One page; all are keys of the screen's words."""

    ground: str
    acts: list[str]
    rows: list[str]
    words: list[str]
    faults: list[str]


def vocabulary(forms: Mapping[str, Form]) -> dict[str, Described]:
    """Return what the screen needs words for, by page."""
    return {name: _described(form) for name, form in sorted(forms.items())}


def undeclared(page: Page, forms: Mapping[str, Form]) -> tuple[str, ...]:
    """Return what a page shows that its form does not declare; nothing, if all is well."""
    known = _described(forms[page.name])
    cells = [cell for row in page.rows for cell in row.cells]
    shown = {
        "acts": {act for act, _ in offered(page)},
        "rows": {row.key for row in page.rows if row.key},
        "words": {cell.word for cell in cells if cell.word}
        | {choice.word for choice in page.choices if choice.word},
        "faults": {page.fault} - {""},
    }
    declared: Mapping[str, list[str]] = {
        "acts": known["acts"],
        "rows": known["rows"],
        "words": known["words"],
        "faults": known["faults"],
    }
    return tuple(
        f"{kind} {one}" for kind, found in shown.items() for one in found - set(declared[kind])
    )


def _described(form: Form) -> Described:
    acts = {*form.acts, MORE_TIME, *(LEAF_ACTS if form.leaves else ())}
    # Whatever it takes may be refused on its way.
    given = GIVEN_FAULTS if form.takes else ()
    return Described(
        ground=form.ground.value,
        acts=sorted(acts),
        rows=sorted(form.rows),
        words=sorted(form.words),
        faults=sorted({*form.faults, *COMMON_FAULTS, *given}),
    )
