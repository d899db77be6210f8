"""The recorder: what it writes, how much of it, and that nobody waits for it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pnp_responder.capture.datagrams import CaptureReader
from pnp_responder.capture.packets import SEGMENT
from pnp_responder.capture.recorder import OVERHEAD, Recorder
from pnp_responder.capture.recording import RecordedEngine
from pnp_responder.capture.writer import PCAP_HEAD
from pnp_responder.datagram import TCP, Datagram, SocketAddress
from tests import examples
from tests.capture import forms
from tests.examples import LOCAL, PHONE, SUBSCRIBE

GROUP = SocketAddress("224.0.1.75", 5060)
HEARD = Datagram(SUBSCRIBE, PHONE, LOCAL, multicast=True)
SECRET = b"NOTIFY sip:x SIP/2.0\r\nContent-Length: 27\r\n\r\nhttp://user:secret@192.0.2.1"


class Report:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture
def report() -> Report:
    return Report()


def read(path: Path) -> list[tuple[SocketAddress | None, SocketAddress | None, bytes]]:
    with path.open("rb") as file:
        return [(c.source, c.destination, c.payload) for c in CaptureReader().read(file)]


def sizes(count: int) -> int:
    """The size of a file with so many of `HEARD`."""
    return len(PCAP_HEAD) + count * (16 + 14 + 28 + len(SUBSCRIBE))


def ticking() -> Callable[[], int]:
    return iter(range(10**18, 10**19, 1000)).__next__


def test_both_directions_with_their_ends(tmp_path: Path, report: Report) -> None:
    recorder = Recorder(str(tmp_path / "r.pcap"), GROUP, report)
    recorder.put(HEARD, sent=False)
    recorder.put(HEARD._replace(multicast=False), sent=False)
    recorder.put(Datagram(b"SIP/2.0 200 OK", PHONE, LOCAL), sent=True)
    recorder.close(10)
    assert read(tmp_path / "r.pcap") == [
        (PHONE, GROUP, SUBSCRIBE),
        (PHONE, LOCAL.address, SUBSCRIBE),
        (LOCAL.address, PHONE, b"SIP/2.0 200 OK"),
    ]
    assert report.lines == []


def test_what_the_engine_hears_and_says(tmp_path: Path, report: Report) -> None:
    recorder = Recorder(str(tmp_path / "r.pcap"), GROUP, report)
    engine = RecordedEngine(examples.responder(), recorder)
    output = engine.receive_datagram(HEARD, 0.0)
    assert output.deadline is not None
    again = engine.handle_timeout(output.deadline)
    engine.receive_unreachable(PHONE, output.deadline)
    recorder.close(10)
    said = [datagram.payload for datagram in (*output.datagrams, *again.datagrams)]
    assert len(said) == 3, "200, NOTIFY, NOTIFY again"
    assert [payload for *_, payload in read(tmp_path / "r.pcap")] == [SUBSCRIBE, *said]


def test_times_are_those_of_the_hand_over(tmp_path: Path, report: Report) -> None:
    recorder = Recorder(str(tmp_path / "r.pcap"), GROUP, report, clock=ticking())
    for _ in range(3):
        recorder.put(HEARD, sent=False)
    recorder.close(10)
    times = [packet.when for packet in forms.read_packets(tmp_path / "r.pcap")]
    assert times == [10**18 + number * 1000 for number in range(3)]


@pytest.mark.parametrize(("show", "found"), [(False, b"user:***@"), (True, b"user:secret@")])
def test_passwords_are_masked_unless_asked(tmp_path: Path, report: Report, show: bool, found: bytes) -> None:
    recorder = Recorder(str(tmp_path / "r.pcap"), GROUP, report, show_secrets=show)
    recorder.put(Datagram(SECRET, PHONE, LOCAL), sent=True)
    recorder.close(10)
    ((_, _, payload),) = read(tmp_path / "r.pcap")
    assert found in payload


def test_only_the_owner_and_the_group_may_read(tmp_path: Path, report: Report) -> None:
    Recorder(str(tmp_path / "r.pcap"), GROUP, report).close(10)
    assert stat.S_IMODE((tmp_path / "r.pcap").stat().st_mode) & 0o137 == 0


def test_a_full_file_gets_the_next_name_and_the_oldest_goes(tmp_path: Path, report: Report) -> None:
    path = tmp_path / "r.pcap"
    for turn in range(5):
        recorder = Recorder(str(path), GROUP, report, max_octets=sizes(2), kept=3)
        recorder.put(Datagram(b"turn %d" % turn, PHONE, LOCAL), sent=True)
        recorder.close(10)
    names = sorted(found.name for found in tmp_path.iterdir())
    assert names == ["r.pcap", "r.pcap.1", "r.pcap.2"]
    assert [read(tmp_path / name)[0][2] for name in names] == [b"turn 4", b"turn 3", b"turn 2"]


def test_the_files_stay_within_their_bound(tmp_path: Path, report: Report) -> None:
    path = tmp_path / "r.pcap"
    recorder = Recorder(str(path), GROUP, report, max_octets=sizes(1200), kept=2)
    for _ in range(5_000):
        recorder.put(HEARD, sent=False)
    recorder.close(30)
    assert sorted(found.name for found in tmp_path.iterdir()) == ["r.pcap", "r.pcap.1"]
    for found in tmp_path.iterdir():
        assert len(PCAP_HEAD) < found.stat().st_size <= sizes(1200)
        assert {payload for *_, payload in read(found)} == {SUBSCRIBE}
    assert report.lines == []


def test_an_empty_file_that_is_there_is_no_recording_to_keep(tmp_path: Path, report: Report) -> None:
    path = tmp_path / "r.pcap"
    path.write_bytes(b"")
    Recorder(str(path), GROUP, report).close(10)
    assert [found.name for found in tmp_path.iterdir()] == ["r.pcap"]


@pytest.mark.parametrize("name", ["none/r.pcap", "/dev/full", "folder", "link"])
def test_what_cannot_be_written_is_refused_at_once(tmp_path: Path, report: Report, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/dev/null")
    with pytest.raises(OSError, match=r"\w"):
        Recorder(str(tmp_path / name), GROUP, report)


def test_what_finds_no_room_is_lost_and_counted(tmp_path: Path, report: Report) -> None:
    room = 3 * (len(SUBSCRIBE) + OVERHEAD)
    recorder = Recorder(str(tmp_path / "r.pcap"), GROUP, report, max_waiting=room)
    for _ in range(1_000):
        recorder.put(HEARD, sent=False)
    recorder.close(10)
    written = len(read(tmp_path / "r.pcap"))
    assert 3 <= written < 1_000
    assert recorder.lost == 1_000 - written
    assert report.lines[-1].endswith("datagrams were not recorded")


def test_a_disk_that_is_full_ends_nothing(tmp_path: Path, report: Report) -> None:
    """The limit of a file's size makes write() fail with EFBIG, as a full disk does with ENOSPC."""
    program = f"""
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({sizes(2) + 7}, {sizes(2) + 7}))
from tests.capture.test_recorder import GROUP, HEARD
from pnp_responder.capture.recorder import Recorder
lines = []
recorder = Recorder({str(tmp_path / "r.pcap")!r}, GROUP, lines.append)
for _ in range(2):
    recorder.put(HEARD, sent=False)
while recorder._size < {sizes(2)}:
    pass
for _ in range(5):
    recorder.put(HEARD, sent=False)
recorder.close(10)
assert lines == ["cannot be written: File too large"], lines
assert recorder.lost == 5
"""
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(read(tmp_path / "r.pcap")) == 2, "whole packets only"


def test_messages_by_tcp_follow_each_other(tmp_path: Path, report: Report) -> None:
    local = LOCAL._replace(transport=TCP)
    recorder = Recorder(str(tmp_path / "r.pcap"), GROUP, report)
    recorder.put(Datagram(b"a" * (SEGMENT + 1), PHONE, local), sent=False)
    recorder.put(Datagram(b"b" * 10, PHONE, local), sent=True)
    recorder.put(Datagram(b"c", PHONE, local), sent=False)
    recorder.close(10)
    numbers = []
    for packet in forms.read_packets(tmp_path / "r.pcap"):
        segment = packet.octets[20:]
        numbers.append(
            (int.from_bytes(segment[4:8], "big"), int.from_bytes(segment[8:12], "big"), len(segment) - 20)
        )
    assert numbers == [(1, 1, SEGMENT), (1 + SEGMENT, 1, 1), (1, 2 + SEGMENT, 10), (2 + SEGMENT, 11, 1)]
