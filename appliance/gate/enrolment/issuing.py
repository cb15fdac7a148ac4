"""The issuing key of a terminal that writes cards itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from appliance.gate.store.schema import Store

KEY_BYTES: Final = 16


def terminal_key(store: Store) -> bytes:
    """Return the issuing key of this terminal, 16 bytes; keep it no longer than a card takes.

    It is this terminal's own, derived from its root key, and never the community's: that one stays
    at the office, so that a stolen terminal gives nobody the keys of cards issued elsewhere. A
    card's own key, which the roster keeps, works at every gate all the same.

    """
    return store.lookup("issuing key of cards", b"")[:KEY_BYTES]
