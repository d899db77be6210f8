"""IPv4 fragments put together again (RFC 791 3.2), as far as a capture has them."""

from __future__ import annotations

from typing import NamedTuple

from pnp_responder.capture.link import IpPacket

# 16 MiB of payload at most; a capture of phones has a handful.
MOST_PACKETS = 256
MOST_FRAGMENTS = 128
LARGEST = 65_535
# RFC 1122 3.3.2: 60 to 120 seconds, in nanoseconds.
LIFETIME = 60 * 1_000_000_000


class _Key(NamedTuple):
    source: bytes
    destination: bytes
    protocol: int
    identification: int


class Reassembler:
    """Takes fragments; `add` gives the whole packet with its last one, `left` what never became whole.

    `headless` counts the packets given up whose first fragment is missing: nobody knows whose they were.
    """

    def __init__(self) -> None:
        self.headless = 0
        self._waiting: dict[_Key, list[IpPacket]] = {}
        self._left: list[IpPacket] = []

    def add(self, fragment: IpPacket) -> IpPacket | None:
        """The whole packet, if this was what lacked."""
        key = _Key(fragment.source, fragment.destination, fragment.protocol, fragment.identification)
        parts = self._waiting.get(key)
        if parts is not None and fragment.when - parts[0].when > LIFETIME:
            self._give_up(key)
            parts = None
        if parts is None:
            if len(self._waiting) >= MOST_PACKETS:
                self._give_up(next(iter(self._waiting)))
            parts = self._waiting[key] = []
        if len(parts) >= MOST_FRAGMENTS or fragment.offset + len(fragment.payload) > LARGEST:
            parts.append(fragment)
            self._give_up(key)
            return None
        parts.append(fragment)
        whole = _joined(parts)
        if whole is not None:
            del self._waiting[key]
        return whole

    def left(self, *, all_of_them: bool = False) -> list[IpPacket]:
        """What was given up since the last call: the beginnings, with `missing` at least 1.

        With `all_of_them`, at a capture's end, also what still waits.
        """
        if all_of_them:
            for key in list(self._waiting):
                self._give_up(key)
        left, self._left = self._left, []
        return left

    def _give_up(self, key: _Key) -> None:
        parts = sorted(self._waiting.pop(key), key=lambda part: part.offset)
        first = parts[0]
        if first.offset:
            self.headless += 1
        elif len(self._left) < MOST_PACKETS:
            self._left.append(first._replace(missing=max(first.missing, 1)))


def _joined(parts: list[IpPacket]) -> IpPacket | None:
    """The whole packet, or None: something lacks, or two fragments disagree."""
    ordered = sorted(parts, key=lambda part: part.offset)
    if ordered[0].offset or ordered[-1].more:
        return None
    payload = bytearray()
    end = 0
    for part in ordered:
        if part.offset > end:
            return None
        if end == len(payload):  # else the capture cut a part before this one, and the rest is of no use
            known = payload[part.offset : part.offset + len(part.payload)]
            if known != part.payload[: len(known)]:
                return None  # overlapping fragments that differ are an attack (RFC 5722 says so of IPv6)
            payload += part.payload[len(known) :]
        end = max(end, part.offset + len(part.payload) + part.missing)
    return ordered[0]._replace(payload=bytes(payload), missing=end - len(payload), more=False)
