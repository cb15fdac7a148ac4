"""A phone, a guest, and messages put together by hand to be wrong in one way each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import cbor2
import pytest
from cwt import COSE, COSEKey

from appliance.gate.credential import wire
from appliance.gate.credential.grant import VisitorRules
from appliance.gate.credential.pass_token import PassVerifier, PhoneKey
from appliance.gate.credential.replay import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from appliance.gate.store.schema import Store

    Sign = Callable[..., str]


@pytest.fixture(scope="session")
def noon() -> datetime:
    return datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def phone() -> PhoneKey:
    return PhoneKey.create()


@pytest.fixture(scope="session")
def guest() -> PhoneKey:
    return PhoneKey.create()


@pytest.fixture(scope="session")
def verifier(phone: PhoneKey) -> Callable[..., PassVerifier]:
    def make(*others: PhoneKey, rules: VisitorRules | None = None) -> PassVerifier:
        keys = {one.key_id: one.public_key for one in (phone, *others)}
        return PassVerifier(keys.get, rules or VisitorRules())

    return make


@pytest.fixture(scope="session")
def signed(phone: PhoneKey) -> Sign:
    """Sign any claims as any domain with the phone's key, well or badly."""

    def make(
        claims: Mapping[int, object] | bytes,
        domain: bytes = b"gate/show/1",
        key: COSEKey = phone._cose,
        key_id: bytes = phone.key_id,
    ) -> str:
        payload = claims if isinstance(claims, bytes) else cbor2.dumps(claims, canonical=True)
        return wire.write(
            COSE.new().encode_and_sign(
                payload,
                key,
                protected={1: key.alg},
                unprotected={4: key_id} if key_id else {},
                external_aad=domain,
            )
        )

    return make


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return Ledger(store)
