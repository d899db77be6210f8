"""The judge: nothing to say about the responder, and each fault of other servers by its item."""

from __future__ import annotations

from random import Random

import pytest

from pnp_responder.datagram import Datagram, Local, SocketAddress
from pnp_responder.enrollment import Device, Offer
from pnp_responder.phone.catalogue import CATALOGUE, UNKNOWN
from pnp_responder.phone.checklist import CHECKLIST
from pnp_responder.phone.events import Ended, Outcome
from pnp_responder.phone.judge import Verdict, judge
from pnp_responder.phone.render import Asking, render
from pnp_responder.phone.shape import Shape
from pnp_responder.phone.transcript import Step, read_transcript
from pnp_responder.sip import Identifiers

from .test_render import device_of, shapes
from .wire import GROUP, PHONES, SERVER, Weather, Wire, responder, subscribe, subscriber

URL = "http://10.0.0.1/1.cfg"
CALL_ID = "1@10.0.0.2"
SERVED = Ended(CALL_ID, Outcome.SERVED, URL, 1, 200)
OTHER = SocketAddress("10.0.0.9", 5060)


def exchange(octets: bytes, url: str = URL) -> list[Step]:
    """What our own responder makes of it."""
    server = responder(lambda _: Offer(url, "all"))
    output = server.receive_datagram(Datagram(octets, PHONES.address, SERVER, True), 0.0)
    steps = [Step(0.0, True, Datagram(octets, GROUP, PHONES))]
    for number, datagram in enumerate(output.datagrams):
        heard = Datagram(datagram.payload, SERVER.address, PHONES)
        steps.append(Step(0.001 * (number + 1), False, heard))
    return steps


def verdict(steps: list[Step], *, multicast: bool = True, ended: Ended = SERVED) -> Verdict:
    return judge(steps, ended, UNKNOWN, Device(), multicast)


def items(steps: list[Step], *, multicast: bool = True, ended: Ended = SERVED) -> list[str]:
    found = verdict(steps, multicast=multicast, ended=ended).faults
    assert all(fault.item in CHECKLIST and fault.saw and fault.expected for fault in found)
    return [fault.item for fault in found]


def altered(steps: list[Step], index: int, old: str, new: str, length: bool = True) -> list[Step]:
    """One message of the exchange with another text; Content-Length is put right, if wanted."""
    step = steps[index]
    text = step.datagram.payload.decode()
    assert old in text
    text = text.replace(old, new)
    head, blank, body = text.partition("\r\n\r\n")
    if length and blank and "Content-Length: " in head:
        before, _, after = head.partition("Content-Length: ")
        head = f"{before}Content-Length: {len(body)}{after[len(after.partition(chr(13))[0]) :]}"
    payload = (head + blank + body).encode()
    changed = step._replace(datagram=step.datagram._replace(payload=payload))
    return [*steps[:index], changed, *steps[index + 1 :]]


@shapes
def test_the_responder_is_without_fault_for_every_phone(shape: Shape) -> None:
    wire = Wire(responder(), subscriber(), Weather(Random(0)))
    octets = render(shape.wire, device_of(shape), Asking(PHONES.address), Identifiers(Random(3).randbytes))
    wire.ask(octets)
    wire.run()
    (end,) = (end for _, end in wire.ended.values())
    steps = [
        Step(at, sent.local == PHONES, sent if sent.local == PHONES else heard_as(sent))
        for at, sent in wire.sent
    ]
    found = judge(steps, end, shape.habits._replace(only_folders=False), device_of(shape), True)
    assert found.faults == ()
    assert found.outcome is Outcome.SERVED
    assert found.server == SERVER.address


def heard_as(sent: Datagram) -> Datagram:
    return Datagram(sent.payload, sent.local.address, PHONES)


