"""The phone of the demo: asks once, as a desk phone does that comes fresh from its box."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from importlib.resources import files
from types import TracebackType

from pnp_responder.datagram import SocketAddress

# So long without a datagram means: nothing more comes. The responder answers within milliseconds.
PATIENCE = 1.5
_LARGEST = 65_535
_COPIED = ("via:", "from:", "to:", "call-id:", "cseq:")


class DemoPhone:
    """A phone at `host`, a loopback address; multicasts on the interface `index`.

    `show(title, payload)` gets every datagram, both ways.
    """

    def __init__(self, host: str, index: int, show: Callable[[str, bytes], None]) -> None:
        self._show = show
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        route = struct.pack("=4s4si", bytes(4), bytes(4), index)  # struct ip_mreqn
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, route)
        self._socket.bind((host, 0))
        self._address = SocketAddress(*self._socket.getsockname())

    def __enter__(self) -> DemoPhone:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    async def ask(self, group: SocketAddress) -> str | None:
        """Multicast the SUBSCRIBE, confirm the NOTIFY; the URL in it, or None if none comes."""
        self._send(subscribe_of(self._address), group)
        url: str | None = None
        accepted = False
        while url is None or not accepted:
            try:
                async with asyncio.timeout(PATIENCE):
                    payload, sender = await self._receive()
            except TimeoutError:
                break
            self._show(f"phone {self._address} <- responder {sender}", payload)
            head, _, body = payload.partition(b"\r\n\r\n")
            if head.startswith(b"SIP/2.0 200"):
                accepted = True
            elif head.startswith(b"NOTIFY "):
                url = body.decode("utf-8", "replace")
                self._send(_confirmation(head), sender)
        await asyncio.sleep(0)  # the responder hears the confirmation
        return url

    def _send(self, payload: bytes, to: SocketAddress) -> None:
        arrow = "group" if to.host.startswith("2") else "responder"
        self._show(f"phone {self._address} -> {arrow} {to}", payload)
        self._socket.sendto(payload, to)

    async def _receive(self) -> tuple[bytes, SocketAddress]:
        loop = asyncio.get_running_loop()
        payload, sender = await loop.sock_recvfrom(self._socket, _LARGEST)
        return payload, SocketAddress(*sender)


def subscribe_of(phone: SocketAddress) -> bytes:
    """What the phone at this address multicasts."""
    text = files(__package__).joinpath("demo.subscribe").read_text(encoding="ascii")
    return text.replace("{phone}", str(phone)).replace("{host}", phone.host).replace("\n", "\r\n").encode()


def _confirmation(notify: bytes) -> bytes:
    """The 200 for a NOTIFY, of which `notify` is the head (RFC 3261 8.2.6.2)."""
    lines = notify.decode("utf-8", "replace").split("\r\n")[1:]
    copied = [line for line in lines if line.lower().startswith(_COPIED)]
    return "\r\n".join(["SIP/2.0 200 OK", *copied, "Content-Length: 0", "", ""]).encode()
