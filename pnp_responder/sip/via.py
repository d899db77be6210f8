"""Via: where a response goes, and what we write into it on the way (RFC 3261 18.2, RFC 3581)."""

from __future__ import annotations

import re
from typing import NamedTuple

from pnp_responder.datagram import UDP, SocketAddress, new
from pnp_responder.sip.address import DEFAULT_PORT, parse_port
from pnp_responder.sip.grammar import BLANKS, quotes_are_closed, split_outside_quotes

MAGIC_COOKIE = "z9hG4bK"

_VIA = re.compile(
    r"""(?P<protocol> [^\s/;,]+ [ \t]*/[ \t]* [^\s/;,]+ [ \t]*/[ \t]* [^\s/;,]+ )
        [ \t]+ (?P<host> \[[^\]\s]*\] | [^\s:;,\[\]"<>]+ ) [ \t]*
        (?: : (?P<port> [^;,]* ) )? (?: ; (?P<parameters> .* ) )?""",
    re.VERBOSE | re.DOTALL,
)


# What nearly all phones write; the long way gives the same for it.
_USUAL = re.compile(
    r"SIP/2\.0/[A-Z]+ ([0-9A-Za-z.\-]+)(?::([0-9]{1,5}))?;branch=([0-9A-Za-z\-.!%*_+`'~]+)(;rport)?"
)


class Via(NamedTuple):
    """The top value of the Via rows.

    `port` is None where none is written, 0 where what is written is no port. `branch` is "" where
    there is none. `text` is the whole value, `rest` what follows it in the same row (RFC 3261
    7.3.1: a comma list counts as several rows). `usual`: a branch, and perhaps a bare rport behind
    it, are all its parameters.
    """

    host: str
    port: int | None
    branch: str
    wants_rport: bool
    text: str
    rest: str
    usual: bool = False

    @classmethod
    def parse(cls, row: str) -> Via:
        """Raises ValueError for what nobody could answer to."""
        usual = _USUAL.fullmatch(row)
        if usual is not None:
            host, digits, branch, rport = usual.groups()
            port = None if digits is None else parse_port(digits) or 0
            return new(cls, (host, port, branch, rport is not None, row, "", True))
        return cls._parse_any(row)

    @classmethod
    def _parse_any(cls, row: str) -> Via:
        if not quotes_are_closed(row):
            raise ValueError("a quote is left open")
        rest = ""
        text = row
        if "," in row:
            text = split_outside_quotes(row, ",")[0]
            rest = row[len(text) :]
            text = text.rstrip(BLANKS)
        match = _VIA.fullmatch(text)
        if match is None:
            raise ValueError("not a Via")
        port_text = match["port"]
        port = None
        if port_text is not None:
            port = parse_port(port_text.strip(BLANKS)) or 0
        branch = ""
        wants_rport = False
        for name, value in _raw_parameters(match["parameters"]):
            if name == "branch":
                branch = branch or value
            elif name == "rport":
                wants_rport = True
        return cls(match["host"], port, branch, wants_rport, text, rest)

    @property
    def sent_by(self) -> str:
        """Host and port as one text (RFC 3261 20.42)."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def has_unique_branch(self) -> bool:
        """Is the branch unique for ever (RFC 3261 8.1.1.7)? The bare cookie is not (RFC 4475 3.2.1)."""
        return self.branch.startswith(MAGIC_COOKIE) and len(self.branch) > len(MAGIC_COOKIE)

    def answered_to(self, remote: SocketAddress) -> str:
        """The value as it goes into the response to a request that came from `remote`.

        `rport` gets the source port, and then `received` is written even where it says nothing
        new (RFC 3581 4). Otherwise `received` is written where sent-by is a name or another
        address (RFC 3261 18.2.1), and over one that the sender wrote: what stands in either place
        is not believed. All other octets stay.
        """
        if self.usual:
            if self.wants_rport:
                return f"{self.text}={remote.port};received={remote.host}"
            return self.text if self.host == remote.host else f"{self.text};received={remote.host}"
        head, _, parameters = self.text.partition(";")
        pieces = split_outside_quotes(parameters, ";") if parameters else []
        named = [(piece.partition("=")[0].strip(BLANKS).lower(), piece) for piece in pieces]
        claims = any(name == "received" for name, _ in named)
        if not self.wants_rport and not claims and self.host == remote.host:
            return self.text
        rport = f"rport={remote.port}"
        kept: list[str] = []
        for name, piece in named:
            if name != "rport" and name != "received":
                kept.append(piece)
            elif name == "rport" and rport not in kept:
                # A second one is dropped: a row of them would make the answer longer than the request.
                kept.append(rport)
        kept.append(f"received={remote.host}")
        return ";".join([head.rstrip(BLANKS), *kept])


def _raw_parameters(text: str | None) -> list[tuple[str, str]]:
    """(name in lower case, value as written) of each parameter."""
    if not text:
        return []
    pairs = (piece.partition("=") for piece in split_outside_quotes(text, ";"))
    return [(name.strip(BLANKS).lower(), value.strip(BLANKS)) for name, _, value in pairs]


def response_destination(via: Via, remote: SocketAddress, transport: str = UDP) -> SocketAddress:
    """Where the response to a request from `remote` goes: always to the source address.

    By TCP it goes back on the connection (RFC 3261 18.2.2). By UDP the port is the source's if
    rport was asked for (RFC 3581 4), else sent-by's, 5060 if none is written (RFC 3261 18.2.2).
    `maddr` and `received` of the sender are not followed: they would aim our answers at somebody
    else.
    """
    if via.wants_rport or via.port == 0 or transport != UDP:
        return remote
    return SocketAddress(remote.host, via.port or DEFAULT_PORT)
