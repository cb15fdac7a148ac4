"""What stands in rows about states: consents, log, alarms, and the technician's checks."""

# ruff: noqa: RUF001 - Chinese text has Chinese punctuation

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from appliance.ui.words import Words

_PAGES: Final = {
    "act.always": Words("不限期", "No end"),
    "act.every-day": Words("每天相同", "Every day"),
    "act.read": Words("已阅读", "I have read it"),
    "page.audit.verifying": Words("正在核对日志", "Verifying the log"),
    "say.audit.verifying": Words("请稍候", "One moment"),
    "page.operators.removing": Words("移除人员", "Remove staff"),
    "say.operators.removing": Words("卡和密码即刻失效", "Card and PIN end now"),
    "page.person.age": Words("加刷脸：年龄", "Add face: age"),
    "say.person.age": Words("未满14岁要监护人同意", "Under 14 a guardian must agree"),
    "fault.name-taken": Words("已有同名人员", "Somebody has this name"),
    "fault.too-many": Words("太多了，请先移除一些", "Too many. Remove some first"),
    "fault.unknown-code": Words("这个码未登记", "This code is not enrolled"),
}
_ROWS: Final = {
    "row.age": Words("年龄", "Age"),
    "row.alarm": Words("告警", "Alarm"),
    "row.bare": Words("摘下眼镜", "Without glasses"),
    "row.event": Words("事件", "Event"),
    "row.face-since": Words("刷脸开始", "Face since"),
    "row.face-until": Words("刷脸到期", "Face until"),
    "row.finding": Words("问题", "Finding"),
    "row.frozen-at": Words("暂停时间", "Frozen at"),
    "row.goes": Words("将删除", "Will go"),
    "row.others": Words("这一户已有", "Others here"),
    "row.reading": Words("读数", "Reading"),
    "row.share": Words("进度", "Progress"),
    "row.stays": Words("会保留", "Will stay"),
    "row.ticket": Words("事项", "Ticket"),
    "row.valid-from": Words("开始", "Valid from"),
    "row.valid-until": Words("到期", "Valid until"),
    "row.bundle": Words("更新包", "Bundle"),
    "row.closed-for": Words("不能刷卡", "No card opens"),
    "row.stick": Words("U盘", "Stick"),
    "row.version": Words("现在版本", "Version now"),
    "row.why": Words("原因", "Why"),
    "row.view": Words("查看", "View"),
    "row.visitor": Words("访客", "Visitor"),
}
_STATES: Final = {
    "word.at-once": Words("立即", "at once"),
    "word.at-rest": Words("静止", "at rest"),
    "word.broken": Words("断开", "broken"),
    "word.card-suspected": Words("可疑的卡", "card under suspicion"),
    "word.closed": Words("关着", "closed"),
    "word.consent-ended": Words("已结束", "ended"),
    "word.consent-expired": Words("已到期", "expired"),
    "word.consent-frozen": Words("已暂停", "frozen"),
    "word.consent-not-yet": Words("尚未开始", "not yet"),
    "word.consent-withdrawn": Words("已撤回", "withdrawn"),
    "word.doors-unequal": Words("只剩刷脸能用", "only face works"),
    "word.every-day": Words("每天", "every day"),
    "word.face-not-commissioned": Words("刷脸尚未验收", "face not commissioned"),
    "word.in-use": Words("使用中", "in use"),
    "word.kind-all": Words("全部", "All"),
    "word.kind-card": Words("卡", "Cards"),
    "word.kind-config": Words("设置", "Settings"),
    "word.kind-consent": Words("同意", "Consents"),
    "word.kind-door": Words("门", "The door"),
    "word.kind-entry": Words("进出", "Entries"),
    "word.kind-operator": Words("人员", "Staff"),
    "word.kind-person": Words("住户", "Residents"),
    "word.method-card": Words("卡", "card"),
    "word.method-face": Words("刷脸", "face"),
    "word.method-pass": Words("二维码", "code"),
    "word.method-qr": Words("二维码", "code"),
    "word.no-end": Words("不限期", "no end"),
    "word.not-proven": Words("未能证明", "not proven"),
    "word.not-wired": Words("未接线", "not wired"),
    "word.own-data": Words("本人资料", "their own data"),
    "word.no-bundle": Words("没有更新包", "no bundle"),
    "word.one-minute": Words("约一分钟", "about a minute"),
    "word.refused-update": Words("没有安装", "not installed"),
    "word.written-update": Words("已写入，正在重启", "written, restarting"),
    "word.pass": Words("二维码", "code"),
    "word.played": Words("已播放", "played"),
    "word.swapped": Words("没通电门就开", "opens without power"),
    "word.held-high": Words("信号线被拉高", "line held high"),
    "word.held-low": Words("信号线被拉低", "line held low"),
    "word.fix-swapped": Words(
        "断电：改接另一触点，或换高电平板", "Power off; other contact or board"
    ),
    "word.fix-held-high": Words(
        "断电查线：继电器板须高电平触发", "Power off: take an active-high relay board"
    ),
    "word.fix-held-low": Words(
        "断电查线：信号线碰地或接错", "Power off: the line touches ground or is crossed"
    ),
    "word.pressed": Words("按下", "pressed"),
    "word.reachable": Words("可连通", "reachable"),
    "word.reason-complaint": Words("投诉", "Complaint"),
    "word.reason-incident": Words("事件", "Incident"),
    "word.reason-inspection": Words("检查", "Inspection"),
    "word.reason-request": Words("住户要求", "A request"),
    "word.record": Words("一条记录", "one record"),
    "word.topic-door": Words("门", "The door"),
    "word.topic-face": Words("刷脸", "Face"),
    "word.topic-household": Words("住户", "Household"),
    "word.topic-label": Words("称呼", "Name shown"),
    "word.topic-methods": Words("进门方式", "Ways in"),
    "word.topic-other": Words("其他", "Other"),
    "word.topic-privacy": Words("隐私", "Privacy"),
    "word.topic-refused": Words("没能进门", "Not let in"),
    "word.topic-staff": Words("工作人员", "Staff"),
    "word.topic-validity": Words("有效期", "Validity"),
    "word.unbroken": Words("完整", "unbroken"),
    "word.unknown": Words("不明", "unknown"),
    "word.whole-log": Words("全部日志", "the whole log"),
    "word.yourself": Words("您自己", "yourself"),
}
_CHECKS: Final = {
    "word.todo-camera": Words("看画面，挥手，再通过", "Look at the picture, wave, then pass"),
    "word.fix-camera": Words("检查排线和镜头盖", "Check the ribbon cable and the lens cover"),
    "word.todo-clock": Words("与手机时间比较", "Compare with your phone's time"),
    "word.fix-clock": Words(
        "换时钟电池，或接时间服务器", "Change the clock's battery, or give it a server"
    ),
    "word.todo-door-sensor": Words(
        "开门再关门，看读数", "Open and close the door, watch the reading"
    ),
    "word.fix-door-sensor": Words("检查门磁接线", "Check the door contact's wires"),
    "word.todo-fire": Words(
        "触发消防信号，门必须松开", "Trip the fire input; the door must be free"
    ),
    "word.fix-fire": Words(
        "消防线要直接断开锁电源", "The fire wire must cut the lock's power itself"
    ),
    "word.todo-focus-height": Words(
        "站0.6米和1米，坐着和站着都要对准", "Stand at 0.6 and 1 m, sitting and standing"
    ),
    "word.fix-focus-height": Words(
        "调焦距，镜头高1.2到1.4米", "Set the focus; lens 1.2 to 1.4 m high"
    ),
    "word.todo-network": Words("确认没有对外连接", "See that nothing outside can be reached"),
    "word.fix-network": Words("拔网线，或查防火墙", "Pull the cable, or check the firewall"),
    "word.todo-reader": Words("刷一张登记过的卡", "Hold an enrolled card"),
    "word.fix-reader": Words("检查读卡器接线和电源", "Check the reader's wires and power"),
    "word.todo-relay": Words(
        "先推门：推不开；按“检测”再推", "Push: it holds. Touch Run, push again"
    ),
    "word.fix-relay": Words(
        "检查继电器接线和锁电源", "Check the relay's wires and the lock's power"
    ),
    "word.todo-rex": Words("按出门按钮，看读数", "Press the exit button, watch the reading"),
    "word.fix-rex": Words("检查按钮接线", "Check the button's wires"),
    "word.todo-screen": Words("点四个角，再通过", "Touch the four corners, then pass"),
    "word.fix-screen": Words("重新校准触摸屏", "Calibrate the touchscreen again"),
    "word.todo-sound": Words("按“检测”，听提示音", "Touch Run and listen"),
    "word.fix-sound": Words("检查喇叭和音量", "Check speaker and volume"),
}
STATES: Final = MappingProxyType({**_PAGES, **_ROWS, **_STATES, **_CHECKS})
"""By key."""
