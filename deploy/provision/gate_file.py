"""Reads the technician's gate.toml, and says in their words what is wrong with it and where."""

# ruff: noqa: RUF001 - Chinese has its own punctuation

from __future__ import annotations

import re
import tomllib
from typing import Final

import msgspec
from msgspec import inspect

from appliance.errors import ConfigError
from provision.answers import Answers

LARGEST: Final = 65_536
"""Bytes; a filled-in file has about 2,000."""
WIDE: Final = "“”‘’＝，：；［］【】＃"
"""What a Chinese keyboard writes where TOML wants plain signs."""


class GateFileError(ConfigError):
    """The technician's file is refused.

    Attributes:
        line: where, counted from 1; 0 = nowhere in particular.
        chinese: what is wrong and what to do, for the technician.
        english: the same.

    """

    def __init__(self, line: int, chinese: str, english: str) -> None:
        super().__init__("gate.toml", f"line {line}" if line else "the file", english)
        self.line = line
        self.chinese = f"第 {line} 行：{chinese}" if line else chinese
        self.english = f"Line {line}: {english}" if line else english


def read(text: str) -> Answers:
    """Return what the text of a file says.

    Raises:
        GateFileError: no TOML, cut short, or a key is unknown, missing, given twice or out of its
            range.

    """
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as fault:
        raise _no_toml(text, str(fault)) from fault
    if "end" not in raw:
        raise GateFileError(
            0,
            "文件不完整：缺少最后的 [end] 和 complete = true。请重新复制文件，安全弹出后再拔卡。",
            "the file is cut short: its last lines [end], complete = true are missing. Copy it "
            "again, and eject the card before you pull it.",
        )
    try:
        answers = msgspec.convert(raw, Answers)
    except msgspec.ValidationError as fault:
        raise _explained(str(fault), text) from fault
    _check(answers, text)
    return answers


