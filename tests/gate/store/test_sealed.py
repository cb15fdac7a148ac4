"""Sealed fields: altered, cut, moved, rolled back or opened with another key."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import SealBrokenError, StoreError
from appliance.gate.store.sealed import Place, Sealer

HERE = Place("person", "ab12", "record", 3)
KEY = bytes(range(32))


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_and_never_looks_the_same(plain: bytes) -> None:
    sealer = Sealer(KEY)
    first, second = sealer.seal(plain, HERE), sealer.seal(plain, HERE)
    assert first != second
    assert sealer.open(first, HERE) == plain


@given(st.binary(min_size=1, max_size=60), st.data())
def test_any_flipped_bit_and_any_cut_is_found(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(Sealer(KEY).seal(plain, HERE))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealBrokenError):
        Sealer(KEY).open(bytes(sealed), HERE)
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealBrokenError):
        Sealer(KEY).open(bytes(sealed[: bit // 8]), HERE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(HERE, table="consent"),
        replace(HERE, person="ab13"),
        replace(HERE, column="sealed"),
        replace(HERE, revision=2),
        replace(HERE, kek=1),
        Place("person", "ab1", "2record", 3),
        Place("personab12", "", "record", 3),
    ],
)
def test_a_field_moved_elsewhere_is_broken(elsewhere: Place) -> None:
    sealed = Sealer(KEY).seal(b"x", HERE)
    with pytest.raises(SealBrokenError, match="moved"):
        Sealer(KEY).open(sealed, elsewhere)


@pytest.mark.parametrize("junk", [None, "text", 7, 1.5, b"", b"\x01" * 28])
def test_what_no_seal_can_be_is_refused(junk: object) -> None:
    with pytest.raises(SealBrokenError):
        Sealer(KEY).open(junk, HERE)


def test_another_key_opens_nothing() -> None:
    sealed = Sealer(KEY).seal(b"x", HERE)
    with pytest.raises(SealBrokenError, match="another key"):
        Sealer(secrets.token_bytes(32)).open(sealed, HERE)


def test_a_key_of_wrong_length_is_refused() -> None:
    with pytest.raises(StoreError):
        Sealer(b"short")
    assert str(HERE) == "person.record of ab12, rev 3"
    assert "the gate" in str(Place("meta", "", "x", 1))
