"""The writer of the log with readers that are slow, gone or stuck. Real pipes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import pytest

from pnp_responder.service.log_writer import LogWriter


class Pipe:
    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        os.set_blocking(self.read_end, False)
        self._got = b""

    def lines(self) -> list[str]:
        while True:
            try:
                piece = os.read(self.read_end, 1 << 20)
            except BlockingIOError:
                break
            if not piece:
                break
            self._got += piece
        return self._got.decode().split("\n")[:-1]

    def close(self) -> None:
        for end in (self.read_end, self.write_end):
            try:
                os.close(end)
            except OSError:
                continue


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


def writer(descriptor: int, most_waiting: int = 1_000_000) -> LogWriter[str]:
    return LogWriter(descriptor, str, lambda lines: f"lost {lines}", most_waiting)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_lines_come_in_order_and_close_writes_what_waits(pipe: Pipe) -> None:
    log = writer(pipe.write_end)
    for number in range(3_000):
        log.put_all([str(number)])
    log.close()
    assert pipe.lines() == [str(number) for number in range(3_000)]
    assert log.lost == 0


def test_a_reader_that_does_not_read_holds_nobody_up(pipe: Pipe) -> None:
    log = writer(pipe.write_end, most_waiting=100_000)
    began = time.monotonic()
    for _ in range(5):
        for number in range(500):
            log.put_all([f"{number:01000}"])
        time.sleep(0.06)  # the writer takes a batch and meets the full pipe
    assert time.monotonic() - began < 2
    assert log.lost > 0
    # Once it reads again, every line is there or told as lost.
    until(lambda: sum(line[0] != "l" for line in pipe.lines()) + log.lost == 2_500)
    log.put_all(["after"])
    log.close()
    assert pipe.lines()[-1] == "after"
    assert sum(int(line[5:]) for line in pipe.lines() if line.startswith("lost ")) == log.lost


def test_close_waits_a_bounded_time_for_a_stuck_reader(pipe: Pipe) -> None:
    log = writer(pipe.write_end)
    for _ in range(500):
        log.put_all(["x" * 1_000])
    began = time.monotonic()
    log.close(timeout=0.2)
    assert time.monotonic() - began < 1
    until(lambda: len(pipe.lines()) == 500)


def test_a_pipe_without_reader_costs_the_lines_and_no_more(pipe: Pipe) -> None:
    log = writer(pipe.write_end)
    os.close(pipe.read_end)
    log.put_all(["one"])
    until(lambda: log.lost == 1)
    log.put_all(["two"])
    until(lambda: log.lost == 2)
    log.close()


def test_a_full_disk_is_told_when_there_is_room_again(pipe: Pipe) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    log = writer(full)
    log.put_all(["one"])
    log.put_all(["two"])
    until(lambda: log.lost == 2)
    os.dup2(pipe.write_end, full)
    log.put_all(["three"])
    log.close()
    assert pipe.lines() == ["lost 2", "three"]
    os.close(full)


def test_a_descriptor_that_does_not_block_is_waited_for(pipe: Pipe) -> None:
    os.set_blocking(pipe.write_end, False)
    log = writer(pipe.write_end)
    for number in range(300):
        log.put_all([f"{number:01000}"])
    until(lambda: len(pipe.lines()) == 300)
    log.close()
    assert log.lost == 0


def test_lone_surrogates_are_written_as_escapes(pipe: Pipe) -> None:
    log = writer(pipe.write_end)
    log.put_all(["\ud800"])
    log.close()
    assert pipe.lines() == ["\\ud800"]
