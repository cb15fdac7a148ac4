"""The notice a person reads before agreeing to face, made from the gate's real configuration."""

# ruff: noqa: RUF001 - Chinese has marks of its own

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from appliance.sections import Config

PURPOSE = "open this gate"
VERSION_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One heading of the notice with its text, in both languages."""

    head_zh: str
    head_en: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What is shown on screen and paper before the camera starts (S99-S101, S105, S113, S145).

    Attributes:
        title_zh: in Chinese.
        title_en: in English.
        lines: purpose, method, term, necessity, impact, risks, rights, in this order.
        version: the first hex digits of the SHA-256 of all of its words; a consent names it, so
            that nobody is held to a text other than the one read.

    """

    title_zh: str
    title_en: str
    lines: tuple[Line, ...]
    version: str

    def zh(self) -> str:
        """Return the Chinese text, a line for each heading."""
        return "\n".join([self.title_zh, *(f"{one.head_zh}：{one.zh}" for one in self.lines)])

    def en(self) -> str:
        """Return the English text, a line for each heading."""
        return "\n".join([self.title_en, *(f"{one.head_en}: {one.en}" for one in self.lines)])


def face_notice(config: Config) -> Notice:
    """Return the notice of face at this gate; equal settings give an equal text and version."""
    site, days = config.site, config.consent.term_days
    others_zh, others_en = _other_doors(config)
    lines = (
        Line(
            "目的",
            "For",
            "只用于打开这道门，不作其他用途，不用于训练，不提供给任何人。",
            "opening this gate and nothing else: no training, handed to nobody.",
        ),
        Line(
            "方式",
            "What",
            "由您的脸算出一串数字，加密存放在本机；不保存照片，不离开本机。",
            "a list of numbers made from your face, sealed in this gate; no photo is kept, "
            "nothing leaves the gate.",
        ),
        Line(
            "期限",
            "Until",
            f"最长 {days} 天；您撤回、搬离或到期，立即删除，并给您凭证。",
            f"{days} days at most; erased, with a receipt, when you withdraw, move out or the "
            "term ends.",
        ),
        Line(
            "必要性",
            "Needed",
            f"不是必需：{others_zh}同样能进门，时间、权利、速度相同。",
            f"no: {others_en} opens the same doors at the same hours, just as fast.",
        ),
        Line(
            "影响",
            "Effect",
            "您主动走近并看向屏幕时，本机把您的脸与登记者比对。",
            "when you step up and look at the screen, the gate compares your face with those "
            "enrolled.",
        ),
        Line(
            "风险",
            "Risks",
            "脸无法更换；若有人攻破本机的加密，可能拿数字与您的脸比对；机器可能认错或认不出。",
            "a face cannot be changed; somebody who breaks this gate's seal could compare yours; "
            "the gate can fail to know you, or mistake you.",
        ),
        Line(
            "权利",
            "Rights",
            "随时可在本机或物业处撤回、冻结、查看、更正、删除，无需理由，不收费用。",
            "withdraw, freeze, see, correct or erase at this gate or the office, any day, without "
            "a reason or a fee.",
        ),
        Line(
            "儿童",
            "Children",
            "不满十四周岁，须由父母或其他监护人同意。",
            "under 14, a parent or other guardian must agree.",
        ),
        Line(
            "责任人",
            "Who",
            f"{site.operator}；疑问与投诉：{site.contact}",
            f"{site.operator}; questions and complaints: {site.contact}",
        ),
    )
    title_zh = f"{site.name} {site.portal} 人脸进门：是否单独同意？"
    title_en = f"Face at {site.name}, {site.portal}: do you agree, to this alone?"
    draft = Notice(title_zh, title_en, lines, "")
    words = f"{draft.zh()}\n{draft.en()}\n{config.consent.jurisdiction}"
    version = hashlib.sha256(words.encode()).hexdigest()[:VERSION_DIGITS]
    return Notice(title_zh, title_en, lines, version)


def _other_doors(config: Config) -> tuple[str, str]:
    """Name the doors without a face that this gate really has; there is always one (law 1)."""
    named = (
        (config.methods.card, "门禁卡", "card"),
        (config.methods.qr, "手机二维码", "phone code"),
    )
    there = [(zh, en) for on, zh, en in named if on]
    return "或".join(zh for zh, _ in there), " or ".join(en for _, en in there)
