"""A phone of plain sockets, and a reader of what it hears that shares no line with the program under test."""

from __future__ import annotations

import itertools
import re
import select
import socket
import struct
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from tests.outside.namespaces import GROUP, Namespace

PATIENCE = 10.0

SO_TIMESTAMPNS = 35  # Python 3.11 does not name it

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Message:
    """A SIP message, strictly read: CRLF, one blank after the colon, no folds, an exact Content-Length."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @classmethod
    def read(cls, octets: bytes) -> Message:
        head, empty, body = octets.partition(b"\r\n\r\n")
        assert empty, "no empty line behind the headers"
        assert b"\n" not in head.replace(b"\r\n", b""), "a bare LF"
        assert b"\r" not in head.replace(b"\r\n", b""), "a bare CR"
        assert b"\x00" not in head
        start, *rows = head.decode("utf-8").split("\r\n")
        headers = []
        for row in rows:
            name, colon, value = row.partition(":")
            assert colon, f"not a header: {row!r}"
            assert value.startswith(" ") or not value, f"not one blank behind the colon: {row!r}"
            assert name.replace("-", "").isalnum(), f"not a header name: {row!r}"
            headers.append((name, value[1:]))
        message = cls(start, tuple(headers), body)
        assert int(message.one("Content-Length")) == len(body)
        return message

    def all(self, name: str) -> list[str]:
        return [value for found, value in self.headers if found.lower() == name.lower()]

    def one(self, name: str) -> str:
        values = self.all(name)
        assert len(values) == 1, f"{len(values)} {name} in {self}"
        return values[0]

    def tag(self, name: str) -> str | None:
        """The tag of From or To, a parameter behind the brackets; None if there is none or it is empty."""
        value = self.one(name)
        found = re.search(r";\s*tag\s*=\s*([^\s;]+)", value[value.rfind(">") + 1 :])
        return found.group(1) if found else None

    @property
    def status(self) -> int | None:
        return int(self.start.split(" ")[1]) if self.start.startswith("SIP/2.0 ") else None

    @property
    def method(self) -> str | None:
        return None if self.status else self.start.split(" ")[0]


@dataclass(frozen=True)
class Arrival:
    """A datagram that reached the phone on its port `port`, `at` by the monotonic clock."""

    octets: bytes
    source: tuple[str, int]
    port: int
    at: float
    message: Message = field(compare=False)


class Phone:
    """Sockets of one address on several ports. Answers each NOTIFY with 200 unless `answers` is off."""

    def __init__(
        self, host: Namespace, address: str, ports: Sequence[int] = (5060,), *, server: str = ""
    ) -> None:
        self.address = address
        self.server = server
        self.answers = True
        self._sockets = {port: host.socket(address, port) for port in ports}
        self._port_of = {made: port for port, made in self._sockets.items()}
        for made in self._port_of:
            made.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)

    def __enter__(self) -> Phone:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for made in self._port_of:
            made.close()

    def send(self, octets: bytes, port: int = 5060, *, to: str = GROUP, to_port: int = 5060) -> None:
        self._sockets[port].sendto(octets, (to, to_port))

    def hear(self, seconds: float) -> Arrival | None:
        """The next datagram, or None if none came in `seconds`. A NOTIFY is answered at once."""
        ready: list[socket.socket]
        ready, _, _ = select.select(list(self._port_of), [], [], max(0.0, seconds))
        if not ready:
            return None
        # It looks at one socket after the other: what came before may have come just behind its back.
        ready, _, _ = select.select(list(self._port_of), [], [], 0)
        first = min(ready, key=_when_the_next_one_came)
        octets, source = first.recvfrom(65536)
        message = Message.read(octets)
        if self.answers and message.method == "NOTIFY":
            first.sendto(response_to(message), source)
        return Arrival(octets, source, self._port_of[first], time.monotonic(), message)

    def hear_for(self, seconds: float) -> list[Arrival]:
        """All that comes in `seconds`."""
        deadline = time.monotonic() + seconds
        heard = []
        while (left := deadline - time.monotonic()) > 0:
            if (arrival := self.hear(left)) is not None:
                heard.append(arrival)
        return heard

    def hear_exchange(self, seconds: float = PATIENCE) -> tuple[Arrival, Arrival]:
        """The 200 and the NOTIFY, in that order and nothing else."""
        response = self.hear(seconds)
        assert response is not None, "no response"
        assert response.message.status == 200, response.octets
        notify = self.hear(seconds)
        assert notify is not None, "no NOTIFY"
        assert notify.message.method == "NOTIFY", notify.octets
        return response, notify

    def hear_until_fence(self, port: int = 5060, *, to: str = GROUP) -> list[Arrival]:
        """All that was still under way: sends a good SUBSCRIBE behind it and hears until that one is served.

        What came to one socket is answered in the order of arrival, so this is a wait for silence that does
        not sleep; `to` is where that silence is expected from, the group or the unicast address.
        """
        number = next(_numbers)
        call_id = f"fence-{number}@{self.address}"
        self.send(plain_subscribe(self.address, port, f"02fe{number:08x}", call_id), port, to=to)
        heard = []
        while (arrival := self.hear(PATIENCE)) is not None:
            if arrival.message.all("Call-ID") != [call_id]:
                heard.append(arrival)
            elif arrival.message.method == "NOTIFY":
                return heard
        raise AssertionError("the responder does not answer any more")


def _when_the_next_one_came(heard: socket.socket) -> tuple[int, ...]:
    """The kernel's clock at the arrival of the next datagram: the order between several ports."""
    _, ancillary, _, _ = heard.recvmsg(0, socket.CMSG_SPACE(16), socket.MSG_PEEK)
    return struct.unpack("qq", ancillary[0][2])


def plain_subscribe(address: str, port: int, mac: str, call_id: str, extra: Iterable[str] = ()) -> bytes:
    """What a well-behaved phone sends."""
    rows = [
        f"SUBSCRIBE sip:MAC%3A{mac}@{GROUP} SIP/2.0",
        f"Via: SIP/2.0/UDP {address}:{port};branch=z9hG4bK{call_id.replace('@', '-')};rport",
        "Max-Forwards: 70",
        f"From: <sip:MAC%3A{mac}@{GROUP}>;tag=t{mac}",
        f"To: <sip:MAC%3A{mac}@{GROUP}>",
        f"Call-ID: {call_id}",
        "CSeq: 1 SUBSCRIBE",
        f"Contact: <sip:{address}:{port}>",
        'Event: ua-profile;profile-type="device";vendor="Acme";model="Desk";version="1.0"',
        "Expires: 0",
        "Accept: application/url",
        *extra,
        "Content-Length: 0",
    ]
    return ("\r\n".join(rows) + "\r\n\r\n").encode()


def response_to(request: Message, status: str = "200 OK") -> bytes:
    """A phone's answer to a NOTIFY."""
    rows = [f"SIP/2.0 {status}"]
    rows += [
        f"{name}: {v}" for name, v in request.headers if name in ("Via", "From", "To", "Call-ID", "CSeq")
    ]
    return ("\r\n".join([*rows, "Content-Length: 0"]) + "\r\n\r\n").encode()
