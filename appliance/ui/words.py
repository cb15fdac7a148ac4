"""What the screen says to a resident for each reason's code, in Chinese and in English.

Keyed by the stable code, as this room knows nothing of the gate. A refusal says what to do now,
names the nearest other door, and neither name nor score (law 9).
"""

# ruff: noqa: RUF001 - Chinese text has Chinese punctuation

from __future__ import annotations

from types import MappingProxyType
from typing import Final, NamedTuple


class Words(NamedTuple):
    """One sentence in two languages."""

    chinese: str
    english: str


_CODE: Final = "Please use your code"
_CHANGE: Final = "请用二维码，并到物业换卡。"
_EITHER: Final = "请刷卡或出示二维码。"
_OTHER: Final = "Please use your card or your code."
_HELP: Final = Words(
    "系统故障，暂不能开门。请按求助键。",
    "The gate has a fault and cannot open. Please press the help button.",
)
_AGAIN: Final = Words("请再试一次，或换卡、换二维码。", "Please try again, or use card or code.")
FALLBACK: Final = Words(
    "请用卡或二维码，或按求助键。", "Please use card or code, or press the help button."
)
"""For a code this screen does not know."""

_CARDS: Final = {
    "card-unknown": Words(
        "这张卡未在本门登记。请用二维码，或到物业登记。",
        f"This card is not enrolled here. {_CODE}, or ask at the office.",
    ),
    "card-copyable": Words(
        f"这张卡可以被复制，本系统不接受。{_CHANGE}",
        f"This kind of card can be copied. {_CODE}, and change the card at the office.",
    ),
    "card-classic": Words(
        "这张卡是M1卡，几分钟就能被复制，本系统不接受。请用二维码，并到物业换发加密CPU卡。",
        f"This is an M1 card, copied within minutes. {_CODE}, and change it at the office.",
    ),
    "card-number-only": Words(
        f"此卡只有编号，没有密钥，无法验证真伪。{_CHANGE}",
        f"This card has a number but no key. {_CODE}, and change the card at the office.",
    ),
    "card-id-card": Words(
        "本系统不读取身份证。请用门禁卡或二维码。",
        "Identity cards are not read here. Please use your gate card or your code.",
    ),
    "card-not-ours": Words(
        "不是本小区的卡。请用本小区的卡或二维码。",
        "This card is not of this community. Please use your gate card or your code.",
    ),
    "card-too-old": Words(
        f"卡片版本过旧。{_CHANGE}",
        f"This card is of an old kind. {_CODE}, and change the card at the office.",
    ),
    "card-mismatch": Words(
        "卡片密钥不符，可能是仿制卡。请用二维码，或到物业核对。",
        f"The card's key does not fit; it may be a copy. {_CODE}, or ask at the office.",
    ),
    "card-pulled-away": Words(
        "卡片移开太快。请再刷一次，停留一秒；也可用二维码。",
        "The card was gone too soon. Please hold it for a second, or use your code.",
    ),
    "cards-collided": Words(
        "感应到两张卡。请只刷一张；也可用二维码。",
        "There are two cards. Please hold one only, or use your code.",
    ),
    "card-reader-fault": Words(
        "没有读到这张卡。请再刷一次，或用二维码。",
        "The card was not read. Please try again, or use your code.",
    ),
    "card-not-proven": Words(
        "这张卡无法验证。请用二维码，或到物业核对。",
        f"This card could not be proven. {_CODE}, or ask at the office.",
    ),
    "card-blocked": Words(
        "这张卡已停用。请用二维码，或到物业办理。",
        f"This card is blocked. {_CODE}, or ask at the office.",
    ),
}
_PASSES: Final = {
    "pass-invalid": Words(
        "二维码无效。请刷新后再试，或刷卡。",
        "This code is not valid. Please refresh it, or use your card.",
    ),
    "pass-expired": Words(
        "二维码已过期。请打开实时二维码，或刷卡。",
        "This code has expired. Please show the live one, or use your card.",
    ),
    "pass-replayed": Words(
        "这个二维码已经用过。请等它更新，或刷卡。",
        "This code was used already. Please wait for the next one, or use your card.",
    ),
    "pass-blocked": Words(
        "这部手机的通行码已停用。请刷卡，或到物业办理。",
        "This phone's code is blocked. Please use your card, or ask at the office.",
    ),
    "pass-withdrawn": Words(
        "这张访客码已被收回。请联系您的住户，或按求助键。",
        "This visitor pass was taken back. Please call your host, or press the help button.",
    ),
    "pass-not-here": Words(
        "这张访客码不适用于本门。请到指定的门，或联系您的住户。",
        "This visitor pass is for another gate. Please go there, or call your host.",
    ),
    "pass-not-yet": Words(
        "访客码还没有到时间。请稍后再来，或联系您的住户。",
        "This visitor pass has not begun yet. Please wait, or call your host.",
    ),
    "pass-ended": Words(
        "访客码已到期。请联系您的住户，或按求助键。",
        "This visitor pass has ended. Please call your host, or press the help button.",
    ),
    "pass-used-up": Words(
        "访客码的次数已用完。请联系您的住户，或按求助键。",
        "This visitor pass is used up. Please call your host, or press the help button.",
    ),
    "pass-too-wide": Words(
        "访客码超出本小区允许的范围。请让住户重新生成。",
        "This visitor pass gives more than is allowed here. Please ask your host for another.",
    ),
    "visitors-off": Words(
        "本门不接受这种访客码。请联系您的住户，或按求助键。",
        "Visitor passes of this kind are not taken here. Please call your host.",
    ),
    "visit-withdrawn": Words(
        "访客码已收回。门没有打开；进门请刷卡或出示您的二维码。",
        "The visitor pass is taken back. To come in, please use your card or your code.",
    ),
}
_FACES: Final = {
    "face-no-match": Words(f"没有认出。{_EITHER}", f"Not recognised. {_OTHER}"),
    "face-not-clear": Words(f"没有认清。{_EITHER}", f"Not clear enough. {_OTHER}"),
    "face-second-factor": Words(_EITHER, _OTHER),
    "face-attack": Words(f"没有通过。{_EITHER}", f"Not accepted. {_OTHER}"),
    "face-unproven": Words(f"没有看清。{_EITHER}", f"Not seen well. {_OTHER}"),
    "face-no-consent": Words(f"刷脸未开通。{_EITHER}", f"Face is not set up. {_OTHER}"),
    "face-consent-ended": Words(f"刷脸同意已到期。{_EITHER}", f"Consent to face ended. {_OTHER}"),
    "face-frozen": Words(f"刷脸已暂停。{_EITHER}", f"Face is at rest. {_OTHER}"),
    "face-paused": Words(f"刷脸稍后可用。{_EITHER}", f"Face pauses for a while. {_OTHER}"),
    "face-suspended": Words(
        "刷脸暂不提供。请按求助键。", "Face is not offered now. Please press the help button."
    ),
    "face-not-commissioned": Words(f"刷脸尚未启用。{_EITHER}", f"Face is not in use yet. {_OTHER}"),
    "face-broken": Words(f"刷脸暂时故障。{_EITHER}", f"Face does not work now. {_OTHER}"),
    "face-not-usable": Words(
        f"没有看清。请靠近一点，或{_EITHER}", f"Not seen well. Please come closer. {_OTHER}"
    ),
    "face-features-differ": Words(
        f"刷脸资料需要更新。{_EITHER}", f"The face record needs renewing. {_OTHER}"
    ),
}
_RIGHTS: Final = {
    "granted": Words("请进。", "Please come in."),
    "method-off": Words(
        "本门不提供这种方式。请用屏幕上的其他方式。",
        "This gate does not offer that. Please use another way shown on the screen.",
    ),
    "method-not-chosen": Words(
        "您没有选择这种方式。请用您的其他方式，或到物业办理。",
        "You did not choose this way. Please use your other one, or ask at the office.",
    ),
    "resident-inactive": Words(
        "通行权限未开通。请联系物业。", "Your access is not active. Please ask at the office."
    ),
    "outside-schedule": Words(
        "现在不在通行时间内。请按求助键。",
        "The gate is closed at this hour. Please press the help button.",
    ),
    "not-yet-valid": Words(
        "通行权限尚未开始。请联系物业。",
        "Your access has not begun yet. Please ask at the office.",
    ),
    "validity-ended": Words(
        "通行权限已到期。请联系物业。", "Your access has ended. Please ask at the office."
    ),
    "clock-unsure": Words(
        "时钟不准，二维码暂不可用。请刷卡，或按求助键。",
        "The gate's clock is unsure. Please use your card, or press the help button.",
    ),
    "stale": _AGAIN,
    "replayed": _AGAIN,
    "log-failed": _HELP,
    "store-failed": _HELP,
    "door-stuck": _HELP,
    "tampered": Words(f"刷脸已停用。{_EITHER}", f"Face is off now. {_OTHER}"),
}
REASONS: Final = MappingProxyType({**_RIGHTS, **_CARDS, **_PASSES, **_FACES})
"""By code."""


def words(code: str) -> Words:
    """Return what to say for a reason's code; a code from a newer gate gets the fallback."""
    return REASONS.get(code, FALLBACK)
