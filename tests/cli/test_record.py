"""`run --record`: a process of its own, its recording read while it grows."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pnp_responder.capture.datagrams import Captured, CaptureReader
from pnp_responder.capture.frame import CaptureUnreadable
from pnp_responder.cli.main import app
from tests.net.loopback import phone_socket

from .program import call, running
from .test_run import ask

RULES = 'rules:\n  - {name: all, url: "http://user:hidden@{{ local_ip }}/{{ mac }}.cfg"}\n'


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


def recorded(path: Path) -> list[Captured]:
    try:
        with path.open("rb") as file:
            return list(CaptureReader().read(file))
    except (FileNotFoundError, CaptureUnreadable):
        return []


@pytest.mark.parametrize(("option", "password"), [((), b"***"), (("--show-secrets",), b"hidden")])
def test_what_is_heard_and_said(
    tmp_path: Path, rules: Path, option: tuple[str, ...], password: bytes
) -> None:
    out = tmp_path / "r.pcap"
    with running(tmp_path, rules, "--interface", "lo", "--record", str(out), *option) as it:
        with phone_socket() as phone:
            it.hear("READY=1")
            assert ask(phone, it.port) == b"http://user:hidden@127.0.0.1/020000000001.cfg"
        it.until(lambda: len(recorded(out)) >= 3)
        assert it.logs("recording_started") | {"timestamp": ""} == {
            "timestamp": "",
            "level": "info",
            "event": "recording_started",
            "file": str(out),
            "masked": not option,
        }
        assert it.end() == 0
    request, ok, notify = recorded(out)[:3]
    assert request.destination is not None
    assert str(request.destination) == f"224.0.1.75:{it.port}"
    assert ok.payload.startswith(b"SIP/2.0 200 ")
    assert str(notify.source) == f"127.0.0.1:{it.reply_port}"
    assert notify.payload.endswith(b"http://user:" + password + b"@127.0.0.1/020000000001.cfg")
    arguments = ["replay", str(out), "--rules", str(rules), "--address", "127.0.0.1", "--strict"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert "127.0.0.1: the same" in result.stdout


def test_a_recording_of_before_is_kept(tmp_path: Path, rules: Path) -> None:
    out = tmp_path / "r.pcap"
    out.write_bytes(b"of before, and longer than a head")
    with running(tmp_path, rules, "--interface", "lo", "--record", str(out)) as it:
        it.hear("READY=1")
        assert it.end() == 0
    assert (tmp_path / "r.pcap.1").read_bytes() == b"of before, and longer than a head"


def test_a_file_that_cannot_be_made_ends_the_start(tmp_path: Path, rules: Path) -> None:
    done = call(
        "run", "--rules", str(rules), "--interface", "lo", "--record", str(tmp_path / "none" / "r.pcap")
    )
    assert done.returncode == 74
    assert f"pnp-responder: cannot record to {tmp_path}/none/r.pcap: No such file or directory" in done.stderr
