"""Messages out of a stream of octets: TCP has no datagrams, Content-Length frames (RFC 3261 18.3)."""

from __future__ import annotations

import re

from pnp_responder.errors import MalformedMessage
from pnp_responder.sip.headers import canonical_name
from pnp_responder.sip.parser import MAX_MESSAGE

_BLANK_LINE = re.compile(rb"\n\r?\n")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_LONGEST_LENGTH = 5


class StreamReader:
    """Cuts what one connection brings into messages. Holds `most` octets at most, and one reading."""

    def __init__(self, most: int = MAX_MESSAGE) -> None:
        self._most = most
        self._unframed = b""
        self._is_sip = False
        self._octets = bytearray()
        # Where the search for the end of the head goes on, lest many small readings cost quadratic time.
        self._searched = 0

    def feed(self, octets: bytes) -> None:
        """The connection brought these. Then ask for messages until there is none."""
        self._octets += octets

    def next_message(self) -> bytes | None:
        """The next message, if it is whole, without the empty lines before it (RFC 3261 7.5).

        Raises MalformedMessage where nobody can tell where the message ends; the connection is then
        of no more use, but see `unframed`.
        """
        held = self._octets
        if held and held[0] in b"\r\n":
            del held[: len(held) - len(held.lstrip(b"\r\n"))]
        self._check_start_line()
        blank = _BLANK_LINE.search(held, self._searched)
        if blank is None:
            if len(held) > self._most:
                raise MalformedMessage("too long", "message")
            # The end may stand across two readings.
            self._searched = max(0, len(held) - 2)
            return None
        if blank.end() <= self._most:
            self._unframed = bytes(held[: blank.end()])
        end = blank.end() + _content_length(bytes(held[: blank.start()]))
        if end > self._most:
            raise MalformedMessage("too long", "message")
        if len(held) < end:
            return None
        message = bytes(held[:end])
        del held[:end]
        self._searched = 0
        self._unframed = b""
        self._is_sip = False
        return message

    @property
    def unframed(self) -> bytes:
        """What is left to look at once `next_message` has raised: a head of which a request can still be told
        what is wrong with it (RFC 3261 18.3: 400), or a start line that is no SIP; b"" if neither came."""
        return self._unframed

    @property
    def holds_part(self) -> bool:
        """Has something come that is no whole message yet, or has not been asked for?"""
        return bool(self._octets)

    def _check_start_line(self) -> None:
        """Who speaks another protocol is told apart by its first line."""
        if self._is_sip:
            return
        end = self._octets.find(b"\n", self._searched)
        if end < 0:
            return
        line = bytes(self._octets[: end + 1])
        words = line.split() or [b""]
        self._is_sip = any(word[:4].upper() == b"SIP/" for word in (words[0], words[-1]))
        if not self._is_sip:
            self._unframed = line
            raise MalformedMessage("not SIP", "start line")


def _content_length(head: bytes) -> int:
    """What the one Content-Length says. RFC 3261 20.14: on a stream it has to be there."""
    lengths = set()
    for line in _FOLD.sub(b" ", head).split(b"\n")[1:]:
        name, colon, value = line.partition(b":")
        if colon and canonical_name(name.decode("latin-1")) == "content-length":
            lengths.add(value.strip(b" \t\r"))
    if not lengths:
        raise MalformedMessage("missing", "Content-Length")
    length = lengths.pop()
    if lengths or not (length.isdigit() and len(length) <= _LONGEST_LENGTH):
        raise MalformedMessage("not one number", "Content-Length")
    return int(length)
