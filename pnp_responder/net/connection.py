"""One TCP connection of a client: octets in, messages out, and answers that wait for a slow reader."""

from __future__ import annotations

import socket
from enum import Enum, auto
from typing import Protocol

from pnp_responder.datagram import Local, SocketAddress


class MessageReader(Protocol):
    """Cuts a stream into messages."""

    def feed(self, octets: bytes) -> None:
        """The connection brought these."""

    def next_message(self) -> bytes | None:
        """The next whole message, if there is one. Raises MalformedMessage where none can follow."""

    @property
    def unframed(self) -> bytes:
        """After that, the head of which nobody can tell where its message ends; b"" if there is none."""

    @property
    def holds_part(self) -> bool:
        """Is there a beginning whose end has not come?"""


class Phase(Enum):
    """Of a connection's life."""

    SERVING = auto()
    LAST_ANSWERS = auto()
    """Nothing more is read; what waits goes out."""
    LINGERING = auto()
    """Our half is closed. What still comes is thrown away, else the kernel would take our answer back."""
    CLOSED = auto()


class Connection:
    """`remote` is the client, `local` our end. Times are the loop's, in seconds.

    `heard` is when its last whole message came (or it itself), `until` how long what comes next is
    waited for, `stalled` since when `outgoing` has not become less. `has_begun`: a message has begun
    whose end is waited for. `is_paused`: it is not read, for its messages or its answers wait.
    """

    __slots__ = (
        *("_socket", "has_begun", "heard", "is_paused", "local", "outgoing"),
        *("phase", "reader", "remote", "stalled", "until"),
    )

    def __init__(
        self, opened: socket.socket, remote: SocketAddress, local: Local, reader: MessageReader, now: float
    ) -> None:
        self._socket = opened
        self.remote = remote
        self.local = local
        self.reader = reader
        self.phase = Phase.SERVING
        self.outgoing = bytearray()
        self.heard = self.until = self.stalled = now
        self.has_begun = True
        self.is_paused = False

    def fileno(self) -> int:
        """For the loop."""
        return self._socket.fileno()

    def receive(self, most: int) -> bytes:
        """What has come, b"" at its end. Raises BlockingIOError if nothing has, OSError if it is broken."""
        return self._socket.recv(most)

    def send(self, octets: bytes, now: float) -> None:
        """Send, or keep for `flush` what the kernel does not take. Raises OSError if it is broken."""
        if not self.outgoing:
            self.stalled = now
        self.outgoing += octets
        self.flush(now)

    def flush(self, now: float) -> None:
        """Send what waits, as far as it goes. Raises OSError if the connection is broken."""
        while self.outgoing:
            try:
                sent = self._socket.send(self.outgoing)
            except BlockingIOError:
                return
            del self.outgoing[:sent]
            self.stalled = now

    def end(self) -> None:
        """Close our half. Raises OSError if it is broken."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Give the descriptor back."""
        self.phase = Phase.CLOSED
        self._socket.close()
