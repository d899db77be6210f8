"""Work off the loop that must not keep the process from ending."""

from __future__ import annotations

import _thread
import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")

# A thread that has not begun by then, in seconds, never will. Twice, for after a stop of the whole process
# the first of them is over before anybody had a chance.
BEGINS_WITHIN = (10.0, 10.0)


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
