"""Copies of the log for outside eyes: signed as a whole, each line marked with its copy."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from appliance.errors import AuditError, OperatorError
from appliance.gate.store.audit_chain import gate_of
from appliance.gate.store.files import PRIVATE_FILE
from appliance.gate.store.operators import Operator, Role

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

    from appliance.gate.journal import Journal
    from appliance.gate.store.audit import AuditEntry, AuditLog

EXPORT = "export"
EXPORTED = "data.exported"
REASON_LIMIT = 200
MARK_BYTES = 12
LINE_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class Request:
    """Who wants a copy of what, and why.

    Attributes:
        auditor: who asks for it.
        manager: the second person, who agrees (S96).
        reason: in their words, 1 to 200 characters.
        first: number of the first event.
        last: number of the last.

    """

    auditor: Operator
    manager: Operator
    reason: str
    first: int
    last: int

    def __post_init__(self) -> None:
        check_reason(self.reason)
        roles = (self.auditor.role, self.manager.role)
        if roles != (Role.AUDITOR, Role.MANAGER) or self.auditor.name == self.manager.name:
            raise OperatorError("export", "not two persons", "an auditor and a manager (S96)")

    @property
    def who(self) -> str:
        """Both pseudonyms."""
        return f"{self.auditor.pseudonym} {self.manager.pseudonym}"


def check_reason(reason: str) -> None:
    """Refuse to show or copy the log without a reason.

    Raises:
        OperatorError: empty or longer than 200 characters.

    """
    if not 1 <= len(reason.strip()) <= REASON_LIMIT or len(reason) > REASON_LIMIT:
        raise OperatorError("reason", f"{len(reason)} characters", f"1 to {REASON_LIMIT}")


def export(log: AuditLog, journal: Journal, request: Request, at: datetime, path: Path) -> str:
    """Write a copy of part of the log to the new file `path`; return the export's id.

    One JSON line an event, and a last line with the gate's signature over all before it: who
    (pseudonyms), why, when, from where to where. A file without that line is no export.

    Raises:
        AuditError: an entry is not as written, it could not be logged first, or not be written.

    """
    number = secrets.token_hex(8)
    journal.replicated(
        "log",
        str(path),
        request.reason,
        request.who,
        export=number,
        first=str(request.first),
        last=str(request.last),
    )
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    except OSError as error:
        journal.happened("data.export_failed", export=number)
        raise AuditError(f"export {path}", error.strerror, "a new file") from error
    try:
        with os.fdopen(handle, "wb") as file:
            _write(log, request, at, number, file)
    except BaseException as error:
        path.unlink(missing_ok=True)
        journal.happened("data.export_failed", export=number)
        if isinstance(error, OSError):
            raise AuditError(f"export {path}", error.strerror, "room to write") from error
        raise
    return number


def _write(log: AuditLog, request: Request, at: datetime, number: str, file: BinaryIO) -> None:
    digest = hashlib.sha256()
    count = 0
    for entry in log.entries(request.first, request.last):
        line = marked(log.sub_key("export"), number, entry)
        digest.update(line)
        file.write(line)
        count += 1
    trailer = log.signer.sign(
        EXPORT,
        {
            "gate": gate_of(log.signer.public_key),
            "export": number,
            "sha256": digest.hexdigest(),
            "lines": count,
            "first": request.first,
            "last": request.last,
            "before": log.chain_before(request.first).hex(),
            "who": request.who,
            "why": request.reason,
            "at": at.isoformat(timespec="seconds"),
        },
    )
    file.write(json.dumps({"signed": trailer}).encode() + b"\n")
    file.flush()
    os.fsync(file.fileno())


def marked(key: bytes, number: str, entry: AuditEntry) -> bytes:
    """Return an entry's line in the export `number`."""
    event = entry.event.fields()
    fields = {
        "sequence": entry.sequence,
        "event": event,
        "chain": entry.chain.hex(),
        "export": number,
        "mark": mark(key, number, entry.sequence, entry.event.canonical()),
    }
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def mark(key: bytes, number: str, sequence: int, text: str) -> str:
    """Return what only this gate can have written into this line of this export."""
    content = f"{number}\0{sequence}\0{text}".encode()
    return hmac.digest(key, content, "sha256")[:MARK_BYTES].hex()


def trace(log: AuditLog, line: str) -> AuditEntry:
    """Return the log's entry of the export that a leaked line comes from.

    The line's own word on its export is not believed: its mark is compared with what each export
    that the log knows of would have written there.

    Raises:
        AuditError: no line of an export, or of none that this log knows of.

    """
    unknown = "a line of an export of this gate, with its mark"
    try:
        if len(line) > LINE_LIMIT:
            raise ValueError(len(line))  # noqa: TRY301 - one refusal for all
        fields: dict[str, Any] = json.loads(line)
        event, sequence, said = fields["event"], int(fields["sequence"]), str(fields["mark"])
        text = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AuditError("leaked line", type(error).__name__, unknown) from error
    key = log.sub_key("export")
    found = None
    for entry in log.entries(*log.span):
        if entry.event.kind == EXPORTED:
            would = mark(key, entry.event.detail.get("export", ""), sequence, text)
            if hmac.compare_digest(would.encode(), said.encode(errors="replace")):
                found = entry
    if found is None:
        raise AuditError("leaked line", "of no export in this log", unknown)
    return found
