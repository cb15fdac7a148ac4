"""Retention: events older than their term go, up to a checkpoint, and the chain stays whole."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from appliance.errors import AuditError
from appliance.gate.store.audit_event import microseconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.gate.store.audit import AuditLog

SHORTEST = timedelta(days=180)
STEP = timedelta(days=7)
"""No longer silence is believed: a gate's log has an event a day, a wrong clock jumps by years."""
BATCH = 4096
"""Events removed in one transaction, so that the gate can log in between."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went.

    Attributes:
        removed: how many events.
        upto: number of the last one removed, or of the last one before; 0 = never any.

    """

    removed: int
    upto: int


def prune(
    log: AuditLog, now: datetime, keep: timedelta, tell: Callable[[str, str], None]
) -> Pruned:
    """Remove the events older than `keep`, up to the checkpoint before the first younger one.

    An event's age is not the clock minus its time: it is the sum of the steps from each event to
    the next and to now, and a step of more than a week either way counts as nothing. A clock set
    to 2099 or 1970 for an hour so makes nothing older; a gate that was off for a month keeps its
    events a month longer.

    Args:
        log: to be pruned.
        now: the clock.
        keep: how long events stay, at least 180 days.
        tell: logs, before anything goes, the numbers of the first and last event that will go.

    Raises:
        AuditError: the term is too short, the clock is not to be believed, the log was tampered
            with (then it is evidence), or it cannot be written.

    """
    if keep < SHORTEST:
        raise AuditError("log's retention", f"{keep.days} days", f"at least {SHORTEST.days}")
    first, last = log.span
    if first > last:
        return Pruned(0, first - 1)
    if abs(now - log.newest) > STEP:
        raise AuditError(
            "clock",
            f"{now:%Y-%m-%d}, {abs(now - log.newest).days} days from the newest event",
            f"within {STEP.days} days: set the clock, or let the gate run first",
        )
    upto = _upto(log, now, keep)
    if upto < first:
        return Pruned(0, first - 1)
    bad = [one for one in log.verify() if one.tampering]
    if bad:
        raise AuditError(log.name, str(bad[0]), "a whole log; this one is evidence now")
    tell(str(first), str(upto))
    done = first - 1
    for here in (one for one in log.checkpoints() if one <= upto):
        if here - done >= BATCH or here == upto:
            log.forget(here)
            done = here
    log.checkpoint()
    return Pruned(upto - first + 1, upto)


def _upto(log: AuditLog, now: datetime, keep: timedelta) -> int:
    """Return the last checkpoint all of whose events are old enough; 0 = none."""
    numbers, times = array("q"), array("q")
    for number, at in log.times():
        numbers.append(number)
        times.append(_parsed(number, at))
    times.append(microseconds(now))
    widest = STEP // timedelta(microseconds=1)
    steps = [b - a if abs(b - a) <= widest else 0 for a, b in pairwise(times)]
    age = sum(steps)
    young = numbers[-1] + 1
    for number, step in zip(numbers, steps, strict=True):
        if age < keep // timedelta(microseconds=1):
            young = number
            break
        age -= step
    return max((one for one in log.checkpoints() if one < young), default=0)


def _parsed(number: int, at: bytes) -> int:
    try:
        return microseconds(datetime.fromisoformat(at.decode("ascii")).astimezone(UTC))
    except (ValueError, OverflowError) as error:
        raise AuditError(f"entry {number}", "altered", "it as written") from error
