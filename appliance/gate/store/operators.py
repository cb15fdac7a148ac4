"""Who may run the gate: managers, auditors and technicians, each with a PIN and one role."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from appliance.errors import OperatorError
from appliance.gate.store.operator_record import Record, Role
from appliance.gate.store.pins import PinHash, check_pin

if TYPE_CHECKING:
    from datetime import datetime

    from appliance.clock import Clock
    from appliance.gate.journal import Journal
    from appliance.gate.store.schema import Store

__all__ = ["Operator", "Operators", "Role", "pause_after"]
NAME_LIMIT = 64
FREE_ATTEMPTS = 3
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who runs the gate.

    Attributes:
        name: as typed at login.
        role: the one thing this person does.
        pseudonym: what the log calls them: a keyed hash of the name.
        person: whose card on the roster they log in with at the screen, or empty.

    """

    name: str
    role: Role
    pseudonym: str
    person: str = ""


class Operators:
    """The gate's operators, in its sealed store.

    Args:
        store: where they are kept.
        journal: is told every login, failed login and change.
        clock: for pauses after failed logins.

    """

    def __init__(self, store: Store, journal: Journal, clock: Clock) -> None:
        self._store = store
        self._journal = journal
        self._clock = clock

    def all(self) -> tuple[Operator, ...]:
        """Return all operators, by role and name.

        Raises:
            SealBrokenError: a row was altered.

        """
        rows = self._store.rows("SELECT lookup, revision, sealed FROM operator")
        found = [self._person(self._opened(*row)) for row in rows]
        return tuple(sorted(found, key=lambda one: (one.role.value, one.name)))

    def add(
        self, name: str, role: Role, pin: str, by: Operator | None, person: str = ""
    ) -> Operator:
        """Add an operator; the first manager of a gate needs nobody else.

        Raises:
            OperatorError: `by` is no manager, the name is taken or unfit, or the PIN is, or the
                person has another role already (S141).

        """
        name = _name(name)
        check_pin(pin)
        # Outside the transaction: it takes a tenth of a second, and the gate may want to write.
        record = Record(name, role, PinHash.make(pin), person=person)
        with self._store.transaction():
            if by is not None or role is not Role.MANAGER or self._managers():
                self._require_manager(by)
            if self._find(name) is not None:
                raise OperatorError("operator", "this name is taken", "another name")
            if person and self.of_person(person) is not None:
                raise OperatorError("operator", "has another role", "one role a person (S141)")
            self._store.execute(
                "INSERT INTO operator VALUES (?, 1, ?)",
                (self._key(name), self._seal(name, 1, record)),
            )
        added = self._person(record)
        self._tell("operator.added", added, by)
        return added

    def of_person(self, pseudonym: str) -> Operator | None:
        """Return who logs in with the cards of somebody on the roster.

        Raises:
            SealBrokenError: a row was altered.

        """
        return next((one for one in self.all() if one.person == pseudonym), None)

    def remove(self, name: str, by: Operator) -> None:
        """Remove an operator; the last manager stays.

        Raises:
            OperatorError: `by` is no manager, nobody has this name, or it is the last manager's.

        """
        name = _name(name)
        with self._store.transaction():
            self._require_manager(by)
            found = self._find(name)
            if found is None:
                raise OperatorError("operator", "unknown", "the name of one")
            gone = self._person(found[1])
            if gone.role is Role.MANAGER and self._managers() == 1:
                # Without one, whoever comes next could make themselves the first.
                raise OperatorError("operator", "the last manager", "another manager first")
            self._store.execute("DELETE FROM operator WHERE lookup = ?", (self._key(name),))
        self._tell("operator.removed", gone, by)

    def change_pin(self, operator: Operator, pin: str) -> None:
        """Give somebody who has just logged in a new PIN.

        Raises:
            OperatorError: gone meanwhile, or the PIN is unfit.

        """
        check_pin(pin)
        made = PinHash.make(pin)
        with self._store.transaction():
            found = self._find(operator.name)
            if found is None:
                raise OperatorError("operator", "unknown", "the name of one")
            self._write(found[0] + 1, replace(found[1], pin=made))
        self._tell("operator.pin_changed", operator, operator)

    def login(self, name: str, pin: str, role: Role) -> Operator:
        """Return the operator of this name, PIN and role.

        An attempt is counted before it is looked at, durably: pulling the plug gives no free one.
        Whoever is unknown is refused like whoever is not, and as slowly.

        Raises:
            OperatorError: unknown, wrong PIN, another role, or paused after failures.

        """
        shown = self._clock.wall()
        try:
            name = _name(name)
        except OperatorError:
            name = ""
        paused = self._count_attempt(name, shown)
        if paused:
            self._failed(name, "paused")
            seconds = round(paused.total_seconds())
            raise OperatorError("login", f"paused for {seconds} s", "to wait that long")
        found = self._find(name)
        right = found[1].pin.matches(pin) if found else PinHash.refuse(pin)
        if found is None or not right:
            self._failed(name, "wrong")
            raise OperatorError("login", "wrong name or PIN", "those of one operator")
        with self._store.transaction():
            again = self._find(name)
            if again is None or again[1].pin != found[1].pin:
                raise OperatorError("login", "changed meanwhile", "to log in again")
            self._write(again[0] + 1, replace(again[1], failures=0, paused_until=None))
        person = self._person(found[1])
        if person.role is not role:
            self._failed(name, "role")
            raise OperatorError("login", f"a {person.role.value}", f"a {role.value} (S141)")
        self._journal.happened("operator.login", by=person.pseudonym, role=role.value)
        return person

    def waits(self, name: str) -> int:
        """Return how many seconds an operator's next attempt has to wait; 0 = none.

        Raises:
            SealBrokenError: the row was altered.

        """
        found = self._find(name)
        if found is None or found[1].paused_until is None:
            return 0
        left = found[1].paused_until - self._clock.wall()
        most = pause_after(found[1].failures)
        return max(0, math.ceil(min(left, most).total_seconds()))

    def _count_attempt(self, name: str, now: datetime) -> timedelta | None:
        """Count one more failed attempt in advance; return how long to wait instead, if so."""
        with self._store.transaction():
            found = self._find(name)
            if found is None:
                return None
            revision, record = found
            pause = pause_after(record.failures)
            if record.paused_until is not None and now < record.paused_until:
                # A clock set back must not lengthen the pause: it is never more than it was.
                return min(record.paused_until - now, pause)
            failures = record.failures + 1
            until = now + pause_after(failures) if pause_after(failures) else None
            self._write(revision + 1, replace(record, failures=failures, paused_until=until))
            return None

    def _failed(self, name: str, why: str) -> None:
        who = self._pseudonym(name) if name else "-"
        self._journal.happened("operator.login_failed", by=who, why=why)

    def _tell(self, kind: str, whom: Operator, by: Operator | None) -> None:
        who = by.pseudonym if by else "nobody yet"
        self._journal.happened(kind, operator=whom.pseudonym, role=whom.role.value, by=who)

    def _managers(self) -> int:
        return sum(one.role is Role.MANAGER for one in self.all())

    def _require_manager(self, by: Operator | None) -> None:
        found = self._find(by.name) if by else None
        if by is None or found is None or found[1].role is not Role.MANAGER:
            raise OperatorError("operators", "no manager logged in", "a manager's login (S141)")

    def _find(self, name: str) -> tuple[int, Record] | None:
        rows = self._store.rows(
            "SELECT lookup, revision, sealed FROM operator WHERE lookup = ?", (self._key(name),)
        )
        return (int(rows[0][1]), self._opened(*rows[0])) if rows else None

    def _write(self, revision: int, record: Record) -> None:
        self._store.execute(
            "UPDATE operator SET revision = ?, sealed = ? WHERE lookup = ?",
            (revision, self._seal(record.name, revision, record), self._key(record.name)),
        )

    def _seal(self, name: str, revision: int, record: Record) -> bytes:
        key = self._key(name)
        return self._store.seal_own("operator", key, "sealed", revision, record.encode())

    def _opened(self, lookup: bytes, revision: int, sealed: object) -> Record:
        return Record.decode(self._store.open_own("operator", lookup, "sealed", revision, sealed))

    def _person(self, record: Record) -> Operator:
        return Operator(record.name, record.role, self._pseudonym(record.name), record.person)

    def _key(self, name: str) -> bytes:
        return self._store.lookup("operator", name.casefold().encode())

    def _pseudonym(self, name: str) -> str:
        whole = self._store.lookup("operator's pseudonym", name.casefold().encode())
        return f"op-{whole.hex()[:12]}"


def pause_after(failures: int) -> timedelta:
    """Return how long the next attempt has to wait after so many in a row."""
    if failures < FREE_ATTEMPTS:
        return timedelta(0)
    pause: timedelta = FIRST_PAUSE * 2 ** min(failures - FREE_ATTEMPTS, 10)
    return min(pause, LONGEST_PAUSE)


def _name(typed: str) -> str:
    name = unicodedata.normalize("NFKC", typed).strip()
    if not 1 <= len(name) <= NAME_LIMIT or not name.isprintable():
        raise OperatorError(
            "operator's name", f"{len(name)} characters", f"1 to {NAME_LIMIT} printable ones"
        )
    return name
