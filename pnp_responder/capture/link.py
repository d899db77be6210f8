"""From a frame to the IPv4 packet in it: dpkt reads the layers, the rest is what dpkt leaves out."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, NamedTuple

import dpkt

from pnp_responder.capture.frame import Frame

IPPROTO_UDP = 17
IPPROTO_TCP = 6
_IPV4, _IPV6 = 0x0800, 0x86DD
_TAGS = {0x8100, 0x88A8, 0x9100, 0x9200, 0x9300}
_MOST_TAGS = 8
_LARGEST_LENGTH_FIELD = 1500  # of IEEE 802.3; above it is an EtherType


class IpPacket(NamedTuple):
    """An IPv4 packet or fragment.

    `missing` octets at its end were cut off by the capture. `offset` is in octets, `more` says that
    fragments follow.
    """

    when: int
    interface: str
    source: bytes
    destination: bytes
    protocol: int
    identification: int
    offset: int
    more: bool
    payload: bytes
    missing: int


class Unread(NamedTuple):
    """A frame that holds no IPv4 packet for us; `kind` says why, for counting."""

    kind: str


NOT_IP = Unread("")
"""ARP, LLDP and the like: nobody expects it to be read."""
IPV6 = Unread("IPv6 packets with SIP: phones ask by IPv4")
DAMAGED = Unread("damaged packets")


class _Ethernet(dpkt.ethernet.Ethernet):  # type: ignore[misc]
    # What is inside stays octets: dpkt would take apart every protocol it knows, which is slow and may raise.
    _typesw: dict[int, Any] = {}


class _Cooked(dpkt.sll.SLL):  # type: ignore[misc]
    _typesw: dict[int, Any] = {}


class _Cooked2(dpkt.sll2.SLL2):  # type: ignore[misc]
    _typesw: dict[int, Any] = {}


class _Ip(dpkt.ip.IP):  # type: ignore[misc]
    _protosw: dict[int, Any] = {}


def read_ip(frame: Frame) -> IpPacket | Unread:
    """The IPv4 packet in `frame`. Raises nothing for its octets."""
    inside = _LINKS.get(frame.link_type)
    if inside is None:
        return Unread(f"frames of link type {frame.link_type}, which is not read")
    try:
        found = inside(frame.octets)
        if isinstance(found, Unread):
            return found
        return _read_ip(frame, found)
    except (dpkt.Error, struct.error, IndexError):
        return DAMAGED


def _read_ip(frame: Frame, octets: bytes) -> IpPacket | Unread:
    version = octets[0] >> 4
    if version != 4:
        return IPV6 if version == 6 else NOT_IP
    ip = _Ip(octets)
    head = (ip._v_hl & 0xF) * 4
    flags = ip._flags_offset
    # A length of 0 is a segment that the network card was to cut; then all that is there counts.
    size = ip.len - head if ip.len else len(octets) - head + frame.length - len(frame.octets)
    payload = ip.data
    if size < 0 or head < 20:
        return DAMAGED
    return IpPacket(
        frame.when,
        frame.interface,
        ip.src,
        ip.dst,
        ip.p,
        ip.id,
        (flags & 0x1FFF) * 8,
        bool(flags & 0x2000),
        payload,
        size - len(payload),
    )


def _typed(kind: int, octets: bytes) -> bytes | Unread:
    """What an EtherType announces, behind any number of VLAN tags."""
    for _ in range(_MOST_TAGS):
        if kind == _IPV4:
            return octets
        if kind not in _TAGS:
            break
        tag = dpkt.ethernet.VLANtag8021Q(octets[:4])
        kind, octets = tag.type, octets[4:]
    return IPV6 if kind == _IPV6 else NOT_IP


def _ethernet(octets: bytes) -> bytes | Unread:
    kind = int.from_bytes(octets[12:14], "big")
    if kind in _TAGS:  # dpkt stops at the second tag, and takes the first for the only one in some orders
        return _typed(kind, octets[14:])
    if kind <= _LARGEST_LENGTH_FIELD:
        return NOT_IP
    ethernet = _Ethernet(octets)
    return _typed(ethernet.type, ethernet.data)


def _cooked(octets: bytes) -> bytes | Unread:
    cooked = _Cooked(octets)
    return _typed(cooked.ethtype, cooked.data)


def _cooked2(octets: bytes) -> bytes | Unread:
    cooked = _Cooked2(octets)
    return _typed(cooked.ethtype, cooked.data)


def _loopback(octets: bytes) -> bytes | Unread:
    """BSD's null and OpenBSD's loop: a protocol family of four octets, in either order."""
    family = octets[:4]
    if family in (b"\x02\0\0\0", b"\0\0\0\x02"):
        return octets[4:]
    return IPV6 if set(family) & {24, 28, 30} else NOT_IP


def _raw(octets: bytes) -> bytes | Unread:
    return octets if octets else DAMAGED


# https://www.tcpdump.org/linktypes.html; 12 and 14 are what some systems write for "raw".
_LINKS: dict[int, Callable[[bytes], bytes | Unread]] = {
    dpkt.pcap.DLT_NULL: _loopback,
    dpkt.pcap.DLT_LOOP: _loopback,
    dpkt.pcap.DLT_EN10MB: _ethernet,
    dpkt.pcap.DLT_LINUX_SLL: _cooked,
    dpkt.pcap.DLT_LINUX_SLL2: _cooked2,
    dpkt.pcap.DLT_IPV4: _raw,
    12: _raw,
    14: _raw,
    101: _raw,
}
