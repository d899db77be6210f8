"""Start, signals and exit codes, as systemd sees them."""

from __future__ import annotations

import signal
import time

import pytest

from tests.outside.conftest import Lan
from tests.outside.rules_for_all import rules_text
from tests.outside.server import PATIENCE, Server


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
