"""Runs a program as the unit runs it: unprivileged, without any capability, under its system call filter.

    python confined.py FILTER PROGRAM [ARGUMENT ...]

FILTER holds the filter as the kernel takes it; `write_filter` makes it from the words of the unit file and
the lists of `systemd-analyze syscall-filter`. To be started as root in a mount namespace of its own, as
`ip netns exec` gives it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

UNIT = Path(__file__).parents[2] / "systemd" / "pnp-responder.service"
NOBODY = 65_534
_FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_NETLINK": 16, "AF_PACKET": 17}

# linux/prctl.h, linux/seccomp.h, seccomp.h of libseccomp
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _PR_SET_MDWE = 24, 38, 22, 65
_SECCOMP_MODE_FILTER = 2
_CAPABILITIES = 64
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
_EQUAL = 4


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


class _Comparison(ctypes.Structure):
    _fields_ = (
        *(("argument", ctypes.c_uint), ("operator", ctypes.c_int)),
        *(("first", ctypes.c_uint64), ("second", ctypes.c_uint64)),
    )


def why_not() -> str | None:
    """Why a program cannot be confined here; None if it can."""
    try:
        ctypes.CDLL("libseccomp.so.2")
        subprocess.run(["systemd-analyze", "--version"], capture_output=True, check=True)
    except OSError as error:
        return str(error)
    return None


def setting(name: str) -> list[str]:
    """The values of a setting of the unit, one for each line."""
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)


def system_calls() -> set[str]:
    """Those that the unit allows."""
    allowed: set[str] = set()
    for line in setting("SystemCallFilter"):
        names = _expanded(line.lstrip("~").split())
        allowed = allowed - names if line.startswith("~") else allowed | names
    # systemd allows these whatever the unit says; without them no program could be started.
    return allowed | _expanded(["@default"])


def _expanded(words: list[str]) -> set[str]:
    found = {word for word in words if not word.startswith("@")}
    for group in (word for word in words if word.startswith("@")):
        listed = subprocess.run(
            ["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True
        ).stdout
        rows = [row.strip() for row in listed.split("\n")[1:]]
        found |= _expanded([row for row in rows if row and not row.startswith("#")])
    return found


def write_filter(path: Path) -> None:
    """The unit's SystemCallFilter= and RestrictAddressFamilies= as a program for the kernel."""
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_REFUSE)))
    allow = ctypes.c_uint32(_ALLOW)
    for name in system_calls() - {"socket"}:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # else it is one of another architecture
            assert library.seccomp_rule_add_array(context, allow, number, 0, None) == 0, name
    number = library.seccomp_syscall_resolve_name(b"socket")
    for family in " ".join(setting("RestrictAddressFamilies")).split():
        comparison = _Comparison(0, _EQUAL, _FAMILIES[family], 0)
        added = library.seccomp_rule_add_array(context, allow, number, 1, ctypes.byref(comparison))
        assert added == 0, family
    with path.open("wb") as file:
        assert library.seccomp_export_bpf(context, file.fileno()) == 0


def _open_the_way_to(folder: Path) -> None:
    """Let everybody reach an interpreter that lives below somebody's home."""
    for ancestor in reversed(folder.parents):
        if not ancestor.stat().st_mode & 0o001:
            aside = tempfile.mkdtemp(dir="/dev/shm")
            for argv in (
                ["mount", "--bind", str(folder), aside],
                ["mount", "-t", "tmpfs", "-o", "mode=755,size=1m", "tmpfs", str(ancestor)],
                ["mkdir", "-p", str(folder)],
                ["mount", "--bind", aside, str(folder)],
                ["umount", aside],
            ):
                subprocess.run(argv, check=True)
            os.rmdir(aside)


def _prctl(option: int, *values: object) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, *values, *[0] * (4 - len(values))):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _prctl_if_known(option: int, value: int) -> None:
    try:
        _prctl(option, value)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise


def main() -> None:
    """Confine this process and become the program."""
    octets = Path(sys.argv[1]).read_bytes()
    _open_the_way_to(Path(sys.base_prefix).resolve())
    for capability in range(_CAPABILITIES):
        _prctl_if_known(_PR_CAPBSET_DROP, capability)
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl_if_known(_PR_SET_MDWE, 1)  # MemoryDenyWriteExecute=, from Linux 6.3 on
    program = _Program(len(octets) // 8, octets)
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program))
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
