"""The receipt of a consent, with the fields of ISO/IEC TS 27560:2023 under short names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from appliance.errors import SealBrokenError
from appliance.gate.enrolment.consent import GivenBy
from appliance.gate.enrolment.notice import PURPOSE
from appliance.gate.enrolment.receipt import CONSENT, Receipt, issue, spelled, stamp

if TYPE_CHECKING:
    from datetime import datetime

    from appliance.gate.enrolment.consent import Consent
    from appliance.gate.store.signing import Signer
    from appliance.sections import Config

SCHEMA = "sanmen-27560/1"
NAME_ROOM = 120
TEXT_ROOM = 42
"""Characters a name or text may take in a code, where a Chinese one takes six; a longer one is cut,
and says so: the whole stands in the notice the receipt names."""

SHORT = {
    "v": "schema_version",
    "id": "record_id",
    "sub": "pii_principal_id",
    "iss": "receipt_issuer",
    "iat": "receipt_time",
    "n": "privacy_notice",
    "j": "jurisdiction",
    "p": "purpose",
    "lb": "lawful_basis",
    "c": "pii_controllers.party_name",
    "cc": "pii_controllers.party_contact",
    "by": "event.entity_id",
    "cm": "collection_method",
    "t": "event.event_time",
    "e": "event.event_type",
    "x": "event.validity_until",
    "wt": "withdrawal.event_time",
    "wb": "withdrawal.entity_id",
    "wm": "withdrawal.collection_method",
}
"""Short name in the code -> field of TS 27560. `withdrawal` is the second event of a record."""

SAME_FOR_ALL = {
    "language": "zh, en",
    "purpose_type": "identification at this gate's door, on the person's own act",
    "pii_information": "face template (pii_type); sensitive and special category: biometric",
    "pii_optional": "yes: card and phone code open the same doors",
    "processing_method": "compared on this gate only, when the person steps up and looks",
    "storage_locations": "sealed in this gate; no photo",
    "retention_period": "until withdrawal, end of residence or expiry, whichever is first",
    "geographic_restrictions": "does not leave this gate",
    "recipient_third_parties": "none",
    "withdrawal_method": "at this gate or the office, any day, without a reason or a fee",
    "privacy_rights": "see, correct, freeze, withdraw, erase, complain",
}
"""What schema SCHEMA says of every consent: signed with its name, spelled out on paper."""

_ZH = {
    "schema_version": "格式",
    "record_id": "记录编号",
    "pii_principal_id": "个人代号",
    "receipt_issuer": "本机",
    "receipt_time": "开具时间",
    "privacy_notice": "告知书版本",
    "jurisdiction": "适用法律",
    "purpose": "目的",
    "lawful_basis": "合法性基础",
    "pii_controllers.party_name": "处理者",
    "pii_controllers.party_contact": "联系方式",
    "event.entity_id": "同意人",
    "collection_method": "方式",
    "event.event_time": "同意时间",
    "event.event_type": "现状",
    "event.validity_until": "有效至",
    "withdrawal.event_time": "撤回时间",
    "withdrawal.entity_id": "撤回人",
    "withdrawal.collection_method": "撤回方式",
    "language": "语言",
    "purpose_type": "用途",
    "pii_information": "个人信息",
    "pii_optional": "是否自愿",
    "processing_method": "处理方式",
    "storage_locations": "存放地点",
    "retention_period": "保存期限",
    "geographic_restrictions": "地域限制",
    "recipient_third_parties": "第三方",
    "withdrawal_method": "如何撤回",
    "privacy_rights": "您的权利",
}
_TIMES = frozenset({"iat", "t", "x", "wt"})


def consent_receipt(
    signer: Signer, config: Config, gate_id: bytes, pseudonym: str, consent: Consent, now: datetime
) -> Receipt:
    """Return the signed receipt of a consent as it stands at `now`.

    Args:
        signer: of the gate.
        config: names controller, contact and jurisdiction.
        gate_id: which gate keeps it.
        pseudonym: of the person; the receipt holds no name.
        consent: given, withdrawn or expired.
        now: when it is issued.

    """
    ended = consent.withdrawal
    claims: dict[str, Any] = {
        "v": SCHEMA,
        "id": consent.record_id,
        "sub": pseudonym,
        "iss": gate_id.hex(),
        "iat": stamp(now),
        "n": _cut(consent.notice_version),
        "j": config.consent.jurisdiction,
        "p": PURPOSE if consent.purpose == PURPOSE else _cut(consent.purpose),
        "lb": consent.legal_basis.value,
        "c": _cut(config.site.operator, NAME_ROOM),
        "cc": _cut(config.site.contact, NAME_ROOM),
        "by": _who(consent),
        "cm": _cut(consent.how),
        "t": stamp(consent.given_at),
        "e": consent.status(now).value,
        "x": stamp(consent.expires_at),
    }
    if ended is not None:
        claims |= {"wt": stamp(ended.at), "wb": ended.by.value, "wm": _cut(ended.how)}
    return issue(signer, CONSENT, claims)


def fields_of(receipt: Receipt) -> dict[str, str]:
    """Return a consent receipt's fields under the names of TS 27560, complete.

    Raises:
        SealBrokenError: of another kind or schema, or with a field of no meaning.

    """
    if receipt.kind != CONSENT or receipt.claims.get("v") != SCHEMA:
        raise SealBrokenError("receipt", f"{receipt.kind}, {receipt.claims.get('v')}", SCHEMA)
    unknown = sorted(set(receipt.claims) - set(SHORT))
    if unknown:
        raise SealBrokenError("receipt's fields", ", ".join(unknown), "those of its schema")
    own = {
        SHORT[name]: spelled(value) if name in _TIMES else str(value)
        for name, value in receipt.claims.items()
    }
    return own | SAME_FOR_ALL


def text_of(receipt: Receipt) -> str:
    """Return a consent receipt to print: each field with its name in Chinese and in TS 27560."""
    fields = fields_of(receipt)
    head = "同意凭证 / Consent receipt (ISO/IEC TS 27560)"
    return "\n".join([head, *(f"{_ZH[name]} {name}: {value}" for name, value in fields.items())])


def _who(consent: Consent) -> str:
    if consent.given_by is GivenBy.GUARDIAN and consent.relation is not None:
        return f"guardian, {consent.relation.value}"
    return consent.given_by.value


def _cut(text: str, room: int = TEXT_ROOM) -> str:
    if len(json.dumps(text)) <= room:
        return text
    while len(json.dumps(text + "…")) > room:
        text = text[:-1]
    return text + "…"
