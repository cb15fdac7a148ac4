from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

import jwt
import pytest

from appliance.errors import SealBrokenError
from appliance.gate.store.signing import Signer, verified


class Root:
    identity = "test"

    def __init__(self, byte: int = 7) -> None:
        self._byte = byte

    def key(self) -> bytes:
        return bytes([self._byte]) * 32


def test_what_was_signed_is_read_back() -> None:
    signer = Signer(Root())

    assert verified(signer.public_key, "receipt", signer.sign("receipt", {"a": "门"})) == {
        "a": "门"
    }


def test_the_same_root_gives_the_same_signer_and_another_another() -> None:
    assert Signer(Root()).public_key == Signer(Root()).public_key
    assert Signer(Root()).public_key != Signer(Root(8)).public_key


def test_a_receipt_is_no_checkpoint() -> None:
    signer = Signer(Root())

    with pytest.raises(SealBrokenError, match="checkpoint"):
        verified(signer.public_key, "checkpoint", signer.sign("receipt", {}))


def test_another_gates_receipt_is_refused() -> None:
    with pytest.raises(SealBrokenError, match="receipt"):
        verified(Signer(Root(8)).public_key, "receipt", Signer(Root()).sign("receipt", {}))


def test_altered_claims_are_refused() -> None:
    signer = Signer(Root())
    head, body, tail = signer.sign("receipt", {"rows": 1}).split(".")
    claims = json.loads(urlsafe_b64decode(body + "=="))
    forged = urlsafe_b64encode(json.dumps({**claims, "rows": 0}).encode()).decode().rstrip("=")

    with pytest.raises(SealBrokenError):
        verified(signer.public_key, "receipt", f"{head}.{forged}.{tail}")


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_the_token_does_not_choose_the_algorithm(algorithm: str) -> None:
    key = "" if algorithm == "none" else "k" * 32
    token = jwt.encode({}, key, algorithm, headers={"typ": "receipt"})

    with pytest.raises(SealBrokenError):
        verified(Signer(Root()).public_key, "receipt", token)


@pytest.mark.parametrize("token", ["", "a.b.c", "....", "\udcff", "x" * 10_000])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(SealBrokenError):
        verified(Signer(Root()).public_key, "receipt", token)


def test_the_key_does_not_print() -> None:
    assert "07070707" not in repr(Signer(Root()))
