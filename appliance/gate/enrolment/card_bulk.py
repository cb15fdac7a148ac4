"""Re-issues a whole community from a CSV, each row once, however often the power is cut."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from appliance.errors import RosterError
from appliance.gate.store.records import CARD_ID_BYTES, Profile

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.gate.credential.card_personalise import IssuedCard
    from appliance.gate.enrolment.card_desk import CardDesk, Slot
    from appliance.gate.store.roster import Roster

COLUMNS: Final = ("household", "label", "pseudonym")
MOST_ROWS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Row:
    """One card to be issued.

    Attributes:
        line: in the file, for messages.
        household: as on the roster.
        label: the same.
        pseudonym: of somebody on the roster; empty = found, or made, by household and label.

    """

    line: int
    household: str
    label: str
    pseudonym: str

    @property
    def key(self) -> str:
        """What tells this row from the others, also after lines were moved."""
        whole = self.pseudonym or f"{self.household}\0{self.label}"
        return hashlib.sha256(whole.encode()).hexdigest()[:24]


def read_rows(path: Path) -> tuple[Row, ...]:
    """Read a CSV with the columns household, label and pseudonym.

    Raises:
        RosterError: it does not read, lacks a column, or has a row twice; with its line.

    """
    rows: list[Row] = []
    lines: dict[str, int] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as content:
            reader = csv.DictReader(content)
            if not set(COLUMNS) <= set(reader.fieldnames or ()):
                raise RosterError(str(path), reader.fieldnames, f"columns {', '.join(COLUMNS)}")
            for fields in reader:
                household, label, pseudonym = ((fields[one] or "").strip() for one in COLUMNS)
                row = Row(reader.line_num, household, label, pseudonym)
                if not (household or pseudonym):
                    raise RosterError(f"{path} line {row.line}", "empty", "household or pseudonym")
                if row.key in lines:
                    raise RosterError(
                        f"{path} line {row.line}", f"as line {lines[row.key]}", "each row once"
                    )
                lines[row.key] = row.line
                rows.append(row)
                if len(rows) > MOST_ROWS:
                    raise RosterError(str(path), "longer", f"at most {MOST_ROWS} rows")
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise RosterError(str(path), str(fault), "a readable CSV in UTF-8") from fault
    return tuple(rows)


class Progress:
    """Which card id each row was promised, written before the card is: one line a row.

    The roster is the truth about what was done; this file only makes a row's second try write
    the same card id, so that a row can never have two cards.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._promised: dict[str, bytes] = {}
        try:
            content = path.read_bytes() if path.exists() else b""
            whole = content[: content.rfind(b"\n") + 1]
            if whole != content:
                # The power went while this line was written, so before its card was begun.
                os.truncate(path, len(whole))
        except OSError as fault:
            raise RosterError(str(path), str(fault), "the state of a bulk issue") from fault
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                fields = json.loads(line)
                self._promised[fields["row"]] = bytes.fromhex(fields["card"])
            except (ValueError, KeyError, TypeError) as fault:
                raise RosterError(
                    f"{path} line {number}", "not one", "the state of a bulk issue"
                ) from fault

    def promise(self, row: Row) -> bytes:
        """Return the card id of a row, drawn and durable."""
        if row.key not in self._promised:
            number = secrets.token_bytes(CARD_ID_BYTES)
            line = json.dumps({"row": row.key, "card": number.hex()})
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            with os.fdopen(os.open(self._path, flags, 0o600), "a", encoding="utf-8") as out:
                out.write(line + "\n")
                out.flush()
                os.fsync(out.fileno())
            self._promised[row.key] = number
        return self._promised[row.key]

    def promised(self, row: Row) -> bytes | None:
        """Return the card id of a row that was begun."""
        return self._promised.get(row.key)


class Bulk:
    """A bulk issue.

    Args:
        desk: issues each card.
        roster: who is there.
        progress: what was begun before.

    """

    def __init__(self, desk: CardDesk, roster: Roster, progress: Progress) -> None:
        self._desk = desk
        self._roster = roster
        self._progress = progress
        self._names: dict[tuple[str, str], list[str]] = {}
        for one in roster.residents():
            at = (one.profile.household, one.profile.label)
            self._names.setdefault(at, []).append(one.pseudonym)

    def open_rows(self, rows: tuple[Row, ...]) -> tuple[Row, ...]:
        """Return the rows that have no card of this bulk issue yet.

        Raises:
            RosterError: a row names nobody, or cannot be told from somebody else; with its line.

        """
        for row in rows:
            if row.pseudonym and row.pseudonym not in self._roster:
                raise RosterError(f"line {row.line}", row.pseudonym, "somebody on the roster")
            if len(self._names.get((row.household, row.label), ())) > 1 and not row.pseudonym:
                raise RosterError(f"line {row.line}", "two residents", "a pseudonym, to tell them")
        return tuple(row for row in rows if not self._done(row))

    def issue(self, row: Row, slot: Slot, master: bytes) -> IssuedCard:
        """Issue the card of one row: block the old ones after the new one works.

        Raises:
            CardError: this card cannot be written; the row stays open.

        """
        number = self._progress.promise(row)
        pseudonym = self._pseudonym(row)
        made = self._desk.issue(pseudonym, slot, master, number)
        for old in self._desk.cards(pseudonym):
            if old.active and old.number != number:
                self._desk.block(pseudonym, old.number.hex())
        return made

    def _done(self, row: Row) -> bool:
        number = self._progress.promised(row)
        holder = number and self._roster.find_by_card(number)
        if not holder:
            return False
        # The power may have gone between the new card and the block of the old one.
        name = holder.resident.pseudonym
        for old in self._desk.cards(name):
            if old.active and old.number != number and old.issue < holder.credential.issue:
                self._desk.block(name, old.number.hex())
        return True

    def _pseudonym(self, row: Row) -> str:
        if row.pseudonym:
            return row.pseudonym
        at = (row.household, row.label)
        if at not in self._names:
            profile = Profile(row.household, row.label, frozenset({"card"}))
            self._names[at] = [self._roster.add(profile)]
        return self._names[at][0]
