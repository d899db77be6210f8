"""What devices of one kind are told from one of our ends."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pnp_responder.datagram import Datagram, PlainAddress, SocketAddress
from pnp_responder.enrollment import OfferToKind
from pnp_responder.sip.message import Request
from pnp_responder.sip.parser import parse_message
from pnp_responder.sip.via import response_destination
from pnp_responder.ua_profile.notify import notify_destination, notify_request, ok_response
from pnp_responder.ua_profile.notify_taken import NotifyTaken
from pnp_responder.ua_profile.sample import SIGN_SOURCE, Sample
from pnp_responder.ua_profile.template import Values
from pnp_responder.ua_profile.values import (
    CALL_ID,
    CONTACT,
    FIRST_SPELLING,
    FROM,
    HOST,
    NUMBER,
    PORT,
    SPELLED,
    TO,
    VIA,
    known_values,
)

_TAG, _BRANCH, _URL = "pnp158204sign", "pnp391582sign", "http://pnp820467sign/"
"""Signs of what an answer has of its own."""


class Reply:
    """The 200 and the NOTIFY from `local`. They are found by answering the sample the long way, with signs in
    place of what is its device's own: where the signs turn up, the values of another device go.

    `ok_port` and `notify_port` tell where they are sent; None for where the request came from. `taken` is how
    such devices take the NOTIFY, once that is known; `offers` is what they are offered, None if nobody has
    asked yet.
    """

    __slots__ = (
        *("_contact", "_dialog", "_head", "_mac_at", "_names_host", "_names_port", "_ok", "_rest", "local"),
        *("notify_port", "offers", "ok_port", "taken"),
    )

    def __init__(self, sample: Sample) -> None:
        """Raises ValueError, MalformedMessage or RequestError for a sample that tells nothing of others."""
        self.local = sample.local
        self.taken: NotifyTaken | None = None
        self.offers: OfferToKind | None = None
        signs = sample.signs
        request = parse_message(sample.marked().encode("latin-1"))
        if not isinstance(request, Request) or request.fault is not None:
            raise ValueError("no request")
        ok = ok_response(request, SIGN_SOURCE, self.local, _TAG).decode()
        notify = notify_request(request, SIGN_SOURCE, self.local, _TAG, _BRANCH, _URL).decode()
        self.ok_port = _other_port(response_destination(request.via, SIGN_SOURCE))
        self.notify_port = _other_port(notify_destination(request, SIGN_SOURCE))

        via, from_, to, contact = (sample.marked(place) for place in (VIA, FROM, TO, CONTACT))
        before, after_via, _ = ok.partition(via)
        said_of_us = ok[len(before + after_via) :].partition("\r\n")[0]
        self._names_port, self._names_host = signs[PORT] in said_of_us, signs[HOST] in said_of_us
        own = [signs[PORT]] * self._names_port + [signs[HOST]] * self._names_host
        number = [signs[NUMBER]] * sample.has(NUMBER)
        pieces = _between(ok, [via, *own, from_, to, _TAG, signs[CALL_ID], *number], sample)
        # The same number of pieces for all.
        self._ok = (pieces[0], *[""] * (2 - len(own)), *pieces[1:], *[""] * (1 - len(number)))
        # The rows before From, those from From to CSeq, and the others. From is the SUBSCRIBE's To.
        head, dialog, rest = re.split("(?<=\r\n)(?=From: |Contact: )", notify)
        self._head = _between(head, [contact, _BRANCH], sample)
        self._dialog = _between(dialog, [to, _TAG, from_, signs[CALL_ID]], sample)
        self._rest, _ = _between(rest, [f"{len(_URL)}\r\n\r\n{_URL}"], sample)
        self._contact = sample.template_of_contact
        # Where `again` finds the MAC that it needs.
        self._mac_at = slice(0)
        if any(place == SPELLED or place >= FIRST_SPELLING for place in self._contact.gaps):
            before, mac, _ = dialog.partition(signs[SPELLED])
            if not mac:
                raise ValueError("the MAC does not stand in From and To")
            _between(before, [], sample)
            self._mac_at = slice(len(before), len(before) + len(mac))

    def answer(
        self, values: Values, remote: PlainAddress, tag: str, branch: str, url: str
    ) -> tuple[bytes, bytes, str]:
        """The 200, the NOTIFY, and of this the rows from From to CSeq, for a message with these values from
        `remote`."""
        _, via, _, _, from_, _, to, call_id, number, contact, _ = values
        host, port = remote
        a, b, c, d, e, f, g, h, i = self._ok
        source_port, source = port if self._names_port else "", host if self._names_host else ""
        ok = f"{a}{via}{b}{source_port}{c}{source}{d}{from_}{e}{to}{f}{tag}{g}{call_id}{h}{number}{i}"
        a, b, c, d, e = self._dialog
        dialog = f"{a}{to}{b}{tag}{c}{from_}{d}{call_id}{e}"
        a, b, c = self._head
        notify = f"{a}{contact}{b}{branch}{c}{dialog}{self._rest}{len(url)}\r\n\r\n{url}"
        return ok.encode(), notify.encode(), dialog

    def again(self, dialog: str, branch: str, remote: PlainAddress, url: str) -> bytes:
        """The same NOTIFY once more, by what `answer` gave and was given."""
        contact = self._contact.fill(known_values(dialog[self._mac_at], remote))
        a, b, c = self._head
        return f"{a}{contact}{b}{branch}{c}{dialog}{self._rest}{len(url)}\r\n\r\n{url}".encode()

    def learn_taken(self, heard: Datagram, status: int, branch: str, dialog: str, mac: str) -> None:
        """`heard`, with that status, was the answer of the device with that MAC to that NOTIFY."""
        try:
            self.taken = NotifyTaken(heard, status, branch, dialog, mac)
        except ValueError:
            self.taken = None


def _other_port(destination: SocketAddress) -> int | None:
    return None if destination == SIGN_SOURCE else destination.port


def _between(text: str, signs: Sequence[str], sample: Sample) -> tuple[str, ...]:
    """What stands before, between and behind `signs`. Raises ValueError if they are not all there, in this
    order, or if there are others."""
    pieces = []
    for sign in signs:
        before, found, text = text.partition(sign)
        if not found:
            raise ValueError("the answer is of another form")
        pieces.append(before)
    pieces.append(text)
    if any(sign in piece for sign in (*sample.signs.values(), _TAG, _BRANCH, _URL) for piece in pieces):
        raise ValueError("the answer has more of the device's own")
    return tuple(pieces)
