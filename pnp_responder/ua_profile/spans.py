"""Where in a SUBSCRIBE, or in a response, the texts stand that are its sender's own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from pnp_responder.datagram import SocketAddress
from pnp_responder.mac import SPELLINGS, Mac
from pnp_responder.sip.headers import Headers
from pnp_responder.sip.message import Request
from pnp_responder.ua_profile.template import Template
from pnp_responder.ua_profile.values import (
    AGENT,
    BRANCH,
    CALL_ID,
    END,
    FIRST_SPELLING,
    FROM_TAG,
    HOST,
    NUMBER,
    SPELLED,
)


class Span(NamedTuple):
    """The value of `place` stands in the text from `start` to before `end`."""

    start: int
    end: int
    place: int


def header_values(text: str, headers: Headers) -> dict[str, slice]:
    """Where the value of each header stands."""
    start, *rows = text.removesuffix("\r\n\r\n").split("\r\n")
    found = {}
    at = len(start) + 2
    for name, row in zip(headers, rows, strict=True):
        found[name] = slice(at + len(row) - len(headers[name]), at + len(row))
        at += len(row) + 2
    return found


def taken_spans(
    text: str, rows: dict[str, slice], request: Request, varying: Collection[int]
) -> list[Span] | None:
    """Where the texts of the device stand that are not known beforehand; None if one of them does not stand
    as it usually does."""
    spans = [Span(rows["call-id"].start, rows["call-id"].stop, CALL_ID)]
    via, from_, cseq = (text[rows[name]] for name in ("via", "from", "cseq"))
    if request.via.has_unique_branch:
        start, length = rows["via"].start + via.find(request.via.branch), len(request.via.branch)
        spans.append(Span(start, start + length, BRANCH))
    tag = request.from_.tag
    if tag is not None:
        if not from_.endswith(f";tag={tag}"):
            return None
        spans.append(Span(rows["from"].stop - len(tag), rows["from"].stop, FROM_TAG))
    if NUMBER in varying:
        if not cseq.startswith(f"{request.cseq_number} "):
            return None
        spans.append(Span(rows["cseq"].start, rows["cseq"].start + len(request.cseq_number), NUMBER))
    if AGENT in varying and "user-agent" in rows:
        spans.append(Span(rows["user-agent"].start, rows["user-agent"].stop, AGENT))
    return spans


def known_spans(text: str, remote: SocketAddress, mac: Mac | None, spelled: str) -> list[Span]:
    """Where in `text` stands what is known of its sender: its address, and its MAC, which is `spelled` in
    From. In order."""
    host, found = remote.host, list[Span]()
    for start in _all(text, host):
        end = start + len(host)
        if text[start - 1 : start] in _ADDRESS or text[end : end + 1] in _ADDRESS:
            continue  # it is part of a longer one
        whole = f"{host}:{remote.port}"
        if text.startswith(whole, start) and text[start + len(whole) :][:1] not in _DIGITS:
            found.append(Span(start, start + len(whole), END))
        else:
            found.append(Span(start, end, HOST))
    if mac is not None and spelled:
        spellings = {spelled: SPELLED}
        for at, spell in enumerate(SPELLINGS):
            spellings.setdefault(spell(mac), FIRST_SPELLING + at)
        for spelling, place in spellings.items():
            found += [Span(start, start + len(spelling), place) for start in _all(text, spelling)]
    return sorted(found)


def template_of(text: str, spans: Iterable[Span]) -> Template:
    """`text` with a gap for each of `spans`, which are in order."""
    pieces: list[str | int] = []
    at = 0
    for span in spans:
        pieces += [text[at : span.start], span.place]
        at = span.end
    return Template([*pieces, text[at:]])


_DIGITS = frozenset("0123456789")
_ADDRESS = _DIGITS | {"."}


def _all(text: str, part: str) -> Iterator[int]:
    start = text.find(part)
    while start >= 0:
        yield start
        start = text.find(part, start + len(part))
