"""pcap, pcapng and gzip: read as they are meant, refused in words where they are none."""

from __future__ import annotations

import gzip
import io
import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.capture.datagrams import CUT, FRAGMENTS, Captured, CaptureReader
from pnp_responder.capture.frame import MAX_FRAME, CaptureCut, CaptureUnreadable, Frame
from pnp_responder.capture.packets import udp_packet
from pnp_responder.capture.pcap import PCAP_BEGINNINGS, read_pcap
from pnp_responder.capture.pcapng import read_pcapng
from pnp_responder.datagram import SocketAddress
from tests.capture import forms
from tests.capture.forms import BIG_NANO, LITTLE_MICRO, Packet
from tests.examples import SUBSCRIBE

PHONE, GROUP = SocketAddress("192.0.2.45", 5062), SocketAddress("224.0.1.75", 5060)
SERVER = SocketAddress("192.0.2.1", 5060)
WHEN = 1_700_000_000_123_456_000
PAYLOAD = bytes(range(256)) * 2
PACKET = Packet(WHEN, udp_packet(PHONE, GROUP, PAYLOAD, 7))


def datagrams(octets: bytes) -> list[Captured]:
    return list(CaptureReader().read(io.BytesIO(octets)))


def pcap_frames(octets: bytes) -> list[Frame]:
    return list(read_pcap(io.BytesIO(octets[4:]), octets[:4]))


@pytest.mark.parametrize("link", forms.LINKS)
@pytest.mark.parametrize("magic", [LITTLE_MICRO, BIG_NANO], ids=["little-micro", "big-nano"])
def test_a_datagram_comes_out_of_every_link_type(link: str, magic: bytes) -> None:
    (captured,) = datagrams(forms.pcap([PACKET], link, magic))
    assert captured == Captured(WHEN, PHONE, GROUP, PAYLOAD, "", len(PAYLOAD))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("link", ["ethernet", "cooked2", "raw"])
def test_a_datagram_comes_out_of_pcapng(link: str, order: str) -> None:
    (captured,) = datagrams(forms.pcapng([PACKET], link, order, "eth7"))
    assert captured == Captured(WHEN, PHONE, GROUP, PAYLOAD, "", len(PAYLOAD), "eth7")


def test_a_later_section_may_have_the_other_octet_order() -> None:
    octets = forms.pcapng([PACKET], "ethernet", "<", "a") + forms.pcapng([PACKET], "raw", ">", "b")
    assert [captured.interface for captured in datagrams(octets)] == ["a", "b"]


def test_gzip_is_opened() -> None:
    assert len(datagrams(gzip.compress(forms.pcap([PACKET] * 3, "vlan")))) == 3


def test_modified_pcap_has_longer_heads() -> None:
    frame = forms.ethernet(PACKET.octets)
    head = bytes.fromhex("34cdb2a1") + struct.pack("<HHiIII", 2, 4, 0, 0, 65535, 1)
    record = struct.pack("<IIIIIHBB", 5, 6, len(frame), len(frame), 1, 0, 0, 0)
    (found,) = pcap_frames(head + record + frame)
    assert found == Frame(5_000_006_000, 1, frame, len(frame))


def test_the_upper_bits_of_the_link_type_are_about_check_sequences() -> None:
    octets = bytearray(forms.pcap([PACKET], "ethernet"))
    octets[23] = 0xF0
    assert pcap_frames(bytes(octets))[0].link_type == 1


