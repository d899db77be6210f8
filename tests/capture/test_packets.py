"""What we write: right checksums, and messages without passwords that are still messages."""

from __future__ import annotations

import dpkt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.capture.masked import mask_payload
from pnp_responder.capture.packets import MAX_PAYLOAD, internet_checksum, tcp_packet, udp_packet
from pnp_responder.capture.writer import made_up_mac, pcap_record
from pnp_responder.datagram import SocketAddress
from pnp_responder.sip import Request, parse_message

HERE, THERE = SocketAddress("192.0.2.45", 5062), SocketAddress("224.0.1.75", 5060)


@given(payload=st.binary(max_size=200), number=st.integers(0, 100_000))
def test_udp_has_the_checksums_that_dpkt_computes(payload: bytes, number: int) -> None:
    packet = udp_packet(HERE, THERE, payload, number)
    again = dpkt.ip.IP(packet)
    assert (again.id, again.ttl, bytes(again.data.data)) == (number & 0xFFFF, 1, payload)
    again.sum = again.data.sum = 0
    assert bytes(again) == packet


@given(payload=st.binary(max_size=200), sequence=st.integers(0, 2**33))
def test_tcp_has_the_checksums_that_dpkt_computes(payload: bytes, sequence: int) -> None:
    packet = tcp_packet(HERE, SocketAddress("192.0.2.1", 5060), payload, sequence, 1)
    again = dpkt.ip.IP(packet)
    assert (again.data.seq, again.ttl) == (sequence % 2**32, 64)
    again.sum = again.data.sum = 0
    assert bytes(again) == packet


def test_the_checksum_of_nothing_but_zeros() -> None:
    assert internet_checksum(bytes(4)) == 0xFFFF
    assert internet_checksum(b"\xff\xff") == 0


def test_a_datagram_can_be_too_long() -> None:
    assert len(udp_packet(HERE, THERE, bytes(MAX_PAYLOAD))) == 65_535
    with pytest.raises(ValueError, match="no UDP datagram"):
        udp_packet(HERE, THERE, bytes(MAX_PAYLOAD + 1))


def test_mac_addresses_are_made_up_but_for_groups() -> None:
    assert made_up_mac(bytes([224, 129, 2, 3])).hex() == "01005e010203"
    assert made_up_mac(bytes([192, 0, 2, 45])).hex() == "0200c000022d"


def test_a_record_has_microseconds() -> None:
    record = pcap_record(5_000_006_999, udp_packet(HERE, THERE, b"x"))
    assert record[:16].hex() == "05000000" + "06000000" + "2b000000" * 2


NOTIFY = (
    b"NOTIFY sip:192.0.2.45 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
    b"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 NOTIFY\r\n%s: %d\r\n\r\n%s"
)


class TestMasking:
    @pytest.mark.parametrize("name", [b"Content-Length", b"content-length", b"l", b"L  "])
    @pytest.mark.parametrize("password", [b"p", b"secret", b"a-very-long-password"])
    def test_the_message_stays_whole(self, name: bytes, password: bytes) -> None:
        url = b"http://user:" + password + b"@192.0.2.1/$mac.cfg"
        message = parse_message(mask_payload(NOTIFY % (name, len(url), url)))
        assert isinstance(message, Request)
        assert message.fault is None
        assert message.body == b"http://user:***@192.0.2.1/$mac.cfg"

    def test_a_password_that_looks_masked_is_left(self) -> None:
        url = b"http://user:***@192.0.2.1/"
        payload = NOTIFY % (b"Content-Length", len(url), url)
        assert mask_payload(payload) == payload

    @given(payload=st.binary(max_size=100))
    def test_octets_without_password_stay(self, payload: bytes) -> None:
        assert mask_payload(payload) == payload or b"://" in payload

    def test_octets_that_are_no_text_stay(self) -> None:
        url = b"http://\xff\xfe:secret@\xfd/"
        assert mask_payload(NOTIFY % (b"Content-Length", len(url), url)).endswith(
            b"http://\xff\xfe:***@\xfd/"
        )
