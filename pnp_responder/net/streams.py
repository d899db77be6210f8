"""What the driver asks of whoever serves connections beside its datagrams."""

from __future__ import annotations

from typing import Protocol

from pnp_responder.datagram import Datagram, Local


class Streams(Protocol):
    """Connections at the addresses that the driver serves. Nothing of it raises."""

    def add_address(self, local: Local) -> None:
        """Begin to serve there; for the same `local` again, nothing changes."""

    def remove_address(self, local: Local) -> None:
        """End to serve there, if it was served."""

    def serves(self, local: Local) -> bool:
        """Are connections taken there? Not where the port could not be had."""

    def send(self, datagram: Datagram) -> None:
        """Send on the connection between `datagram.local` and `datagram.remote`."""

    def stop_listening(self) -> None:
        """Take no more from the sockets."""

    def stop(self) -> None:
        """End at once and close everything."""
