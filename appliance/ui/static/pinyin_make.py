"""Makes the keyboard's table, a syllable and its characters a line, the likeliest first.

Run it where pypinyin 0.55.0 is installed: `python appliance/ui/static/pinyin_make.py`. Order:
surnames, as most of what is typed here are names; then how often pypinyin's 47,000 phrases have
the character; then Unicode's order, so that every one of the 20,924 can be reached.
"""

# ruff: noqa: INP001 - a script beside what it makes, no package

from __future__ import annotations

from collections import Counter, defaultdict
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Final

SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈"
    "钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔"
    "赖文施洪辛柯庄温牛樊葛邢安齐伍庞颜倪聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮纪梅童凌毕单季裴霍涂"
    "成苗谷曲盛冉翁蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜"
    "冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝"
)
AS_SURNAMES: Final = MappingProxyType(
    {
        "单": "shan",
        "解": "xie",
        "仇": "qiu",
        "查": "zha",
        "曾": "zeng",
        "乐": "yue",
        "翟": "zhai",
        "覃": "qin",
        "缪": "miao",
        "宿": "su",
        "朴": "piao",
        "区": "ou",
    }
)
"""Surnames that are read otherwise than the character mostly is."""
HERE: Final = Path(__file__).parent


def main() -> None:
    """Write pinyin.txt beside this file."""
    pypinyin = import_module("pypinyin")
    phrases: dict[str, object] = import_module("pypinyin.phrases_dict").phrases_dict
    often = Counter("".join(phrases))
    surname = {one: n for n, one in enumerate(SURNAMES)}
    found: defaultdict[str, list[tuple[bool, str]]] = defaultdict(list)
    for code in range(0x4E00, 0x9FFF + 1):
        one = chr(code)
        read = pypinyin.pinyin(one, style=pypinyin.Style.NORMAL, heteronym=True, errors="ignore")
        syllables = list(dict.fromkeys(_plain(text) for text in (read[0] if read else [])))
        for n, syllable in enumerate(syllables):
            if syllable.isalpha():
                usual = n == 0 or AS_SURNAMES.get(one) == syllable
                found[syllable].append((not usual, one))
    lines = ["# Made by pinyin_make.py from pypinyin 0.55.0 (MIT, Hui Lu)."]
    for syllable in sorted(found):
        ordered = sorted(
            found[syllable],
            key=lambda each: (each[0], surname.get(each[1], 999), -often[each[1]], each[1]),
        )
        lines.append(f"{syllable} {''.join(one for _, one in ordered)}")
    (HERE / "pinyin.txt").write_text("\n".join(lines) + "\n", "utf-8")


def _plain(syllable: str) -> str:
    return syllable.replace("v", "ü").replace("ê", "e")


if __name__ == "__main__":
    main()