OK_FAULTS = [
    ("200 OK", "202 Accepted", ["S1"]),
    ("Expires: 0\r\n", "", ["R6"]),
    ("Expires: 0", "Expires: soon", ["R6"]),
    ("Expires: 0", "Expires: 3600", ["S6"]),
    ("Contact: <sip:10.0.0.1:5060>\r\n", "", ["R5"]),
    ("Contact: <sip:10.0.0.1:5060>", "Contact: <sip:224.0.1.75:5060>", ["R5"]),
    ("Contact: <sip:10.0.0.1:5060>", "Contact: sip", ["R5"]),
    ("Contact: <sip:10.0.0.1:5060>", "Contact: <sip::8160>", ["R5"]),
    ("Expires: 0", "Expires: 0\r\nEvent: ua-profile", ["R7"]),
    ("Expires: 0", "Expires: 0\r\nSubscription-State: active", ["R7"]),
    ("Expires: 0", "Expires: 0\r\nAccept: application/url", ["R7"]),
    ("Expires: 0", "Expires: 0\r\nRequire: 100rel", ["R10"]),
    ("rport=5060;received=10.0.0.2", "rport", ["T5", "T5"]),
    ("rport=5060;received=10.0.0.2", "rport=5060", ["T5"]),
    ("rport=5060", "rport=5061", ["T5"]),
    ("Via: SIP/2.0/UDP 10.0.0.2:5060", "Via: SIP/2.0/UDP 10.0.0.1:5060", ["R4"]),
    ("bKphone1", "bKphone2", ["R4"]),
    ("CSeq: 1 SUBSCRIBE", "CSeq: 2 SUBSCRIBE", ["R1"]),
    (";tag=phone1", "", ["R1"]),
    ("Call-ID: 1@10.0.0.2", "Call-ID: 1@10.0.0.1", ["R1"]),
    ("\r\nExpires: 0", "\nExpires: 0", ["M21"]),
    ("\r\nExpires: 0", "\r\nSubject:\r\n x\r\nExpires: 0", ["M21"]),
    ("SIP/2.0 200 OK", "SIP/2.0  200 OK", ["M21"]),
    ("\r\n\r\n", "\r\n", ["M21"]),
    ("Content-Length: 0\r\n", "", ["N13"]),
    ("Expires: 0", "Expires: 0\r\nSubscription-State: a\r\nSubscription-State: b", ["M18", "R7"]),
]


@pytest.mark.parametrize(("old", "new", "expected"), OK_FAULTS)
def test_faults_of_the_200(old: str, new: str, expected: list[str]) -> None:
    assert items(altered(exchange(subscribe(1)), 1, old, new)) == expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("", ["R2", "N2"]), (";tag=phone1", ["R3", "N2"]), (";tag=1", ["R3", "N2"]), ("x", ["R2", "N2"])],
)
def test_tags_of_the_200(tag: str, expected: list[str]) -> None:
    steps = exchange(subscribe(1))
    text = steps[1].datagram.payload.decode()
    own = text.partition("\r\nTo: ")[2].partition("\r\n")[0].partition(">")[2]
    found = items(altered(steps, 1, own, tag))
    assert found[0] == expected[0]
    assert set(found) <= set(expected)


