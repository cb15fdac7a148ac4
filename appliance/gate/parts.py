"""What a gate's controller works with: store, devices and clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.clock import Clock
    from appliance.gate.counter.clerk import Clerk
    from appliance.gate.credential.card_layout import Site
    from appliance.gate.credential.pass_token import PassVerifier
    from appliance.gate.credential.replay import Ledger
    from appliance.gate.credential.scheme import CardScheme
    from appliance.gate.credential.trusted_time import TrustedTime
    from appliance.gate.journal import Journal
    from appliance.gate.references import References
    from appliance.gate.store.roster import Roster
    from hardware.ports import DoorIo, Reader


@dataclass(frozen=True, slots=True)
class Parts:
    """What the controller works with; built once by process.py."""

    clock: Clock
    door: DoorIo
    reader: Reader
    roster: Roster
    references: References
    passes: PassVerifier
    ledger: Ledger
    time: TrustedTime
    journal: Journal
    site: Site
    schemes: tuple[CardScheme, ...] = ()
    hire: Callable[[], Clerk] | None = None
