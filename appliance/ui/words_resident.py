"""What stands on the pages of the doorstep and of residents: their data, withdrawal, receipts."""

# ruff: noqa: RUF001 - Chinese text has Chinese punctuation

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from appliance.ui.words import Words

_DOORSTEP: Final = {
    "page.help": Words("求助", "Help"),
    "say.help": Words("请打这个电话，或等物业来", "Call this number, or wait for the office"),
    "page.my.open": Words("打开我的资料", "Open my data"),
    "say.my.open": Words(
        "请刷您自己的卡，或出示您的二维码", "Hold your own card, or show your own code"
    ),
    "page.staff.card": Words("工作人员", "Staff"),
    "say.staff.card": Words("请刷管理卡", "Hold your staff card"),
    "page.staff.pin": Words("工作人员", "Staff"),
    "say.staff.pin": Words("请输入密码", "Enter your PIN"),
    "page.first.name": Words("首次设置：管理员", "First set-up: manager"),
    "say.first.name": Words("请输入管理员的称呼", "Enter the manager's name"),
    "page.first.card": Words("首次设置：管理卡", "First set-up: staff card"),
    "say.first.card": Words(
        "请把一张新卡贴在读卡区，不要移开", "Hold a new card to the reader and keep it there"
    ),
    "page.first.pin": Words("首次设置：密码", "First set-up: PIN"),
    "say.first.pin": Words("请设一个六到十二位的密码", "Choose a PIN of 6 to 12 digits"),
    "page.first.pin-again": Words("首次设置：密码", "First set-up: PIN"),
    "say.first.pin-again": Words("请再输一次", "Enter it once more"),
}
_MINE: Final = {
    "page.my.home": Words("我的资料", "My data"),
    "say.my.home": Words("没有保存您的照片", "No picture of you is kept"),
    "page.my.kept": Words("保存了哪些资料", "What is kept about me"),
    "say.my.kept": Words("全部在本机，没有照片", "All of it in this gate; no picture"),
    "page.my.viewers": Words("谁看过我的资料", "Who looked at my data"),
    "say.my.viewers": Words("每次查看都有记录", "Every look is recorded"),
    "page.my.entries": Words("我的进出", "My entries"),
    "say.my.entries": Words("先遮住，按“显示”才看得到", "Hidden until you touch Show"),
    "page.my.consents": Words("我的同意", "My consents"),
    "say.my.consents": Words("每一份同意和它的期限", "Each consent and its term"),
    "page.my.frozen": Words("刷脸已暂停", "Face is frozen"),
    "say.my.frozen": Words(
        "立即生效；卡和码照常使用", "In effect now; card and code work as before"
    ),
    "page.my.withdraw": Words("撤回刷脸同意", "Withdraw consent to face"),
    "say.my.withdraw": Words("不收费，不问理由", "Free, and no reason is asked"),
    "page.my.erasing": Words("正在删除", "Erasing"),
    "say.my.erasing": Words("请稍候几秒", "A few seconds, please"),
    "page.my.receipt": Words("回执", "Receipt"),
    "say.my.receipt": Words("可以拍下来保存", "Take a picture of it to keep"),
    "page.my.correct": Words("更正资料", "Correct my data"),
    "say.my.correct": Words("哪一项不对？", "What is wrong?"),
    "page.my.complain": Words("投诉", "Complain"),
    "say.my.complain": Words("关于什么？", "What about?"),
    "page.my.ticket": Words("已登记", "Recorded"),
    "say.my.ticket": Words(
        "请记下编号；到期前答复您", "Keep the number; you get an answer in time"
    ),
    "page.my.copy": Words("资料抄本", "A copy of my data"),
    "say.my.copy": Words("用手机扫描即可保存，带签名", "Scan it with your phone; it is signed"),
}
_ROWS: Final = {
    "row.contact": Words("电话", "Call"),
    "row.operator": Words("运营单位", "Run by"),
    "row.no-picture": Words("没有保存照片", "No picture is kept"),
    "row.face": Words("刷脸", "Face"),
    "row.cards": Words("卡", "Cards"),
    "row.card": Words("卡", "Card"),
    "row.phones": Words("手机", "Phones"),
    "row.phone": Words("手机", "Phone"),
    "row.household": Words("住户", "Household"),
    "row.label": Words("称呼", "Name shown"),
    "row.methods": Words("进门方式", "Ways in"),
    "row.validity": Words("有效期", "Valid"),
    "row.since": Words("开始", "Since"),
    "row.until": Words("到期", "Until"),
    "row.at": Words("时间", "Time"),
    "row.entry": Words("进出", "Entry"),
    "row.viewer": Words("查看人", "Seen by"),
    "row.consent": Words("同意", "Consent"),
    "row.notice": Words("告知书版本", "Notice version"),
    "row.will-erase": Words("将删除您的人脸特征", "Your face reference will be destroyed"),
    "row.card-stays": Words("卡和码照常使用", "Card and code stay as they are"),
    "row.stop": Words("停用刷脸", "Stop face"),
    "row.destroy": Words("销毁密钥", "Destroy the key"),
    "row.read-back": Words("读回检查", "Read back and check"),
    "row.number": Words("编号", "Number"),
    "row.what": Words("内容", "What"),
    "row.verdict": Words("结果", "Result"),
    "row.due": Words("答复期限", "Answer due"),
    "row.topic": Words("事项", "Topic"),
    "row.state": Words("状态", "State"),
    "row.given": Words("同意时间", "Given"),
}
RESIDENT: Final = MappingProxyType({**_DOORSTEP, **_MINE, **_ROWS})
"""By key."""
