"""A phone with a TCP connection, of a plain socket."""

from __future__ import annotations

import socket
from types import TracebackType

from tests.outside.conftest import PHONE, SERVER
from tests.outside.namespaces import Namespace
from tests.outside.phone import Message, plain_subscribe, response_to
from tests.outside.server import PATIENCE


class Client:
    """A phone with a TCP connection."""

    def __init__(self, host: Namespace, address: str = PHONE, server: str = SERVER) -> None:
        self._socket = host.inside(lambda: socket.create_connection((server, 5060), PATIENCE, (address, 0)))
        # Else the client's own kernel lets a request wait for an acknowledgement, and all times would be its.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.address = address
        self.port = self._socket.getsockname()[1]
        self._held = b""

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def subscribe(self, call_id: str, *, without_length: bool = False, more: tuple[str, ...] = ()) -> bytes:
        octets = plain_subscribe(self.address, self.port, "020000007c70", call_id, more)
        octets = octets.replace(b"SIP/2.0/UDP", b"SIP/2.0/TCP")
        return octets.replace(b"Content-Length: 0\r\n", b"") if without_length else octets

    def close(self) -> None:
        self._socket.close()

    def settimeout(self, seconds: float) -> None:
        self._socket.settimeout(seconds)

    def send(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def end(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    def hear(self) -> Message | None:
        """The next message, or None at the end of the connection."""
        while b"\r\n\r\n" not in self._held:
            if not self._more():
                assert self._held == b""
                return None
        head, _, rest = self._held.partition(b"\r\n\r\n")
        rows = head.decode().split("\r\n")
        length = int(next(row for row in rows if row.startswith("Content-Length:")).partition(":")[2])
        while len(self._held) < len(head) + 4 + length:
            assert self._more(), "cut off"
        end = len(head) + 4 + length
        message, self._held = Message.read(self._held[:end]), self._held[end:]
        return message

    def hear_exchange(self) -> tuple[Message, Message]:
        """The 200 and the NOTIFY, which is answered."""
        response, notify = self.hear(), self.hear()
        assert response is not None
        assert response.status == 200
        assert notify is not None
        assert notify.method == "NOTIFY"
        self.send(response_to(notify))
        return response, notify

    def _more(self) -> bool:
        try:
            octets = self._socket.recv(65536)
        except ConnectionResetError:
            return False
        self._held += octets
        return bool(octets)
