"""Why the last touch did not do what was asked: what is wrong, and what to do."""

# ruff: noqa: RUF001 - Chinese text has Chinese punctuation

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from appliance.ui.words import Words

FAULTS: Final = MappingProxyType(
    {
        "fault.not-yours": Words(
            "这是别人的卡或码，请用自己的", "That card or code is somebody else's. Use your own"
        ),
        "fault.unknown-card": Words("这张卡未登记", "This card is not enrolled"),
        "fault.wrong-pin": Words("密码不对，请再试", "Wrong PIN. Try again"),
        "fault.paused": Words("试得太多，请过一会儿再试（秒）", "Too many tries. Wait (seconds)"),
        "fault.household-unknown": Words("没有这一户", "There is no such household"),
        "fault.household-form": Words("请输入楼、单元、房号", "Enter building, unit and flat"),
        "fault.too-long": Words("太长了，请缩短", "Too long. Please shorten it"),
        "fault.empty": Words("请先输入", "Please enter something first"),
        "fault.no-other-door": Words(
            "先要有一张可用的卡或手机码", "A working card or phone key is needed first"
        ),
        "fault.card-taken": Words("这张卡已经有人用", "This card belongs to somebody"),
        "fault.phone-taken": Words("这部手机已经登记", "This phone is enrolled already"),
        "fault.no-face-in-time": Words("没有拍到，可以再来一次", "No good view in time. Try again"),
        "fault.no-consent": Words("还没有同意，不能刷脸", "Without consent, no face"),
        "fault.alike": Words("与他人太像，不能只用刷脸", "Too alike to another for face alone"),
        "fault.not-unlike": Words("几次不像同一人，请重来", "Not one and the same person. Again"),
        "fault.store-failed": Words(
            "没有存上，请再试或叫技术员", "Not saved. Try again, or call the technician"
        ),
        "fault.log-failed": Words(
            "日志写不进，不能办理。请叫技术员", "The log cannot be written. Call the technician"
        ),
        "fault.clock-unsure": Words(
            "时钟不准，请用卡", "The gate's clock is unsure. Use your card"
        ),
        "fault.reader-fault": Words(
            "读卡器没有反应，请再试", "The reader does not answer. Try again"
        ),
        "fault.two-cards": Words("感应到两张卡，请只放一张", "Two cards. Hold one only"),
        "fault.pulled-away": Words("移开太快，请放住不动", "Gone too soon. Keep the card there"),
        "fault.not-allowed": Words("您没有这项权限", "You may not do this"),
        "fault.too-late": Words("已过时限，请重新开始", "Too late. Please begin again"),
        "fault.face-off": Words("本门没有开放刷脸", "Face is not offered at this gate"),
        "fault.needs-two": Words("需要第二个人刷卡", "A second person's card is needed"),
        "fault.same-person": Words("要另一个人的卡", "It must be another person's card"),
        "fault.weak-pin": Words(
            "请换一个不太简单的六到十二位密码", "Choose 6 to 12 digits, not easy ones"
        ),
        "fault.pins-differ": Words("两次不一样，请重设", "The two differ. Choose again"),
        "fault.date-form": Words("没有这一天", "There is no such day"),
        "fault.hours-form": Words("请输入四位时间，如 0630", "Enter four digits, such as 0630"),
        "fault.not-a-phone-key": Words(
            "这不是登记用的手机码", "This is not a phone's enrolment code"
        ),
        "fault.last-manager": Words("至少要留一位管理员", "One manager must remain"),
        "fault.wrong-card": Words("这种卡不能用", "This kind of card cannot be used"),
        "fault.card-full": Words("卡上没有空间", "The card has no room left"),
        "fault.timeout": Words("时间到了，请再试", "Time is up. Try again"),
    }
)
"""By key."""
