"""The rules of the house (design.md section 3), held over every file; each can be seen to fail."""

from __future__ import annotations

import ast
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent
ROOMS = ("vision", "gate", "ui")
SHARED = {"config", "sections", "pad_section", "messages", "link", "clock", "errors", "watchdog"}
SHARED |= {"hardening", "process_memory"}
SHARED |= {"terminal", "preview_link", "sign_sections"}
SHARED |= {"camera_section", "orders", "light"}
COMPOSITION = ("appliance/selftest.py", "appliance/supervisor.py")
"""Beside cli/: the files above the rooms, which may import their process modules."""
PURE = ("appliance/gate/access/",)
PURE_FILES = ("appliance/gate/enrolment/session.py", "appliance/ui/screens.py")
PURE_FILES += tuple(
    f"appliance/ui/{one}.py" for one in ("counter_screens", "look", "model", "steady", "table")
)
SCREEN = tuple(
    f"appliance.ui.{one}"
    for one in (
        *("table", "look", "model", "counter_screens", "words", "words_acts", "words_faults"),
        *("words_office", "words_public", "words_resident", "words_rows", "words_states"),
    )
)
PURE_IMPORTS = {"__future__", "collections", "dataclasses", "datetime", "enum", "re", "types"}
PURE_IMPORTS |= {"typing", "zoneinfo"}
PICTURES = {"cv2", "mediapipe", "tflite_runtime", "ai_edge_litert", "zxingcpp", "picamera2"}
KEYS = {"sqlite3", "sqlite_utils", "cryptography", "hmac", "secrets"}
UPLOADS = {
    "urllib",
    "http",
    "requests",
    "httpx",
    "aiohttp",
    "smtplib",
    "ftplib",
    "telnetlib",
    "xmlrpc",
    "socketserver",
    "ssl",
    "asyncio",
    "websockets",
    *("anyio", "h11", "starlette", "uvicorn", "wsproto"),
}
LOOPBACK = {
    # The screen's server, on this machine's own address alone: who may name what, and no more.
    "asyncio": ("hub", "gate_line", "guard", "preview", "connections", "process"),
    "starlette": ("server", "guard", "preview", "process"),
    "uvicorn": ("process", "connections"),
    "h11": ("connections",),
    "urllib.parse": ("forms",),
}
OUTWARD = {
    *("create_connection", "create_server", "create_datagram_endpoint", "getaddrinfo"),
    *("open_connection", "open_unix_connection", "start_server", "start_unix_server"),
    *("sock_connect", "connect_tcp", "create_tcp_listener", "create_unix_server"),
    *("create_unix_connection", "subprocess_exec", "create_subprocess_exec"),
    "create_subprocess_shell",
}
"""What opens a socket or a process in a library that may be named for something else."""
SOCKETS = ("appliance/link.py", "appliance/preview_link.py", "appliance/supervisor.py")
DRIVERS = {
    "gpiozero": (
        "hardware/door_gpio.py",
        "hardware/pi_pins.py",
        "hardware/relay_line.py",
        "hardware/wiegand.py",
    ),
    "lgpio": ("hardware/pi_pins.py",),
    "picamera2": ("hardware/camera_libcamera.py",),
    "libcamera": ("hardware/camera_libcamera.py",),
    "smartcard": ("hardware/reader_pcsc.py",),
    "serial": ("hardware/pn532_link.py",),
    "smbus2": ("hardware/pn532_link.py",),
    "spidev": ("hardware/pn532_link.py",),
    "osdp": ("hardware/reader_osdp.py",),
    "tpm2_pytss": ("appliance/gate/store/roots/tpm.py",),
    "sdnotify": ("appliance/watchdog.py",),
    "zxingcpp": ("appliance/vision/qr_image.py",),
    "tflite_runtime": ("appliance/vision/inference.py",),
    "mediapipe": (),
}
LONGEST = 300
TOP = {"pyproject.toml", "README.md", "appliance", "hardware", "deploy", "tests", "systemd"}
TOP |= {"LICENSE", "CHANGELOG.md"}
LEFTOVERS = {"dist", "build", "__pycache__"}
AT_IMPORT = {
    # What makes a constant: no file, device, socket, clock or network is touched by these.
    *("frozenset", "set", "dict", "tuple", "list", "zip", "range", "max", "min", "len", "sum"),
    *(
        "int",
        "float",
        "bytes",
        "str",
        "array",
        "timedelta",
        "datetime",
        "compile",
        "Struct",
        "values",
        "items",
        "keys",
    ),
    *("accumulate", "slice", "enumerate"),
    "to",  # of gate/counter/form.py: the handler of an act that only goes to a page
    *("TypeVar", "ParamSpec", "NewType", "dataclass", "field", "Meta", "MappingProxyType", "cast"),
    *("PurePosixPath", "Path", "Typer", "Option", "Argument", "command", "callback", "fromhex"),
}


