"""What is read the short way, because nearly all phones write it so, is what the long way reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pnp_responder.datagram import SocketAddress
from pnp_responder.sip.head import read_head, read_usual
from pnp_responder.sip.via import Via

CORPUS = sorted((Path(__file__).parents[1] / "corpus").rglob("*.subscribe"))

USUAL = (
    b"SUBSCRIBE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:a@b>\r\n"
    b"To: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 SUBSCRIBE\r\nEvent:ua-profile\r\nContent-Length: 0\r\n\r\n"
)
PIECES = st.sampled_from(
    [
        b"\r\n",
        b"\r",
        b"\n",
        b" ",
        b"\t",
        b":",
        b": ",
        b":  ",
        b"\x00",
        b"\xe4",
        b"\xc3\xa4",
        b"a",
        b"0",
        b"Via",
    ]
)


def holds_what_the_long_way_reads(payload: bytes) -> bool:
    """False where the short way does not read it at all."""
    found = read_usual(payload)
    if found is None:
        return False
    start, headers = found
    line, _, rows = payload.partition(b"\n")
    fault, expected, body = read_head(rows)
    assert start == line.decode().removesuffix("\r")
    assert fault is None
    assert list(headers.items()) == list(expected.items())
    assert headers.repeated_names() == expected.repeated_names() == []
    assert body == b""
    return True


def test_the_usual_form() -> None:
    assert holds_what_the_long_way_reads(USUAL)
    assert holds_what_the_long_way_reads(b"SIP/2.0 200 OK\r\nX-Any: x\r\nv:y\r\nEmpty:\r\n\r\n")


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_every_phone_of_the_corpus(path: Path) -> None:
    holds_what_the_long_way_reads(path.read_bytes())


def test_most_phones_write_it() -> None:
    assert sum(holds_what_the_long_way_reads(path.read_bytes()) for path in CORPUS) > len(CORPUS) * 2 / 3


@given(st.lists(st.tuples(st.integers(0, len(USUAL)), st.integers(0, 3), PIECES), min_size=1, max_size=3))
@example([(len(USUAL), 0, b"\r\n")])
@example([(0, 0, b"\r\n")])
@example([(len(USUAL) - 2, 0, b"Via: x\r\n")])
@example([(27, 0, b" ")])
def test_whatever_is_changed_in_it(changes: list[tuple[int, int, bytes]]) -> None:
    payload = USUAL
    for at, dropped, piece in changes:
        payload = payload[:at] + piece + payload[at + dropped :]
    if read_usual(payload) is not None:
        assert holds_what_the_long_way_reads(payload)


HOST = st.sampled_from(["192.0.2.1", "192.0.2.2", "pbx.example", "0.0.0.0"])


@given(
    HOST,
    st.sampled_from(["", ":5060", ":0", ":65536", ":1"]),
    st.text("abz9hG4bK-.", min_size=1, max_size=12),
    st.sampled_from(["", ";rport", ";rport=1", ";received=192.0.2.9", ";x"]),
    st.sampled_from(["UDP", "TCP", "udp", "WS"]),
)
def test_via(host: str, port: str, branch: str, more: str, transport: str) -> None:
    row = f"SIP/2.0/{transport} {host}{port};branch={branch}{more}"
    short, long = Via.parse(row), Via._parse_any(row)
    assert short.usual == (more in ("", ";rport") and transport.isupper())
    assert short[:-1] == long[:-1]
    source = SocketAddress("192.0.2.1", 5062)
    assert short.answered_to(source) == long.answered_to(source)
