"""The engine over a capture: recorded requests, recorded times; no socket, no clock, no waiting.

The engine plays the server at the place where the phones' requests arrived. A phone's answer to
another server's NOTIFY is given to ours: what it confirmed there it would have confirmed here.
Nothing is sent twice, for nobody in the capture can confirm what it never heard.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from ipaddress import IPv4Network
from typing import TypeVar

from pnp_responder.admission import Admission
from pnp_responder.capture.datagrams import CUT, SIP_PORT, Captured
from pnp_responder.capture.phone_row import PhoneRow
from pnp_responder.capture.told import Message, answer_to, read_message
from pnp_responder.datagram import Datagram, Local, SocketAddress
from pnp_responder.enrollment import Decide
from pnp_responder.events import (
    DatagramDropped,
    EnrollmentDeclined,
    EnrollmentDeferred,
    EnrollmentOffered,
    Event,
    NotifyAnswered,
    RequestRefused,
    RequestRepeated,
)
from pnp_responder.limits import DEFAULT_LIMITS, Limits
from pnp_responder.responder import Responder
from pnp_responder.sip import Identifiers

GROUP = SocketAddress("224.0.1.75", SIP_PORT)
STAND_IN_LOCAL = SocketAddress("192.0.2.1", SIP_PORT)
"""Our end where nobody tells it: an address for documentation (RFC 5737)."""
STAND_IN_REMOTE = SocketAddress("192.0.2.2", SIP_PORT)
"""A phone's end where the capture is a text."""
UNKNOWN_INTERFACE = "?"

MOST_PHONES = 50_000
"""Rows held at once, about 1 KB each; then the oldest is given out, and a phone may get a second one."""
MOST_CALLS = 20_000
"""Requests, and addresses of phones, whose answers are looked for."""

K = TypeVar("K")
T = TypeVar("T")

LATELY = 32 * 10**9
"""Nanoseconds in which a phone waits for its answer (64*T1)."""

_PACKAGE = b"ua-profile"

Write = Callable[[int, SocketAddress, SocketAddress, bytes, str], None]
"""Takes (nanoseconds since 1970, source, destination, payload, transport) of all that is heard and said."""


# Nobody knows any more which networks were on the link.
_ANYBODY = IPv4Network("0.0.0.0/0")


