"""Edge: the lease files of this host's DHCP clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pnp_responder.doctor.dhcp_leases import Lease, read_dhclient, read_keys, read_message
from pnp_responder.net.interfaces import Interface

_DHCLIENT = (
    ("/var/lib/dhcp", "dhclient*.leases"),
    ("/var/lib/dhclient", "*.lease*"),
    ("/var/lib/NetworkManager", "dhclient-*.lease"),
)
_DHCPCD = ("/var/lib/dhcpcd", "/var/db/dhcpcd")


def read_leases(interface: Interface) -> tuple[tuple[Lease, ...], bool]:
    """The leases of `interface`; and whether a file was there that this user may not read."""
    leases = []
    hidden = False
    for path, octets in _files(interface):
        if octets is None:
            hidden = True
            continue
        text = octets.decode("utf-8", "replace")
        if "dhcpcd" in path.parts:
            options = read_message(octets)
        elif path.name.startswith("dhclient"):
            options = read_dhclient(text, interface.name)
        else:
            options = read_keys(text)
        if options is not None:
            leases.append(Lease(str(path), options))
    return tuple(leases), hidden


def _files(interface: Interface) -> Iterator[tuple[Path, bytes | None]]:
    """Each lease file that may be about `interface`, with its octets; None if they are hidden."""
    paths = [Path(f"/run/systemd/netif/leases/{interface.index}")]
    paths += sorted(_glob("/var/lib/NetworkManager", f"internal-*-{interface.name}.lease"))
    for folder, pattern in _DHCLIENT:
        paths += sorted(_glob(folder, pattern))
    for folder in _DHCPCD:
        paths += [Path(folder, f"{interface.name}.lease"), Path(folder, f"dhcpcd-{interface.name}.lease")]
    for path in paths:
        try:
            yield path, path.read_bytes()[: 1 << 20]
        except PermissionError:
            yield path, None
        except OSError:
            continue


def _glob(folder: str, pattern: str) -> list[Path]:
    try:
        return list(Path(folder).glob(pattern))
    except OSError:
        return []
