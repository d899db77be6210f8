"""Work off the loop that must not keep the process from ending."""

from __future__ import annotations

import _thread
import asyncio
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

T = TypeVar("T")

# A thread that has not begun by then, in seconds, never will. Twice, for after a stop of the whole process
# the first of them is over before anybody had a chance.
BEGINS_WITHIN = (10.0, 10.0)

# Each call into the kernel gives the interpreter away, and the loop makes four for each phone: so long, in
# seconds, it then waits until a thread that computes gives it back.
HARD_WORK_INTERVAL = 0.000_05


@contextmanager
def hard_work_beside_the_loop() -> Iterator[None]:
    """While a thread computes for long, let the loop have its turns: soon, and with no stop for garbage.

    Whoever keeps what the thread made freezes it (`gc.freeze`) before this ends.
    """
    interval, collecting = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(min(interval, HARD_WORK_INTERVAL))
    # Looking for garbage among what the thread makes would stand still for 0.1 s and more.
    gc.disable()
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if collecting:
            gc.enable()


async def in_daemon_thread(work: Callable[[], T]) -> T:
    """The result of `work()`, run in a thread of its own. MemoryError if that finds no room to begin.

    asyncio.to_thread's workers are waited for when the process ends; one that hangs on a network
    file system would hold up the stop for ever.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()
    begun = asyncio.Event()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.done():  # cancelled meanwhile
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(begun.set)
        result: T | None = None
        error: BaseException | None = None
        try:
            result = work()
        except BaseException as raised:  # noqa: B036  (handed to whoever awaits)
            error = raised
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result, error)

    # Not threading.Thread, whose start() holds up the loop for ever where the new thread has no memory.
    _thread.start_new_thread(run, ())
    for seconds in BEGINS_WITHIN:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await begun.wait()
    if not begun.is_set():
        raise MemoryError
    return await done