class Replay:
    """Feed it datagrams in the order of their capture, then `end` it; the rows come out of both.

    `local` is where the engine answers from, `interface` what the rules take for the interface where
    the capture names none. `limits` are the service's: a source that asks faster is refused here, too.
    """

    def __init__(
        self,
        decide: Decide,
        *,
        identifiers: Identifiers,
        local: SocketAddress = STAND_IN_LOCAL,
        interface: str = UNKNOWN_INTERFACE,
        write: Write | None = None,
        most_phones: int = MOST_PHONES,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._engine = Responder(
            decide,
            identifiers=identifiers,
            admission=Admission({}, allow=[_ANYBODY], loopback=True),
            limits=limits,
            notify_attempts=1,
        )
        self._local = local
        self._interface = interface
        self._write = write
        self._most_phones = most_phones
        # Ordered: of a plain dict, finding the oldest takes longer the more have gone before it.
        self._rows: OrderedDict[Hashable, PhoneRow] = OrderedDict()
        self._calls: OrderedDict[bytes, PhoneRow] = OrderedDict()
        self._notifies: OrderedDict[bytes, Datagram] = OrderedDict()
        # The phone at each address, and when it asked; None where several have asked of late.
        self._hosts: OrderedDict[str, tuple[int, PhoneRow | None]] = OrderedDict()
        self._deadline: float | None = None
        self._now = 0.0

    def feed(self, captured: Captured) -> Iterator[PhoneRow]:
        """Gives rows only where there are too many to be held."""
        payload = captured.payload
        if b"SIP/2.0" not in payload and not captured.missing:
            return
        if payload.lstrip(b"\r\n")[:10] == b"SUBSCRIBE ":
            self._request(captured)
            if len(self._rows) > self._most_phones:
                yield self._rows.popitem(last=False)[1]
            return
        message = read_message(payload)
        if message is None:
            return
        call = self._calls.get(message.call_id) or self._outside_dialog(captured, message)
        if call is not None:
            if captured.missing:
                message = message._replace(body=b"")
            self._answer(captured, message, call)

    def _outside_dialog(self, captured: Captured, message: Message) -> PhoneRow | None:
        """The phone that a NOTIFY with a Call-ID of the server's own went to, or that answers one."""
        if message.method != "NOTIFY":
            return None
        phone, server = captured.destination, captured.source
        if message.status is not None:
            phone, server = server, phone
        _, row = self._hosts.get(phone.host, (0, None)) if phone else (0, None)
        if row is None or (message.status is not None and server not in row.told):
            return None
        return row if message.status is not None or _PACKAGE in captured.payload.lower() else None

    def end(self) -> Iterator[PhoneRow]:
        """The rows that are left, the oldest first."""
        rows = list(self._rows.values())
        self._rows.clear()
        yield from rows

    def _request(self, captured: Captured) -> None:
        destination = captured.destination or GROUP
        multicast = 224 <= int(destination.host.partition(".")[0]) <= 239
        if not multicast and _PACKAGE not in captured.payload.lower():
            return  # of another event package: between a phone and its PBX
        if captured.missing:
            self._add(captured, PhoneRow(*_head(captured), None, None, _why_not_whole(captured)))
            return
        remote = captured.source or STAND_IN_REMOTE
        interface = captured.interface or self._interface
        local = Local(interface, self._local if multicast else destination, captured.transport)
        self._wake(captured.when)
        datagram = Datagram(captured.payload, remote, local, multicast)
        self._tell(captured.when, remote, destination, datagram)
        output = self._engine.receive_datagram(datagram, self._now)
        self._deadline = output.deadline
        self._say(captured.when, output.datagrams)
        for event in output.events:
            row = self._row_of(captured, event)
            if row is None:
                continue
            when, other = self._hosts.get(remote.host, (0, row))
            alone = other is row or captured.when - when > LATELY
            _remember(self._hosts, remote.host, (captured.when, row if alone else None))
            message = read_message(captured.payload)
            if message is not None and message.call_id:
                _remember(self._calls, message.call_id, row)
                if len(output.datagrams) == 2:
                    _remember(self._notifies, message.call_id, output.datagrams[1])

    def _row_of(self, captured: Captured, event: Event) -> PhoneRow | None:
        """The row of a request, new or known; None for a repeat."""
        if isinstance(event, EnrollmentOffered):
            row = PhoneRow(*_head(captured), event.enrollment, event.offer, "")
        elif isinstance(event, EnrollmentDeclined):
            row = PhoneRow(*_head(captured), event.enrollment, event.decline, "")
        elif isinstance(event, EnrollmentDeferred):
            row = PhoneRow(*_head(captured), event.enrollment, event.defer, "")
        elif isinstance(event, RequestRefused | DatagramDropped):
            row = PhoneRow(*_head(captured), None, None, event.reason)
        else:
            if isinstance(event, RequestRepeated):
                self._repeated(captured.payload)
            return None
        return self._add(captured, row)

    def _repeated(self, payload: bytes) -> None:
        message = read_message(payload)
        row = None if message is None else self._calls.get(message.call_id)
        if row is not None:
            row.repeated += 1

    def _add(self, captured: Captured, row: PhoneRow) -> PhoneRow:
        known = self._rows.setdefault(row.key, row)
        if known is not row:
            known.asked += 1
        return known

    def _answer(self, captured: Captured, message: Message, row: PhoneRow) -> None:
        source = captured.source
        if source is None or captured.destination is None:
            return
        from_phone = row.source is not None and source.host == row.source.host
        if message.status is not None and message.method == "NOTIFY" and from_phone:
            self._confirm(captured, message, row)
        elif message.status is not None and message.method == "SUBSCRIBE":
            row.told_by(source, message.status, None)
        elif message.status is None and message.method == "NOTIFY":
            row.told_by(source, None, message.url)

    def _confirm(self, captured: Captured, message: Message, row: PhoneRow) -> None:
        status = message.status
        if status is None or status < 200:
            return
        notify = self._notifies.pop(message.call_id, None)
        if notify is None:
            if row.confirmed is None:
                row.confirmed = status
            return
        self._wake(captured.when)
        answer = Datagram(answer_to(notify.payload, status), notify.remote, notify.local)
        self._tell(captured.when, notify.remote, notify.local.address, answer)
        output = self._engine.receive_datagram(answer, self._now)
        self._deadline = output.deadline
        for event in output.events:
            if isinstance(event, NotifyAnswered):
                row.confirmed = event.status

    def _wake(self, when: int) -> None:
        """Let the time pass until `when`; a capture whose clock goes back stands still meanwhile."""
        now = max(self._now, when / 1e9)
        while self._deadline is not None and self._deadline <= now:
            output = self._engine.handle_timeout(max(self._now, self._deadline))
            self._deadline = output.deadline
        self._now = now

    def _say(self, when: int, datagrams: tuple[Datagram, ...]) -> None:
        for datagram in datagrams:
            self._tell(when, datagram.local.address, datagram.remote, datagram)

    def _tell(self, when: int, source: SocketAddress, destination: SocketAddress, datagram: Datagram) -> None:
        if self._write is not None:
            self._write(when, source, destination, datagram.payload, datagram.local.transport)


def _head(captured: Captured) -> tuple[int, SocketAddress | None, str]:
    return captured.when, captured.source, captured.interface


def _remember(held: OrderedDict[K, T], key: K, value: T) -> None:
    held.pop(key, None)
    if len(held) >= MOST_CALLS:
        held.popitem(last=False)
    held[key] = value


def _why_not_whole(captured: Captured) -> str:
    have, whole = len(captured.payload), captured.whole
    if captured.missing == CUT:
        return f"cut by the snap length after {have:,} of {whole:,} octets; capture with -s 0"
    return f"IP fragments are missing: {have:,} of {whole:,} octets are there"
