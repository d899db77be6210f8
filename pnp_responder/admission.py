"""Who may ask: sources on the link that they came in on, and those that the administrator allows.

The protocol has no authentication, so a source that cannot be a phone of this LAN gets silence,
also where the kernel's reverse-path filter lets its forged datagram through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network

from pnp_responder.datagram import Local, PlainAddress, SocketAddress

_LOOPBACK = IPv4Network("127.0.0.0/8")
_NO_HOSTS = IPv4Network("0.0.0.0/8")
_MULTICAST_AND_ABOVE = IPv4Network("224.0.0.0/3")


class Admission:
    """`networks` are the on-link prefixes of each interface, `own_addresses` those of this host. With
    `loopback`, sources in 127.0.0.0/8 are like all others: in a capture they may be anybody's."""

    def __init__(
        self,
        networks: Mapping[str, Iterable[IPv4Network]],
        allow: Iterable[IPv4Network] = (),
        own_addresses: Iterable[str] = (),
        *,
        loopback: bool = False,
    ) -> None:
        self._loopback = loopback
        self._on_link = {name: [_Prefix(n) for n in prefixes] for name, prefixes in networks.items()}
        self._allow = [_Prefix(network) for network in allow]
        self._own = frozenset(own_addresses)
        self._openings = {
            name: tuple(
                opening for prefix in (*prefixes, *self._allow) if (opening := prefix.opening) is not None
            )
            for name, prefixes in self._on_link.items()
        }
        self._not_by_opening = self._own.union(*(p.edge_texts for on in self._on_link.values() for p in on))

    def welcomes(self, remote: PlainAddress, local: Local) -> bool:
        """True only if `refusal` is None: nearly always, and for little, where a phone asks."""
        host, port = remote
        openings = self._openings.get(local[0], ())
        return port != 0 and host.startswith(openings) and host not in self._not_by_opening

    def is_ours(self, remote: SocketAddress) -> bool:
        """Is `remote` this host?"""
        return remote.host in self._own

    def refusal(self, remote: SocketAddress, local: Local) -> str | None:
        """None if `remote` may ask where `local` listens, else why not."""
        if remote.port == 0:
            return "source port 0"
        first, second, third, fourth = remote.host.split(".")
        source = int(first) << 24 | int(second) << 16 | int(third) << 8 | int(fourth)
        if source < 0x01000000 or source >= 0xE0000000:
            return "source address is no host's"
        if remote.host in self._own and not local.address.host.startswith("127."):
            return "source address is our own"
        for prefix in self._on_link.get(local.interface, ()):
            if source & prefix.mask == prefix.network:
                return "source is a broadcast address" if source in prefix.edges else None
        if source >> 24 == 127 and not self._loopback:
            return "source address is a loopback address"
        for prefix in self._allow:
            if source & prefix.mask == prefix.network:
                return None
        return "source is neither on the link nor in service.allow"


class _Prefix:
    __slots__ = ("edge_texts", "edges", "mask", "network", "opening")

    def __init__(self, network: IPv4Network) -> None:
        self.network = int(network.network_address)
        self.mask = int(network.netmask)
        # RFC 3021: a /31 has no broadcast address; nor has a loopback interface one that matters.
        bare = network.prefixlen >= 31 or network.subnet_of(_LOOPBACK)
        self.edges = (
            frozenset() if bare else frozenset({self.network, int(IPv4Address(network.broadcast_address))})
        )
        self.edge_texts = frozenset(str(IPv4Address(edge)) for edge in self.edges)
        # What its addresses begin with as texts, and no others, where there is such a thing.
        octets = network.prefixlen // 8
        whole = network.prefixlen % 8 == 0 and 0 < octets < 4
        peculiar = any(network.overlaps(other) for other in (_LOOPBACK, _NO_HOSTS, _MULTICAST_AND_ABOVE))
        self.opening: str | None = None
        if whole and not peculiar:
            self.opening = ".".join(str(network.network_address).split(".")[:octets]) + "."
