"""What the kernel dropped, as it counts it."""

from __future__ import annotations

import socket

from pnp_responder.net.drops import kernel_drops


def test_what_found_no_room_is_counted() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        assert kernel_drops(receiver) == 0
        for _ in range(100):
            sender.sendto(bytes(1000), receiver.getsockname())
        taken = 0
        try:
            while receiver.recv(2000):
                taken += 1
        except BlockingIOError:
            pass
        assert 0 < taken < 100
        assert kernel_drops(receiver) == 100 - taken
        assert receiver.fileno() >= 0
