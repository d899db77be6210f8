"""What is wrong with the final response to the SUBSCRIBE?"""

from __future__ import annotations

from collections.abc import Iterator

from pnp_responder.datagram import TCP, Datagram
from pnp_responder.errors import RequestError
from pnp_responder.phone.checklist import Fault
from pnp_responder.phone.judge_form import form_faults
from pnp_responder.phone.transcript import Exchange, Said, header
from pnp_responder.sip import Request, Response, Via
from pnp_responder.sip.address import NameAddr, SipUri
from pnp_responder.sip.grammar import split_outside_quotes

LATE = 0.5
"""Seconds: T1, after which a phone asks again."""

PATIENT = 3.5
"""Seconds until a phone asks again every T2 only."""

_SHORTEST_TAG = 6
"""Characters: 32 random bits in letters and digits."""

_NOT_IN_A_200 = (("event", "R7"), ("subscription-state", "R7"), ("accept", "R7"), ("require", "R10"))


def response_faults(exchange: Exchange, said: Said, multicast: bool) -> Iterator[Fault]:
    """`said` is the first final response of the server."""
    response, subscribe = said.message, exchange.subscribe
    assert isinstance(response, Response)
    name = f"{response.status}"
    yield from form_faults(name, said.datagram.payload, response)
    yield from _early_faults(exchange)
    if response.status == 408:
        yield Fault("X7", "408", "nothing: the phone's own timer has told it by then")
    if response.status >= 300 and multicast:
        yield Fault("T16", f"{name} to a multicast SUBSCRIBE", "silence")
    if 200 < response.status < 300:
        yield Fault("S1", name, "200")
    yield from _echo_faults(name, response, subscribe)
    yield from _via_faults(name, response, subscribe, exchange.asked)
    yield from _to_faults(name, response, subscribe)
    sender = said.datagram.remote
    if not multicast and sender != exchange.asked.remote:
        yield Fault("T9", f"{name} from {sender}", f"from {exchange.asked.remote}, which was asked")
    late = said.at - exchange.asked_at[0]
    if late > LATE:
        yield Fault("S5", f"{name} after {late:.2f} s", f"before {LATE} s, when the phone asks again")
    if 200 <= response.status < 300:
        yield from _success_faults(name, response, subscribe)


def _early_faults(exchange: Exchange) -> Iterator[Fault]:
    """Provisional responses, of which only 100 is allowed, and that not before the phone is patient."""
    for said in exchange.responses:
        status = said.message.status if isinstance(said.message, Response) else 200
        patient = said.datagram.local.transport == TCP or said.at - exchange.asked_at[0] >= PATIENT
        if status < 200 and (status > 100 or not patient):
            yield Fault("X7", f"{status} before the final response", "the final response alone")
            return


def _echo_faults(name: str, response: Response, subscribe: Request) -> Iterator[Fault]:
    for row, label in (("from", "From"), ("call-id", "Call-ID"), ("cseq", "CSeq")):
        saw, expected = header(response, row), header(subscribe, row)
        if saw != expected:
            yield Fault("R1", f"{name} with {label}: {saw}" if saw else f"{name} without {label}", expected)


def _via_faults(name: str, response: Response, subscribe: Request, asked: Datagram) -> Iterator[Fault]:
    source = asked.local.address
    written = _parameters(subscribe.via)
    found = _parameters(response.via)
    for parameter, value in written.items():
        if parameter not in ("rport", "received") and found.get(parameter) != value:
            saw = found.get(parameter)
            yield Fault("R4", f"Via of the {name} with {parameter}={saw}", f"{parameter}={value}, as asked")
    if (response.via.host, response.via.port) != (subscribe.via.host, subscribe.via.port):
        yield Fault("R4", f"Via of the {name}: {response.via.text}", f"the phone's own: {subscribe.via.text}")
    rport = found.get("rport")
    # By TCP the source port is the connection's, which only the server knows.
    if subscribe.via.wants_rport and not (
        rport if asked.local.transport == TCP else rport == str(source.port)
    ):
        saw = f"rport={rport}" if rport else "no rport filled in"
        yield Fault("T5", f"Via of the {name}: {saw}", f"rport={source.port}")
    if subscribe.via.wants_rport and found.get("received") is None:
        yield Fault("T5", f"Via of the {name} without received", f"received={source.host} beside rport")
    elif subscribe.via.host != source.host and found.get("received") != source.host:
        yield Fault("T4", f"Via of the {name} without received={source.host}", f"received={source.host}")


def _parameters(via: Via) -> dict[str, str]:
    pieces = (piece.partition("=") for piece in split_outside_quotes(via.text, ";")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in pieces}


def _to_faults(name: str, response: Response, subscribe: Request) -> Iterator[Fault]:
    text = header(response, "to")
    try:
        to = NameAddr.parse(text, "To")
    except RequestError:
        yield Fault("R2", f"{name} with To: {text}", header(subscribe, "to"))
        return
    if to.uri != subscribe.to.uri:
        yield Fault("R2", f"{name} with To: {text}", f"{header(subscribe, 'to')} and a tag")
    if to.tag is None:
        yield Fault("R2", f"{name} without a tag in To", "a tag of the server's own")
    elif to.tag == subscribe.from_.tag:
        yield Fault("R3", f"{name} with the phone's own tag in To", "a tag of the server's own")
    elif len(to.tag) < _SHORTEST_TAG:
        yield Fault("R3", f"{name} with the tag {to.tag}", "a random one of 32 bits or more")


def _success_faults(name: str, response: Response, subscribe: Request) -> Iterator[Fault]:
    for row, item in _NOT_IN_A_200:
        if response.headers.get(row) is not None:
            yield Fault(item, f"{name} with {row.title()}", "none in a response")
    contact = contact_fault(header(response, "contact"), subscribe)
    if contact:
        yield Fault("R5", f"{name} {contact}", "one Contact with a SIP URI of the server")
    granted, asked = header(response, "expires"), header(subscribe, "expires")
    if not granted:
        yield Fault("R6", f"{name} without Expires", f"Expires: {asked or 0}")
    elif _number(granted) is None:
        yield Fault("R6", f"{name} with Expires: {granted}", "seconds")
    elif (most := _number(asked)) is not None and (_number(granted) or 0) > most:
        yield Fault("S6", f"{name} with Expires: {granted}", f"{most} at most, as asked")


def contact_fault(value: str, subscribe: Request) -> str:
    """What is wrong with a Contact that is to be one SIP URI of the server; "" if nothing is."""
    if not value:
        return "without Contact"
    try:
        uri = SipUri.parse(NameAddr.parse(value, "Contact").uri)
    except (RequestError, ValueError):
        return f"with Contact: {value}"
    if not uri.host:
        return f"with Contact: {value}"
    first = uri.host.partition(".")[0]
    if first.isascii() and first.isdigit() and len(first) < 4 and 224 <= int(first) <= 239:
        return f"with the multicast group in Contact: {value}"
    phone = subscribe.contact_uri
    if phone is not None and (phone.host, phone.port) == (uri.host, uri.port):
        return f"with the phone's own address in Contact: {value}"
    return ""


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None
