"""Messages by TCP as packets to be written: the numbers of each segment follow those of the one before."""

from __future__ import annotations

from collections import OrderedDict

from pnp_responder.capture.packets import MAX_PAYLOAD, SEGMENT, tcp_packet, udp_packet
from pnp_responder.datagram import TCP, SocketAddress

MOST_STREAMS = 4_096
"""Directions of TCP connections whose numbers are kept."""


class Packets:
    """Makes the packets of datagrams and messages, in the order in which they are written."""

    def __init__(self) -> None:
        self._number = 0
        self._sequences: OrderedDict[tuple[SocketAddress, SocketAddress], int] = OrderedDict()

    def of(
        self, source: SocketAddress, destination: SocketAddress, payload: bytes, transport: str
    ) -> list[bytes]:
        """IPv4 packets with this payload; of a datagram longer than any can be, as much as fits."""
        if transport != TCP:
            self._number += 1
            return [udp_packet(source, destination, payload[:MAX_PAYLOAD], self._number)]
        packets = []
        sequence = self._sequences.pop((source, destination), 1)
        acknowledged = self._sequences.get((destination, source), 1)
        for start in range(0, len(payload), SEGMENT):
            piece = payload[start : start + SEGMENT]
            self._number += 1
            packets.append(tcp_packet(source, destination, piece, sequence, acknowledged, self._number))
            sequence += len(piece)
        if len(self._sequences) >= MOST_STREAMS:
            self._sequences.popitem(last=False)
        self._sequences[source, destination] = sequence
        return packets
