"""SIPp as the phone: another program's idea of SIP. The scenarios are files in `sipp/`; a new one is data."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outside.conftest import PHONE, SERVER, Lan
from tests.outside.namespaces import GROUP, REQUIRED
from tests.outside.rules_for_all import rules_text
from tests.outside.server import Server

FOLDER = Path(__file__).parent / "sipp"
SCENARIOS = sorted(FOLDER.glob("*.xml"))
BY_UNICAST = {"options", "invite", "unknown-event", "cancel", "register"}


@pytest.fixture(scope="module")
def sipp() -> str:
    found = shutil.which("sipp")
    if found is None:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"{REQUIRED}=1, but there is no `sipp` (package sip-tester)")
        pytest.skip("no `sipp` (package sip-tester)")
    return found


@pytest.fixture(scope="module")
def server(lan: Lan, sipp: str) -> Iterator[Server]:
    lan.phones.run("ip", "route", "replace", "224.0.0.0/4", "dev", "eth0")
    with Server(lan.server, rules_text()) as running:
        yield running


def test_there_are_scenarios() -> None:
    assert len(SCENARIOS) >= 12
    assert {path.stem for path in SCENARIOS} >= BY_UNICAST


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(lan: Lan, server: Server, sipp: str, scenario: Path, tmp_path: Path) -> None:
    target = SERVER if scenario.stem in BY_UNICAST else GROUP
    options = [
        "-sf",
        str(scenario),
        "-i",
        PHONE,
        "-p",
        "5071",
        "-m",
        "1",
        "-nostdin",
        "-timeout",
        "10",
        "-timeout_error",
    ]
    traces = ["-trace_err", "-error_file", "errors", "-trace_msg", "-message_file", "messages"]
    ended = subprocess.run(
        lan.phones.command([sipp, f"{target}:5060", *options, *traces]),
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=30,
        env={**os.environ, "TERM": "dumb"},
    )
    told = "\n".join(path.read_text(errors="replace") for path in sorted(tmp_path.iterdir()))
    assert ended.returncode == 0, f"{told}\n{ended.stderr.decode(errors='replace')}"
