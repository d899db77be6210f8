from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.errors import MalformedMessage
from pnp_responder.sip.parser import MAX_MESSAGE
from pnp_responder.sip.stream import StreamReader


def message(body: bytes, name: bytes = b"Content-Length") -> bytes:
    return b"NOTIFY sip:a SIP/2.0\r\nVia: x\r\n%s: %d\r\n\r\n%s" % (name, len(body), body)


def read_all(reader: StreamReader) -> list[bytes]:
    found = []
    while (one := reader.next_message()) is not None:
        found.append(one)
    return found


@given(
    bodies=st.lists(st.binary(max_size=40), max_size=5),
    blanks=st.sampled_from([b"", b"\r\n", b"\r\n\r\n"]),
    cuts=st.lists(st.integers(0, 400)),
)
def test_the_cuts_of_the_stream_do_not_matter(bodies: list[bytes], blanks: bytes, cuts: list[int]) -> None:
    messages = [message(body) for body in bodies]
    stream = b"".join(blanks + one for one in messages)
    reader, found = StreamReader(), []
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    for start, end in zip(edges, edges[1:], strict=False):
        reader.feed(stream[start:end])
        found += read_all(reader)
    assert found == messages


@pytest.mark.parametrize("name", [b"content-length", b"l", b"Content-Length ", b"L\t"])
def test_spellings(name: bytes) -> None:
    reader = StreamReader()
    reader.feed(message(b"body", name) + b"SIP")
    assert read_all(reader) == [message(b"body", name)]


def test_bare_line_ends_and_folds() -> None:
    octets = b"NOTIFY sip:a SIP/2.0\nContent-Length:\n 4\n\nbody"
    reader = StreamReader()
    reader.feed(octets)
    assert read_all(reader) == [octets]


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"Content-Length: -1",
        b"Content-Length: x",
        b"Content-Length: 1\r\nl: 2",
        b"Content-Length: 99999",
        b"Content-Length: 0000001",
        "Content-Length: \u0664".encode(),
    ],
)
def test_where_nobody_can_tell_the_end(head: bytes) -> None:
    reader = StreamReader()
    reader.feed(message(b"") + b"NOTIFY sip:a SIP/2.0\r\n" + head + b"\r\n\r\n")
    assert reader.next_message() == message(b""), "what came before is whole"
    with pytest.raises(MalformedMessage):
        reader.next_message()


def test_a_head_without_end() -> None:
    reader = StreamReader()
    reader.feed(b"x" * MAX_MESSAGE)
    assert reader.next_message() is None
    reader.feed(b"x")
    with pytest.raises(MalformedMessage):
        reader.next_message()


HEAD = b"SUBSCRIBE sip:a SIP/2.0\r\nVia: x\r\n"
ENDINGS = {
    b"": b"",
    HEAD + b"\r\n": HEAD + b"\r\n",
    HEAD + b"Content-Length: x\r\n\r\nbody": HEAD + b"Content-Length: x\r\n\r\n",
    HEAD + b"Content-Length: 999\r\n\r\nbody": HEAD + b"Content-Length: 999\r\n\r\n",
    HEAD + b"X: " + 600 * b"x" + b"\r\nl: 0\r\n\r\n": b"",
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n": b"GET / HTTP/1.1\r\n",
}


@given(
    bodies=st.lists(st.binary(max_size=40), max_size=5),
    ending=st.sampled_from(sorted(ENDINGS)),
    cuts=st.lists(st.integers(0, 1000)),
)
def test_nor_do_they_matter_for_what_cannot_be_framed(
    bodies: list[bytes], ending: bytes, cuts: list[int]
) -> None:
    stream = b"".join(map(message, bodies)) + ending
    reader, found, raised = StreamReader(most=500), list[bytes](), False
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    for start, end in zip(edges, edges[1:], strict=False):
        reader.feed(stream[start:end])
        try:
            while (one := reader.next_message()) is not None:
                found.append(one)
        except MalformedMessage:
            raised = True
            break
    assert found == [message(body) for body in bodies]
    assert raised == bool(ending)
    assert reader.unframed == ENDINGS[ending]


def test_a_part_is_told_from_nothing_and_from_empty_lines() -> None:
    reader = StreamReader()
    for octets, holds in (
        (b"\r\n", False),
        (b"\r", False),
        (b"NOTIFY", True),
        (b" sip:a SIP/2.0\nl: 0\n", True),
    ):
        reader.feed(octets)
        assert reader.next_message() is None
        assert reader.holds_part is holds
    reader.feed(b"\n")
    assert reader.next_message() == b"NOTIFY sip:a SIP/2.0\nl: 0\n\n"
    assert reader.holds_part is False
