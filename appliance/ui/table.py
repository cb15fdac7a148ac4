"""All words of the screen by key, and how a key that is not there is answered."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from appliance.ui.words import REASONS, Words
from appliance.ui.words_acts import ACTS
from appliance.ui.words_faults import FAULTS
from appliance.ui.words_office import OFFICE
from appliance.ui.words_public import PUBLIC
from appliance.ui.words_resident import RESIDENT
from appliance.ui.words_rows import ROWS
from appliance.ui.words_states import STATES

TABLE: Final = MappingProxyType(
    {**PUBLIC, **RESIDENT, **OFFICE, **ACTS, **ROWS, **STATES, **FAULTS}
)
"""By key: `public.`, `hint.`, `key.`, `page.`, `say.`, `act.`, `row.`, `word.`, `fault.`."""


def told(word: str, *kinds: str) -> Words:
    """Return the words for a key, looked up as each of `kinds`, then as it stands.

    A word of a newer gate that this table does not know is shown as it is: better an English key
    on one button than a screen that does not come.
    """
    for key in (*(f"{kind}.{word}" for kind in kinds), word):
        if key in TABLE:
            return TABLE[key]
    if word in REASONS:
        return REASONS[word]
    return Words(word, word)


def knows(word: str, *kinds: str) -> bool:
    """Tell whether `told` has real words for it."""
    return any(key in TABLE for key in (*(f"{kind}.{word}" for kind in kinds), word)) or (
        word in REASONS
    )
