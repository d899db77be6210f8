"""SIPp as the phone: another program's idea of SIP. The scenarios are files in `sipp/`; a new one is data."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outside.conftest import PHONE, SERVER, Lan
from tests.outside.namespaces import GROUP, REQUIRED
from tests.outside.rules_for_all import rules_text
from tests.outside.server import Server

FOLDER = Path(__file__).parent / "sipp"
STRICT = Path(__file__).parent / "sipp_server" / "strict.xml"
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


@pytest.mark.parametrize("name", ["fanvil", "yealink", "grandstream-gxp"])
def test_as_a_strict_server_it_is_without_fault(lan: Lan, sipp: str, name: str, tmp_path: Path) -> None:
    """Phones that ask for no rport, which SIPp cannot fill in. The server judges the phone as well."""
    options = ["-i", SERVER, "-p", "5090", "-m", "1", "-nostdin", "-timeout", "10", "-timeout_error"]
    traces = ["-trace_err", "-error_file", "errors", "-trace_msg", "-message_file", "messages"]
    program = subprocess.Popen(
        lan.server.command([sipp, "-sf", str(STRICT), *options, *traces]),
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TERM": "dumb"},
    )
    try:
        deadline = time.monotonic() + 10
        while ":13E2 " not in lan.server.run("cat", "/proc/net/udp"):  # port 5090
            assert time.monotonic() < deadline, "SIPp does not listen"
            time.sleep(0.02)
        words = ["-m", "pnp_responder", "phone", "--json", "--like", name, "--server", f"{SERVER}:5090"]
        played = subprocess.run(
            lan.phones.command([sys.executable, *words]), capture_output=True, check=False, timeout=30
        )
        told = json.loads(played.stdout)
        ended = program.wait(15)
    finally:
        program.kill()
        program.wait()
    messages = "\n".join(path.read_text(errors="replace") for path in sorted(tmp_path.iterdir()))
    assert (told["outcome"], told["url"]) == ("served", f"http://{SERVER}/strict.cfg"), messages
    # This machine may be busy; what ends in no / is nothing to a phone that wants folders.
    assert [f for f in told["faults"] if f["item"] not in ("S5", "U2")] == []
    assert ended == 0, messages
