"""The verdict: did the phone get what it needs, and what did the server do wrong on the way?

A pure function of the transcript. Transcripts in which the phone was made to miss the first
NOTIFY, and to ask once more in the end, show more: whether the server repeats what is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from pnp_responder.datagram import SocketAddress
from pnp_responder.enrollment import Device
from pnp_responder.errors import RequestError
from pnp_responder.phone.checklist import Fault
from pnp_responder.phone.events import Ended, Outcome
from pnp_responder.phone.judge_notify import notify_faults
from pnp_responder.phone.judge_response import response_faults
from pnp_responder.phone.shape import Habits
from pnp_responder.phone.target import Target, target_of
from pnp_responder.phone.transcript import Exchange, Step, header, read_transcript
from pnp_responder.phone.waiting import bears_tag
from pnp_responder.sip import Request, Response


class Verdict(NamedTuple):
    """`faults` are the server's, in the order of the exchange; `others` are further servers that answered.

    `target` is what the phone would fetch; None without a URL. `refusal` is what the phone answered to a
    NOTIFY that it could not take; `lenience` tells of a phone that took one which most phones would not.
    """

    outcome: Outcome
    url: str
    server: SocketAddress | None
    faults: tuple[Fault, ...]
    others: tuple[SocketAddress, ...]
    target: Target | None
    refusal: str = ""
    lenience: str = ""


_MOST_URLS = 5
"""URLs that a fault lists; the rest is counted."""


def judge(steps: Sequence[Step], ended: Ended, habits: Habits, device: Device, multicast: bool) -> Verdict:
    """Judge what `steps` show of one phone, whose story ended so."""
    exchange = read_transcript(steps)
    target = target_of(ended.url, habits, device) if ended.url else None
    faults = [*_faults(exchange, steps, multicast)]
    if target is not None:
        faults += [Fault(*fault) for fault in target.faults]
        faults += _secrets(ended.url)
    if exchange.others:
        names = ", ".join(map(str, exchange.others))
        saw = f"answers from {names} as well as from {exchange.server}"
        if len(exchange.offers) > 1:
            saw += f", with {len(exchange.offers)} different URLs"
        faults.append(Fault("P9", saw, "one server", _differing(exchange.offers)))
    outcome = ended.outcome
    if outcome is Outcome.SILENCE and (exchange.server or exchange.unreadable or exchange.astray):
        outcome = Outcome.UNUSABLE
    unique = tuple(dict.fromkeys(faults))
    lenience = _lenience(exchange, ended, habits)
    return Verdict(
        *(outcome, ended.url, exchange.server, unique, exchange.others, target), ended.refusal, lenience
    )


def _lenience(exchange: Exchange, ended: Ended, habits: Habits) -> str:
    """Who tells that this phone takes its NOTIFY; "" where every phone would."""
    said, subscribe = exchange.notify, exchange.subscribe
    if ended.outcome is not Outcome.SERVED or said is None or not isinstance(said.message, Request):
        return ""
    notify = said.message
    try:
        own = header(notify, "call-id") == header(subscribe, "call-id")
        return "" if own and bears_tag(notify, subscribe.from_.tag) else habits.outside_dialog
    except RequestError:
        return habits.outside_dialog


def _differing(offers: Sequence[tuple[SocketAddress, str]]) -> tuple[str, ...]:
    return tuple(url for _, url in offers[:_MOST_URLS]) if len(offers) > 1 else ()


def _faults(exchange: Exchange, steps: Sequence[Step], multicast: bool) -> Iterator[Fault]:
    for datagram, reason in exchange.unreadable:
        yield Fault("M21", f"octets from {datagram.remote} that are no SIP: {reason}", "a SIP message")
    response, notify = exchange.response, exchange.notify
    if exchange.astray:
        first, number = exchange.astray[0], len(exchange.astray)
        what = "an answer" if number == 1 else f"{number} answers"
        saw = f"{what} from {first.remote.host} to port {first.local.address.port}, where nobody asked"
        yield Fault("T6", saw, f"to {exchange.asked.local.address}, from where the phone asked")
    if response is not None:
        yield from response_faults(exchange, response, multicast)
    if notify is not None:
        yield from notify_faults(exchange, notify)
    for remote in exchange.unreachable:
        saw = f"the phone's answer to the NOTIFY cannot be delivered: nobody listens at {remote}"
        yield Fault("T14", saw, "a Via with the address and port that the server listens on")
    yield from _order_faults(exchange)
    yield from _repeat_faults(exchange, steps)


def _order_faults(exchange: Exchange) -> Iterator[Fault]:
    response, notify = exchange.response, exchange.notify
    status = response.message.status if response and isinstance(response.message, Response) else None
    if notify is None:
        if status is not None and status < 300:
            yield Fault("S10", f"{status}, and no NOTIFY", "a NOTIFY at once")
        return
    if status is None:
        yield Fault("S10", "a NOTIFY, and no response to the SUBSCRIBE", "200 before it")
    elif status >= 300:
        yield Fault("S11", f"a NOTIFY beside {status}", "none for a SUBSCRIBE that is refused")
    elif response is not None and notify.at < response.at:
        yield Fault("N15", "the NOTIFY before the 200", "the 200 first")
    if response is not None and response.datagram.remote != notify.datagram.remote:
        saw = f"NOTIFY from {notify.datagram.remote}, response from {response.datagram.remote}"
        yield Fault("T9", saw, "both from one address and port")


def _repeat_faults(exchange: Exchange, steps: Sequence[Step]) -> Iterator[Fault]:
    finals = [s for s in exchange.responses if isinstance(s.message, Response) and s.message.status >= 200]
    if len({said.datagram.payload for said in finals}) > 1:
        yield Fault("X2", "another response to the same SUBSCRIBE sent again", "the same octets again")
    own = exchange.asked.local
    missed = any(not step.heard and step.datagram.local == own for step in steps)
    if missed and finals and finals[-1].at < exchange.asked_at[-1]:
        yield Fault("X2", "silence to the same SUBSCRIBE sent again", "the same octets again")
    branches = {said.message.via.branch for said in exchange.notifies}
    cseqs = {said.message.headers.get("cseq") for said in exchange.notifies}
    hosts = {said.datagram.remote for said in exchange.notifies}
    offers = [offer for offer in exchange.offers if offer[0] in hosts]
    differ = f", with {len(offers)} different URLs" if len(offers) > 1 else ""
    if len(branches) > 1 or len(cseqs) > 1:
        saw = f"{max(len(branches), len(cseqs))} NOTIFYs for one SUBSCRIBE{differ}"
        yield Fault("X2", saw, "one, repeated", _differing(offers))
    elif len({said.datagram.payload for said in exchange.notifies}) > 1:
        yield Fault(
            "C7", f"a NOTIFY repeated with other octets{differ}", "the same octets", _differing(offers)
        )
    if missed and len(exchange.notifies) < 2:
        yield Fault("C1", "a NOTIFY that got no answer, and was not sent again", "again after 0.5 s")


def _secrets(url: str) -> list[Fault]:
    try:
        parts = urlsplit(url)
        if parts.password and parts.scheme.lower() != "https":
            return [
                Fault(
                    "P12", f"a password in the URL, and {parts.scheme} to carry it", "https, or no password"
                )
            ]
    except ValueError:
        pass
    return []
