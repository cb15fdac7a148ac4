"""What a failed part of the self-test is called and what to do about it, in Chinese and English."""

# ruff: noqa: RUF001 - Chinese has marks of its own

from __future__ import annotations

from types import MappingProxyType
from typing import Final, NamedTuple


class Part(NamedTuple):
    """One part: its Chinese name, and the fix twice."""

    name: str
    chinese: str
    english: str


LEAST_FREE_MB: Final = 200
PARTS: Final = MappingProxyType(
    {
        "models": Part(
            "模型", "重新烧卡；刷卡扫码照常", "flash again; card and code go on without face"
        ),
        "face cues": Part(
            "刷脸防伪",
            "在 [pad] 打开所列项，或接受较弱的门",
            "switch the named ones on in [pad], or accept a weaker gate",
        ),
        "camera": Part(
            "摄像头",
            "断电，插紧排线（金属面朝触点），看 [camera]；刷卡照常",
            "power off, seat the ribbon cable, look at [camera]; cards go on. USB: "
            "`v4l2-ctl --list-devices`",
        ),
        "infrared camera": Part(
            "红外摄像头",
            "检查排线、红外灯和 [infrared]，或关掉 pad.infrared",
            "check cable, lamp and [infrared], or pad.infrared off",
        ),
        "relay": Part(
            "继电器",
            "断电查线：高电平触发的板，IN 接 GPIO 17 并下拉 10 kΩ，3.3 V 和地",
            "power off; an active-high board, IN on GPIO 17 with 10 kΩ to ground; 3.3 V and ground",
        ),
        "door inputs": Part(
            "门的输入",
            "关好门，松开按钮，再查门磁、按钮、消防、防拆的线",
            "shut the door, let go of the button; check the wires of door, REX, fire and tamper",
        ),
        "reader": Part(
            "读卡器",
            "检查读卡器的线、电源和 [reader]；二维码照常",
            "check the reader's cable, supply and [reader]; codes go on",
        ),
        "screen": Part(
            "屏幕",
            "断电，插紧屏幕排线和触摸线，查屏幕电源；刷卡照常",
            "power off, seat the display's and the touch's cables, check its supply; cards go on",
        ),
        "sound": Part("声音", "检查喇叭、声卡和 [sound]", "check speaker, sound card and [sound]"),
        "key and store": Part(
            "密钥和数据库",
            "用备份恢复密钥，或重新设置本机",
            "restore the key, or begin anew with `sanmen run`",
        ),
        "sign-off": Part(
            "验收签字",
            "技术员和管理员在屏幕上签收；刷脸要等它",
            "technician and manager sign off at the screen; face waits for it",
        ),
        "log": Part("日志", "留着文件作证据，联系厂家", "keep it as evidence; call the vendor"),
        "memory": Part(
            "内存保护",
            "systemd：LimitMEMLOCK=infinity 和 GLIBC_TUNABLES，或关掉交换区",
            "systemd: LimitMEMLOCK=infinity and GLIBC_TUNABLES, or no swap",
        ),
        "clock": Part(
            "时钟",
            "校准时间；换时钟模块的电池。在此之前二维码不能用，刷卡可以",
            "set the time; replace the RTC's battery. Until then codes rest, cards work",
        ),
        "disk": Part(
            "存储卡",
            f"满了：腾出至少 {LEAST_FREE_MB} MB。只读或出错：换卡，用备份恢复",
            f"full: make room, {LEAST_FREE_MB} MB at least. Read-only or failing: another card, "
            "then restore the backup",
        ),
    }
)
"""Part of the self-test -> its words."""
