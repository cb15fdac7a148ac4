"""All pages of the manager and the technician."""

from __future__ import annotations

from typing import Final

from appliance.gate.counter import (
    alarms,
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
    technician,
    tickets_pages,
    update_pages,
    visitors,
)

OFFICE: Final = (
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
    update_pages.FORMS,
    technician.FORMS,
)
