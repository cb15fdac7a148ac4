"""What the log gets told: decisions, alarms and acts of people, as events with pseudonyms."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from appliance.gate.store.audit import AuditEvent

if TYPE_CHECKING:
    from appliance.clock import Clock
    from appliance.gate.access.decision import AccessDecision
    from appliance.gate.store.audit import AuditLog


class Journal:
    """The log of one portal.

    Args:
        log: where events go.
        portal: this gate's name, in every event.
        clock: for what happens without a time of its own.

    """

    def __init__(self, log: AuditLog, portal: str, clock: Clock) -> None:
        self._log = log
        self._portal = portal
        self._clock = clock
        last = log.tail(1)
        self._newest = last[0].event.at if last else datetime.min.replace(tzinfo=UTC)

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
                detail={"cue": made.cue} if made.cue else {},
            )
        )

    def happened(self, kind: str, pseudonym: str | None = None, **detail: str) -> str:
        """Log an alarm or an act of a person durably; return its line.

        Raises:
            AuditError: it is not in the log.

        """
        return self._append(
            AuditEvent(
                kind=kind,
                at=self._clock.wall(),
                portal=self._portal,
                pseudonym=pseudonym,
                detail=detail,
            )
        )

    def _append(self, event: AuditEvent) -> str:
        number = self._log.append(event)
        self._newest = max(self._newest, event.at)
        parts = (event.kind, event.method, event.reason, event.pseudonym or "-")
        return f"#{number} {event.at:%H:%M:%S} {' '.join(filter(None, parts))}"
