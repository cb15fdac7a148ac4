"""What the log gets told: decisions, alarms and acts of people, as events with pseudonyms."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from appliance.errors import StoreError
from appliance.gate.store.audit import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.clock import Clock
    from appliance.gate.access.decision import AccessDecision
    from appliance.gate.store.audit import AuditLog
    from appliance.sections import Config

SLACK = timedelta(seconds=1)
"""A clock is corrected by so much all day long."""
CONFIGURATION = "configuration"
ALARMS = "alarms"
NUMBER_BYTES = 8
SHORT = 12
"""Hex digits of a configuration's hash in the log."""


class Journal:
    """The log of one portal.

    Args:
        log: where events go.
        portal: this gate's name, in every event.
        clock: for what happens without a time of its own.
        generation: of the store of persons, kept with each event as a witness against old copies.

    """

    def __init__(
        self,
        log: AuditLog,
        portal: str,
        clock: Clock,
        generation: Callable[[], int] | None = None,
    ) -> None:
        self._log = log
        self._portal = portal
        self._clock = clock
        self._generation = generation
        # The last one, not the newest ever: after an hour of a wrong clock, a restart is a cure.
        last = log.tail(1)
        self._newest = last[0].event.at if last else datetime.min.replace(tzinfo=UTC)
        self._behind = False

    @property
    def newest(self) -> datetime:
        """Time of the newest event; a clock that shows less has gone back and is unsure."""
        return self._newest

    def decision(self, made: AccessDecision) -> str:
        """Log a decision durably; return its line.

        Raises:
            AuditError: it is not in the log, so it must not move the door (law 5).

        """
        return self._append(
            AuditEvent(
                kind="entry.granted" if made.granted else "entry.refused",
                at=made.at,
                portal=self._portal,
                method=made.method.value,
                reason=made.reason.value,
                pseudonym=made.pseudonym,
                detail={
                    **({"visit": made.visit} if made.visit else {}),
                    **({"cue": made.cue} if made.cue else {}),
                },
            )
        )

    def happened(self, kind: str, pseudonym: str | None = None, **detail: str) -> str:
        """Log an alarm or an act of a person durably; return its line.

        Raises:
            AuditError: it is not in the log.

        """
        return self._append(self._event(kind, pseudonym, detail))

    def replicated(self, what: str, where: str, why: str, who: str, **detail: str) -> str:
        """Enter a copy, backup, export or sync of data in the replication register (S142).

        Args:
            what: was copied: "log", "gate".
            where: it went; of a long path, its end.
            why: as given.
            who: pseudonyms of those who did it.
            detail: more, such as an export's id.

        Raises:
            AuditError: it is not in the log, so it must not be copied.

        """
        return self.happened(
            "data.exported", what=what, where=where[-200:], why=why, who=who, **detail
        )

    def configured(self, config: Config) -> bool:
        """Log it if the configuration is another than at the last start; return whether it is.

        Raises:
            AuditError: it is not in the log.

        """
        content = msgspec.json.encode(config, order="deterministic")
        now = hashlib.sha256(content).hexdigest()[:SHORT]
        kept = self._log.mark(CONFIGURATION)
        was = kept.decode("ascii", "replace") if kept else "none"
        if was == now:
            return False
        event = self._event("config.changed", None, {"was": was, "now": now})
        self._append(event, (CONFIGURATION, now.encode()))
        return True

    def alarms_seen(self) -> int:
        """Return up to which number of the log a manager has looked at its alarms; 0 = none."""
        kept = self._log.mark(ALARMS)
        return int.from_bytes(kept, "big") if kept and len(kept) == NUMBER_BYTES else 0

    def saw_alarms(self, number: int, by: str) -> str:
        """Log that a manager has looked at all alarms up to a number; return its line.

        Raises:
            AuditError: it is not in the log.

        """
        event = self._event("alarms.seen", None, {"upto": str(number), "by": by})
        newest = max(number, self.alarms_seen())
        return self._append(event, (ALARMS, newest.to_bytes(NUMBER_BYTES, "big")))

    def check_passed(self, name: str) -> bool | None:
        """Return what a commissioning check came to last, or None."""
        return {b"yes": True, b"no": False}.get(self._log.mark(f"check {name}") or b"")

    def checked(self, name: str, by: str, *, passed: bool) -> str:
        """Log what a commissioning check came to, durably (S144); return its line.

        Raises:
            AuditError: it is not in the log.

        """
        word = "yes" if passed else "no"
        event = self._event("check.done", None, {"check": name, "passed": word, "by": by})
        return self._append(event, (f"check {name}", word.encode()))

    def _event(self, kind: str, pseudonym: str | None, detail: dict[str, str]) -> AuditEvent:
        return AuditEvent(kind, self._clock.wall(), self._portal, "", "", pseudonym, detail)

    def _witness(self) -> int:
        try:
            return self._generation() if self._generation else 0
        except StoreError:
            # A broken store must not keep what happens from the log: refusals above all.
            return 0

    def _append(self, event: AuditEvent, mark: tuple[str, bytes] | None = None) -> str:
        events = [event]
        behind = self._newest - event.at > SLACK
        if behind and not self._behind:
            # Once for each time the clock goes back, before what happened under it.
            newest = self._newest.isoformat(timespec="seconds")
            back = AuditEvent("clock.back", event.at, self._portal, detail={"newest": newest})
            events.insert(0, back)
        number = self._log.extend(events, self._witness(), mark)
        self._behind = behind
        self._newest = max(self._newest, event.at)
        parts = (event.kind, event.method, event.reason, event.pseudonym or "-")
        return f"#{number} {event.at:%H:%M:%S} {' '.join(filter(None, parts))}"
