"""The backup's file: any cut or bit is refused, and only the right words and gate open it."""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import KeyMissingError, SealBrokenError, StoreError
from appliance.gate.backup_format import Header, fingerprint, open_file, read_header, seal_file
from appliance.gate.backup_words import Language, draw_words, recovery_key
from appliance.gate.store.signing import Signer

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey


class Root:
    identity = "test"

    def __init__(self, byte: int = 7) -> None:
        self._byte = byte

    def key(self) -> bytes:
        return bytes([self._byte]) * 32


WORDS = "abandon " * 23 + "art"
CONTENT = bytes(range(256)) * 2


@cache
def key() -> X25519PrivateKey:
    return recovery_key(WORDS)


@cache
def signer() -> Signer:
    return Signer(Root())


@cache
def paper() -> str:
    return fingerprint(signer().public_key)[:16]


def header() -> Header:
    public = key().public_key().public_bytes_raw()
    return Header(
        "00" * 16, "11" * 16, signer().public_key.hex(), fingerprint(public), 1_772_000_000
    )


@cache
def sealed() -> bytes:
    return seal_file(header(), CONTENT, signer(), key().public_key().public_bytes_raw())


def refused(file: bytes, gate: str | None = None) -> bool:
    try:
        open_file(file, key(), gate or paper())
    except StoreError:
        return True
    return False


def test_every_cut_is_refused() -> None:
    assert all(refused(sealed()[:end]) for end in range(len(sealed())))
    assert refused(sealed() + b"\0")


def test_every_flipped_bit_is_refused() -> None:
    whole = sealed()
    for at in range(len(whole)):
        for bit in range(8):
            broken = bytearray(whole)
            broken[at] ^= 1 << bit
            assert refused(bytes(broken)), (at, bit)


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_are_refused(content: bytes) -> None:
    for file in (content, b"SANMENBK" + content, b"SANMENBK\0\1" + content):
        assert refused(file)


@pytest.mark.parametrize("length", [0, 4097, 0xFFFFFFFF])
def test_lengths_that_lie_are_refused(length: int) -> None:
    assert refused(struct.pack(">8sHI", b"SANMENBK", 1, length) + sealed()[14:])


def test_a_newer_version_is_named() -> None:
    with pytest.raises(StoreError, match="update"):
        read_header(b"SANMENBK\0\2" + sealed()[10:])


def test_other_words_open_nothing() -> None:
    other = recovery_key(draw_words(Language.ENGLISH))
    with pytest.raises(SealBrokenError, match="other recovery words"):
        open_file(sealed(), other, paper())


@pytest.mark.parametrize("known", ["", "0", "0" * 16, "f" * 65])
def test_a_file_not_of_the_gate_on_the_paper_is_refused(known: str) -> None:
    assert refused(sealed(), known or " ")
    assert refused(sealed(), paper()[:15])


def test_a_file_that_a_stranger_sealed_to_the_public_half_is_refused() -> None:
    public = key().public_key().public_bytes_raw()
    forged = seal_file(header(), b"me too", Signer(Root(9)), public)
    assert refused(forged)


def test_the_right_words_and_gate_open_it() -> None:
    assert open_file(sealed(), key(), paper()) == (header(), CONTENT)
    assert open_file(sealed(), key(), paper().upper()[:8] + " " + paper()[8:])[1] == CONTENT
    assert read_header(sealed()) == header()
    assert CONTENT[:32] not in sealed()


@pytest.mark.parametrize("language", Language)
def test_words_give_the_same_key_with_any_spacing(language: Language) -> None:
    words = draw_words(language)
    assert len(words.split()) == 24
    public = recovery_key(words).public_key()
    assert recovery_key("  " + words.replace(" ", "\n ").upper()).public_key() == public
    if language is Language.CHINESE:
        assert recovery_key(words.replace(" ", "")).public_key() == public


@pytest.mark.parametrize(
    "words",
    [
        *("", "abandon", "abandon " * 24, "art " + "abandon " * 23, "x" * 401, "的" * 25),
        *("abandon " * 23 + "的", "nonsense " * 24),
    ],
    ids=lambda words: words[:12],
)
def test_wrong_words_are_refused(words: str) -> None:
    with pytest.raises(KeyMissingError, match="recovery words"):
        recovery_key(words)
