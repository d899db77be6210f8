"""What the tests of the core share: example addresses (RFC 5737), a SUBSCRIBE to alter, a responder."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network
from itertools import count

from pnp_responder.admission import Admission
from pnp_responder.datagram import Datagram, Local, SocketAddress
from pnp_responder.engine import Output
from pnp_responder.enrollment import Decide, Enrollment, Offer
from pnp_responder.events import Event
from pnp_responder.limits import Limits
from pnp_responder.responder import Responder
from pnp_responder.sip import Identifiers, Request, Response, parse_message

LOCAL = Local("eth0", SocketAddress("192.0.2.1", 5060))
OTHER_LOCAL = Local("eth1", SocketAddress("192.0.2.2", 5060))
PHONE = SocketAddress("192.0.2.45", 5062)
ANOTHER_PHONE = SocketAddress("192.0.2.46", 5062)
URL = "http://192.0.2.1/$mac.cfg"

LIFETIME = 32.0
"""64*T1: how long a server transaction is held, and timer F."""

SUBSCRIBE = b"""\
SUBSCRIBE sip:MAC=00a859112233@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.45:5060;branch=z9hG4bK-one
Max-Forwards: 70
From: <sip:MAC=00a859112233@224.0.1.75>;tag=phone
To: <sip:MAC=00a859112233@224.0.1.75>
Call-ID: call-1@192.0.2.45
CSeq: 1 SUBSCRIBE
Contact: <sip:192.0.2.45:5064>
Expires: 0
Event: ua-profile;profile-type="device";vendor="Acme";model="Phone 1";version="1.10"
Accept: application/url
Content-Length: 0

""".replace(b"\n", b"\r\n")
"""From a phone at 192.0.2.45: its Via says port 5060, its Contact 5064, and it sends from 5062."""


def altered(**rows: str | bytes | None) -> bytes:
    """SUBSCRIBE with the rows that are named (`Call_ID="x"`) replaced, added, or (None) left out.

    `start` is the start line, `body` what follows the empty line. A value keeps its own CRLFs: that is how a
    header is given twice.
    """
    changes = {
        name.replace("_", "-").lower(): value if isinstance(value, bytes | None) else value.encode()
        for name, value in rows.items()
    }
    head, _, body = SUBSCRIBE.partition(b"\r\n\r\n")
    start, *lines = head.split(b"\r\n")
    kept = [changes.pop("start", start) or b""]
    body = changes.pop("body", body) or b""
    for line in lines:
        name = line.partition(b":")[0].decode()
        if name.lower() not in changes:
            kept.append(line)
        elif (value := changes.pop(name.lower())) is not None:
            kept.append(name.encode() + b": " + value)
    kept += [name.title().encode() + b": " + value for name, value in changes.items() if value is not None]
    return b"\r\n".join(kept) + b"\r\n\r\n" + body


def request(**rows: str | bytes | None) -> Request:
    """`altered(...)`, read."""
    message = parse_message(altered(**rows))
    assert isinstance(message, Request)
    return message


def response(octets: bytes) -> Response:
    """A response from its text, LF for line ends."""
    message = parse_message(octets.replace(b"\n", b"\r\n"))
    assert isinstance(message, Response)
    return message


def numbered(start: int = 0) -> Callable[[int], bytes]:
    """A source of "randomness" that counts, two octets a number."""
    numbers = count(start)
    return lambda size: b"".join(next(numbers).to_bytes(2, "big") for _ in range(size // 2))


def identifiers() -> Identifiers:
    return Identifiers(numbered())


def offer(enrollment: Enrollment) -> Offer:
    """The same URL for everybody."""
    return Offer(URL, "everyone")


def admission() -> Admission:
    """The LAN of the examples, on both of its interfaces."""
    lan = [IPv4Network("192.0.2.0/24")]
    own = [LOCAL.address.host, OTHER_LOCAL.address.host]
    return Admission({"eth0": lan, "eth1": lan}, own_addresses=own)


def responder(decide: Decide = offer, transactions: int = 1000, notify_attempts: int = 7) -> Responder:
    return Responder(
        decide,
        identifiers=identifiers(),
        admission=admission(),
        limits=Limits(transactions=transactions),
        notify_attempts=notify_attempts,
    )


def heard(
    octets: bytes, *, multicast: bool = True, remote: SocketAddress = PHONE, local: Local = LOCAL
) -> Datagram:
    """`octets` as a datagram that came in."""
    return Datagram(octets, remote, local, multicast)


def answer(notify: bytes, status_line: str = "200 OK") -> bytes:
    """The response of a phone to our NOTIFY."""
    rows = notify.partition(b"\r\n\r\n")[0].split(b"\r\n")
    kept = [row for row in rows if row.partition(b":")[0] in (b"Via", b"From", b"To", b"Call-ID", b"CSeq")]
    return b"\r\n".join([b"SIP/2.0 " + status_line.encode(), *kept, b"Content-Length: 0", b"", b""])


def run_out(engine: Responder, last: Output[Event]) -> tuple[float, list[Output[Event]]]:
    """Let all timers fire; when the last one did, and what each brought."""
    now, outputs = 0.0, []
    while last.deadline is not None:
        assert last.deadline >= now
        now = last.deadline
        last = engine.handle_timeout(now)
        outputs.append(last)
        assert len(outputs) < 100_000, "the deadlines do not end"
    return now, outputs
