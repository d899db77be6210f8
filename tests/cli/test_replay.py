from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pnp_responder.capture.datagrams import CaptureReader
from pnp_responder.cli.main import app
from pnp_responder.cli.progress import bar
from tests.captures.make import HERE as CAPTURES

RECORDED = str(CAPTURES / "recorded.pcap")
RULES = str(CAPTURES / "rules.yaml")
EVERYONE = "rules: [{name: all, url: 'http://u:secret@192.0.2.1/{{ source_ip }}'}]"


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["replay", *arguments])


@pytest.fixture
def everyone(tmp_path: Path) -> str:
    path = tmp_path / "everyone.yaml"
    path.write_text(EVERYONE, encoding="utf-8")
    return str(path)


def test_words_go_to_standard_error_and_rows_to_standard_output(everyone: str) -> None:
    result = run(RECORDED, "--rules", everyone)
    assert result.exit_code == 0
    assert len(result.stdout.strip().split("\n")) == 1 + 6
    assert result.stderr == "6 phones in 19 packets: 6 told a URL\n"


def test_an_unanswered_phone_counts_only_when_strict(everyone: str) -> None:
    assert run(RECORDED, "--rules", RULES).exit_code == 0
    assert run(RECORDED, "--rules", RULES, "--strict").exit_code == 1
    assert run(RECORDED, "--rules", everyone, "--strict").exit_code == 0


def test_what_a_rule_ignores_or_rejects_is_answered(tmp_path: Path) -> None:
    rules = tmp_path / "r.yaml"
    rules.write_text("rules: [{match: {vendor: [fanvil, none]}, ignore: true}, {reject: 403}]")
    assert run(RECORDED, "--rules", str(rules), "--strict").exit_code == 0


def test_json() -> None:
    result = run(RECORDED, "--rules", RULES, "--json", "--address", "192.0.2.7")
    shown = json.loads(result.stdout)
    assert (shown["packets"], shown["unanswered"], shown["problems"]) == (19, 2, [])
    first = shown["phones"][0]
    assert first == {
        "time": "2023-11-14T22:13:20.002Z",
        "source": "192.0.2.10:5060",
        "interface": None,
        "mac": "000810000000",
        "vendor": "Fanvil",
        "model": "VOIP PHONE",
        "version": "V2.0.114.51",
        "user_agent": first["user_agent"],
        "outcome": "url",
        "rule": "fanvils",
        "url": "http://192.0.2.7/fanvil/$mac.cfg",
        "status": None,
        "reason": None,
        "asked": 1,
        "repeated": 0,
        "confirmed": 200,
        "recorded": [{"server": "192.0.2.1:5060", "status": 200, "url": "http://192.0.2.1/fanvil/$mac.cfg"}],
    }
    assert [phone["outcome"] for phone in shown["phones"]] == [
        "url",
        "url",
        "ignore",
        "none",
        "reject",
        "none",
    ]
    assert json.loads(run(RECORDED, "--rules", RULES, "--json", "--strict").stdout) is not None


