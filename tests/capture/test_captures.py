"""The captures of `tests/captures`: what `replay` says of each, and what other programs read in them."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.captures import make

CAPTURES = make.captures()
WHOLE = [path for path in CAPTURES if path.suffix != ".txt" and path.stem not in ("cut", "fragments")]
MESSAGES = 19
# tcpdump does not look behind a QinQ tag in a cooked frame.
FOR_TCPDUMP = [path for path in WHOLE if path.stem != "cooked2-qinq"]


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def names(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", CAPTURES, ids=names)
def test_replay_prints_the_table_beside_it(path: Path) -> None:
    assert make.table(path) == path.with_suffix(f"{path.suffix}.table").read_text(encoding="utf-8")


def test_no_table_is_without_a_capture() -> None:
    tables = {path.name.removesuffix(".table") for path in make.HERE.glob("*.table")}
    assert tables == {path.name for path in CAPTURES}


def test_no_table_tells_a_password() -> None:
    for path in make.HERE.glob("*.table"):
        text = path.read_text(encoding="utf-8")
        assert "secret" not in text
        assert "hidden" not in text


def test_the_recorder_made_them(tmp_path: Path) -> None:
    make.make(tmp_path)
    assert [path.name for path in make.captures(tmp_path)] == [path.name for path in CAPTURES]
    for path in make.captures(tmp_path):
        assert path.read_bytes() == (make.HERE / path.name).read_bytes(), path.name


@pytest.mark.skipif(shutil.which("tshark") is None, reason="no `tshark` (package tshark)")
@pytest.mark.parametrize("path", WHOLE, ids=names)
def test_tshark_reads_the_same(path: Path) -> None:
    fields = ["-e", "sip.Call-ID", "-e", "udp.checksum.status", "-e", "ip.checksum.status"]
    checks = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]
    told = subprocess.run(
        ["tshark", "-r", str(path), "-Y", "sip", "-T", "fields", *fields, *checks],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.split("\t") for line in told.stdout.split("\n")[:-1]]
    assert len(rows) == MESSAGES
    assert all(call_id for call_id, *_ in rows)
    assert {tuple(checksums) for _, *checksums in rows} == {("1", "1")}, "1 is good"


@pytest.mark.skipif(shutil.which("tcpdump") is None, reason="no `tcpdump` (package tcpdump)")
@pytest.mark.parametrize("path", FOR_TCPDUMP, ids=names)
def test_tcpdump_reads_the_same(path: Path) -> None:
    told = subprocess.run(["tcpdump", "-nr", str(path)], capture_output=True, text=True, check=True)
    assert told.stdout.count("SIP: ") == MESSAGES