class TestPcapngPackets:
    SECTION = forms.block("<", 0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))

    def frames(self, *blocks: tuple[int, bytes]) -> list[Frame]:
        octets = self.SECTION + b"".join(forms.block("<", kind, body) for kind, body in blocks)
        return list(read_pcapng(io.BytesIO(octets[4:])))

    def interface(self, *options: tuple[int, bytes], snap: int = 0) -> tuple[int, bytes]:
        return 1, struct.pack("<HHI", 101, 0, snap) + b"".join(forms.option("<", *o) for o in options)

    def packet(self, stamp: int, number: int = 0) -> tuple[int, bytes]:
        return 6, struct.pack("<IIIII", number, stamp >> 32, stamp & 0xFFFFFFFF, 2, 9) + b"hi"

    def test_time_stamps_have_the_unit_that_the_interface_says(self) -> None:
        for resolution, units in ((b"\x03", 10**3), (b"\x06", 10**6), (b"\x8a", 2**10)):
            (frame,) = self.frames(self.interface((9, resolution)), self.packet(3 * units))
            assert frame == Frame(3 * 10**9, 101, b"hi", 9)

    def test_time_stamps_have_an_offset(self) -> None:
        offset = struct.pack("<q", 60)
        (frame,) = self.frames(self.interface((14, offset)), self.packet(1_000_000))
        assert frame.when == 61 * 10**9

    def test_simple_packets_have_the_time_of_the_one_before(self) -> None:
        simple = (3, struct.pack("<I", 9) + b"hello")
        _, frame = self.frames(self.interface(snap=5), self.packet(2_000_000), simple)
        assert frame == Frame(2 * 10**9, 101, b"hello", 9)

    def test_old_packets(self) -> None:
        old = (2, struct.pack("<HHIIII", 0, 3, 0, 5_000_000, 2, 2) + b"hi")
        (frame,) = self.frames(self.interface(), old)
        assert frame == Frame(5 * 10**9, 101, b"hi", 2)

    @pytest.mark.parametrize(
        "blocks",
        [
            [(6, struct.pack("<IIIII", 1, 0, 0, 0, 0))],
            [(6, b"short")],
            [(6, struct.pack("<IIIII", 0, 0, 0, 99, 99))],
            [(3, b"")],
            [(1, b"")],
            [(1, struct.pack("<HHI", 1, 0, 0) + forms.option("<", 9, b"\x7f"))],
        ],
    )
    def test_damage_is_told(self, blocks: list[tuple[int, bytes]]) -> None:
        with pytest.raises(CaptureUnreadable, match=r"\w"):
            self.frames(self.interface(), *blocks)


class TestUnreadable:
    @pytest.mark.parametrize(
        ("octets", "words"),
        [
            (b"", "the file is empty"),
            (b"GET / HTTP/1.1\r\n\r\n", "neither pcap, pcapng nor a text with a SUBSCRIBE"),
            (b"\x1f\x8b\x08\x00 no gzip at all", "damaged gzip"),
            (LITTLE_MICRO + bytes(3), "inside of its own head"),
            (forms.PCAPNG_SECTION + bytes(16), "octet order"),
            (LITTLE_MICRO + bytes(20) + struct.pack("<IIII", 0, 0, MAX_FRAME + 1, 1), "cannot be"),
        ],
    )
    def test_says_why(self, octets: bytes, words: str) -> None:
        with pytest.raises(CaptureUnreadable, match=words):
            datagrams(octets)

    @pytest.mark.parametrize("whole", [forms.pcap([PACKET] * 2, "raw"), forms.pcapng([PACKET] * 2, "raw")])
    def test_what_came_before_the_end_counts(self, whole: bytes) -> None:
        """At whatever octet a file ends: it is cut, never damaged, and nothing else is raised."""
        counts = []
        for size in range(4, len(whole)):
            counts.append(0)
            with suppress(CaptureCut):
                for _ in CaptureReader().read(io.BytesIO(whole[:size])):
                    counts[-1] += 1
        assert counts == sorted(counts)
        assert {0, 1} <= set(counts)
        assert datagrams(whole)[0].payload == PAYLOAD

    @given(
        octets=st.binary(max_size=400),
        beginning=st.sampled_from([*sorted(PCAP_BEGINNINGS), forms.PCAPNG_SECTION]),
    )
    def test_rubbish_raises_nothing_else(self, octets: bytes, beginning: bytes) -> None:
        with suppress(CaptureUnreadable):
            datagrams(beginning + octets)

    @given(data=st.data(), link=st.sampled_from(sorted(forms.LINKS)))
    def test_a_frame_with_wrong_octets_raises_nothing(self, data: Any, link: str) -> None:
        frame = bytearray(forms.LINKS[link][1](PACKET.octets))
        for _ in range(data.draw(st.integers(1, 4))):
            frame[data.draw(st.integers(0, min(60, len(frame) - 1)))] = data.draw(st.integers(0, 255))
        cut = bytes(frame[: data.draw(st.integers(0, len(frame)))])
        head = forms.pcap([], link)
        datagrams(head + struct.pack("<IIII", 0, 0, len(cut), len(frame)) + cut)


