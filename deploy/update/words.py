"""What a technician is told when an update is refused or fails, in Chinese and in English."""

# ruff: noqa: RUF001 - Chinese has its own punctuation

from __future__ import annotations

import errno
from typing import Final

from appliance.errors import SanmenError

WORDS: Final = {
    "no-rauc": (
        "本机缺少 rauc，无法核对更新包的签名。请重新刷写镜像。",
        "rauc is missing, so no signature can be checked. Flash the image again.",
    ),
    "keyring": (
        "本机缺少厂家证书，无法核对签名。请重新刷写镜像。",
        "our certificate is missing here, so no signature can be checked. Flash the image again.",
    ),
    "no-bundle": (
        "找不到更新包或读不出来。请检查 U 盘，重新复制文件。",
        "the bundle is not there or cannot be read. Check the stick and copy the file again.",
    ),
    "truncated": (
        "更新包不完整。请重新下载或复制，安全弹出 U 盘后再试。",
        "the bundle is cut short. Download or copy it again, and eject the stick first.",
    ),
    "foreign": (
        "这不是本产品的更新包。请用 sanmen-版本.raucb 文件。",
        "this is no bundle of this product. Use the file sanmen-VERSION.raucb.",
    ),
    "signature": (
        "签名不是本厂的，更新包不可信，请勿使用。",
        "it is not signed by us, and so not to be trusted. Do not use it.",
    ),
    "payload": (
        "更新包内容损坏，与签名不符。请重新下载。",
        "its content is damaged and not what was signed. Download it again.",
    ),
    "compatible": (
        "更新包是给另一种机型的。请下载本机型的包。",
        "it is for another kind of machine. Download the one for this machine.",
    ),
    "layout": (
        "更新包的内容与本机分区不符。请下载本机型的包。",
        "its images do not fit this machine's partitions. Download the one for this machine.",
    ),
    "version": (
        "更新包的版本号看不懂。请向厂家索取。",
        "its version cannot be read. Ask the vendor for another one.",
    ),
    "older": (
        "更新包比本机旧，不能降级。请用更新的版本。",
        "it is older than what ran here, and there is no way back. Use a newer one.",
    ),
    "same": (
        "本机已是这个版本，不需要更新。",
        "this version runs here already. There is nothing to do.",
    ),
    "full": (
        "数据分区空间不足，未做任何更改。请联系管理员清理。",
        "the data partition lacks room; nothing was changed. Make room, then try again.",
    ),
    "read-only": (
        "存储卡写保护或已损坏成只读，未完成。请换卡，用备份恢复。",
        "the card takes no writing: locked, or dying. Replace it and restore a backup.",
    ),
    "dying": (
        "存储卡读写出错，卡快坏了。请尽快换卡，用备份恢复。",
        "the card fails to read or write: it is dying. Replace it soon and restore a backup.",
    ),
    "slots": (
        "认不出本机从哪个系统分区启动，不能更新。请重新刷写镜像。",
        "the system this machine started from is unknown, so nothing is updated. Flash it again.",
    ),
    "autoboot": (
        "启动选择文件 autoboot.txt 损坏。请在维护终端运行 sanmen update repair，勿断电。",
        "autoboot.txt is damaged. Run `sanmen update repair` before the power goes.",
    ),
    "on-trial": (
        "上一次更新正在试运行。请等几分钟再试。",
        "the last update is still on trial. Try again in a few minutes.",
    ),
    "busy": (
        "另一个更新正在进行。请等它结束。",
        "another update is running. Wait for its end.",
    ),
    "record": (
        "更新记录损坏。本机系统照常运行，请重新安装更新包。",
        "the record of the update is damaged. This system goes on; install the bundle again.",
    ),
    "name": (
        "门的名称不对，没有删除任何东西。请输入屏幕显示的名称。",
        "that is not this gate's name, and nothing was destroyed. Type the name as shown.",
    ),
    "store": (
        "数据库复制失败，新系统不启动，将自动退回旧系统。",
        "the database could not be copied; the new system does not start and goes back by itself.",
    ),
    "failed": ("更新失败，旧系统照常运行。", "the update failed; the system before goes on."),
}
"""Code -> what to tell; each says what to do."""
CODES: Final = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EROFS: "read-only",
    errno.EACCES: "read-only",
    errno.EPERM: "read-only",
    errno.EIO: "dying",
}


class UpdateError(SanmenError):
    """An update is refused or failed.

    Attributes:
        code: of WORDS.
        chinese: what is wrong and what to do.
        english: the same.

    """

    def __init__(self, code: str, thing: str, found: object) -> None:
        chinese, english = WORDS[code]
        super().__init__(thing, found, english)
        self.code = code
        self.chinese = chinese
        self.english = f"{english[:1].upper()}{english[1:]}"

    @property
    def told(self) -> str:
        """Both languages, and what was met."""
        return f"{self.chinese}\n{self.english}\n({self.thing}: {self.found})"


def of_system(thing: str, fault: OSError) -> UpdateError:
    """Return what to tell of a fault of disk or card."""
    return UpdateError(CODES.get(fault.errno or 0, "failed"), thing, fault.strerror or fault)
