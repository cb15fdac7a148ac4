"""The table of all pages of the counter; a new group of pages is added to `GROUPS` alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.gate.counter import (
    alarms,
    doorstep,
    enrol,
    enrol_consent,
    enrol_face,
    enrol_issue,
    erase,
    find,
    hours_pages,
    manager,
    operators_pages,
    person,
    person_change,
    reports,
    resident,
    tickets_pages,
    visitors,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from appliance.gate.counter.form import Form

GROUPS = (
    doorstep.FORMS,
    resident.FORMS,
    manager.FORMS,
    enrol.FORMS,
    enrol_issue.FORMS,
    enrol_consent.FORMS,
    enrol_face.FORMS,
    find.FORMS,
    person.FORMS,
    person_change.FORMS,
    erase.FORMS,
    visitors.FORMS,
    alarms.FORMS,
    tickets_pages.FORMS,
    hours_pages.FORMS,
    reports.FORMS,
    operators_pages.FORMS,
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
