"""When somebody may pass: weekly periods in local time, holidays, and a span of validity.

A period is what the clock on the wall shows. Where summer time skips an hour, the skipped minutes
never come; where it repeats one, both passes count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

from appliance.gate.access.reasons import Reason
from appliance.gate.access.wrong import check_range, wrong

if TYPE_CHECKING:
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

MINUTES_PER_DAY = 24 * 60


class Weekday(Enum):
    """The days of a week, numbered as `datetime.weekday` does."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


EVERY_DAY = frozenset(Weekday)


@dataclass(frozen=True, slots=True)
class Period:
    """A daily span of local time; it belongs to the day on which it begins.

    Attributes:
        weekdays: the days on which it begins.
        from_minute: first minute after local midnight, 0 to 1439.
        to_minute: first minute after it, 1 to 1440; smaller than `from_minute` = next day.

    Raises:
        ValueError: no day, a minute out of range, or an empty span.

    """

    weekdays: frozenset[Weekday]
    from_minute: int
    to_minute: int

    def __post_init__(self) -> None:
        if not self.weekdays:
            raise wrong("period.weekdays", "none", "at least one day")
        check_range("period.from_minute", self.from_minute, 0, MINUTES_PER_DAY - 1)
        check_range("period.to_minute", self.to_minute, 1, MINUTES_PER_DAY)
        if self.from_minute == self.to_minute:
            raise wrong("period", f"{self.from_minute} to {self.to_minute}", "a span of time")

    @property
    def crosses_midnight(self) -> bool:
        """Whether it ends on the day after it began."""
        return self.to_minute < self.from_minute

    def holds_on_its_day(self, day: Weekday, minute: int) -> bool:
        """Tell whether `minute` of `day` lies in the part before midnight."""
        if day not in self.weekdays or minute < self.from_minute:
            return False
        return self.crosses_midnight or minute < self.to_minute

    def holds_the_day_after(self, began_on: Weekday, minute: int) -> bool:
        """Tell whether `minute` of the day after `began_on` lies in the part after midnight."""
        return self.crosses_midnight and began_on in self.weekdays and minute < self.to_minute


@dataclass(frozen=True, slots=True)
class Schedule:
    """The hours of a portal or a resident; the same for every method (law 1, S3).

    Attributes:
        periods: the hours of ordinary days.
        holidays: local dates on which `holiday_periods` take the place of `periods`.
        holiday_periods: the hours of holidays; a weekday counts as in `periods`.

    """

    periods: tuple[Period, ...]
    holidays: frozenset[date] = field(default_factory=frozenset)
    holiday_periods: tuple[Period, ...] = ()

    @property
    def depends_on_time(self) -> bool:
        """Whether a clock is needed; false only for `ALWAYS`."""
        return self != ALWAYS

    def allows(self, at: datetime, zone: ZoneInfo) -> bool:
        """Tell whether the wall clock of `zone` shows an allowed minute at the aware time `at`.

        Raises:
            ValueError: `at` is not aware.

        """
        local = _aware(at).astimezone(zone)
        minute = local.hour * 60 + local.minute
        today = local.date()
        yesterday = today - timedelta(days=1)
        return any(
            period.holds_on_its_day(Weekday(today.weekday()), minute)
            for period in self._periods_of(today)
        ) or any(
            period.holds_the_day_after(Weekday(yesterday.weekday()), minute)
            for period in self._periods_of(yesterday)
        )

    def _periods_of(self, day: date) -> tuple[Period, ...]:
        return self.holiday_periods if day in self.holidays else self.periods


ALWAYS = Schedule((Period(EVERY_DAY, 0, MINUTES_PER_DAY),))
"""Every minute of every day."""


@dataclass(frozen=True, slots=True)
class Validity:
    """The span in which a resident or visitor may pass; ends by itself (S8).

    Attributes:
        begins: first aware moment, or None = since ever.
        ends: first aware moment after it, or None = until revoked.

    Raises:
        ValueError: a moment is not aware, or the span is empty.

    """

    begins: datetime | None = None
    ends: datetime | None = None

    def __post_init__(self) -> None:
        for moment in (self.begins, self.ends):
            if moment is not None:
                _aware(moment)
        if self.begins is not None and self.ends is not None and self.ends <= self.begins:
            raise wrong("validity", f"{self.begins} to {self.ends}", "an end after the beginning")

    @property
    def depends_on_time(self) -> bool:
        """Whether a clock is needed."""
        return self.begins is not None or self.ends is not None

    def refusal(self, at: datetime) -> Reason | None:
        """Return why the aware time `at` lies outside, or None.

        Raises:
            ValueError: `at` is not aware.

        """
        moment = _aware(at)
        if self.begins is not None and moment < self.begins:
            return Reason.NOT_YET_VALID
        if self.ends is not None and moment >= self.ends:
            return Reason.VALIDITY_ENDED
        return None


def _aware(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise wrong("time", at, "a time with its zone")
    return at