def test_json_of_a_capture_without_phones(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pcap"
    empty.write_bytes(Path(RECORDED).read_bytes()[:24])
    assert json.loads(run(str(empty), "--rules", RULES, "--json").stdout)["phones"] == []
    assert run(str(empty), "--rules", RULES).stderr.endswith("no phone asks in 0 packets\n")


def test_the_exchange_is_written(tmp_path: Path, everyone: str) -> None:
    out = tmp_path / "out.pcap"
    for arguments, password in (([], b"***"), (["--show-secrets"], b"secret")):
        assert run(RECORDED, "--rules", everyone, "--write", str(out), *arguments).exit_code == 0
        with out.open("rb") as file:
            found = list(CaptureReader().read(file))
        words = [captured.payload.split(b" ")[0] for captured in found[:4]]
        assert words == [b"SUBSCRIBE", b"SIP/2.0", b"NOTIFY", b"SIP/2.0"]
        assert found[2].payload.endswith(b"http://u:" + password + b"@192.0.2.1/192.0.2.10")
    again = run(str(out), "--rules", everyone)
    assert again.stdout.count("192.0.2.1: the same") == 6


def test_what_is_longer_than_any_datagram_is_written_as_far_as_it_goes(tmp_path: Path, everyone: str) -> None:
    """IPv4 fragments can carry a few octets more than IPv4 can."""
    path, out = tmp_path / "p.txt", tmp_path / "out.pcap"
    path.write_bytes(
        (CAPTURES / "pasted.txt").read_bytes().replace(b"Accept:", b"X: " + b"x" * 70_000 + b"\n    Accept:")
    )
    assert run(str(path), "--rules", everyone, "--write", str(out)).exit_code == 0
    with out.open("rb") as file:
        assert len(next(CaptureReader().read(file)).payload) == 65_507


def test_the_capture_itself_is_never_written_over() -> None:
    before = Path(RECORDED).read_bytes()
    assert run(RECORDED, "--rules", RULES, "--write", RECORDED).exit_code == 2
    assert Path(RECORDED).read_bytes() == before


def test_what_cannot_be_written_is_told(tmp_path: Path, everyone: str) -> None:
    result = run(RECORDED, "--rules", everyone, "--write", str(tmp_path / "none" / "out.pcap"))
    assert result.exit_code == 74
    assert (
        result.stderr == f"pnp-responder: cannot write {tmp_path}/none/out.pcap: No such file or directory\n"
    )


def test_several_captures_are_one(tmp_path: Path) -> None:
    packed = tmp_path / "r.pcap.gz"
    packed.write_bytes(gzip.compress(Path(RECORDED).read_bytes()))
    result = run(RECORDED, str(packed), "--rules", RULES)
    assert "6 phones in 38 packets" in result.stderr


def test_passwords_are_masked(everyone: str) -> None:
    assert "secret" not in run(RECORDED, "--rules", everyone).output
    assert "secret" not in run(RECORDED, "--rules", everyone, "--json").output
    assert "u:secret@" in run(RECORDED, "--rules", everyone, "--show-secrets").output


class TestHints:
    def test_our_address(self) -> None:
        hint = "192.0.2.1 stands for our address ({{ local_ip }}): give --address"
        assert hint in run(RECORDED, "--rules", RULES).stderr
        assert hint not in run(RECORDED, "--rules", RULES, "--address", "10.0.0.1").stderr

    def test_our_interface(self) -> None:
        hint = "the rules ask for the interface, and the capture does not tell it: give --interface"
        assert hint in run(RECORDED, "--rules", RULES).stderr
        assert hint not in run(RECORDED, "--rules", RULES, "--interface", "vlan7").stderr
        assert hint not in run(str(CAPTURES / "big.pcapng"), "--rules", RULES).stderr
        assert "/vlan/" in run(RECORDED, "--rules", RULES, "--interface", "vlan7").stdout


class TestFailures:
    def test_no_capture(self, tmp_path: Path, everyone: str) -> None:
        path = tmp_path / "x.txt"
        path.write_text("hello")
        result = run(RECORDED, str(path), str(tmp_path / "none"), "--rules", everyone)
        assert result.exit_code == 65
        assert f"pnp-responder: {path}: neither pcap, pcapng nor a text with a SUBSCRIBE\n" in result.stderr
        assert f"pnp-responder: {tmp_path}/none: No such file or directory\n" in result.stderr
        assert "6 told a URL" in result.stderr, "what could be read counts"

    def test_a_capture_that_still_grows(self, tmp_path: Path, everyone: str) -> None:
        path = tmp_path / "r.pcap"
        path.write_bytes(Path(RECORDED).read_bytes()[:-5])
        result = run(str(path), "--rules", everyone)
        assert result.exit_code == 0
        assert f"{path}: the file ends inside of a packet" in result.stderr

    def test_bad_rules(self, tmp_path: Path) -> None:
        path = tmp_path / "r.yaml"
        path.write_text("rule: []")
        result = run(RECORDED, "--rules", str(path))
        assert (result.exit_code, result.stdout) == (78, "")
        assert "did you mean 'rules'?" in result.stderr

    def test_an_address_that_is_none(self) -> None:
        assert run(RECORDED, "--rules", RULES, "--address", "eth0").exit_code == 2


def test_a_pipe_is_read(everyone: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pnp_responder", "replay", "-", "--rules", everyone],
        input=Path(RECORDED).read_bytes(),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr == b"6 phones in 19 packets: 6 told a URL\n"


def test_a_phone_cannot_write_to_the_terminal(tmp_path: Path, everyone: str) -> None:
    text = (
        (CAPTURES / "pasted.txt")
        .read_text(encoding="utf-8")
        .replace('"VOIP PHONE"', '"VOIP \u202e\x9bPHONE"')
    )
    path = tmp_path / "p.txt"
    path.write_text(text, encoding="utf-8")
    result = run(str(path), "--rules", everyone)
    assert "\\u202e" in result.stdout
    assert result.stdout.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("done", "total", "shown"),
    [
        (0, 10, f"[{' ' * 30}]   0%  "),
        (5, 10, f"[{'#' * 15}{' ' * 15}]  50%  "),
        (99, 10, f"[{'#' * 30}] 100%  "),
    ],
)
def test_the_bar(done: int, total: int, shown: str) -> None:
    assert bar(done, total) == shown


def test_no_bar_where_the_end_is_unknown() -> None:
    assert bar(5, None) == ""


def test_a_terminal_sees_a_bar_and_then_none(tmp_path: Path, everyone: str) -> None:
    """Standard error is a pseudo terminal; the capture is long enough for some drawings."""
    octets = Path(RECORDED).read_bytes()
    path = tmp_path / "long.pcap"
    path.write_bytes(octets[:24] + octets[24:] * 2_000)
    master, slave = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pnp_responder", "replay", str(path), "--rules", everyone],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.DEVNULL,
        stderr=slave,
    )
    os.close(slave)
    seen = io.BytesIO()
    try:
        while chunk := os.read(master, 65536):
            seen.write(chunk)
    except OSError:  # Linux's way to say that the other end is closed
        pass
    os.close(master)
    assert process.wait(60) == 0
    shown = seen.getvalue().decode()
    assert "packets" in shown.partition("\x1b[K")[2]
    assert shown.rpartition("\x1b[K")[2] == "6 phones in 38,000 packets: 6 told a URL\r\n"
