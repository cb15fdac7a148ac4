"""The signed record that a gate was tried out, part by part, before anybody relies on it (S144)."""

# ruff: noqa: RUF001 - Chinese has marks of its own

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from appliance.errors import SanmenError, SealBrokenError
from appliance.gate.enrolment.receipt import COMMISSIONING, Receipt, issue, spelled, stamp
from appliance.gate.store.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from appliance.gate.archive import Archive
    from appliance.gate.store.operators import Operator
    from appliance.gate.store.signing import Signer
    from appliance.sections import Config

SCHEMA: Final = "sanmen-commissioning/1"
CHECKS: Final = MappingProxyType(
    {
        "camera": ("摄像头", "camera gives pictures"),
        "focus-height": ("镜头高度和清晰度", "camera's height and focus"),
        "relay": ("继电器", "relay clicks and the lock releases"),
        "door-sensor": ("门磁", "door sensor follows the door"),
        "rex": ("出门按钮", "exit button frees the door by wire"),
        "fire": ("消防联动", "fire contact frees the door by wire"),
        "reader": ("读卡器", "reader reads a card"),
        "screen": ("屏幕", "screen shows and takes touches"),
        "network": ("网络", "network as planned, or none"),
        "clock": ("时钟", "clock is right, and after a power cut"),
        "sound": ("声音", "sounds are heard at the gate"),
    }
)
"""What is tried at every gate: name -> in Chinese, in English."""
MAY_BE_ABSENT: Final = frozenset({"door-sensor", "rex", "fire", "reader", "sound"})
"""What a gate may be built without."""
FIELDS: Final = MappingProxyType(
    {
        "v": ("schema_version", "格式"),
        "iss": ("gate", "本机"),
        "s": ("site", "小区"),
        "g": ("portal", "门"),
        "at": ("tried_at", "验收时间"),
        "t": ("technician", "技术员代号"),
        "m": ("manager", "管理员代号"),
        "ok": ("passed", "合格"),
        "no": ("failed", "不合格"),
        "na": ("not_fitted", "未安装"),
    }
)
"""Short name in the code -> what it is called on paper, in English and Chinese."""
_LISTS: Final = frozenset({"ok", "no", "na"})
LONGEST_NAME: Final = 20
"""Characters of a name in the code, which JSON writes as up to six each."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a technician and a manager tried at a gate.

    Attributes:
        at: when, aware.
        technician: pseudonym.
        manager: pseudonym of who was there and agrees.
        results: of each of CHECKS: True passed, False failed, None not fitted.

    """

    at: datetime
    technician: str
    manager: str
    results: Mapping[str, bool | None]

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return all(result is not False for result in self.results.values())


def commissioning_record(signer: Signer, gate_id: bytes, config: Config, trial: Trial) -> Receipt:
    """Return the signed record of a trial, whatever it found.

    Raises:
        SanmenError: a part was not tried, is unknown, or may not be absent; or one person tried
            and agreed.

    """
    untried = set(CHECKS) ^ set(trial.results)
    if untried:
        raise SanmenError("commissioning", ", ".join(sorted(untried)), "every part tried, no other")
    absent = {name for name, result in trial.results.items() if result is None}
    if absent - MAY_BE_ABSENT:
        raise SanmenError("commissioning", f"no {', '.join(sorted(absent))}", "a gate that has it")
    if trial.technician == trial.manager:
        raise SanmenError("commissioning", "one person", "a technician and a manager (S141)")

    def those(result: bool | None) -> list[str]:  # noqa: FBT001 - a value to look for
        return [name for name in CHECKS if trial.results[name] is result]

    claims: dict[str, Any] = {
        "v": SCHEMA,
        "iss": gate_id.hex(),
        "s": config.site.name[:LONGEST_NAME],
        "g": config.site.portal[:LONGEST_NAME],
        "at": stamp(trial.at),
        "t": trial.technician,
        "m": trial.manager,
        "ok": those(True),  # noqa: FBT003
        "no": those(False),  # noqa: FBT003
        "na": those(None),
    }
    return issue(signer, COMMISSIONING, claims)


def conclude(
    archive: Archive,
    config: Config,
    technician: Operator,
    manager: Operator,
    results: Mapping[str, bool | None],
) -> Receipt:
    """Sign what two people found; a gate at which nothing failed is signed off by that.

    The one way for screen and terminal: what was found is in the log before it is signed, and
    face may be used only after a record without a failed part (S144, S154).

    Raises:
        OperatorError: they are not a technician and a manager.
        SanmenError: as `commissioning_record`; or it cannot be kept.

    """
    Settings.demand_two(technician, manager)
    at = archive.clock.wall()
    trial = Trial(at, technician.pseudonym, manager.pseudonym, results)
    store, journal = archive.roster.store, archive.journal
    record = commissioning_record(store.signer, store.gate_id, config, trial)
    failed = ",".join(name for name in CHECKS if results[name] is False)
    for name, result in results.items():
        passed = result is not False
        if journal.check_passed(name) is not passed:
            journal.checked(name, trial.technician, passed=passed)
    who = {"technician": trial.technician, "manager": trial.manager}
    journal.happened("gate.tried", **who, failed=failed)
    if trial.passed:
        Settings(store, journal).sign_off(technician, manager, at)
    return record


def text_of(record: Receipt) -> str:
    """Return a record to print, in Chinese and English.

    Raises:
        SealBrokenError: of another kind or schema.

    """
    claims = record.claims
    if record.kind != COMMISSIONING or claims.get("v") != SCHEMA:
        raise SealBrokenError("record", f"{record.kind}, {claims.get('v')}", SCHEMA)
    if set(claims) != set(FIELDS) or not all(isinstance(claims[name], list) for name in _LISTS):
        raise SealBrokenError("record's fields", ", ".join(sorted(claims)), "those of its schema")
    tried = [*claims["ok"], *claims["no"], *claims["na"]]
    if sorted(map(str, tried)) != sorted(CHECKS):
        raise SealBrokenError("record's parts", len(tried), f"each of {len(CHECKS)} once")
    lines = ["验收记录 / Commissioning record"]
    for name, (english, chinese) in FIELDS.items():
        value = claims[name]
        if name in _LISTS:
            lines.append(f"{chinese} {english}:{'' if value else ' -'}")
            lines += ["  {} {}".format(*CHECKS[part]) for part in value]
        else:
            lines.append(f"{chinese} {english}: {spelled(value) if name == 'at' else value}")
    failed = "、".join(CHECKS[part][0] for part in claims["no"])
    lines.append(
        "结论 verdict: "
        + (f"未通过 NOT COMMISSIONED: {failed}" if failed else "通过，可以使用 commissioned")
    )
    return "\n".join(lines)
