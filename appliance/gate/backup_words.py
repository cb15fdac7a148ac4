"""The recovery key of a gate: 24 words on paper, of which the gate keeps only the public half."""

from __future__ import annotations

import secrets
import unicodedata
from enum import Enum

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from mnemonic import Mnemonic

from appliance.errors import KeyMissingError
from appliance.gate.store.keys import expand

WORDS = 24
ENTROPY_BYTES = 32
LABEL = "sanmen/1/recovery"
TEXT_LIMIT = 400


class Language(Enum):
    """Of the words (BIP 39 word lists)."""

    CHINESE = "chinese_simplified"
    ENGLISH = "english"


def draw_words(language: Language) -> str:
    """Return 24 new words with 256 bits of chance and a checksum (BIP 39)."""
    return str(Mnemonic(language.value).to_mnemonic(secrets.token_bytes(ENTROPY_BYTES)))


def recovery_key(words: str) -> X25519PrivateKey:
    """Return the private key of 24 words in either language, typed with any spacing.

    Raises:
        KeyMissingError: not 24 words of one list, or a word is wrong; which one, nobody can say.

    """
    text = unicodedata.normalize("NFKC", words[: TEXT_LIMIT + 1])
    if len(text) > TEXT_LIMIT:
        raise KeyMissingError("recovery words", "a long text", f"{WORDS} words")
    parts = text.casefold().split()
    if not text.isascii():
        # Chinese words are one character each, mostly written without spaces.
        parts = list("".join(parts))
    if len(parts) != WORDS:
        raise KeyMissingError("recovery words", f"{len(parts)} words", f"{WORDS} words")
    for language in Language:
        known = Mnemonic(language.value)
        if set(parts) <= set(known.wordlist):
            try:
                entropy = bytes(known.to_entropy(parts))
            except (ValueError, LookupError):
                break
            return X25519PrivateKey.from_private_bytes(expand(entropy, LABEL))
    raise KeyMissingError(
        "recovery words", "a word is not in the list, or the checksum is wrong", "as on the paper"
    )
