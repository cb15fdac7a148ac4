"""What a gate's own people settled at the screen: its hours, and that it may use faces."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from appliance.errors import OperatorError, RosterError, SealBrokenError
from appliance.gate.store.hours import hours, schedule_text
from appliance.gate.store.operators import Role

if TYPE_CHECKING:
    from appliance.gate.access.schedule import Schedule
    from appliance.gate.journal import Journal
    from appliance.gate.store.operators import Operator
    from appliance.gate.store.schema import Store

COMMISSIONED = "commissioned"
HOURS = "hours"


@dataclass(frozen=True, slots=True)
class SignOff:
    """Technician and manager have found that all works (S144, S154).

    Attributes:
        at: when, aware.
        technician: pseudonym.
        manager: pseudonym.
        camera: the device they found working; empty until vision has told it.

    """

    at: datetime
    technician: str
    manager: str
    camera: str = ""


class Settings:
    """Values in the gate's sealed store.

    Args:
        store: where they are kept.
        journal: is told every change.

    """

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    def commissioned(self) -> SignOff | None:
        """Return who signed this gate off, or None: then it looks at no face.

        Raises:
            StoreError: the store failed, or the row was altered.

        """
        fields = self._read(COMMISSIONED)
        if fields is None:
            return None
        try:
            at = datetime.fromisoformat(fields["at"])
            who = (str(fields["technician"]), str(fields["manager"]))
            return SignOff(at, *who, str(fields.get("camera", "")))
        except (ValueError, KeyError, TypeError) as error:
            raise SealBrokenError("sign-off", repr(error), "one of this version") from error

    def sign_off(self, technician: Operator, manager: Operator, at: datetime) -> SignOff:
        """Keep that this gate was commissioned; two people of two roles (S141, S144).

        Raises:
            OperatorError: they are not a technician and a manager.
            StoreError: it is not kept.

        """
        self.demand_two(technician, manager)
        who = {"technician": technician.pseudonym, "manager": manager.pseudonym}
        # What cannot be logged is not done.
        self._journal.happened("gate.commissioned", **who)
        self._write(COMMISSIONED, {"at": at.isoformat(), **who})
        return SignOff(at, technician.pseudonym, manager.pseudonym)

    def bind(self, camera: str) -> None:
        """Keep which camera was signed off; another one is signed off anew (S131).

        Raises:
            StoreError: it is not kept.
            SealBrokenError: nobody has signed this gate off.

        """
        fields = self._read(COMMISSIONED)
        if fields is None:
            raise SealBrokenError("camera", camera, "a gate that was signed off")
        self._journal.happened("camera.bound", camera=camera[:200])
        self._write(COMMISSIONED, {**fields, "camera": camera})

    @staticmethod
    def demand_two(technician: Operator, manager: Operator) -> None:
        """Refuse any two who are not a technician and a manager.

        Raises:
            OperatorError: they are not.

        """
        roles = (technician.role, manager.role)
        if roles != (Role.TECHNICIAN, Role.MANAGER):
            found = " and ".join(role.value for role in roles)
            raise OperatorError("sign-off", found, "a technician and a manager (S144)")

    def hours(self) -> Schedule | None:
        """Return the hours set at the screen, or None: the configured ones hold.

        Raises:
            StoreError: the store failed, or the row was altered.

        """
        fields = self._read(HOURS)
        if fields is None:
            return None
        try:
            return hours(fields["schedule"])
        except (KeyError, TypeError, RosterError) as error:
            raise SealBrokenError("site's hours", repr(error), "hours of this version") from error

    def set_hours(self, schedule: Schedule, by: Operator) -> None:
        """Keep other hours for everybody and every door (S3, S16); they hold at once.

        Raises:
            OperatorError: `by` is no manager.
            StoreError: they are not kept.

        """
        if by.role is not Role.MANAGER:
            raise OperatorError("site's hours", f"a {by.role.value}", "a manager (S141)")
        text = schedule_text(schedule)
        self._journal.happened("hours.changed", by=by.pseudonym, hours=text[:200])
        self._write(HOURS, {"schedule": text})

    def _read(self, name: str) -> dict[str, Any] | None:
        found = self._store.rows("SELECT revision, sealed FROM setting WHERE name = ?", (name,))
        if not found:
            return None
        content = self._store.open_own("setting", name.encode(), "sealed", *found[0])
        try:
            fields = json.loads(content)
        except ValueError as error:
            raise SealBrokenError("setting", repr(error), "one of this version") from error
        return fields if isinstance(fields, dict) else {}

    def _write(self, name: str, fields: dict[str, Any]) -> None:
        with self._store.transaction():
            found = self._store.rows("SELECT revision FROM setting WHERE name = ?", (name,))
            revision = found[0][0] + 1 if found else 1
            sealed = self._store.seal_own(
                "setting", name.encode(), "sealed", revision, json.dumps(fields).encode()
            )
            self._store.execute(
                """INSERT INTO setting VALUES (?, ?, ?) ON CONFLICT DO UPDATE
                SET revision = excluded.revision, sealed = excluded.sealed""",
                (name, revision, sealed),
            )
