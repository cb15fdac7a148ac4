"""Who stands at the counter, what they have entered so far, and what they may be served with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from appliance.gate.store.operators import Role
from appliance.terminal import Ground

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.clock import Clock
    from appliance.gate.archive import Archive
    from appliance.gate.enrolment.rights import Rights
    from appliance.gate.store.operators import Operator, Operators
    from appliance.sections import Config

ROLES = {
    Ground.MANAGER: Role.MANAGER,
    Ground.AUDITOR: Role.AUDITOR,
    Ground.TECHNICIAN: Role.TECHNICIAN,
}
"""Whose role a staff ground asks for (S141)."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the pages work with; opened by the clerk's own thread, and used in no other."""

    archive: Archive
    config: Config
    clock: Clock
    operators: Operators
    rights: Rights


@dataclass(slots=True)
class Session:
    """One person's stay at the counter, from opening to lock.

    Attributes:
        tools: what the pages work with.
        show: shows another page in the middle of long work; touches of it do nothing.
        resident: the pseudonym of the resident who has proven to be here, or empty.
        operator: the operator who has logged in, or None.
        person: the pseudonym on the roster of the card they logged in with, or empty.
        leaf: of the list of the present page, from 1.
        draft: what was entered so far; wiped when the counter closes.

    """

    tools: Tools
    show: Callable[[str], None]
    resident: str = ""
    operator: Operator | None = None
    person: str = ""
    leaf: int = 1
    draft: dict[str, Any] = field(default_factory=dict, repr=False)

    def may_enter(self, ground: Ground) -> bool:
        """Say whether this person may be on a ground now.

        Raises:
            StoreError: the store failed.

        """
        if ground is Ground.DOORSTEP:
            return True
        if ground is Ground.RESIDENT:
            return bool(self.resident) and self.resident in self.tools.archive.roster
        if self.operator is None or self.operator.role is not ROLES[ground]:
            return False
        # Removed or given another role meanwhile: looked up again at every act.
        return self.operator in self.tools.operators.all()

    @property
    def manager(self) -> Operator:
        """The manager who has logged in; on the manager's ground there is one.

        Raises:
            LookupError: nobody has.

        """
        if self.operator is None or self.operator.role is not Role.MANAGER:
            raise LookupError("no manager")
        return self.operator

    def wipe(self) -> None:
        """Forget everything; what knows how to overwrite itself does."""
        for one in self.draft.values():
            if hasattr(one, "wipe"):
                one.wipe()
        self.draft.clear()
        self.resident = self.person = ""
        self.operator = None
        self.leaf = 1
