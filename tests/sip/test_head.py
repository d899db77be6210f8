from __future__ import annotations

import pytest

from pnp_responder.errors import MalformedMessage
from pnp_responder.sip.head import MAX_HEADERS, MAX_VALUE, label, read_head
from pnp_responder.sip.headers import octets_of


def values(rows: bytes) -> dict[str, list[bytes]]:
    fault, headers, _ = read_head(rows)
    assert fault is None
    return {
        name: [octets_of(value) for value in headers.all(name)]
        for name in ("a", "b", "to", "event", "via")
        if headers.get(name) is not None
    }


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (b"A: 1\r\nB: 2\r\n\r\n", {"a": [b"1"], "b": [b"2"]}),
        (b"A: 1\nB: 2\n\n", {"a": [b"1"], "b": [b"2"]}),
        (b"A: 1\r\nB: 2\r\n", {"a": [b"1"], "b": [b"2"]}),
        (b"A: 1\r\nB: 2", {"a": [b"1"], "b": [b"2"]}),
        (b"A:1\r\nB:\r\n\r\n", {"a": [b"1"], "b": [b""]}),
        (b"A \t: \t1 \t\r\n\r\n", {"a": [b"1"]}),
        (b"A: 1: 2\r\n\r\n", {"a": [b"1: 2"]}),
        (b"A: 1\r\n 2\r\n\t3\r\n\r\n", {"a": [b"1 2 3"]}),
        (b"A: 1\r\n   \t 2\r\n\r\n", {"a": [b"1 2"]}),
        (b"A: 1 \t\r\n 2\r\n\r\n", {"a": [b"1 2"]}),  # RFC 3261 25.1: blanks before it are part of the fold
        (b"A: 1 \r\n \r\n 2\r\n\r\n", {"a": [b"1  2"]}),
        (b"A:\r\n 1\r\n\r\n", {"a": [b"1"]}),
        (b"A: 1\n 2\n\n", {"a": [b"1 2"]}),
        (b"nonsense\r\nA: 1\r\n\r\n", {"a": [b"1"]}),
        (b": 1\r\nA: 1\r\n\r\n", {"a": [b"1"]}),
        (b"A: 1\r\nA: 2\r\na: 3\r\n\r\n", {"a": [b"1", b"2", b"3"]}),
        (b"o: x\r\nT: y\r\nv: z\r\n\r\n", {"event": [b"x"], "to": [b"y"], "via": [b"z"]}),
        (b"A: 1\r\r\n\r\n", {"a": [b"1\r"]}),  # one CR is the line end's, the other one is not
        (b"A: \x00\xff\r\n\r\n", {"a": [b"\x00\xff"]}),
    ],
)
def test_rows(rows: bytes, expected: dict[str, list[bytes]]) -> None:
    assert values(rows) == expected


@pytest.mark.parametrize(
    ("rows", "body"),
    [
        (b"A: 1\r\n\r\nbody", b"body"),
        (b"A: 1\n\nbody", b"body"),
        (b"A: 1\r\n\nbody", b"body"),
        (b"A: 1\n\r\nbody\r\n\r\nmore", b"body\r\n\r\nmore"),
        (b"A: 1\r\n", b""),
        (b"Content-Length: 2\r\n\r\nbody", b"bo"),
        (b"l: 4\r\n\r\nbody", b"body"),
        (b"Content-Length: 0\r\n\r\nbody", b""),
        (b"Content-Length: 0000000002\r\n\r\nbody", b"bo"),
    ],
)
def test_body(rows: bytes, body: bytes) -> None:
    fault, _, found = read_head(rows)
    assert fault is None
    assert found == body


@pytest.mark.parametrize("rows", [b"\r\nA: 1\r\n\r\n", b"\nA: 1\n\n", b"\r\n\r\n"])
def test_no_header_at_all(rows: bytes) -> None:
    with pytest.raises(MalformedMessage, match="no header"):
        read_head(rows)


@pytest.mark.parametrize(
    "length",
    [
        b"5",
        b"-1",
        b"+4",
        b"4_0",
        b"",
        b"x",
        b"4.0",
        b"4 4",
        b"99999999999999999999",
        b"0" * 11,
        "٤".encode(),
        b"\xb2",
    ],
)
def test_content_length_that_does_not_fit(length: bytes) -> None:
    fault, _, _ = read_head(b"Content-Length: " + length + b"\r\n\r\nbody")
    assert fault is not None
    assert fault.status == 400
    assert "Content-Length" in fault.reason


@pytest.mark.parametrize(
    "name",
    ["From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "Event", "f", "t", "i", "l", "o"],
)
def test_what_may_be_there_once(name: str) -> None:
    row = f"{name}: 0\r\n".encode()
    fault, _, _ = read_head(row + b"A: 1\r\n" + row + b"\r\n")
    assert fault is not None
    assert fault.status == 400
    assert fault.reason.startswith("more than one ")


@pytest.mark.parametrize("name", ["Via", "Contact", "Accept", "Require", "Record-Route", "Expires", "X-Any"])
def test_what_may_be_there_often(name: str) -> None:
    row = f"{name}: 0\r\n".encode()
    assert read_head(row * 3 + b"\r\n")[0] is None


def test_number_of_rows() -> None:
    assert read_head(b"A: 1\r\n" * MAX_HEADERS + b"\r\n")[0] is None
    assert read_head(b"A: 1\r\n" * (MAX_HEADERS - 1) + b"A: 1")[0] is None
    fault, _, _ = read_head(b"A: 1\r\n" * (MAX_HEADERS + 1) + b"\r\n")
    assert fault is not None
    assert fault.status == 513


@pytest.mark.parametrize("name", ["From", "To", "Call-ID", "CSeq", "Event", "Contact", "User-Agent"])
def test_length_of_what_is_read(name: str) -> None:
    row = f"{name}: ".encode()
    assert read_head(row + b"x" * MAX_VALUE + b"\r\n\r\n")[0] is None
    fault, _, _ = read_head(row + b"x" * (MAX_VALUE + 1) + b"\r\n\r\n")
    assert fault is not None
    assert fault.status == 513
    assert fault.reason.startswith(name)


def test_what_nobody_reads_may_be_long() -> None:
    assert read_head(b"X-Long: " + b"x" * 60_000 + b"\r\n\r\n")[0] is None


@pytest.mark.parametrize("rows", [b" folded\r\nA: 1\r\n\r\n", b"\tfolded\r\n\r\n"])
def test_folded_start_line(rows: bytes) -> None:
    fault, _, _ = read_head(rows)
    assert fault is not None
    assert fault.status == 400


@pytest.mark.parametrize(
    ("name", "written"),
    [("call-id", "Call-ID"), ("cseq", "CSeq"), ("from", "From"), ("user-agent", "User-Agent")],
)
def test_labels(name: str, written: str) -> None:
    assert label(name) == written