class TestWhatIsNotRead:
    def unread(self, *packets: bytes, link: str = "raw") -> dict[str, int]:
        reader = CaptureReader()
        assert list(reader.read(io.BytesIO(forms.pcap([Packet(0, p) for p in packets], link)))) == []
        return dict(reader.unread)

    def test_ipv6_is_counted_where_it_is_sip(self) -> None:
        sip, other = b"\x60" + bytes(60) + b"OPTIONS x SIP/2.0", b"\x60" + bytes(60)
        assert self.unread(sip, other, sip) == {"IPv6 packets with SIP: phones ask by IPv4": 2}

    def test_damage_is_counted(self) -> None:
        assert self.unread(b"\x44" + bytes(60), b"\x45") == {"damaged packets": 2}

    def test_an_unknown_link_type_is_named(self) -> None:
        octets = bytearray(forms.pcap([PACKET], "raw"))
        octets[20] = 105
        reader = CaptureReader()
        assert list(reader.read(io.BytesIO(bytes(octets)))) == []
        assert list(reader.unread) == ["frames of link type 105, which is not read"]

    def test_arp_is_nothing_to_tell(self) -> None:
        arp = forms.THERE + forms.HERE + b"\x08\x06" + bytes(46)
        reader = CaptureReader()
        head = forms.pcap([], "ethernet")
        list(reader.read(io.BytesIO(head + struct.pack("<IIII", 0, 0, len(arp), len(arp)) + arp)))
        assert (reader.packets, dict(reader.unread)) == (1, {})


class TestWholeness:
    def test_padding_of_the_frame_is_no_payload(self) -> None:
        (captured,) = datagrams(
            forms.pcap([Packet(0, udp_packet(PHONE, GROUP, b"ab") + bytes(16))], "ethernet")
        )
        assert captured.payload == b"ab"

    def test_the_snap_length_is_named(self) -> None:
        (captured,) = datagrams(forms.pcap([PACKET], "ethernet", snap=100))
        assert captured.missing == CUT
        assert (captured.payload, captured.whole) == (PAYLOAD[: 100 - 14 - 28], len(PAYLOAD))

    def test_a_frame_cut_behind_the_datagram_is_whole(self) -> None:
        packet = Packet(0, udp_packet(PHONE, GROUP, b"ab") + bytes(16))
        (captured,) = datagrams(forms.pcap([packet], "ethernet", snap=14 + 28 + 2))
        assert (captured.payload, captured.missing) == (b"ab", "")

    @pytest.mark.parametrize("order", [1, -1])
    def test_fragments_are_put_together(self, order: int) -> None:
        (captured,) = datagrams(forms.pcap(forms.fragments(PACKET, 64)[::order], "cooked"))
        assert (captured.payload, captured.missing) == (PAYLOAD, "")

    @pytest.mark.parametrize("lost", [1, 3, 8])
    def test_a_missing_fragment_is_named(self, lost: int) -> None:
        pieces = forms.fragments(PACKET, 64)
        del pieces[lost]
        (captured,) = datagrams(forms.pcap(pieces, "raw"))
        assert (captured.missing, captured.source, captured.whole) == (FRAGMENTS, PHONE, len(PAYLOAD))

    def test_without_the_first_fragment_nobody_knows_whose_it_was(self) -> None:
        reader = CaptureReader()
        assert list(reader.read(io.BytesIO(forms.pcap(forms.fragments(PACKET, 64)[1:], "raw")))) == []
        assert reader.unread == {"datagrams whose first IP fragment is missing": 1}

    @pytest.mark.parametrize(
        ("destination", "snap", "counted"),
        [(SERVER, 300, 1), (SERVER, 500, 0), (SERVER, 9_999, 0), (GROUP, 300, 0)],
        ids=["before its Event", "behind it", "whole", "to the group"],
    )
    def test_a_unicast_request_that_cannot_be_told_from_others_is_counted(
        self, destination: SocketAddress, snap: int, counted: int
    ) -> None:
        octets = SUBSCRIBE.replace(b"Event:", b"X-Padding: " + b"a" * 100 + b"\r\nEvent:")
        packet = Packet(WHEN, udp_packet(PHONE, destination, octets, 7))
        reader = CaptureReader()
        assert len(list(reader.read(io.BytesIO(forms.pcap([packet], "raw", snap=snap))))) == 1
        assert sum(reader.unread.values()) == counted

    def test_fragments_that_are_cut_are_named(self) -> None:
        (captured,) = datagrams(forms.pcap(forms.fragments(PACKET, 256), "raw", snap=120))
        assert captured.missing == CUT
        assert captured.payload == PAYLOAD[: 120 - 28]
