"""Server, phone and victim at one switch; frames of the tests' own making, and what the victim hears.

The server believes every source address (`rp_filter` 0), and its default route leads to the victim, which
also is the way to all other networks: whatever is sent to somebody else passes there.
"""

from __future__ import annotations

import itertools
import select
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import NamedTuple

from tests.outside.namespaces import GROUP, Namespace, Network

SERVER = "192.168.1.118"
PHONE = "192.168.1.45"
VICTIM = "192.168.1.200"
ELSEWHERE = "203.0.113.9"
"""Another address of the victim, on no link of the server."""
ALLOWED = "198.51.100.7"
"""One more, that `service.allow` names."""

GROUP_MAC = bytes.fromhex("01005e00014b")
_ETH_P_ALL, _ETH_P_IP, _ETH_P_ARP = 0x0003, 0x0800, 0x0806
_IGMP, _TCP, _UDP = 2, 6, 17

_numbers = itertools.count(1)


class HostileLan(NamedTuple):
    """The hosts, and the hardware addresses of two of them."""

    server: Namespace
    phone: Namespace
    victim: Namespace
    server_mac: bytes
    phone_mac: bytes


@contextmanager
def hostile_lan() -> Iterator[HostileLan]:
    """All of it, gone at the end."""
    with Network() as network:
        switch, server, phone, victim = (network.host() for _ in range(4))
        for host in (server, phone, victim):
            # What is heard is IPv4 and ours; no neighbour discovery in between.
            host.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
        for key in ("all", "default"):
            server.run("sysctl", "-qw", f"net.ipv4.conf.{key}.rp_filter=0")
        switch.run("ip", "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        switch.run("ip", "link", "set", "br0", "up")
        for port, host, addresses in (
            ("p1", server, [f"{SERVER}/24"]),
            ("p2", phone, [f"{PHONE}/24"]),
            ("p3", victim, [f"{VICTIM}/24"]),
        ):
            network.wire(switch, port, [], host, "eth1" if host is server else "eth0", addresses)
            switch.run("ip", "link", "set", port, "master", "br0")
        for address in (ELSEWHERE, ALLOWED):
            victim.run("ip", "address", "add", f"{address}/32", "dev", "lo")
        server.run("ip", "route", "add", "default", "via", VICTIM)
        phone.run("ip", "route", "add", "default", "via", VICTIM)
        yield HostileLan(server, phone, victim, _mac(server, "eth1"), _mac(phone, "eth0"))


def _mac(host: Namespace, link: str) -> bytes:
    words = host.run("ip", "-o", "link", "show", link).split()
    return bytes.fromhex(words[words.index("link/ether") + 1].replace(":", ""))


class Frame(NamedTuple):
    """One Ethernet frame, read as far as it matters.

    `kind` is UDP, TCP, ..., or ARP for a question to all about `to`; what one host asks another that it knows
    already (the kernel's own upkeep of its table) is "ARP probe".
    """

    kind: str
    sender: bytes
    source: str
    to: str
    payload: bytes


class Capture:
    """All frames that pass `link` of `host` while the context is open. `frames()` are those so far."""

    def __init__(self, host: Namespace, link: str = "eth0") -> None:
        def opened() -> socket.socket:
            made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            made.bind((link, _ETH_P_ALL))
            return made

        self._socket = host.inside(opened)
        self._frames: list[Frame] = []

    def __enter__(self) -> Capture:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def frames(self, patience: float = 0.0) -> list[Frame]:
        """What has come by now; with `patience`, the first one may be so many seconds on its way."""
        while select.select([self._socket], [], [], patience)[0]:
            patience = 0.0
            octets, _ = self._socket.recvfrom(65536)
            self._frames.append(read_frame(octets))
        return self._frames

    def from_the_server(self, lan: HostileLan) -> list[Frame]:
        """The frames that the server's link sent, but for its reports of membership and for ARP. Of that only
        who asks for the victim counts: so begins what would be sent there."""
        return [
            frame
            for frame in self.frames()
            if frame.sender == lan.server_mac
            and frame.kind not in ("IGMP", "ARP probe")
            and (frame.kind != "ARP" or frame.to == VICTIM)
        ]


def read_frame(octets: bytes) -> Frame:
    sender = octets[6:12]
    kind = int.from_bytes(octets[12:14], "big")
    if kind == _ETH_P_ARP:
        name = "ARP" if octets[:6] == b"\xff" * 6 else "ARP probe"
        return Frame(name, sender, _quad(octets[28:32]), _quad(octets[38:42]), b"")
    if kind != _ETH_P_IP:
        return Frame(f"{kind:04x}", sender, "", "", octets[14:])
    length = (octets[14] & 15) * 4
    protocol = octets[23]
    name = {_IGMP: "IGMP", _TCP: "TCP", _UDP: "UDP"}.get(protocol, f"IP {protocol}")
    payload = octets[14 + length + (8 if protocol == _UDP else 0) :]
    return Frame(name, sender, _quad(octets[26:30]), _quad(octets[30:34]), payload)


def _quad(octets: bytes) -> str:
    return socket.inet_ntoa(octets)


def udp_frame(
    lan: HostileLan, source: tuple[str, int], to: tuple[str, int], payload: bytes, *, fragment: int = 0
) -> bytes:
    """A datagram as the phone's link would send it, with a source of any kind."""
    to_mac = GROUP_MAC if to[0] == GROUP else lan.server_mac
    udp = struct.pack("!HHHH", source[1], to[1], 8 + len(payload), 0) + payload
    head = struct.pack(
        "!BBHHHBBH4s4s",
        *(0x45, 0, 20 + len(udp), next(_numbers) & 0xFFFF, fragment, 1 if to[0] == GROUP else 64, _UDP, 0),
        *(socket.inet_aton(source[0]), socket.inet_aton(to[0])),
    )
    head = head[:10] + struct.pack("!H", _checksum(head)) + head[12:]
    return to_mac + lan.phone_mac + struct.pack("!H", _ETH_P_IP) + head + udp


def _checksum(octets: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


class Injector:
    """Sends frames from the phone's link, whatever stands in them."""

    def __init__(self, lan: HostileLan) -> None:
        def opened() -> socket.socket:
            made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            made.bind(("eth0", 0))
            return made

        self._lan = lan
        self._socket = lan.phone.inside(opened)

    def __enter__(self) -> Injector:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(self, source: tuple[str, int], to: str, payload: bytes, port: int = 5060) -> None:
        self._socket.send(udp_frame(self._lan, source, (to, port), payload))