NOTIFY_FAULTS = [
    ("NOTIFY sip:10.0.0.2:5060 ", "NOTIFY sip:10.0.0.2 ", ["N1"]),
    (";tag=phone1", "", ["N3"]),
    ("Call-ID: 1@10.0.0.2", "Call-ID: 2@10.0.0.2", ["N4"]),
    ("Max-Forwards: 70\r\n", "", ["N7"]),
    ("Contact: <sip:10.0.0.1:5060>\r\n", "", ["N8"]),
    ("Event: ua-profile", "Event: presence", ["N9"]),
    ("Subscription-State: terminated;reason=timeout\r\n", "", ["N10"]),
    ("terminated;reason=timeout", "active;expires=60", ["N10"]),
    ("terminated;reason=timeout", "terminated", ["N10"]),
    ("terminated;reason=timeout", "terminated;reason=noresource", ["N10"]),
    ("terminated;reason=timeout", "Terminated ; reason=Timeout", []),
    ("CSeq: 1 NOTIFY", f"CSeq: {2**31} NOTIFY", ["N4"]),
    ("CSeq: 1 NOTIFY", f"CSeq: {2**31 - 1} NOTIFY", []),
    ("Max-Forwards: 70", "Max-Forwards: many", ["N7"]),
    ("Max-Forwards: 70", "Max-Forwards: 256", ["N7"]),
    ("Max-Forwards: 70", "Max-Forwards: 255", []),
    ("Max-Forwards: 70", "Max-Forwards: 70\r\nRoute: <sip:10.0.0.1;lr>", ["N5"]),
    ("Via: SIP/2.0/UDP", "Via: SIP/2.0/TCP", ["T14"]),
    ("Content-Type: application/url", "Content-Type: text/plain", ["N11"]),
    ("Content-Type: application/url\r\n", "", ["N13"]),
    ("Max-Forwards: 70", "Max-Forwards: 70\r\nExpires: 0", ["N14"]),
    ("Max-Forwards: 70", "Max-Forwards: 70\r\nSubject: x", ["N14"]),
    (URL, f"{URL}\r\n", ["U5"]),
    (URL, "", ["N13"]),
    ("Via: SIP/2.0/UDP 10.0.0.1:5060", "Via: SIP/2.0/UDP 10.0.0.2:5060", ["N6"]),
    (";branch=z9hG4bK", ";branch=", ["N6"]),
    ("Via: SIP/2.0/UDP 10.0.0.1:5060", "v: SIP/2.0/UDP 10.0.0.1:5060", []),
    ("\r\nMax-Forwards", "\nMax-Forwards", ["M21"]),
    ("CSeq: 1 NOTIFY", "CSeq: 1 SUBSCRIBE", ["M14"]),
    ("Via: SIP/2.0/UDP 10.0.0.1:5060", "Via: SIP/2.0/UDP 10.0.0.1:5070", []),
    ("To: <sip", "To: sip", ["N3"]),
    ("To: <", "To: Desk, one <", ["N3"]),
]


@pytest.mark.parametrize(("old", "new", "expected"), NOTIFY_FAULTS)
def test_faults_of_the_notify(old: str, new: str, expected: list[str]) -> None:
    assert items(altered(exchange(subscribe(1)), 2, old, new)) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # What common responders do: the phone's own Via, From and To as they came.
        (("SIP/2.0/UDP 10.0.0.1:5060;branch=", ";rport"), "phone's Via", ["N6"]),
        (("From: ", "\r\nTo: "), "not swapped", ["N2", "N3"]),
    ],
)
def test_known_faults_of_public_responders(old: tuple[str, str], new: str, expected: list[str]) -> None:
    steps = exchange(subscribe(1))
    text = steps[2].datagram.payload.decode()
    if new == "not swapped":
        from_ = text.partition("From: ")[2].partition("\r\n")[0]
        to = text.partition("To: ")[2].partition("\r\n")[0]
        changed = text.replace(f"From: {from_}", "From: @").replace(f"To: {to}", f"To: {from_}")
        changed = changed.replace("From: @", f"From: {to}")
    else:
        via = text.partition("Via: ")[2].partition("\r\n")[0]
        changed = text.replace(via, "SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKphone1;rport")
    steps[2] = steps[2]._replace(datagram=steps[2].datagram._replace(payload=changed.encode()))
    assert items(steps) == expected


@pytest.mark.parametrize(("length", "expected"), [("5", ["M14"]), ("500", ["M14"]), ("x", ["M14"])])
def test_content_length(length: str, expected: list[str]) -> None:
    steps = exchange(subscribe(1))
    right = f"Content-Length: {len(URL)}"
    assert items(altered(steps, 2, right, f"Content-Length: {length}", length=False)) == expected


def test_the_order_and_the_places() -> None:
    asked, ok, notify = exchange(subscribe(1))
    assert items([asked, notify._replace(at=0.001), ok._replace(at=0.002)]) == ["N15"]
    assert items([asked, notify]) == ["S10"]
    assert items([asked, ok]) == ["S10"]
    late = [asked, ok._replace(at=2.0), notify._replace(at=2.1)]
    assert items(late) == ["S5"]
    elsewhere = SocketAddress(SERVER.address.host, 6060)
    moved = notify._replace(datagram=notify.datagram._replace(remote=elsewhere))
    assert items([asked, ok, moved]) == ["T9"]


