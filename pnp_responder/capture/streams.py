"""SIP messages in the TCP segments of a capture, whatever the port."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator

import dpkt

from pnp_responder.capture.link import IpPacket
from pnp_responder.errors import MalformedMessage
from pnp_responder.sip.stream import StreamReader

MOST_STREAMS = 256
"""Directions of connections that are followed, of 64 KiB at most each; then the oldest is forgotten."""

_MARK = b"SIP/2.0"
_START = re.compile(rb"(?:SIP/2\.0 |[A-Z]{3,20} sips?:)")
_HALF = 1 << 31


class _Stream:
    def __init__(self, sequence: int) -> None:
        self.next = sequence
        self.reader = StreamReader()


class Streams:
    """Follows what begins as SIP, with a whole start line in its first segment.

    Segments that come again are passed over; one that lacks loses the message that it is part of.
    """

    def __init__(self) -> None:
        self._streams: OrderedDict[bytes, _Stream] = OrderedDict()

    def add(self, packet: IpPacket) -> Iterator[tuple[bytes, bool]]:
        """The messages that this segment completes, and whether each is whole or was cut by the capture."""
        key = packet.source + packet.destination + packet.payload[:4]
        stream = self._streams.get(key)
        if stream is None and _MARK not in packet.payload:
            return
        try:
            segment = dpkt.tcp.TCP(packet.payload)
        except dpkt.Error:
            return
        data, sequence = segment.data, segment.seq
        if stream is not None and (sequence - stream.next) % 2**32 >= _HALF:
            return  # heard before
        if stream is None or sequence != stream.next:
            self._streams.pop(key, None)
            if not _START.match(data):
                return
            stream = self._begin(key, sequence)
        if packet.missing:
            del self._streams[key]
            yield data, False
            return
        stream.next = (sequence + len(data)) % 2**32
        stream.reader.feed(data)
        try:
            while (message := stream.reader.next_message()) is not None:
                yield message, True
        except MalformedMessage:
            self._streams.pop(key, None)

    def _begin(self, key: bytes, sequence: int) -> _Stream:
        if len(self._streams) >= MOST_STREAMS:
            self._streams.popitem(last=False)
        stream = self._streams[key] = _Stream(sequence)
        return stream
