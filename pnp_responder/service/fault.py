"""Faults: where an exception comes from, and whether it is a fault at all or a want of memory."""

from __future__ import annotations

import errno
import mmap
import os


def fault_place(error: BaseException) -> str:
    """`responder.py:42` of the innermost frame, or `?`. Holds nothing of the data that set it off."""
    place = error.__traceback__
    if place is None:
        return "?"
    while place.tb_next is not None:
        place = place.tb_next
    return f"{os.path.basename(place.tb_frame.f_code.co_filename)}:{place.tb_lineno}"


def is_want_of_memory(error: BaseException | None) -> bool:
    """Was it raised since the process may have no more memory (`MemoryMax=`, `ulimit -v`)?"""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    words = str(error)
    # A thread needs a stack, a library a place: Python tells of those in words alone.
    return (isinstance(error, RuntimeError) and words == "can't start new thread") or (
        isinstance(error, ImportError) and "failed to map segment" in words
    )


def netlink_remedy(error: OSError) -> str:
    """What to look at when the kernel does not tell the interfaces."""
    if error.errno in (errno.ENOMEM, errno.ENOBUFS, errno.EMFILE, errno.ENFILE):
        return "see what limits the service (MemoryMax=, LimitNOFILE=, ulimit)"
    return "see what confines the service (RestrictAddressFamilies= needs AF_NETLINK)"


class Reserve:
    """Memory kept for the time when there is no more, to say so and to end by. Costs address space alone."""

    OCTETS = 8 * 1024 * 1024

    def __init__(self) -> None:
        self._kept = mmap.mmap(-1, self.OCTETS)

    def release(self) -> bool:
        """Give it back. False if that was done before."""
        was_there = not self._kept.closed
        self._kept.close()
        return was_there
