"""The record of a commissioning: signed, complete, honest about what failed, small enough."""

# ruff: noqa: RUF001 - Chinese has marks of its own

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np
import pytest

from appliance.errors import SanmenError, SealBrokenError
from appliance.gate.commissioning import CHECKS, Trial, commissioning_record, text_of
from appliance.gate.enrolment.receipt import COMMISSIONING, LONGEST_TOKEN, Receipt, check
from appliance.gate.store.signing import Signer
from appliance.sections import Config, Site
from appliance.vision.qr_image import decode

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SITE = Config(site=Site(name="阳" * 80, portal="门" * 64))
GATE = bytes(range(16))


class Root:
    identity = "test"

    def key(self) -> bytes:
        return bytes([7]) * 32


SIGNER = Signer(Root())


def record(results: dict[str, bool | None], manager: str = "b" * 16) -> Receipt:
    everything: dict[str, bool | None] = dict.fromkeys(CHECKS, True)
    return commissioning_record(
        SIGNER, GATE, SITE, Trial(NOW, "a" * 16, manager, everything | results)
    )


def test_a_part_that_was_not_tried_or_is_unknown_is_refused() -> None:
    with pytest.raises(SanmenError, match="fire; expected every part tried"):
        commissioning_record(
            SIGNER, GATE, SITE, Trial(NOW, "a", "b", dict.fromkeys(set(CHECKS) - {"fire"}, True))
        )
    with pytest.raises(SanmenError, match="coffee"):
        record({"coffee": True})


@pytest.mark.parametrize("part", ["relay", "camera", "clock", "screen"])
def test_a_gate_cannot_be_without(part: str) -> None:
    with pytest.raises(SanmenError, match=f"no {part}; expected a gate that has it"):
        record({part: None})


def test_one_person_cannot_try_and_agree() -> None:
    with pytest.raises(SanmenError, match="one person; expected a technician and a manager"):
        record({}, manager="a" * 16)


def test_a_failed_part_is_the_verdict() -> None:
    signed = record({"relay": False, "sound": None})
    lines = text_of(check(signed.token, SIGNER.public_key)).splitlines()

    assert lines[-1] == "结论 verdict: 未通过 NOT COMMISSIONED: 继电器"
    at = lines.index("不合格 failed:")
    assert lines[at + 1] == "  继电器 relay clicks and the lock releases"
    assert lines[lines.index("未安装 not_fitted:") + 1] == "  声音 sounds are heard at the gate"


def test_a_whole_gate_is_commissioned_and_its_record_checked_by_the_public_key_alone() -> None:
    lines = text_of(check(record({}).token, SIGNER.public_key)).splitlines()

    assert lines[0] == "验收记录 / Commissioning record"
    assert "验收时间 tried_at: 2026-03-01 08:00:00 UTC" in lines
    assert "不合格 failed: -" in lines
    assert lines[-1] == "结论 verdict: 通过，可以使用 commissioned"


def test_the_longest_record_fits_a_code_a_phone_reads() -> None:
    signed = record({"sound": None, "rex": False})

    assert len(signed.token) <= LONGEST_TOKEN
    picture = cv2.imdecode(np.frombuffer(signed.png(), np.uint8), cv2.IMREAD_COLOR)
    assert decode(picture) == signed.token


@pytest.mark.parametrize(
    "change",
    [
        {"v": "sanmen-commissioning/2"},
        {"ok": "everything"},
        {"ok": ["relay"]},
        {"ok": [*CHECKS, "relay"]},
        {"ok": [*list(CHECKS)[1:], "coffee"]},
        {"more": 1},
        {"at": "noon"},
    ],
)
def test_a_record_of_other_content_is_not_printed(change: dict[str, Any]) -> None:
    claims = {**record({}).claims, **change}
    token = SIGNER.sign(COMMISSIONING, claims)

    with pytest.raises(SealBrokenError):
        text_of(check(token, SIGNER.public_key))


def test_an_erasure_receipt_is_no_commissioning_record() -> None:
    with pytest.raises(SealBrokenError):
        text_of(Receipt("erasure-receipt", record({}).claims, ""))
