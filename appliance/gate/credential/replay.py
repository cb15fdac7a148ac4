"""The ledger of codes: ids used, entries of visitor passes, passes taken back; survives a cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.errors import StoreError
from appliance.gate.access.reasons import Reason
from appliance.gate.credential.wire import ID_BYTES

if TYPE_CHECKING:
    from appliance.gate.credential.findings import PassClaims, Withdrawal
    from appliance.gate.store.schema import Store

KEPT_SECONDS = 120
"""A used id is remembered so long: four times as long as its code can be shown."""
WITHDRAWALS_PER_PHONE = 64
"""Nobody can fill the memory of withdrawals for all."""
CAPACITY = 4096
"""Ids, visitor passes in use, and withdrawals, of each at most."""
FLOOR = "code_floor"


class Ledger:
    """What was used, in the store's tables `spent`, `uses` and `revoked`.

    A clock that only goes forward is not taken for granted: the newest issue time that was
    forgotten is kept as a floor, and at or below it nothing passes. Any number of processes may
    share the store, and any of them may stop at any moment.

    Args:
        store: with the tables of schema version 2.
        capacity: ids held at most; when full of valid ones new codes are refused, no old
            ones forgotten.

    """

    def __init__(self, store: Store, capacity: int = CAPACITY) -> None:
        self._store = store
        self._capacity = capacity

    def spend(self, claims: PassClaims, now: int) -> Reason | None:
        """Use a code up, and one entry of its visitor pass; return why that cannot be, or None.

        All of it is one durable transaction: of two gates' processes that see the same code, or
        the last entry of the same pass, one goes on to open.

        Args:
            claims: of a code that would open now.
            now: Unix seconds, from a clock that is sure.

        Raises:
            StoreError: it cannot be written, or there is no room; the door stays shut.

        """
        with self._store.transaction():
            self._forget(now)
            grant = claims.grant
            if grant is not None and self._withdrawn(grant.grant_id):
                return Reason.PASS_WITHDRAWN
            if claims.issued_at <= self._floor() or self._spent(claims.one_use_id):
                return Reason.PASS_REPLAYED
            if grant is not None:
                used = self.uses(grant.grant_id)
                if used >= grant.uses:
                    return Reason.PASS_USED_UP
                self._require_room("uses")
                self._store.execute(
                    """INSERT INTO uses VALUES (?, 1, ?)
                    ON CONFLICT DO UPDATE SET count = count + 1""",
                    (grant.grant_id, grant.ends_at),
                )
            self._require_room("spent")
            self._store.execute(
                "INSERT INTO spent VALUES (?, ?)", (claims.one_use_id, claims.issued_at)
            )
        return None

    def withdraw(self, taken: Withdrawal) -> None:
        """Take a visitor pass back, until it would have ended anyhow.

        Raises:
            StoreError: it cannot be written, or there is no room.

        """
        with self._store.transaction():
            self._require_room("revoked")
            phone = taken.grant_id[:ID_BYTES]
            ((own,),) = self._store.rows(
                "SELECT count(*) FROM revoked WHERE substr(grant_id, 1, ?) = ? AND grant_id != ?",
                (ID_BYTES, phone, taken.grant_id),
            )
            if own >= WITHDRAWALS_PER_PHONE:
                raise StoreError("withdrawals of one phone", own, f"under {WITHDRAWALS_PER_PHONE}")
            self._store.execute(
                """INSERT INTO revoked VALUES (?, ?)
                ON CONFLICT DO UPDATE SET until = max(until, excluded.until)""",
                (taken.grant_id, taken.ends_at),
            )

    def uses(self, grant_id: bytes) -> int:
        """Return how often a visitor pass has opened this gate."""
        found = self._store.rows("SELECT count FROM uses WHERE grant_id = ?", (grant_id,))
        return int(found[0][0]) if found else 0

    def grants(self) -> list[tuple[bytes, int, int, bool]]:
        """Return id, entries, end and whether it is withdrawn, of each visitor pass met."""
        return [
            (bytes(grant_id), int(count), int(until), bool(withdrawn))
            for grant_id, count, until, withdrawn in self._store.rows(
                """SELECT grant_id, coalesce(uses.count, 0),
                max(coalesce(uses.until, 0), coalesce(revoked.until, 0)), revoked.until IS NOT NULL
                FROM (SELECT grant_id FROM uses UNION SELECT grant_id FROM revoked)
                LEFT JOIN uses USING (grant_id) LEFT JOIN revoked USING (grant_id)
                ORDER BY grant_id"""
            )
        ]

    def _forget(self, now: int) -> None:
        ((newest,),) = self._store.rows(
            "SELECT max(issued_at) FROM spent WHERE issued_at < ?", (now - KEPT_SECONDS,)
        )
        if newest is not None:
            self._store.execute("DELETE FROM spent WHERE issued_at <= ?", (newest,))
            self._store.set_meta(FLOOR, str(max(newest, self._floor())).encode())
        # A pass that ended is refused by its own time; and below the floor no code passes.
        gone = min(now, self._floor()) - KEPT_SECONDS
        for table in ("uses", "revoked"):
            self._store.execute(f"DELETE FROM {table} WHERE until <= ?", (gone,))  # noqa: S608 - names of ours

    def _floor(self) -> int:
        return int(self._store.meta(FLOOR) or 0)

    def _spent(self, one_use_id: bytes) -> bool:
        return bool(self._store.rows("SELECT 1 FROM spent WHERE one_use_id = ?", (one_use_id,)))

    def _withdrawn(self, grant_id: bytes) -> bool:
        return bool(self._store.rows("SELECT 1 FROM revoked WHERE grant_id = ?", (grant_id,)))

    def _require_room(self, table: str) -> None:
        ((count,),) = self._store.rows(f"SELECT count(*) FROM {table}")  # noqa: S608 - names of ours
        if count >= self._capacity:
            raise StoreError(f"table {table}", f"{count} rows", f"fewer than {self._capacity}")
