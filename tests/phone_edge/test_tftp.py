from __future__ import annotations

import socket

import pytest

from pnp_responder.phone_edge.tftp import TftpError, read_tftp

from .servers import tftp, udp

MOST = 1_000_000


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 1024, 5000])
@pytest.mark.parametrize("repeat", [False, True])
def test_reads_whole_files(size: int, repeat: bool) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    body = body[:size]
    with tftp({"a/b.cfg": body}, repeat=repeat) as port:
        assert read_tftp("127.0.0.1", port, "a/b.cfg", 5.0, MOST) == body


def test_asks_again_for_what_is_lost() -> None:
    with tftp({"x": b"body"}, lose=1) as port:
        assert read_tftp("127.0.0.1", port, "x", 5.0, MOST) == b"body"


def test_the_server_says_no() -> None:
    with tftp({}) as port, pytest.raises(TftpError, match="error 1: File not found"):
        read_tftp("127.0.0.1", port, "x", 5.0, MOST)


def test_nobody_answers() -> None:
    with udp(lambda octets, own, client: None) as port, pytest.raises(TimeoutError):
        read_tftp("127.0.0.1", port, "x", 0.2, MOST)


def test_not_more_than_wanted() -> None:
    with tftp({"x": b"a" * 3000}) as port:
        assert read_tftp("127.0.0.1", port, "x", 5.0, 1000) == b"a" * 1000


def test_a_stranger_cannot_cut_in() -> None:
    """After the first block the transfer is with its port alone (RFC 1350 4)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:

        def answer(octets: bytes, own: socket.socket, client: tuple[str, int]) -> None:
            if octets[:2] == b"\0\1":
                own.sendto(b"\0\3\0\1" + b"a" * 512, client)
            else:
                stranger.sendto(b"\0\3\0\2evil", client)
                own.sendto(b"\0\3\0\2good", client)

        with udp(answer) as port:
            assert read_tftp("127.0.0.1", port, "x", 5.0, MOST) == b"a" * 512 + b"good"


@pytest.mark.parametrize("path", ["a\0b", "x" * 600])
def test_paths_that_no_request_can_hold(path: str) -> None:
    with pytest.raises(TftpError, match="no request can hold"):
        read_tftp("127.0.0.1", 69, path, 1.0, MOST)
