"""Enrollments for tests, from a few words."""

from __future__ import annotations

from pathlib import Path

from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.enrollment import Device, Enrollment
from pnp_responder.mac import Mac

TESTS = Path(__file__).parents[1]


def enrollment(
    mac: str = "",
    vendor: str = "",
    model: str = "",
    version: str = "",
    user_agent: str = "",
    profile_type: str = "device",
    source: str = "192.0.2.45",
    interface: str = "eth0",
) -> Enrollment:
    """A device that asks on `interface`, where our address is 192.0.2.1."""
    return Enrollment(
        Device(Mac.parse(mac) if mac else None, vendor, model, version),
        profile_type,
        user_agent,
        SocketAddress(source, 5060),
        Local(interface, SocketAddress("192.0.2.1", 5060)),
    )