def test_unicast_answers_come_from_who_was_asked() -> None:
    asked, ok, notify = exchange(subscribe(1))
    direct = asked._replace(datagram=asked.datagram._replace(remote=SERVER.address))
    assert items([direct, ok, notify], multicast=False) == []
    direct = asked._replace(datagram=asked.datagram._replace(remote=OTHER))
    assert items([direct, ok, notify], multicast=False) == ["T9"]


def test_a_url_that_is_not_utf_8_is_a_fault() -> None:
    steps = altered(exchange(subscribe(1)), 2, URL, "x" * len(URL))
    datagram = steps[2].datagram
    odd = datagram._replace(payload=datagram.payload[: -len(URL)] + b"\xff" * len(URL))
    assert items([*steps[:2], steps[2]._replace(datagram=odd)]) == ["U1"]


@pytest.mark.parametrize(
    ("early", "at", "expected"),
    [("100 Trying", 0.0, ["X7"]), ("183 Progress", 4.0, ["S5", "X7"]), ("100 Trying", 4.0, ["S5"])],
)
def test_early_responses(early: str, at: float, expected: list[str]) -> None:
    steps = exchange(subscribe(1))
    asked, ok, notify = steps
    trying = altered(steps, 1, "200 OK", early)[1]
    assert (
        sorted(items([asked, trying._replace(at=at), ok._replace(at=at), notify._replace(at=at)])) == expected
    )


def test_refusals() -> None:
    refused = Ended(CALL_ID, Outcome.REFUSED, "", 1, 404)
    asked, ok, notify = altered(exchange(subscribe(1)), 1, "200 OK", "404 Not Found")
    assert items([asked, ok], ended=refused) == ["T16"]
    assert items([asked, ok], ended=refused, multicast=False) == ["T9"]
    assert items([asked, ok, notify]) == ["T16", "S11"]
    late = altered([asked, ok, notify], 1, "404 Not Found", "408 Request Timeout")
    assert items(late[:2], ended=refused._replace(status=408)) == ["X7", "T16"]


def test_two_servers() -> None:
    asked, ok, notify = exchange(subscribe(1))
    other = notify._replace(datagram=notify.datagram._replace(remote=OTHER), at=0.1)
    found = verdict([asked, ok, notify, other])
    assert [fault.item for fault in found.faults] == ["P9"]
    assert found.others == (OTHER,)
    assert found.server == SERVER.address


def test_octets_that_are_no_sip() -> None:
    asked, ok, notify = exchange(subscribe(1))
    garbage = ok._replace(datagram=ok.datagram._replace(payload=b"hello"))
    assert items([asked, garbage, ok, notify]) == ["M21"]


def test_a_keep_alive_is_no_message_and_no_fault() -> None:
    asked, ok, notify = exchange(subscribe(1))
    keep_alive = ok._replace(datagram=ok.datagram._replace(payload=b"\r\n\r\n"))
    assert items([asked, keep_alive, ok, notify]) == []
    alone = verdict([asked, keep_alive], ended=SERVED._replace(outcome=Outcome.SILENCE, url=""))
    assert (alone.outcome, alone.faults) == (Outcome.SILENCE, ())


def test_repeats() -> None:
    """The phone missed the first NOTIFY, and asked once more in the end."""
    asked, ok, notify = exchange(subscribe(1))
    missed = notify._replace(heard=False)
    heard, again = notify._replace(at=0.5), asked._replace(at=1.0)
    good = [asked, ok, missed, heard, again, ok._replace(at=1.01)]
    assert items(good) == []
    assert items([asked, ok, missed]) == ["C1"]
    assert items(good[:5]) == ["X2"]
    other_ok = altered([asked, ok], 1, "Expires: 0", "Expires: 0\r\nDate: now")[1]
    assert items([*good[:5], other_ok._replace(at=1.01)]) == ["X2"]
    second = altered([asked, ok, notify], 2, "CSeq: 1 NOTIFY", "CSeq: 2 NOTIFY")[2]
    assert items([*good, second._replace(at=1.02)]) == ["X2"]
    changed = altered([asked, ok, notify], 2, "Max-Forwards: 70", "Max-Forwards: 69")[2]
    assert items([*good, changed._replace(at=1.02)]) == ["C7"]


