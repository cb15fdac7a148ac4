"""What the log costs: durable appends a second, and the reading of a million events."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.errors import AuditError
from appliance.gate.store.audit import AuditEvent, AuditLog
from appliance.gate.store.roots.file import FileKey

if TYPE_CHECKING:
    from collections.abc import Iterator

APPENDS = 1000
MILLION = 1_000_000
BATCH = 10_000
START = datetime(2026, 1, 1, tzinfo=UTC)


def log_figures(folder: Path | None, events: int) -> dict[str, float]:
    """Measure a log in `folder`; None = where temporary files lie.

    Returns:
        log_appends_per_s: events appended one by one, each on the disk before the next.
        log_verify_million_s: reading all of `events`, scaled to a million, seconds.

    Raises:
        AuditError: the log read back is not as it was written.

    """
    with tempfile.TemporaryDirectory(prefix="sanmen-log-", dir=folder) as name:
        root = FileKey.create(Path(name) / "device.key")
        path = Path(name) / "state" / "audit.db"
        AuditLog.create(path, root)
        log = AuditLog.open(path, root)
        try:
            begin = time.perf_counter()
            for number in range(APPENDS):
                log.append(_event(number))
            appending = time.perf_counter() - begin
            for first in range(APPENDS, events, BATCH):
                # Many in one transaction: only the filling is quick, what is written is the same.
                log.extend(_events(first, min(first + BATCH, events)))
            begin = time.perf_counter()
            findings = log.verify()
            reading = time.perf_counter() - begin
        finally:
            log.close()
    if findings:
        raise AuditError("log", str(findings[0]), "a whole one")
    return {
        "log_appends_per_s": round(APPENDS / appending, 1),
        "log_verify_million_s": round(reading * MILLION / max(events, APPENDS), 3),
    }


def _events(first: int, end: int) -> Iterator[AuditEvent]:
    return (_event(number) for number in range(first, end))


def _event(number: int) -> AuditEvent:
    at = START + timedelta(seconds=15 * number)
    pseudonym = f"{number % 2400:016x}"
    return AuditEvent("entry.granted", at, "gate 1", "card", "granted", pseudonym)