def imports(tree: ast.Module) -> Iterator[str]:
    """Give each module imported anywhere in a file, also for types only, as a dotted name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield "relative." + (node.module or "")
            else:
                yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
            ("import_module", "__import__")
        ):
            yield from (a.value for a in node.args if isinstance(a, ast.Constant))


def begins(name: str, *prefixes: str) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def room_of(path: str) -> str | None:
    parts = PurePosixPath(path).parts
    return parts[1] if parts[0] == "appliance" and parts[1] in ROOMS else None


def above_the_rooms(path: str) -> bool:
    return path.startswith("appliance/cli/") or path in COMPOSITION


def rooms_stay_apart(path: str, tree: ast.Module) -> Iterator[str]:
    """Rule 1."""
    room = room_of(path)
    for name in imports(tree):
        if not begins(name, "appliance"):
            continue
        target = [*name.split("."), ""][1]
        if room and target != room and target not in SHARED:
            yield f"{room} imports {name}"
        if room is None and target in ROOMS and not above_the_rooms(path):
            yield f"imports {name} of a room"


def zones_hold(path: str, tree: ast.Module) -> Iterator[str]:
    """Rule 2."""
    forbidden = {
        "gate": PICTURES,
        "vision": KEYS | {"socket"},
        "ui": PICTURES | KEYS | {"socket"},
    }.get(room_of(path) or "", set())
    yield from (f"imports {name}" for name in imports(tree) if begins(name, *forbidden))


def core_is_pure(path: str, tree: ast.Module) -> Iterator[str]:
    """Rule 3."""
    if not (path.startswith(PURE) or path in PURE_FILES):
        return
    own = ("appliance.messages", "appliance.terminal", "appliance.gate.access", *SCREEN)
    for name in imports(tree):
        if name.split(".")[0] not in PURE_IMPORTS and not begins(name, *own):
            yield f"imports {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {
            *("datetime.now", "datetime.utcnow", "date.today", "open", "print", "input", "exec"),
            "eval",
        }:
            yield f"calls {ast.unparse(node.func)}"


def devices_stay_below(path: str, tree: ast.Module) -> Iterator[str]:
    """Rule 4: direction of dependency, and each vendor library in its own driver alone."""
    types_only = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for name in imports(ast.Module(node.body, []))
    }
    for name in imports(tree):
        if path.startswith("hardware/") and begins(name, "appliance"):
            yield f"imports {name}"
        if path.startswith("appliance/") and begins(name, "hardware"):
            allowed = ["hardware.ports", "hardware.errors"]
            if path in {f"appliance/{room}/process.py" for room in ROOMS}:
                allowed.append("hardware.board")
            if path.startswith("appliance/cli/"):
                allowed.append("hardware.sim")
                if name in types_only:
                    allowed.append("hardware.door_gpio")
            if not begins(name, *allowed):
                yield f"imports {name}"
        yield from (
            f"imports {name}"
            for library, homes in DRIVERS.items()
            if begins(name, library) and path not in homes
        )


def nothing_leaves(path: str, tree: ast.Module) -> Iterator[str]:
    """Law 4: there is no code that could upload, and no socket but a Unix one."""
    allowed = {
        library
        for library, files in LOOPBACK.items()
        if path in {f"appliance/ui/{file}.py" for file in files}
    }
    for name in imports(tree):
        if begins(name, *UPLOADS) and not begins(name, *allowed):
            yield f"imports {name}"
        if begins(name, "socket") and path not in SOCKETS:
            yield f"imports {name}"
    if path not in SOCKETS:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("AF_"):
            if node.attr != "AF_UNIX":
                yield f"uses {node.attr}"
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) in {"socket.socket", "socket.socketpair"}
            and (not node.args or ast.unparse(node.args[0]) != "socket.AF_UNIX")
        ):
            yield "opens a socket of no stated family"
        elif isinstance(node, ast.Attribute) and node.attr in {
            "create_connection",
            "create_server",
            "getaddrinfo",
        }:
            yield f"uses {node.attr}"


def loopback_alone(path: str, tree: ast.Module) -> Iterator[str]:
    """Law 4 in the screen's server: one listener, at 127.0.0.1 by its literal, and no other."""
    if room_of(path) != "ui":
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            name = node.attr if isinstance(node, ast.Attribute) else node.id
            if name in OUTWARD:
                yield f"uses {name}"
        if not isinstance(node, ast.Call):
            continue
        given = {word.arg: ast.unparse(word.value) for word in node.keywords}
        if ast.unparse(node.func) in {"uvicorn.run", "run_until_complete"}:
            yield f"calls {ast.unparse(node.func)}"
        listens = ast.unparse(node.func).endswith("uvicorn.Config")
        if listens and (given.get("host") != "'127.0.0.1'" or {None, "uds", "fd"} & set(given)):
            yield f"listens at {given.get('host', 'any address')}"