def line_of(text: str, table: str, key: str = "") -> int:
    """Return the line on which a table begins, or one of its keys stands; 0 if on none."""
    here = ""
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\s*([A-Za-z0-9_.\"'-]+)\s*\]", line)
        if header:
            here = header[1].strip("\"'")
            if here == table and not key:
                return number
        named = re.match(r"\s*[\"']?([^\"'=\s]+)[\"']?\s*=", line)
        if named and key:
            dotted = f"{here}.{named[1]}" if here else named[1]
            if dotted == f"{table}.{key}" or (not table and dotted == key):
                return number
    return 0


def text_of(content: bytes) -> str:
    """Return the text of a file: UTF-8 with or without a BOM, or UTF-16 with one, any line ends.

    Raises:
        GateFileError: empty, huge, or no text.

    """
    if not content.strip(b"\0 \t\r\n"):
        raise GateFileError(0, "文件是空的。请重新复制。", "the file is empty. Copy it again.")
    if len(content) > LARGEST:
        raise GateFileError(
            0,
            f"文件太大（超过 {LARGEST} 字节），不是门的设置文件。",
            f"over {LARGEST} bytes: this is not a gate's settings file.",
        )
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = content.decode("utf-16")
        else:
            text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content[: fault.start].count(b"\n") + 1
        raise GateFileError(
            line,
            "不是 UTF-8 文本。请用记事本“另存为”，编码选 UTF-8。",
            "not UTF-8 text. Save it again with encoding UTF-8.",
        ) from fault
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise GateFileError(
            line,
            "含有非文字内容：文件损坏，请重新复制。",
            "holds what is no text: the file is damaged, copy it again.",
        )
    return text


def _no_toml(text: str, said: str) -> GateFileError:
    place = re.search(r"at line (\d+)", said)
    lines = text.splitlines()
    number = int(place[1]) if place else len(lines)
    if "Cannot overwrite" in said or "twice" in said or "Duplicate" in said:
        return GateFileError(
            number,
            "同一项写了两次。请删掉一个。",
            "the same key or table for the second time. Remove one.",
        )
    shown = lines[number - 1] if 0 < number <= len(lines) else ""
    wide = next((sign for sign in WIDE if sign in shown.partition("#")[0]), "")
    if wide:
        return GateFileError(
            number,
            f"用了全角符号 {wide}。请切换到英文输入法，改用半角符号。",
            f"the wide sign {wide}. Type it on an English keyboard.",
        )
    return GateFileError(
        number,
        '格式不对。每行应为：名称 = "内容"，引号要成对。',
        'not as it should be: name = "text", with both quotation marks.',
    )


def _explained(message: str, text: str) -> GateFileError:
    """Turn the checker's words into the technician's."""
    said, _, place = message.partition(" - at `$")
    table, _, key = place.rstrip("`").lstrip(".").partition(".")
    named = re.search(r"(unknown|missing required) field `(.*)`", said)
    if named:
        known = "、".join(_keys(table))
        where = f"[{table}]" if table else "文件 the file"
        if named[1] == "unknown":
            line = line_of(text, table, named[2]) or line_of(text, named[2])
            return GateFileError(
                line,
                f"不认识 {named[2]!r}。{where} 里可以写：{known}。",
                f"{named[2]!r} is unknown. {where} takes: {known.replace('、', ', ')}.",
            )
        return GateFileError(
            line_of(text, table),
            f"{where} 里缺少 {named[2]}。",
            f"{where} lacks {named[2]}.",
        )
    expected = re.sub(r"^Expected ", "", said).replace("`", "").partition(", got")[0]
    if said.startswith("Invalid enum value"):
        expected = "one of " + ", ".join(_choices(table, key))
    return GateFileError(
        line_of(text, table, key) or line_of(text, table) or line_of(text, "", table),
        f"{table}.{key} 的值不对，应为 {expected}。" if key else f"{table} 应为一节 [{table}]。",
        f"{table}.{key} should be {expected}." if key else f"{table} should be a table [{table}].",
    )


def _check(answers: Answers, text: str) -> None:
    """Refuse what is right key by key and wrong as a whole."""
    reader = answers.reader
    if not answers.end.complete:
        raise GateFileError(
            line_of(text, "end", "complete"),
            "填完后请写 complete = true。",
            "write complete = true when everything is filled in.",
        )
    if (reader.driver == "osdp") != bool(reader.key):
        raise GateFileError(
            line_of(text, "reader", "key") or line_of(text, "reader"),
            "key 是 OSDP 读卡器的密钥：OSDP 必须写，其他读卡器不要写。",
            "key belongs to an OSDP reader: needed there, and nowhere else.",
        )
    if reader.driver in {"osdp", "pn532"} and not reader.source:
        raise GateFileError(
            line_of(text, "reader", "source") or line_of(text, "reader"),
            f"{reader.driver} 读卡器必须写 source（接在哪里）。",
            f"a {reader.driver} reader needs source: where it is connected.",
        )
    if reader.key and len(set(bytes.fromhex(reader.key))) == 1:
        raise GateFileError(
            line_of(text, "reader", "key"),
            "密钥太简单，必须是随机的。",
            "this key is no random one.",
        )


def _keys(table: str) -> list[str]:
    kind = inspect.type_info(Answers)
    assert isinstance(kind, inspect.StructType)  # noqa: S101 - it is a Struct
    if table:
        inner = next((one.type for one in kind.fields if one.encode_name == table), kind)
        kind = inner if isinstance(inner, inspect.StructType) else kind
    return [one.encode_name for one in kind.fields]


def _choices(table: str, key: str) -> list[str]:
    kind: inspect.Type = inspect.type_info(Answers)
    for step in (table, key):
        if isinstance(kind, inspect.StructType):
            kind = next(one.type for one in kind.fields if one.encode_name == step)
    return [str(word) for word in kind.values] if isinstance(kind, inspect.LiteralType) else []
