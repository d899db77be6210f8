"""What public responders are known to send: the phone takes it, and the judge names what is wrong with it.

The messages are composed from what these programs do; no text of theirs is here.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pnp_responder.datagram import Datagram, SocketAddress
from pnp_responder.enrollment import Device
from pnp_responder.phone.catalogue import CATALOGUE
from pnp_responder.phone.events import Ended, Outcome, PhoneEvent
from pnp_responder.phone.judge import judge
from pnp_responder.phone.render import render
from pnp_responder.phone.transcript import Step

from .test_render import ASKING, device_of, identifiers
from .wire import GROUP, PHONES, SERVER, subscribe, subscriber

URL = "http://10.0.0.1/x.cfg"
Rows = dict[str, str]


def message(start: str, *rows: str, body: str = "", end: str = "\r\n\r\n") -> bytes:
    return ("\r\n".join([start, *rows]) + end + body).encode()


def echoes_the_phone(asked: Rows) -> tuple[int, list[bytes]]:
    """Puts the phone's own Via, From, To and address into both; writes no tag and no last empty line."""
    own = [f"{name}: {asked[name]}" for name in ("Via", "To", "From", "Call-ID")]
    contact = f"Contact: {asked['Contact']}"
    ok = message(
        "SIP/2.0 200 OK", *own, contact, "CSeq: 1 SUBSCRIBE", "Expires: 0", "Content-Length: 0", end="\r\n"
    )
    notify = message(
        f"NOTIFY {asked['Contact'].strip('<>')} SIP/2.0",
        *own,
        contact,
        "Max-Forwards: 20",
        "CSeq: 3 NOTIFY",
        "Content-Type: application/url",
        "Subscription-State: terminated;reason=timeout",
        'Event: ua-profile;vendor="PBX"',
        f"Content-Length: {len(URL)}",
        body=URL,
    )
    return 5060, [ok, notify]


def takes_itself_for_the_group(asked: Rows) -> tuple[int, list[bytes]]:
    """Names the group as its own address, tags the NOTIFY only, writes no branch and no scheme."""
    group = "224.0.1.75:5060"
    copied = [f"{name}: {asked[name]}" for name in ("Via", "From", "To", "Call-ID", "CSeq")]
    ok = message("SIP/2.0 200 OK", *copied, "Expires: 0", f"Contact: <sip:{group}>", "Content-Length: 0")
    notify = message(
        "NOTIFY 10.0.0.2:5060 SIP/2.0",
        f"Via: SIP/2.0/UDP {group};rport",
        "Max-Forwards: 25",
        f"Contact: <sip:{group}>",
        f"To: {asked['From']}",
        f"From: {asked['To']};tag=5f0a-1b2c",
        f"Call-ID: {asked['Call-ID']}",
        "CSeq: 3 NOTIFY",
        "Content-Type: application/url",
        "Subscription-State: terminated;reason=timeout",
        "Event: ua-profile",
        f"Content-Length: {len(URL)}",
        body=URL,
    )
    return 5060, [ok, notify]


def a_pbx_of_the_vendor(asked: Rows) -> tuple[int, list[bytes]]:
    """202 from another port, Event in it; the NOTIFY names itself and the phone, and ends with a line end."""
    copied = [f"{name}: {asked[name]}" for name in ("Via", "From", "Call-ID", "CSeq")]
    ok = message(
        "SIP/2.0 202 Accepted subscription",
        *copied,
        f"To: {asked['To']};tag=1609062690",
        "Contact: <sip:10.0.0.1:6060>",
        "Event: ua-profile",
        "Expires: 0",
        "Content-Length: 0",
    )
    tag = asked["From"].partition(";tag=")[2]
    notify = message(
        "NOTIFY sip:10.0.0.2:5060 SIP/2.0",
        "Via: SIP/2.0/UDP 10.0.0.1:6060;branch=z9hG4bK1771679954",
        f"From: <sip:10.0.0.1:6060>;tag={tag}",
        "To: <sip:10.0.0.2:5060>",
        f"Call-ID: {asked['Call-ID']}",
        "CSeq: 1 NOTIFY",
        "Contact: <sip:10.0.0.1:6060>",
        "Content-Type: application/url",
        "Max-Forwards: 70",
        "Event: ua-profile",
        f"Content-Length: {len(URL) + 2}",
        body=f"{URL}\r\n",
    )
    return 6060, [ok, notify]


def says_nothing_but_notify(asked: Rows) -> tuple[int, list[bytes]]:
    """No response at all, and LF for line ends."""
    notify = message(
        "NOTIFY sip:10.0.0.2:5060 SIP/2.0",
        "Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKcanned;rport",
        f"To: {asked['From']}",
        f"From: {asked['To']};tag=1411974",
        f"Call-ID: {asked['Call-ID']}",
        "CSeq: 869 NOTIFY",
        "Contact: <sip:10.0.0.1:5060>",
        "Max-Forwards: 70",
        "Content-Type: application/url",
        "Event: ua-profile",
        "Subscription-State: terminated;reason=timeout",
        f"Content-Length: {len(URL)}",
        body=URL,
    )
    return 5060, [notify.replace(b"\r\n", b"\n")]


