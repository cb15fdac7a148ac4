"""The receipt of an erasure: what was searched, what was found, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.errors import SealBrokenError
from appliance.gate.enrolment.receipt import ERASURE, Receipt, issue, spelled, stamp

if TYPE_CHECKING:
    from datetime import datetime

    from appliance.gate.enrolment.erasure import ErasureReport
    from appliance.gate.store.signing import Signer

SCHEMA = "sanmen-erasure/1"
FIELDS = {
    "v": ("schema_version", "格式"),
    "iss": ("gate", "本机"),
    "sub": ("pseudonym", "个人代号"),
    "k": ("erased", "删除内容"),
    "at": ("erased_at", "删除时间"),
    "iat": ("proven_at", "核验时间"),
    "t": ("tombstone", "删除标记"),
    "r": ("rows_deleted", "删除记录数"),
    "kek": ("wrapping_key_since", "现用密钥号"),
    "f": ("files_read_back", "核验文件数"),
    "b": ("bytes_read_back", "核验字节数"),
    "n": ("traces_searched", "查找痕迹数"),
    "left": ("files_with_traces", "仍有痕迹的文件数"),
    "mb": ("memory_bytes_searched", "核验内存字节数"),
    "mw": ("memory_traces_overwritten", "内存痕迹已覆盖"),
    "ml": ("memory_traces_left", "内存仍有痕迹"),
    "cr": ("backups_remade_without", "已重做备份"),
    "co": ("backups_out_of_reach", "不在本机的备份"),
}
"""Short name in the code -> what it is called on paper, in English and Chinese."""
_TIMES = frozenset({"at", "iat"})
LISTED = 4
"""Ids of backups named in a code; the rest are counted."""


def erasure_receipt(
    signer: Signer, gate_id: bytes, report: ErasureReport, now: datetime
) -> Receipt:
    """Return the signed receipt of an erasure, whatever its search found."""
    copies, memory = report.copies, report.memory
    claims: dict[str, object] = {
        "v": SCHEMA,
        "iss": gate_id.hex(),
        "sub": report.pseudonym,
        "k": report.part.value,
        "at": report.erased_at,
        "iat": stamp(now),
        "t": report.tombstone,
        "r": report.rows,
        "kek": report.kek,
        "f": len(report.files),
        "b": report.bytes_read,
        "n": report.patterns,
        "left": len(report.found),
        "cr": len(copies.remade),
        "co": [one[:8] for one in copies.outside[:LISTED]],
    }
    if len(copies.outside) > LISTED:
        claims["co"] = len(copies.outside)
    if memory is not None:
        claims |= {"mb": memory.bytes_read, "mw": memory.overwritten, "ml": memory.left}
    return issue(signer, ERASURE, claims)


def text_of(receipt: Receipt) -> str:
    """Return an erasure receipt to print, in Chinese and English.

    Raises:
        SealBrokenError: of another kind or schema.

    """
    claims = receipt.claims
    if receipt.kind != ERASURE or claims.get("v") != SCHEMA:
        raise SealBrokenError("receipt", f"{receipt.kind}, {claims.get('v')}", SCHEMA)
    unknown = sorted(set(claims) - set(FIELDS))
    if unknown:
        raise SealBrokenError("receipt's fields", ", ".join(unknown), "those of its schema")
    lines = ["删除凭证 / Erasure receipt"]
    for name, value in claims.items():
        english, chinese = FIELDS[name]
        lines.append(f"{chinese} {english}: {spelled(value) if name in _TIMES else value}")
    clean = claims.get("left") == 0
    lines.append(
        "结论 verdict: "
        + ("文件无痕迹 nothing left in any file" if clean else "仍有痕迹 TRACES LEFT")
    )
    if "mb" not in claims:
        lines.append("内存 memory: 由另一进程开始 begun by another process, which has ended since")
    return "\n".join(lines)
