"""T1: nothing that a message names makes us send to anybody but the datagram's source.

Every header that can carry an address names the victim, on the link and elsewhere, by its number and by the
URI parameters that move a destination; by multicast and by unicast. The victim's link stays silent.
"""

from __future__ import annotations

import pytest

from tests.outside.namespaces import GROUP
from tests.outside.phone import Arrival, Message, Phone, plain_subscribe, response_to
from tests.outside.server import Server
from tests.security.hostile_lan import ELSEWHERE, PHONE, SERVER, VICTIM, Capture, HostileLan

# Each is one row that takes the place of the row of that name, or is added. {v} is the victim's address.
ROWS = (
    "Contact: <sip:{v}:5060>",
    "Contact: <sip:phone@{v}>",
    "Contact: sip:{v}",
    "Contact: <sip:{p}:5060;maddr={v}>",
    "Contact: <sip:{p}:5060?Route=%3Csip%3A{v}%3E>",
    "Contact: <sip:{p}@{v}:5060;transport=udp>",
    "Contact: <sip:{v}:5060;transport=tcp>",
    "Contact: <sips:{v}:5061>",
    "Contact: <sip:[::ffff:{v}]:5060>",
    "Contact: <sip:{p}:5060>, <sip:{v}:5060>",
    "Contact: <http://{v}/>",
    "Contact: *",
    "Via: SIP/2.0/UDP {v}:5060;branch=z9hG4bK{n}",
    "Via: SIP/2.0/UDP {v};rport;branch=z9hG4bK{n}",
    "Via: SIP/2.0/UDP {p}:5060;received={v};branch=z9hG4bK{n}",
    "Via: SIP/2.0/UDP {p}:5060;received={v};rport=9;branch=z9hG4bK{n}",
    "Via: SIP/2.0/UDP {p}:5060;maddr={v};branch=z9hG4bK{n}",
    "Via: SIP/2.0/UDP {p}:5060;maddr=224.0.1.75;ttl=255;branch=z9hG4bK{n}",
    "Via: SIP/2.0/TCP {v}:5060;branch=z9hG4bK{n}",
    "Via: SIP/2.0/UDP {p}:5060;branch=z9hG4bK{n}\r\nVia: SIP/2.0/UDP {v}:5060;branch=z9hG4bKlower",
    "Via: SIP/2.0/UDP {p}:5060;branch=z9hG4bK{n}, SIP/2.0/UDP {v}:5060;branch=z9hG4bKlower",
    "Route: <sip:{v};lr>",
    "Route: <sip:{v}>",
    "Record-Route: <sip:{v};lr>",
    "Record-Route: <sip:{v}>",
    "Record-Route: <sip:{v};lr>, <sip:{p};lr>",
    "Path: <sip:{v};lr>",
    "Service-Route: <sip:{v};lr>",
    "From: <sip:phone@{v}>;tag=t{n}",
    "To: <sip:MAC%3A02000000cafe@{v}>",
    "Reply-To: <sip:{v}>",
    "Refer-To: <sip:{v}>",
    "Referred-By: <sip:{v}>",
    "P-Asserted-Identity: <sip:{v}>",
    "Alert-Info: <http://{v}/ring>",
    "Call-Info: <http://{v}/card>",
    "Error-Info: <sip:{v}>",
    "Call-ID: {n}@{v}",
    "Event: ua-profile;profile-type=device;vendor=Acme;model=x;version=1;effective-by=0;network-user={v}",
    "Event: ua-profile;profile-type=device;vendor={v};model={v};version={v}",
    "User-Agent: {v}",
    "SUBSCRIBE sip:MAC%3A02000000cafe@{v} SIP/2.0",
    "SUBSCRIBE sip:{v}:5060;maddr={v} SIP/2.0",
    "SUBSCRIBE http://{v}/ SIP/2.0",
)
METHODS = ("SUBSCRIBE", "OPTIONS", "INVITE", "CANCEL", "NOTIFY", "REGISTER", "PUBLISH")

REDIRECTS = (
    "300 Multiple Choices",
    "301 Moved Permanently",
    "302 Moved Temporarily",
    "305 Use Proxy",
    "380 Alternative Service",
    "401 Unauthorized",
    "200 OK",
    "183 Session Progress",
    "503 Service Unavailable",
)


