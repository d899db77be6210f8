"""Changes of links, as the kernel tells of them. Real ones are in tests/outside."""

from __future__ import annotations

import asyncio
import os
import struct

import pytest

from pnp_responder.net.link_watch import LinkWatch, deleted_links

NEW_LINK, DELETED_LINK, DELETED_ADDRESS = 16, 17, 21
AF_BRIDGE = 7


def message(kind: int, index: int, family: int = 0, more: bytes = b"") -> bytes:
    body = struct.pack("=BxHiII", family, 1, index, 0, 0) + more
    octets = struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body
    return octets + bytes(-len(octets) % 4)


@pytest.mark.parametrize(
    ("octets", "indexes"),
    [
        (b"", []),
        (message(DELETED_LINK, 7), [7]),
        (message(NEW_LINK, 7) + message(DELETED_LINK, 8, more=b"odd") + message(DELETED_LINK, 9), [8, 9]),
        (message(DELETED_ADDRESS, 7), []),
        (message(DELETED_LINK, 7, family=AF_BRIDGE), []),
        (message(DELETED_LINK, 7)[:20], []),
        (bytes(64), []),
    ],
    ids=["nothing", "deleted", "among others", "an address", "a port of a bridge", "cut short", "zeros"],
)
def test_deleted_links(octets: bytes, indexes: list[int]) -> None:
    assert list(deleted_links(octets)) == indexes


def test_leaves_no_socket_behind() -> None:
    async def watch() -> None:
        before = len(os.listdir("/proc/self/fd"))
        LinkWatch(asyncio.get_running_loop(), lambda: None).close()
        assert len(os.listdir("/proc/self/fd")) == before

    asyncio.run(watch())
