"""The table of all pages of the counter; a new group of pages is added to `GROUPS` alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.gate.counter import auditor, doorstep, resident, resident_acts, staff
from appliance.gate.counter.office_pages import OFFICE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from appliance.gate.counter.form import Form

GROUPS = (
    doorstep.FORMS,
    staff.FORMS,
    resident.FORMS,
    resident_acts.FORMS,
    auditor.FORMS,
    *OFFICE,
)


def all_forms() -> Mapping[str, Form]:
    """Return all pages by name.

    Raises:
        ValueError: two pages have one name.

    """
    forms = {form.name: form for group in GROUPS for form in group}
    if len(forms) != sum(map(len, GROUPS)):
        raise ValueError("two pages of the counter have one name")
    return forms
