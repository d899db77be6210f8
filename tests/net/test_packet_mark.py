"""The mark of a packet socket's holder: one of each kind on a host, and known by the others."""

from __future__ import annotations

import os

from pnp_responder.datagram import SocketAddress
from pnp_responder.net.packet_mark import mark_holder, take_mark

# A group that nobody uses: the host of these tests may serve the usual one.
GROUP = SocketAddress("239.255.17.4", 40_075)


def test_one_has_it_until_it_is_closed_and_others_can_tell() -> None:
    first = take_mark(GROUP, 1)
    assert first is not None
    with first:
        assert take_mark(GROUP, 1) is None
        assert mark_holder(GROUP, 1) == "", "it is ours"
        for other in (take_mark(GROUP, 2), take_mark(GROUP._replace(port=40_076), 1)):
            assert other is not None
            other.close()
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            first.close()  # its own copy
            seen = mark_holder(GROUP, 1)
            os.write(write, seen.encode())
            os._exit(0)
        os.close(write)
        os.waitpid(child, 0)
        assert f"(pid {os.getpid()})" in os.read(read, 100).decode()
        os.close(read)
    second = take_mark(GROUP, 1)
    assert second is not None
    second.close()
    assert mark_holder(GROUP, 1) == ""