def test_the_url_is_judged_as_the_phone_takes_it() -> None:
    ended = SERVED._replace(url="http://u:p@h/gs")
    found = judge(exchange(subscribe(1)), ended, CATALOGUE["grandstream"].habits, Device(), True)
    assert [fault.item for fault in found.faults] == ["U2", "P12"]
    assert found.target is not None
    assert found.target.files == ()
    safe = judge(exchange(subscribe(1)), SERVED._replace(url="https://u:p@h/"), UNKNOWN, Device(), True)
    assert safe.faults == ()


def test_a_long_notify() -> None:
    octets = subscribe(1)
    steps = altered(exchange(octets), 2, URL, URL + "x" * 1300)
    assert items(steps) == ["T13"]


def test_the_phones_answer_goes_where_via_says() -> None:
    """Without rport, to the port in Via: that has to be where the NOTIFY came from."""
    steps = altered(exchange(subscribe(1)), 2, ";rport", "")
    assert items(steps) == []
    assert items(altered(steps, 2, "UDP 10.0.0.1:5060", "UDP 10.0.0.1:5070")) == ["T14"]


def test_a_phone_whose_via_names_another_host() -> None:
    octets = subscribe(1).replace(
        b"UDP 10.0.0.2:5060;branch=z9hG4bKphone1;rport", b"UDP phone;branch=z9hG4bKx"
    )
    steps = exchange(octets)
    assert items(steps) == []
    assert items(altered(steps, 1, ";received=10.0.0.2", "")) == ["T4"]


def test_a_to_that_nobody_can_read() -> None:
    steps = exchange(subscribe(1))
    assert items(altered(steps, 1, "To: <", "To: Desk, one <")) == ["R2"]


def test_a_to_of_somebody_else() -> None:
    steps = altered(exchange(subscribe(1)), 1, "To: <sip:MAC=020000000001", "To: <sip:MAC=020000000002")
    assert items(steps) == ["R2"]


def test_a_notify_without_any_tag_of_the_server() -> None:
    asked, _, notify = exchange(subscribe(1))
    text = notify.datagram.payload.decode()
    tag = text.partition("From: ")[2].partition("\r\n")[0].partition(">")[2]
    assert items(altered([asked, notify], 1, tag, "")) == ["N2", "S10"]


def test_what_is_not_part_of_the_story() -> None:
    asked, ok, notify = exchange(subscribe(1))
    options = altered([asked, notify], 1, "NOTIFY", "OPTIONS")[1]
    other = altered([asked, ok], 1, "CSeq: 1 SUBSCRIBE", "CSeq: 1 OPTIONS")[1]
    assert items([asked, options, other, ok, notify]) == []


def test_a_url_that_is_none() -> None:
    ended = SERVED._replace(url="http://[x")
    assert items(exchange(subscribe(1)), ended=ended) == ["U1"]


def test_nobody_answered() -> None:
    silence = Ended(CALL_ID, Outcome.SILENCE, "", 11, None)
    found = verdict(exchange(subscribe(1))[:1], ended=silence)
    assert found == Verdict(Outcome.SILENCE, "", None, (), (), None)


def test_something_came_but_nothing_of_use() -> None:
    asked, ok, _ = exchange(subscribe(1))
    silence = Ended(CALL_ID, Outcome.SILENCE, "", 11, None)
    noise = ok._replace(datagram=ok.datagram._replace(payload=b"HELLO\r\n\r\n"))
    assert verdict([asked, noise], ended=silence).outcome is Outcome.UNUSABLE
    strange = altered([asked, ok], 1, "bKphone1", "bKphone2")[1]
    assert verdict([asked, strange], ended=silence).outcome is Outcome.UNUSABLE