def writes_a_call_id_of_its_own(asked: Rows) -> tuple[int, list[bytes]]:
    """A 200 without tag, Contact and Expires; a NOTIFY with a random Call-ID and little else."""
    copied = [f"{name}: {asked[name]}" for name in ("Via", "From", "To", "Call-ID", "CSeq")]
    ok = message("SIP/2.0 200 OK", *copied, "Content-Length: 0")
    notify = message(
        "NOTIFY 10.0.0.2:5060 SIP/2.0",
        "Via: SIP/2.0/UDP 10.0.0.1:8160;branch=z9hG4bK8b1a9953c4611296",
        f"From: {asked['To']}",
        f"To: {asked['To']}",
        f"Event: {asked['Event']}",
        "Contact: <sip::8160>",
        "Call-ID: 0.381966011250105",
        "CSeq: 1 NOTIFY",
        f"Content-Length: {len(URL)}",
        body=URL,
    )
    return 8160, [ok, notify]


def is_unasked(asked: Rows) -> tuple[int, list[bytes]]:
    """A NOTIFY of no subscription, which says so: it has no Subscription-State."""
    notify = message(
        "NOTIFY sip:10.0.0.2:5060 SIP/2.0",
        "Via: SIP/2.0/UDP 10.0.0.1:6060;branch=z9hG4bK-8f14e45f;rport",
        "To: <sip:10.0.0.2:5060>",
        "From: <sip:10.0.0.1:6060>;tag=c9f0f895fb98ab91",
        "Call-ID: 45c48cce2e2d7fbd@10.0.0.1",
        "CSeq: 1 NOTIFY",
        "Max-Forwards: 70",
        "Content-Type: application/url",
        "Event: ua-profile",
        f"Content-Length: {len(URL)}",
        body=URL,
    )
    return 6060, [notify]


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (echoes_the_phone, {"M21", "R1", "R2", "R5", "T5", "N2", "N3", "N6", "N8"}),
        (takes_itself_for_the_group, {"R2", "R5", "N1", "N6", "N8", "T5"}),
        (a_pbx_of_the_vendor, {"S1", "R7", "N2", "N3", "N10", "U5", "T5"}),
        (says_nothing_but_notify, {"S10", "M21"}),
        (
            writes_a_call_id_of_its_own,
            {"R2", "R5", "R6", "T5", "N1", "N2", "N3", "N4", "N7", "N8", "N10", "N13"},
        ),
        (is_unasked, {"S10", "N2", "N3", "N4", "N8", "N10"}),
    ],
)
def test_served_all_the_same_and_each_fault_named(
    server: Callable[[Rows], tuple[int, list[bytes]]], expected: set[str]
) -> None:
    shape = CATALOGUE["grandstream"]
    asking = ASKING._replace(address=PHONES.address)
    octets = render(shape.wire, device_of(shape), asking, identifiers())
    engine = subscriber(outside_dialog=bool(shape.habits.outside_dialog))
    events: list[PhoneEvent] = list(engine.subscribe(octets, GROUP, PHONES, 0.0).events)
    steps = [Step(0.0, True, Datagram(octets, GROUP, PHONES))]
    rows = dict(row.split(": ", 1) for row in octets.decode().split("\r\n")[1:] if row)
    port, messages = server(rows)
    confirmed: list[Datagram] = []
    for number, payload in enumerate(messages):
        at = 0.01 * (number + 1)
        heard = Datagram(payload, SocketAddress(SERVER.address.host, port), PHONES)
        steps.append(Step(at, False, heard))
        output = engine.receive_datagram(heard, at)
        events += output.events
        confirmed += output.datagrams
    assert [datagram.payload[:12] for datagram in confirmed] == [b"SIP/2.0 200 "]
    (ended,) = (event for event in events if isinstance(event, Ended))
    assert (ended.outcome, ended.url) == (Outcome.SERVED, URL)
    habits = shape.habits._replace(only_folders=False)
    found = judge(steps, ended, habits, Device(), True).faults
    assert {fault.item for fault in found} == expected


def test_a_url_where_no_phone_reads_one() -> None:
    """In a parameter of Content-Type (RFC 4483 5), which the phones do not accept, and no body."""
    engine = subscriber()
    engine.subscribe(subscribe(1), GROUP, PHONES, 0.0)
    notify = message(
        "NOTIFY sip:10.0.0.2:5060 SIP/2.0",
        "Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK-pbx-m3x",
        "From: <sip:pbx@10.0.0.1:5060>;tag=pbxpnp",
        "To: <sip:MAC=020000000001@224.0.1.75>;tag=phone1",
        "Call-ID: 1@10.0.0.2",
        "CSeq: 1 NOTIFY",
        "Max-Forwards: 70",
        "Contact: <sip:10.0.0.1:5060>",
        "Event: ua-profile",
        "Subscription-State: terminated;reason=timeout",
        f'Content-Type: message/external-body; access-type=URL; URL="{URL}"',
        "Content-Length: 0",
    )
    heard = Datagram(notify, SERVER.address, PHONES)
    (_, ended) = engine.receive_datagram(heard, 0.1).events
    assert isinstance(ended, Ended)
    assert ended.outcome is Outcome.NO_URL
    steps = [Step(0.0, True, Datagram(subscribe(1), GROUP, PHONES)), Step(0.1, False, heard)]
    found = judge(steps, ended, CATALOGUE["fanvil"].habits, Device(), True).faults
    assert [fault.item for fault in found] == ["N2", "N11", "N13", "S10"]
