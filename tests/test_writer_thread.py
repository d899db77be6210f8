"""What is put is written, in order, by a thread; what finds no room is counted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from pnp_responder.writer_thread import WriterThread

PATIENCE = 10.0


class Paper:
    """Written on batch by batch; whoever holds it keeps the writer waiting."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.free = threading.Event()
        self.free.set()
        self.reached = threading.Semaphore(0)

    def write(self, items: list[str]) -> None:
        self.reached.release()
        assert self.free.wait(PATIENCE)
        self.batches.append(items)

    @property
    def items(self) -> list[str]:
        return [item for batch in self.batches for item in batch]


@contextmanager
def writing(
    write: Callable[[list[str]], None], most: int = 100, weigh: Callable[[str], int] | None = None
) -> Iterator[WriterThread[str]]:
    thread = WriterThread("test", write, gather=0.001, batch=10, most=most, weigh=weigh)
    try:
        yield thread
    finally:
        thread.close(PATIENCE)


def test_all_in_order_and_in_batches_of_bounded_size() -> None:
    paper = Paper()
    items = [str(number) for number in range(95)]
    with writing(paper.write) as thread:
        for item in items:
            thread.put(item)
        assert thread.close(PATIENCE)
        assert thread.is_closing
    assert paper.items == items
    assert max(map(len, paper.batches)) == 10


@pytest.mark.parametrize(("weigh", "kept"), [(None, 4), (len, 2)])
def test_what_finds_no_room_is_counted(weigh: Callable[[str], int] | None, kept: int) -> None:
    paper = Paper()
    paper.free.clear()
    with writing(paper.write, most=4, weigh=weigh) as thread:
        thread.put("first")
        assert paper.reached.acquire(timeout=PATIENCE)  # it is being written, and takes no room
        for _ in range(7):
            thread.put("aa")
        assert thread.refused == 7 - kept
        assert not thread.close(0.01)
        paper.free.set()
    assert paper.items == ["first", *["aa"] * kept]


def test_no_memory_for_a_batch_is_not_the_end_of_it() -> None:
    paper = Paper()

    def write(items: list[str]) -> None:
        if "too much" in items:
            paper.reached.release()
            raise MemoryError
        paper.write(items)

    with writing(write) as thread:
        thread.put("too much")
        assert paper.reached.acquire(timeout=PATIENCE)
        thread.put("little")
    assert paper.items == ["little"]
