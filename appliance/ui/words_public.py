"""What stands on the public screen: the three doors, instructions, results, alarms."""

# ruff: noqa: RUF001 - Chinese text has Chinese punctuation

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from appliance.ui.words import Words

_SCREEN: Final = {
    "public.choose": Words("选一种方式进门", "Choose a way in"),
    "public.card": Words("刷卡", "Card"),
    "public.code": Words("扫码", "QR code"),
    "public.face": Words("刷脸", "Face"),
    "public.card-how": Words("贴在下方读卡区", "Hold to reader"),
    "public.code-how": Words("对准上方镜头", "Show to camera"),
    "public.face-how": Words("看上方镜头", "Look at camera"),
    "public.off": Words("本门未开放", "Not offered here"),
    "public.paused": Words("稍后可用", "Back in minutes"),
    "public.broken": Words("暂时不能用", "Out of order"),
    "public.my-data": Words("我的资料", "My data"),
    "public.help": Words("求助", "Help"),
    "public.staff": Words("管理", "Staff"),
    "public.again": Words("再试一次", "Try again"),
    "public.stop": Words("不用刷脸", "Stop face"),
    "public.stop-code": Words("返回", "Back"),
    "public.other": Words("刷卡、扫码随时可用", "Card and QR work at any time"),
    "public.other-card": Words("刷卡随时可用", "Your card works at any time"),
    "public.camera-face": Words(
        "摄像头已开：只为开门，不保存", "Camera on: to open the door, nothing is kept"
    ),
    "public.camera-code": Words(
        "摄像头已开：只读二维码，不保存", "Camera on: to read the code, nothing is kept"
    ),
    "public.camera-enrol": Words(
        "摄像头已开：只为登记，不存照片", "Camera on: to enrol, no photo is kept"
    ),
    "public.operator": Words("运营", "Run by"),
    "public.contact": Words("联系", "Contact"),
    "public.clock-unsure": Words("时间未校准", "Clock not set"),
    "public.granted": Words("门开了", "Door is open"),
    "public.granted-say": Words("请进", "Please come in"),
    "public.refused": Words("这次没能开门", "Not opened this time"),
    "public.try": Words("可以改用", "You can use"),
    "public.held": Words("门没关好", "The door is open"),
    "public.held-say": Words("请把门关上", "Please close the door"),
    "public.forced": Words("门被强行打开", "Door forced open"),
    "public.forced-say": Words("物业已收到通知", "The office has been told"),
    "public.tamper": Words("设备外壳被打开", "The device was opened"),
    "public.tamper-say": Words("物业已收到通知", "The office has been told"),
    "public.fire": Words("火警，请离开", "FIRE. Leave now."),
    "public.fire-say": Words("门已打开", "Doors are open"),
    "public.unwell": Words("本机暂时不能开门", "This gate cannot open now"),
    "public.unwell-say": Words("请按求助", "Please press Help"),
    "public.away": Words("本机正在重启", "The gate is restarting"),
    "public.away-say": Words("请等半分钟，或联系物业", "Please wait half a minute, or call"),
    "public.no-picture": Words("只显示，不保存", "Shown only, never kept"),
    "public.show-code": Words("请把二维码放进框里", "Hold the QR code in the frame"),
    "public.look": Words("请看镜头", "Look at the camera"),
    "public.language": Words("English", "中文"),
    "public.larger": Words("大字", "Large"),
    "public.smaller": Words("小字", "Small"),
    "public.locks-soon": Words("这一页就要关闭", "This page closes soon"),
    "public.leaf": Words("页", "Page"),
    "public.step": Words("步", "Step"),
    "public.preview": Words("摄像头画面", "Picture of the camera"),
    "public.reason": Words("代码", "Code"),
}
_HINTS: Final = {
    "hint.none": Words("请看镜头", "Look at the camera"),
    "hint.come_closer": Words("请靠近一点", "Come closer"),
    "hint.step_back": Words("请退后一点", "Step back a little"),
    "hint.one_person": Words("请一位一位来", "One person at a time"),
    "hint.centre_face": Words("请站到中间", "Move to the middle"),
    "hint.look_ahead": Words("请正对屏幕", "Face the screen"),
    "hint.hold_still": Words("好，请别动", "Good, hold still"),
    "hint.more_light": Words("光线太暗，可以刷卡或扫码", "Too dark. Use card or QR code"),
    "hint.less_light": Words("光线太亮，可以刷卡或扫码", "Too bright. Use card or QR code"),
    "hint.uncover_eyes": Words("看不到眼睛，也可刷卡扫码", "Eyes covered. Card and QR work too"),
    "hint.uncover_mouth": Words("看不到全脸，也可刷卡扫码", "Face covered. Card and QR work too"),
    "hint.turn_left": Words("请慢慢向左转", "Turn slowly to your left"),
    "hint.turn_right": Words("请慢慢向右转", "Turn slowly to your right"),
}
_KEYS: Final = {
    "key.delete": Words("删除", "Delete"),
    "key.clear": Words("清空", "Clear"),
    "key.space": Words("空格", "Space"),
    "key.shift": Words("大写", "Capitals"),
    "key.pinyin": Words("中文", "Chinese"),
    "key.latin": Words("英文", "Latin"),
    "key.digits": Words("数字", "Digits"),
    "key.letters": Words("字母", "Letters"),
    "key.building": Words("楼", "Building"),
    "key.unit": Words("单元", "Unit"),
    "key.flat": Words("房号", "Flat"),
    "key.year": Words("年", "Year"),
    "key.month": Words("月", "Month"),
    "key.day": Words("日", "Day"),
    "key.more": Words("更多字", "More"),
    "key.less": Words("前面的字", "Before"),
    "key.before": Words("上一页", "Page before"),
    "key.after": Words("下一页", "Next page"),
    "key.on": Words("下一格", "Next field"),
    "key.entered": Words("已输入", "Entered"),
}
PUBLIC: Final = MappingProxyType({**_SCREEN, **_HINTS, **_KEYS})
"""By key."""