def with_row(octets: bytes, row: str) -> bytes:
    """The message with this row in the place of that of the same name, or as one more."""
    head, _, rest = octets.decode().partition("\r\n\r\n")
    name = row.partition(" ")[0]
    rows = [row if line.startswith(name) else line for line in head.split("\r\n")]
    return "\r\n".join(rows if row in rows else [*rows, row]).encode() + b"\r\n\r\n" + rest.encode()


def messages(victim: str, way: str) -> list[bytes]:
    made = []
    for number, row in enumerate(ROWS):
        name = f"t01-{way}-{number}-{victim}"
        octets = plain_subscribe(PHONE, 5060, f"0200{number:04x}cafe", name)
        filled = row.replace("{v}", victim).replace("{p}", PHONE).replace("{n}", name)
        made.append(with_row(octets, filled))
    return made


@pytest.mark.parametrize("victim", [VICTIM, ELSEWHERE], ids=["on-link", "elsewhere"])
@pytest.mark.parametrize("way", ["multicast", "unicast"])
def test_no_header_moves_an_answer(
    lan: HostileLan, server: Server, phone: Phone, way: str, victim: str
) -> None:
    to = GROUP if way == "multicast" else SERVER
    with Capture(lan.victim) as heard_by_victim:
        for octets in messages(victim, way):
            phone.send(octets, to=to)
        heard = phone.hear_until_fence(to=to)
        assert heard_by_victim.from_the_server(lan) == []
    # The asker itself got answers: what was to be moved was there.
    assert sum(arrival.message.method == "NOTIFY" for arrival in heard) >= 20
    assert {arrival.source[0] for arrival in heard} == {SERVER}


def test_no_method_moves_an_answer(lan: HostileLan, server: Server, phone: Phone) -> None:
    with Capture(lan.victim) as heard_by_victim:
        for method in METHODS:
            octets = plain_subscribe(PHONE, 5060, "02000001cafe", f"t01-{method}")
            octets = octets.replace(b"SUBSCRIBE", method.encode())
            octets = with_row(octets, f"Via: SIP/2.0/UDP {VICTIM};maddr={VICTIM};branch=z9hG4bK{method}")
            octets = with_row(octets, f"Contact: <sip:{VICTIM}>")
            phone.send(octets, to=SERVER)
        heard = phone.hear_until_fence(to=SERVER)
        assert heard_by_victim.from_the_server(lan) == []
    assert {arrival.message.status for arrival in heard} >= {200, 405, 481}


@pytest.mark.parametrize("status", REDIRECTS)
def test_no_answer_to_the_notify_moves_it(lan: HostileLan, server: Server, phone: Phone, status: str) -> None:
    """A redirect, a Record-Route, a Contact or a challenge in the answer to our NOTIFY leads nowhere."""
    phone.answers = False
    with Capture(lan.victim) as heard_by_victim:
        phone.send(plain_subscribe(PHONE, 5060, "02000002cafe", f"t01-{status.replace(' ', '-')}"))
        _, notify = phone.hear_exchange()
        phone.send(redirect(notify.message, status, VICTIM), to=SERVER)
        phone.answers = True
        later = phone.hear_until_fence(to=SERVER)
        assert heard_by_victim.from_the_server(lan) == []
    phone.send(response_to(notify.message), to=SERVER)  # a provisional answer ended nothing
    phone.hear_until_fence(to=SERVER)
    assert [arrival for arrival in later if not is_repeat(arrival, notify)] == []


def redirect(notify: Message, status: str, victim: str) -> bytes:
    rows = (
        f"Contact: <sip:{victim}>\r\nRecord-Route: <sip:{victim};lr>\r\n"
        f'Retry-After: 0\r\nWWW-Authenticate: Digest realm="{victim}", nonce="1"\r\n'
    )
    octets = response_to(notify, status)
    return octets.replace(b"Content-Length", rows.encode() + b"Content-Length")


def is_repeat(arrival: Arrival, notify: Arrival) -> bool:
    return arrival.octets == notify.octets


def test_the_capture_would_have_seen_it(lan: HostileLan) -> None:
    """What the server's host sends to the victim, on the link or beyond it, is caught."""
    for address in (VICTIM, ELSEWHERE):
        with lan.server.socket("0.0.0.0", 0) as speaker, Capture(lan.victim) as heard_by_victim:
            speaker.sendto(b"this one", (address, 5060))
            caught: list[bytes] = []
            for _ in range(10):  # who-has and the like come before it
                heard_by_victim.frames(1.0)
                caught = [f.payload for f in heard_by_victim.from_the_server(lan) if f.kind == "UDP"]
                if caught:
                    break
            assert caught == [b"this one"]
