"""What stands on the pages of managers, auditors and technicians: titles and what to do."""

# ruff: noqa: RUF001 - Chinese text has Chinese punctuation

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from appliance.ui.words import Words

_ENROL: Final = {
    "page.enrol.household": Words("登记：住户", "Enrol: household"),
    "say.enrol.household": Words("请输入楼、单元、房号", "Enter building, unit and flat"),
    "page.enrol.person": Words("登记：本人", "Enrol: person"),
    "say.enrol.person": Words("请当面核对身份", "Check the identity in person"),
    "page.enrol.label": Words("登记：称呼", "Enrol: name shown"),
    "say.enrol.label": Words("不必用真名", "It need not be the real name"),
    "page.enrol.methods": Words("登记：进门方式", "Enrol: ways in"),
    "say.enrol.methods": Words("卡、手机码，或两样都要", "Card, phone code, or both"),
    "page.enrol.card": Words("登记：发卡", "Enrol: card"),
    "say.enrol.card": Words(
        "请把卡贴在读卡区，不要移开", "Hold the card to the reader and keep it there"
    ),
    "page.enrol.phone": Words("登记：手机", "Enrol: phone"),
    "say.enrol.phone": Words(
        "请把手机上的登记码对准镜头", "Show the phone's enrolment code to the camera"
    ),
    "page.enrol.saved": Words("已保存，现在就能用", "Saved, and valid now"),
    "say.enrol.saved": Words("要不要加刷脸？", "Would you like to add face?"),
    "page.enrol.notice": Words("刷脸告知", "Notice on face"),
    "say.enrol.notice": Words("请住户本人阅读", "For the resident to read"),
    "page.enrol.consent": Words("您同意用刷脸吗？", "Do you agree to face?"),
    "say.enrol.consent": Words("不同意也一样进门", "Without it you come in just the same"),
    "page.enrol.guardian": Words("监护人同意", "A guardian's consent"),
    "say.enrol.guardian": Words("您是孩子的什么人？", "Who are you to the child?"),
    "page.enrol.confirm": Words("请本人确认", "Confirm it yourself"),
    "say.enrol.confirm": Words(
        "请刷您自己的卡，或出示您的码", "Hold your own card, or show your own code"
    ),
    "page.enrol.glasses": Words("眼镜", "Glasses"),
    "say.enrol.glasses": Words("平时戴眼镜吗？", "Do you often wear glasses?"),
    "page.enrol.capture": Words("看镜头", "Look at the camera"),
    "say.enrol.capture": Words("跟着提示做，自动完成", "Follow the picture; it takes itself"),
    "page.enrol.alike": Words("与他人相似", "Alike to another"),
    "say.enrol.alike": Words("为了安全，请选一种", "To be safe, choose one"),
    "page.enrol.trial": Words("试一次", "Try it once"),
    "say.enrol.trial": Words("请再看一次镜头", "Look at the camera once more"),
    "page.enrol.done": Words("登记完成", "Enrolled"),
    "say.enrol.done": Words("可以拍下回执", "Take a picture of the receipt"),
}
_PEOPLE: Final = {
    "page.manager.home": Words("管理", "Manager"),
    "say.manager.home": Words("要做什么？", "What would you like to do?"),
    "page.find.household": Words("查找住户", "Find a household"),
    "say.find.household": Words("请输入楼、单元、房号", "Enter building, unit and flat"),
    "page.find.list": Words("查找结果", "Found"),
    "say.find.list": Words("请选一位", "Choose one"),
    "page.person.show": Words("住户资料", "Resident"),
    "say.person.show": Words("本次查看已记录", "This look is recorded"),
    "page.person.change": Words("修改", "Change"),
    "say.person.change": Words("改哪一项？", "Which one?"),
    "page.person.household": Words("改住户", "Change household"),
    "say.person.household": Words("请输入楼、单元、房号", "Enter building, unit and flat"),
    "page.person.label": Words("改称呼", "Change name shown"),
    "say.person.label": Words("不必用真名", "It need not be the real name"),
    "page.person.methods": Words("改进门方式", "Change ways in"),
    "say.person.methods": Words("至少留一种：卡或手机码", "Keep at least one: card or phone"),
    "page.person.validity": Words("改有效期", "Change validity"),
    "say.person.validity": Words("到哪一天？", "Until which day?"),
    "page.person.date": Words("改有效期", "Change validity"),
    "say.person.date": Words("到哪一天？", "Until which day?"),
    "page.erase.what": Words("删除什么？", "Erase what?"),
    "say.erase.what": Words("删除后不能恢复", "It cannot be undone"),
    "page.erase.household": Words("请再输一次房号", "Enter the household again"),
    "say.erase.household": Words("以免删错人", "So that nobody else is erased"),
    "page.erase.running": Words("正在删除", "Erasing"),
    "say.erase.running": Words("请稍候几秒", "A few seconds, please"),
    "page.erase.receipt": Words("删除回执", "Receipt of erasure"),
    "say.erase.receipt": Words("请交给住户拍照", "For the resident to photograph"),
    "page.reissue.card": Words("换卡", "Re-issue a card"),
    "say.reissue.card": Words(
        "请贴上新卡；旧卡即刻停用", "Hold the new card; the old one is blocked now"
    ),
    "page.visitors.list": Words("访客", "Visitors"),
    "say.visitors.list": Words("到期自动失效", "Each ends by itself"),
    "page.visitors.household": Words("访客：谁家请的", "Visitor: whose guest"),
    "say.visitors.household": Words("请输入楼、单元、房号", "Enter building, unit and flat"),
    "page.visitors.kind": Words("访客：种类", "Visitor: kind"),
    "say.visitors.kind": Words("来做什么？", "What for?"),
    "page.visitors.until": Words("访客：到什么时候", "Visitor: until when"),
    "say.visitors.until": Words("到期自动失效", "It ends by itself"),
    "page.visitors.date": Words("访客：到哪一天", "Visitor: until which day"),
    "say.visitors.date": Words("请输入日期", "Enter the date"),
    "page.visitors.way": Words("访客：进门方式", "Visitor: way in"),
    "say.visitors.way": Words("卡，还是手机码？", "Card or phone code?"),
    "page.visitors.card": Words("访客：发卡", "Visitor: card"),
    "say.visitors.card": Words(
        "请把卡贴在读卡区，不要移开", "Hold the card to the reader and keep it there"
    ),
    "page.visitors.phone": Words("访客：手机", "Visitor: phone"),
    "say.visitors.phone": Words(
        "请把手机上的登记码对准镜头", "Show the phone's enrolment code to the camera"
    ),
    "page.visitors.done": Words("访客已登记", "Visitor enrolled"),
    "say.visitors.done": Words("现在就能用", "Valid now"),
}
_DESK: Final = {
    "page.alarms.list": Words("告警", "Alarms"),
    "say.alarms.list": Words("看过请按“知道了”", "Touch Seen once you have looked"),
    "page.tickets.list": Words("更正和投诉", "Corrections and complaints"),
    "say.tickets.list": Words("请在期限前答复", "Answer each before it is due"),
    "page.tickets.show": Words("更正或投诉", "Correction or complaint"),
    "say.tickets.show": Words("答复之后再按", "Touch once it is answered"),
    "page.hours.show": Words("开放时间", "Opening hours"),
    "say.hours.show": Words("卡、码、刷脸相同", "The same for card, code and face"),
    "page.hours.opens": Words("几点开", "Opens at"),
    "say.hours.opens": Words("四位时间，如 0630", "Four digits, such as 0630"),
    "page.hours.closes": Words("几点关", "Closes at"),
    "say.hours.closes": Words("四位时间，如 2230", "Four digits, such as 2230"),
    "page.reports.show": Words("报告", "Reports"),
    "say.reports.show": Words("只有数目，没有姓名", "Numbers only, no names"),
    "page.operators.list": Words("工作人员", "Staff"),
    "say.operators.list": Words("至少一位管理员", "One manager at least"),
    "page.operators.role": Words("新人员：岗位", "New staff: role"),
    "say.operators.role": Words("岗位分开，互不代替", "Roles are separate"),
    "page.operators.name": Words("新人员：称呼", "New staff: name"),
    "say.operators.name": Words("请输入称呼", "Enter a name"),
    "page.operators.card": Words("新人员：卡", "New staff: card"),
    "say.operators.card": Words(
        "请把一张新卡贴在读卡区，不要移开", "Hold a new card to the reader and keep it there"
    ),
    "page.operators.pin": Words("新人员：密码", "New staff: PIN"),
    "say.operators.pin": Words("请本人设六到十二位密码", "Let them choose 6 to 12 digits"),
    "page.operators.pin-again": Words("新人员：密码", "New staff: PIN"),
    "say.operators.pin-again": Words("请再输一次", "Enter it once more"),
    "page.operators.remove": Words("移除人员", "Remove staff"),
    "say.operators.remove": Words("卡和密码即刻失效", "Card and PIN end now"),
    "page.update.list": Words("系统更新", "System update"),
    "say.update.list": Words("插入U盘，选更新包", "Insert the stick, choose a bundle"),
    "page.update.confirm": Words("安装更新？", "Install this update?"),
    "say.update.confirm": Words(
        "装好后自动重启，不行自动退回", "It restarts, and goes back if it fails"
    ),
    "page.update.running": Words("正在更新", "Updating"),
    "say.update.running": Words("请不要拔U盘和电源", "Leave the stick and the power in"),
    "page.backup.show": Words("备份", "Backup"),
    "say.backup.show": Words("上次备份", "The last one"),
}
_AUDIT: Final = {
    "page.audit.reason": Words("查看日志", "See the log"),
    "say.audit.reason": Words("为什么要看？", "Why do you look?"),
    "page.audit.second": Words("第二个人", "A second person"),
    "say.audit.second": Words("请一位管理员刷卡", "Let a manager hold their card"),
    "page.audit.list": Words("日志", "The log"),
    "say.audit.list": Words("本次查看已记录", "This look is recorded"),
    "page.audit.day": Words("日志：哪一天", "The log: which day"),
    "say.audit.day": Words("请输入日期", "Enter the date"),
    "page.audit.kind": Words("日志：哪一种", "The log: which kind"),
    "say.audit.kind": Words("请选一种", "Choose one"),
    "page.audit.verified": Words("日志已核对", "The log is verified"),
    "say.audit.verified": Words("每一条都连着上一条", "Each entry is bound to the last"),
    "page.tech.list": Words("安装检查", "Commissioning"),
    "say.tech.list": Words("全部通过后签收", "Sign off once all have passed"),
    "page.tech.check": Words("检查", "Check"),
    "say.tech.check": Words("照着做，再判定", "Do it, then judge"),
    "page.tech.sign": Words("签收", "Sign-off"),
    "say.tech.sign": Words("请一位管理员刷卡", "Let a manager hold their card"),
    "page.tech.signed": Words("已签收", "Signed off"),
    "say.tech.signed": Words("现在可以开放刷脸", "Face may be switched on now"),
}
OFFICE: Final = MappingProxyType({**_ENROL, **_PEOPLE, **_DESK, **_AUDIT})
"""By key."""
