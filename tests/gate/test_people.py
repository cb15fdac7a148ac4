"""What a decision learns of a person: own hours, blocked doors, look-alikes, consent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from appliance.errors import RosterError
from appliance.gate import people
from appliance.gate.access.decision import ConsentState
from appliance.gate.access.schedule import ALWAYS, Period, Schedule, Weekday
from appliance.gate.enrolment.consent import Consent, GivenBy
from appliance.gate.store.records import Profile, Resident

if TYPE_CHECKING:
    from appliance.gate.store.roster import Roster

CARD = b"0123456789abcdef"
SUNDAYS = '{"periods": [{"days": ["sun"], "from": 420, "to": 1320}]}'


def enrol(roster: Roster, now: datetime, schedule: str = "null") -> str:
    name = roster.add(Profile("1", "Li", frozenset({"card", "face"}), schedule=schedule), [CARD])
    term = now + timedelta(9)
    roster.set_face_consent(name, Consent("v1", "entry", GivenBy.SELF, now, term, "signed"))
    return name


def test_a_resident_has_the_hours_of_the_profile(roster: Roster, now: datetime) -> None:
    name = enrol(roster, now, SUNDAYS)
    seen = people.resident(roster, roster.get(name), now)
    assert seen.schedule == Schedule((Period(frozenset({Weekday.SUNDAY}), 420, 1320),))
    roster.update(name, Profile("1", "Li", frozenset({"card"})))
    assert people.resident(roster, roster.get(name), now).schedule == ALWAYS


def test_hours_that_are_none_are_an_error_and_not_always(roster: Roster, now: datetime) -> None:
    name = enrol(roster, now)
    record = Resident(name, Profile("1", "Li", frozenset(), schedule="{}"))
    with pytest.raises(RosterError, match="schedule"):
        people.resident(roster, record, now)


def test_whose_card_is_blocked_has_no_face_either(roster: Roster, now: datetime) -> None:
    name = enrol(roster, now)
    assert people.resident(roster, roster.get(name), now).consent is ConsentState.GIVEN
    roster.set_card_blocked(CARD)
    assert people.resident(roster, roster.get(name), now).consent is ConsentState.FROZEN
    roster.add_card(name, b"a second card 12")
    assert people.resident(roster, roster.get(name), now).consent is ConsentState.GIVEN


def test_a_look_alike_counts_while_the_other_lives_here(roster: Roster, now: datetime) -> None:
    name, other = enrol(roster, now), roster.add(Profile("2", "Wang", frozenset()))
    assert not people.resident(roster, roster.get(name), now).look_alike
    roster.mark_look_alikes(name, frozenset({other}))
    assert people.resident(roster, roster.get(name), now).look_alike
    assert people.resident(roster, roster.get(other), now).look_alike
    with roster.store.transaction():
        roster.store.execute("DELETE FROM person WHERE pseudonym = ?", (other,))
    assert not people.resident(roster, roster.get(name), now).look_alike
