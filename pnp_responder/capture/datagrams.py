"""The UDP datagrams of a capture file, whatever its form, and SIP by TCP, in the order of the file."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from pnp_responder.capture.fragments import Reassembler
from pnp_responder.capture.frame import CaptureCut, CaptureUnreadable, Frame
from pnp_responder.capture.link import IPPROTO_TCP, IPPROTO_UDP, IPV6, IpPacket, Unread, read_ip
from pnp_responder.capture.pcap import PCAP_BEGINNINGS, read_pcap
from pnp_responder.capture.pcapng import PCAPNG_BEGINNING, read_pcapng
from pnp_responder.capture.streams import Streams
from pnp_responder.capture.text import MAX_TEXT, read_text
from pnp_responder.datagram import TCP, UDP, SocketAddress

CUT = "cut"
FRAGMENTS = "fragments"

SIP_PORT = 5060
_SIP = b"SIP/2.0"
_GZIP = b"\x1f\x8b"
_UDP_HEAD = 8
_MOST_KINDS = 64
_TICK = 4_096
_EVENTLESS = re.compile(rb"SUBSCRIBE (?!.*\n(?:Event|o)[ \t]*:)", re.DOTALL | re.IGNORECASE)


class Captured(NamedTuple):
    """A UDP datagram of a capture, or a SIP message by TCP (`transport` is UDP or TCP).

    `when` is in nanoseconds since 1970, 0 for a text. `missing` says why the payload is not whole:
    "" it is, CUT by the snap length, FRAGMENTS that the file lacks. `whole` is the payload's length
    as far as that is known, 0 if not. `source` is None for a text, which does not tell it.
    """

    when: int
    source: SocketAddress | None
    destination: SocketAddress | None
    payload: bytes
    missing: str = ""
    whole: int = 0
    interface: str = ""
    transport: str = UDP


class CaptureReader:
    """Reads captures one after the other.

    `packets` counts the frames, `unread` those that hold nothing for us although one might think so,
    by kind. `tick` is called every few thousand frames.
    """

    def __init__(self, tick: Callable[[], None] | None = None) -> None:
        self._tick = tick
        self.packets = 0
        self.unread: Counter[str] = Counter()

    def read(self, file: BinaryIO) -> Iterator[Captured]:
        """The datagrams of `file`. Raises CaptureUnreadable; what came before that counts."""
        try:
            yield from self._read(file)
        except EOFError:
            raise CaptureCut("the gzip ends early") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise CaptureUnreadable(f"damaged gzip: {error}") from None

    def _read(self, file: BinaryIO) -> Iterator[Captured]:
        beginning = file.read(4)
        if beginning[:2] == _GZIP:
            file = gzip.GzipFile(fileobj=_Rest(beginning, file), mode="rb")  # type: ignore[assignment]
            beginning = file.read(4)
        if beginning in PCAP_BEGINNINGS:
            yield from self._datagrams(read_pcap(file, beginning))
        elif beginning == PCAPNG_BEGINNING:
            yield from self._datagrams(read_pcapng(file))
        else:
            payload = read_text(beginning + file.read(MAX_TEXT))
            if payload is None:
                what = (
                    "the file is empty"
                    if not beginning
                    else "neither pcap, pcapng nor a text with a SUBSCRIBE"
                )
                raise CaptureUnreadable(what)
            self.packets += 1
            yield Captured(0, None, None, payload)

    def _datagrams(self, frames: Iterator[Frame]) -> Iterator[Captured]:
        reassembler = Reassembler()
        streams = Streams()
        try:
            for frame in frames:
                self.packets += 1
                if self._tick is not None and self.packets % _TICK == 0:
                    self._tick()
                packet = read_ip(frame)
                if isinstance(packet, Unread):
                    if packet.kind and (packet is not IPV6 or _SIP in frame.octets):
                        self._count(packet.kind)
                    continue
                if packet.protocol == IPPROTO_TCP:
                    for payload, whole in streams.add(packet):
                        yield _by_tcp(packet, payload, whole)
                if packet.protocol != IPPROTO_UDP:
                    continue
                if packet.more or packet.offset:
                    joined = reassembler.add(packet)
                    yield from _incomplete(reassembler.left())
                    if joined is None:
                        continue
                    packet = joined
                datagram = _read_udp(packet)
                if datagram is None:
                    self._count("damaged packets")
                    continue
                if datagram.missing and _EVENTLESS.match(datagram.payload) and not _to_a_group(datagram):
                    self._count("SUBSCRIBEs by unicast that were cut before their Event; capture with -s 0")
                yield datagram
        finally:
            left = reassembler.left(all_of_them=True)
            if reassembler.headless:
                self._count("datagrams whose first IP fragment is missing", reassembler.headless)
        yield from _incomplete(left)

    def _count(self, kind: str, times: int = 1) -> None:
        if kind in self.unread or len(self.unread) < _MOST_KINDS:
            self.unread[kind] += times


class _Rest(io.RawIOBase):
    """A stream with its first octets put back."""

    def __init__(self, beginning: bytes, file: BinaryIO) -> None:
        self._beginning = beginning
        self._file = file

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._beginning:
            size = len(self._beginning) if size < 0 else size
            taken, self._beginning = self._beginning[:size], self._beginning[size:]
            return taken
        return self._file.read(size)


def _incomplete(packets: list[IpPacket]) -> Iterator[Captured]:
    for packet in packets:
        datagram = _read_udp(packet, FRAGMENTS)
        if datagram is not None:
            yield datagram


def _to_a_group(captured: Captured) -> bool:
    destination = captured.destination
    return destination is not None and 224 <= int(destination.host.partition(".")[0]) <= 239


def _by_tcp(packet: IpPacket, payload: bytes, whole: bool) -> Captured:
    source, destination = _ports(packet)
    return Captured(
        packet.when,
        SocketAddress(_dotted(packet.source), source),
        SocketAddress(_dotted(packet.destination), destination),
        payload,
        "" if whole else CUT,
        len(payload) if whole else len(payload) + packet.missing,
        packet.interface,
        TCP,
    )


def _ports(packet: IpPacket) -> tuple[int, int]:
    head = packet.payload
    return int.from_bytes(head[0:2], "big"), int.from_bytes(head[2:4], "big")


def _read_udp(packet: IpPacket, missing: str = "") -> Captured | None:
    payload = packet.payload
    size = int.from_bytes(payload[4:6], "big")
    if len(payload) < _UDP_HEAD or 0 < size < _UDP_HEAD:
        return None
    source, destination = _ports(packet)
    body = payload[_UDP_HEAD:size] if size else payload[_UDP_HEAD:]
    if not missing and packet.missing and size > len(payload):
        missing = CUT
    return Captured(
        packet.when,
        SocketAddress(_dotted(packet.source), source),
        SocketAddress(_dotted(packet.destination), destination),
        body,
        missing,
        size - _UDP_HEAD if size else 0,
        packet.interface,
    )


def _dotted(octets: bytes) -> str:
    a, b, c, d = octets
    return f"{a}.{b}.{c}.{d}"