def nothing_happens_at_import(_: str, tree: ast.Module) -> Iterator[str]:
    """Rule 4, last sentence; `__main__` guards and constants aside."""
    for node in tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test) in {
            "TYPE_CHECKING",
            "__name__ == '__main__'",
        }:
            continue
        if isinstance(node, ast.For | ast.While | ast.With | ast.Try):
            yield f"line {node.lineno}: {type(node).__name__}"
        yield from (
            f"line {call.lineno}: calls {ast.unparse(call.func)}"
            for call in _calls(node)
            if _called(call) not in AT_IMPORT and not _called(call).lstrip("_")[:1].isupper()
        )


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    """Give what runs when this statement is met; bodies of functions do not."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        outside: list[ast.AST] = [*getattr(node, "decorator_list", [])]
        outside += [one for one in (*node.args.defaults, *node.args.kw_defaults) if one]
        for part in outside:
            yield from _calls(part)
        return
    if isinstance(node, ast.Call):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _calls(child)


def file_has_one_purpose(_: str, tree: ast.Module) -> Iterator[str]:
    """Rule 5: one sentence first, and no `global`."""
    first = (ast.get_docstring(tree) or "").split("\n\n")[0].strip()
    if not first.endswith("."):
        yield "does not begin with a sentence of purpose"
    elif ". " in first.replace("\n", " ") or len(first.split()) < 3:
        yield f"begins with more or less than one sentence: {first}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield f"line {node.lineno}: global {', '.join(node.names)}"


def patterns_end_where_the_text_ends(_: str, tree: ast.Module) -> Iterator[str]:
    """`$` also matches before a last line end: a checked value ends in `\\Z` instead."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "pattern" and "$" in ast.unparse(node):
            yield f"line {node.lineno}: {ast.unparse(node)}"


RULES = (
    rooms_stay_apart,
    zones_hold,
    core_is_pure,
    devices_stay_below,
    nothing_leaves,
    loopback_alone,
    nothing_happens_at_import,
    file_has_one_purpose,
    patterns_end_where_the_text_ends,
)


