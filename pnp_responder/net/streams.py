"""What the driver asks of whoever serves connections beside its datagrams."""

from __future__ import annotations

from typing import Protocol

from pnp_responder.datagram import Datagram, Local


class Streams(Protocol):
    """Connections on the interfaces that the driver serves. Nothing of it raises."""

    def add_interface(self, local: Local) -> None:
        """Begin to serve there; for the same `local` again, nothing changes."""

    def remove_interface(self, name: str) -> None:
        """End to serve there, if it was served."""

    def send(self, datagram: Datagram) -> None:
        """Send on the connection between `datagram.local` and `datagram.remote`."""

    def stop_listening(self) -> None:
        """Take no more from the sockets."""

    def stop(self) -> None:
        """End at once and close everything."""
