"""SIP by TCP, out of the segments of a capture."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.capture.datagrams import CUT, Captured, CaptureReader
from pnp_responder.capture.packets import tcp_packet
from pnp_responder.capture.phone_row import Outcome
from pnp_responder.capture.replay import Replay
from pnp_responder.capture.segments import Packets
from pnp_responder.datagram import TCP, SocketAddress
from pnp_responder.sip import Identifiers
from tests import examples
from tests.capture import forms
from tests.capture.forms import Packet
from tests.examples import SUBSCRIBE

PHONE, SERVER = SocketAddress("192.0.2.45", 40_000), SocketAddress("192.0.2.1", 5060)
BY_TCP = SUBSCRIBE.replace(b"SIP/2.0/UDP", b"SIP/2.0/TCP")


def segments(octets: bytes, size: int, first: int = 2**32 - 100) -> list[bytes]:
    """Their numbers go beyond 32 bits and begin at 0 again."""
    return [
        tcp_packet(PHONE, SERVER, octets[at : at + size], first + at, 1) for at in range(0, len(octets), size)
    ]


def read(packets: list[bytes], snap: int = 65_535) -> list[Captured]:
    octets = forms.pcap([Packet(0, packet) for packet in packets], "raw", snap=snap)
    return list(CaptureReader().read(io.BytesIO(octets)))


@pytest.mark.parametrize("size", [60, 100, 10_000])
def test_messages_come_out_however_they_were_cut(size: int) -> None:
    found = read(segments(BY_TCP * 3, size))
    assert found == [Captured(0, PHONE, SERVER, BY_TCP, "", len(BY_TCP), "", TCP)] * 3


def test_a_segment_that_comes_again_changes_nothing() -> None:
    first, *rest = segments(BY_TCP, 100)
    assert [captured.payload for captured in read([first, first, *rest, *rest])] == [BY_TCP]


def test_a_segment_that_lacks_loses_its_message_alone() -> None:
    first, _, third = segments(BY_TCP * 3, len(BY_TCP))
    assert [captured.payload for captured in read([first, third])] == [BY_TCP, BY_TCP]
    assert read(segments(BY_TCP, 100)[:-1]) == []


def test_a_segment_that_the_capture_cut_is_named() -> None:
    (found,) = read(segments(BY_TCP, 10_000), snap=140)
    assert (found.missing, found.payload, found.whole) == (CUT, BY_TCP[:100], len(BY_TCP))


def test_other_protocols_are_passed_over() -> None:
    assert read(segments(b"GET / HTTP/1.1\r\nX: SIP/2.0\r\n\r\n", 100)) == []
    assert (
        read([tcp_packet(PHONE, SERVER, b"", 0, 0), tcp_packet(PHONE, SERVER, b"SIP/2.0", 0, 0)[:30]]) == []
    )


@given(data=st.data())
def test_wrong_octets_raise_nothing(data: Any) -> None:
    packets = [bytearray(packet) for packet in segments(BY_TCP * 2, 200)]
    for _ in range(data.draw(st.integers(1, 5))):
        packet = packets[data.draw(st.integers(0, len(packets) - 1))]
        packet[data.draw(st.integers(20, len(packet) - 1))] = data.draw(st.integers(0, 255))
    read([bytes(packet) for packet in packets])


def test_what_is_written_is_read_again() -> None:
    packets = Packets()
    long = BY_TCP.replace(b"Accept:", b"X-Long: " + b"x" * 3_000 + b"\r\nAccept:")
    written = [packet for _ in range(2) for packet in packets.of(PHONE, SERVER, long, TCP)]
    assert len(written) == 6
    assert [captured.payload for captured in read(written)] == [long, long]


def test_the_engine_answers_on_the_connection() -> None:
    written: list[tuple[Any, ...]] = []
    engine = Replay(
        examples.offer, identifiers=Identifiers(examples.numbered()), write=lambda *told: written.append(told)
    )
    (captured,) = read(segments(BY_TCP, 10_000))
    assert list(engine.feed(captured)) == []
    assert [row.outcome for row in engine.end()] == [Outcome.URL]
    assert {
        (*sorted([source, destination]), transport) for _, source, destination, _, transport in written
    } == {(SERVER, PHONE, TCP)}
