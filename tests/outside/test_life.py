"""Start, signals and exit codes, as systemd sees them."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest

from tests.outside import confined
from tests.outside.conftest import Lan
from tests.outside.rules_for_all import rules_text
from tests.outside.server import PATIENCE, Server, confinement


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_ends_cleanly_within_two_seconds(lan: Lan, how: signal.Signals) -> None:
    with Server(lan.server, rules_text()) as server:
        began = time.monotonic()
        code = server.end(how)
        assert time.monotonic() - began < 2.0
        assert code == 0
        assert "Traceback" not in server.log()


def exit_code(server: Server) -> int:
    code = server.process.wait(PATIENCE)
    assert "Traceback" not in server.log()
    return code


def test_bad_rules_at_start_end_with_78_and_their_place(lan: Lan) -> None:
    with Server(lan.server, "rules:\n  - match: {vendr: fanvil}\n    url: http://x/\n", wait=False) as server:
        assert exit_code(server) == 78
        assert "rules.yaml:2:13" in server.log()
        assert "vendor" in server.log()


def test_no_rules_file_ends_with_78(lan: Lan) -> None:
    server = Server(lan.server, "", wait=False)
    server.rules.unlink()
    with server:
        assert exit_code(server) == 78
        assert "rules.yaml" in server.log()


def test_a_port_that_is_taken_ends_with_69(lan: Lan) -> None:
    held = lan.server.socket("0.0.0.0", 5060)
    try:
        with Server(lan.server, rules_text(), wait=False) as server:
            assert exit_code(server) == 69
            assert "5060" in server.log()
    finally:
        held.close()


def test_wrong_usage_ends_with_64(lan: Lan) -> None:
    with Server(lan.server, rules_text(), "--no-such-option", wait=False) as server:
        assert exit_code(server) == 64


def test_ready_is_told_after_the_group_was_joined(lan: Lan) -> None:
    with Server(lan.server, rules_text(), wait=False) as server:
        server.wait_for_notice("READY=1")
        assert "224.0.1.75" in lan.server.run("ip", "maddress", "show", "dev", "eth1")


def test_all_of_this_runs_without_any_privilege(lan: Lan) -> None:
    """Nobody, no capability, the unit's system call filter: so `Server` starts it unless told otherwise."""
    if not confinement():
        pytest.skip(f"no confinement here: {confined.why_not()}")
    with Server(lan.server, rules_text()) as server:
        rows = Path(f"/proc/{server.process.pid}/status").read_text().split("\n")
    status = dict(row.split(":\t", 1) for row in rows if ":\t" in row)
    assert set(status["Uid"].split()) == set(status["Gid"].split()) == {str(confined.NOBODY)}
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_the_filter_is_that_of_the_unit(lan: Lan) -> None:
    if not confinement():
        pytest.skip(f"no confinement here: {confined.why_not()}")
    refused = (
        "import errno, os, socket, sys\n"
        "def number(call):\n"
        "    try: call()\n"
        "    except OSError as error: return error.errno\n"
        "calls = [lambda: os.chown('/', 0, 0), lambda: os.nice(1), lambda: socket.socket(17, 2),\n"
        "         lambda: os.sched_setaffinity(0, {0}), lambda: os.setuid(0)]\n"
        "sys.exit({number(call) for call in calls} != {errno.EPERM})\n"
    )
    assert "chown" not in confined.system_calls()
    lan.server.run(*confinement(), sys.executable, "-c", refused)