def sources(*folders: str) -> dict[str, str]:
    return {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for folder in folders or ("appliance", "hardware")
        for path in sorted((ROOT / folder).rglob("*.py"))
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_file_keeps_the_rule(rule: Callable[[str, ast.Module], Iterator[str]]) -> None:
    broken = [
        f"{path}: {fault}"
        for path, text in sources().items()
        for fault in rule(path, ast.parse(text))
    ]
    assert broken == []


def test_what_first_start_and_updates_read_is_matched_to_its_end() -> None:
    texts = sources("deploy")
    assert len(texts) > 20
    assert [
        one
        for path, text in texts.items()
        for one in patterns_end_where_the_text_ends(path, ast.parse(text))
    ] == []


def test_no_file_is_too_long_to_be_read_at_once() -> None:
    lengths = {path: len(text.splitlines()) for path, text in sources().items()}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}


def test_the_top_level_holds_what_was_agreed_and_nothing_else() -> None:
    there = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert there - LEFTOVERS - TOP == set()


def test_there_are_files_to_hold_the_rules_over() -> None:
    assert len(sources()) > 50


DOC = '"""Does one thing well."""\n'
PLANTED = {
    ("gate sees", rooms_stay_apart, "appliance/gate/a.py"): "from appliance.vision import samples",
    ("vision decides", rooms_stay_apart, "appliance/vision/a.py"): "import appliance.gate.journal",
    ("for types only", rooms_stay_apart, "appliance/vision/b.py"): (
        "if TYPE_CHECKING:\n    from appliance.gate.journal import Journal"
    ),
    ("inside a function", rooms_stay_apart, "appliance/gate/b.py"): (
        "def f():\n    import appliance.vision"
    ),
    (
        "by name",
        rooms_stay_apart,
        "appliance/gate/c.py",
    ): "import_module('appliance.vision.process')",
    ("a shared file", rooms_stay_apart, "appliance/link.py"): "from appliance.gate import journal",
    ("the command", rooms_stay_apart, "appliance/gate/d.py"): "from appliance.cli import run",
    ("gate with pixels", zones_hold, "appliance/gate/a.py"): "import cv2",
    ("gate with a model", zones_hold, "appliance/gate/b.py"): "from tflite_runtime import x",
    ("vision with a database", zones_hold, "appliance/vision/a.py"): "import sqlite3",
    ("vision with a key", zones_hold, "appliance/vision/b.py"): "from cryptography import x",
    ("vision with a socket", zones_hold, "appliance/vision/c.py"): "import socket",
    ("core with numpy", core_is_pure, "appliance/gate/access/a.py"): "import numpy",
    ("core with time", core_is_pure, "appliance/gate/access/b.py"): "import time",
    ("core with a store", core_is_pure, "appliance/gate/access/c.py"): (
        "from appliance.gate.store.roster import Roster"
    ),
    ("core with a clock", core_is_pure, "appliance/gate/access/d.py"): (
        "def f():\n    return datetime.now()"
    ),
    ("session with a file", core_is_pure, "appliance/gate/enrolment/session.py"): (
        "def f():\n    open('x')"
    ),
    ("device above", devices_stay_below, "hardware/a.py"): "from appliance.errors import LinkError",
    ("driver in gate", devices_stay_below, "appliance/gate/a.py"): (
        "from hardware.door_gpio import GpioDoor"
    ),
    ("board in controller", devices_stay_below, "appliance/gate/controller.py"): (
        "from hardware import board"
    ),
    ("simulator in vision", devices_stay_below, "appliance/vision/a.py"): (
        "from hardware.sim import phone"
    ),
    ("driver in the command", devices_stay_below, "appliance/cli/a.py"): (
        "from hardware.door_gpio import MockDoor"
    ),
    ("vendor library", devices_stay_below, "hardware/reader_pn532.py"): "import gpiozero",
    ("mediapipe anywhere", devices_stay_below, "appliance/vision/a.py"): "import mediapipe",
    ("upload", nothing_leaves, "appliance/cli/a.py"): "from urllib.request import urlopen",
    ("mail", nothing_leaves, "appliance/gate/a.py"): "import smtplib",
    ("bare socket", nothing_leaves, "hardware/a.py"): "import socket",
    ("network family", nothing_leaves, "appliance/link.py"): "socket.socket(socket.AF_INET)",
    ("default family", nothing_leaves, "appliance/link.py "): "socket.socket()",
    ("connection", nothing_leaves, "appliance/supervisor.py"): "socket.create_connection(a)",
    ("server in gate", nothing_leaves, "appliance/gate/a.py"): "import uvicorn",
    ("server elsewhere in ui", nothing_leaves, "appliance/ui/screens.py"): "import starlette",
    ("loop in vision", nothing_leaves, "appliance/vision/a.py"): "import asyncio",
    ("upload in the server", nothing_leaves, "appliance/ui/server.py"): "import http.client",
    ("upload beside a parser", nothing_leaves, "appliance/ui/forms.py"): (
        "from urllib.request import urlopen"
    ),
    ("loop that connects", loopback_alone, "appliance/ui/hub.py"): (
        "async def f():\n    await asyncio.open_connection('a', 1)"
    ),
    ("loop that listens", loopback_alone, "appliance/ui/gate_line.py"): (
        "async def f():\n    await asyncio.get_running_loop().create_server(f, 'a', 1)"
    ),
    ("connection by name", loopback_alone, "appliance/ui/preview.py"): (
        "from asyncio import open_connection\nopen_connection('a', 1)"
    ),
    ("listens to all", loopback_alone, "appliance/ui/process.py"): (
        "uvicorn.Config(app, host='0.0.0.0')"
    ),
    ("listens where told", loopback_alone, "appliance/ui/process.py "): (
        "uvicorn.Config(app, host=host)"
    ),
    ("listens at a default", loopback_alone, "appliance/ui/process.py  "): "uvicorn.Config(app)",
    ("listens by options", loopback_alone, "appliance/ui/process.py   "): (
        "uvicorn.Config(app, host='127.0.0.1', **options)"
    ),
    ("listens at once", loopback_alone, "appliance/ui/process.py    "): "uvicorn.run(app)",
    ("ui with a socket", zones_hold, "appliance/ui/a.py"): "import socket",
    ("ui with a key", zones_hold, "appliance/ui/b.py"): "import secrets",
    ("device opened", nothing_happens_at_import, "hardware/a.py"): "FD = os.open('/dev/x', 0)",
    ("file read in a class", nothing_happens_at_import, "hardware/b.py"): (
        "class A:\n    text = open('x').read()"
    ),
    ("in a default", nothing_happens_at_import, "hardware/c.py"): "def f(a=time.time()): pass",
    ("in a loop", nothing_happens_at_import, "hardware/d.py"): "for a in b:\n    pass",
    ("line end let in", patterns_end_where_the_text_ends, "hardware/a.py"): (
        "A = Annotated[str, Meta(pattern=r'^a$')]"
    ),
    ("global", file_has_one_purpose, "hardware/a.py"): "def f():\n    global a",
}


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [(rule, path.strip(), text) for (_, rule, path), text in PLANTED.items()],
    ids=[name for name, _, _ in PLANTED],
)
def test_a_planted_violation_is_found(
    rule: Callable[[str, ast.Module], Iterator[str]], path: str, text: str
) -> None:
    assert list(rule(path, ast.parse(DOC + text)))


@pytest.mark.parametrize(
    "text",
    ["", "import os", '"""No full stop"""', '"""One sentence. And another."""', '"""Short."""'],
)
def test_a_file_without_one_sentence_of_purpose_is_found(text: str) -> None:
    assert list(file_has_one_purpose("hardware/a.py", ast.parse(text)))


INNOCENT = """
import socket
from dataclasses import dataclass

LIMIT = frozenset({1})

@dataclass(frozen=True)
class A:
    b: int = 1

def f():
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

if __name__ == "__main__":
    f()
"""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_an_innocent_file_is_left_alone(
    rule: Callable[[str, ast.Module], Iterator[str]],
) -> None:
    assert not list(rule("appliance/link.py", ast.parse(DOC + INNOCENT)))