def test_an_answer_to_a_port_where_nobody_asked() -> None:
    asked, ok, notify = exchange(subscribe(1))
    other = Local("eth0", SocketAddress(PHONES.address.host, 5070))
    astray = [
        step._replace(heard=False, datagram=step.datagram._replace(local=other)) for step in (ok, notify)
    ]
    silence = Ended(CALL_ID, Outcome.SILENCE, "", 11, None)
    found = verdict([asked, *astray], ended=silence)
    assert (found.outcome, [fault.item for fault in found.faults]) == (Outcome.UNUSABLE, ["T6"])
    assert found.faults[0].saw == "2 answers from 10.0.0.1 to port 5070, where nobody asked"
    noise = astray[0]._replace(datagram=astray[0].datagram._replace(payload=b"OPTIONS sip:x SIP/2.0\r\n\r\n"))
    assert verdict([asked, noise], ended=silence).outcome is Outcome.SILENCE


def test_an_answer_of_the_phone_that_cannot_be_delivered() -> None:
    steps = exchange(subscribe(1))
    confirmed = Step(0.003, True, Datagram(b"SIP/2.0 200 OK\r\n\r\n", SERVER.address, PHONES))
    dead = Step(0.004, False, Datagram(b"", SERVER.address, PHONES), unreachable=True)
    assert items([*steps, confirmed, dead]) == ["T14"]
    elsewhere = dead._replace(datagram=Datagram(b"", OTHER, PHONES))
    assert items([*steps, confirmed, elsewhere]) == []
    assert items([*steps, dead]) == []


def test_two_urls_are_told() -> None:
    steps = exchange(subscribe(1))
    other = altered(steps, 2, URL, f"{URL}?2")[2]
    (fault,) = verdict([*steps, other]).faults
    assert (fault.item, fault.urls) == ("C7", (URL, f"{URL}?2"))
    apart = altered([other], 0, "bK", "bKother")[0]
    (fault,) = verdict([*steps, apart]).faults
    assert (fault.item, fault.urls) == ("X2", (URL, f"{URL}?2"))
    assert "2 different URLs" in fault.saw
    elsewhere = apart._replace(datagram=apart.datagram._replace(remote=OTHER))
    (fault,) = verdict([*steps, elsewhere]).faults
    assert (fault.item, fault.urls) == ("P9", (URL, f"{URL}?2"))
    same = altered([elsewhere], 0, f"{URL}?2", URL)[0]
    (fault,) = verdict([*steps, same]).faults
    assert (fault.item, fault.urls) == ("P9", ())


@pytest.mark.parametrize(
    ("old", "new", "outside"),
    [
        ("Call-ID: 1@10.0.0.2", "Call-ID: 2@10.0.0.2", True),
        ("tag=phone1", "tag=nobodys", True),
        ("To: <", "To: Desk, one <", True),
        ("Max-Forwards: 70\r\n", "", False),
    ],
)
def test_tells_of_a_phone_that_takes_what_most_would_not(old: str, new: str, outside: bool) -> None:
    steps = altered(exchange(subscribe(1)), 2, old, new)
    loose = UNKNOWN._replace(outside_dialog="who tells")
    assert judge(steps, SERVED, loose, Device(), True).lenience == ("who tells" if outside else "")
    refused = SERVED._replace(outcome=Outcome.NOTIFY_REFUSED, url="", refusal="481, why")
    found = judge(steps, refused, loose, Device(), True)
    assert (found.lenience, found.refusal) == ("", "481, why")


def test_wrong_use() -> None:
    steps = exchange(subscribe(1))
    with pytest.raises(ValueError, match="begins with"):
        read_transcript([])
    with pytest.raises(ValueError, match="begins with"):
        read_transcript(steps[1:])
    with pytest.raises(ValueError, match="begins with a SUBSCRIBE"):
        read_transcript([steps[1]._replace(sent=True)])
