"""Starts a program as a unit's sandbox would have it, as far as that can be done without systemd.

What is real here: no capability, no new privileges, the filter of system calls and of socket
families (libseccomp, which systemd uses too), memory that is never writable and executable,
limits, an empty network. What only a booted image proves: users, mounts and devices.
Run as `python sandboxed.py PLAN`, a JSON object, as root.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
from contextlib import suppress
from typing import Any

ALLOW, NOT_PERMITTED = 0x7FFF0000, 0x00050001
PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP, PR_SET_MDWE = 38, 24, 65
CLONE_NEWNET = 0x40000000
CAPABILITIES = 41
EQUAL = 4
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_NETLINK": 16}


class Comparison(ctypes.Structure):
    """struct scmp_arg_cmp."""

    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


def demand(held: bool, what: str) -> None:  # noqa: FBT001
    if not held:
        sys.exit(f"sandbox: {what}: {os.strerror(ctypes.get_errno())}")


def filter_calls(allowed: list[str], families: list[str]) -> None:
    """Allow these system calls alone, and sockets of these families alone."""
    seccomp = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(NOT_PERMITTED))
    demand(bool(context.value), "filter")
    for name in allowed:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number < 0 or name == "socket":
            continue  # of another architecture, or below
        added = seccomp.seccomp_rule_add_array(context, ALLOW, number, 0, None)
        demand(added == 0, f"filter for {name}")
    socket = seccomp.seccomp_syscall_resolve_name(b"socket")
    for family in families:
        only = Comparison(0, EQUAL, FAMILIES[family], 0)
        added = seccomp.seccomp_rule_add_array(context, ALLOW, socket, 1, ctypes.byref(only))
        demand(added == 0, f"filter for {family}")
    demand(seccomp.seccomp_load(context) == 0, "filter")


def main(plan: dict[str, Any]) -> None:
    """Give up everything the plan does not leave, and become the program."""
    libc = ctypes.CDLL(None, use_errno=True)
    if plan["alone"]:
        demand(libc.unshare(CLONE_NEWNET) == 0, "own network")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError):  # a container's root may not raise it; then no swap is what counts
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY,) * 2)
    for capability in range(CAPABILITIES):
        demand(libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0, f"capability {capability}")
    os.umask(0o077)
    demand(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges")
    if plan["deny_write_execute"]:
        demand(libc.prctl(PR_SET_MDWE, 1, 0, 0, 0) == 0, "memory")
    filter_calls(plan["calls"], plan["families"])
    os.execve(plan["command"][0], plan["command"], plan["environment"])  # noqa: S606


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
