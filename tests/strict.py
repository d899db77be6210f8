"""A strict reader of what we send, written from RFC 3261 25.1 alone: no code of the package is used.

It knows only what we may send: CRLF line ends, no folds, no compact names, one blank behind the colon.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]+"
QUOTED = r'"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[\x00-\x09\x0b\x0c\x0e-\x7f])*"'
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)"
_STATUS = re.compile(r"SIP/2\.0 ([1-6][0-9][0-9]) ([^\r\n]*)")
_REQUEST = re.compile(r"NOTIFY (\S+) SIP/2\.0")
_ROW = re.compile(rf"({TOKEN}):(?: (.*))?", re.DOTALL)
PARAMETER = re.compile(rf"({TOKEN})(?:=({TOKEN}|{_HOST}|{QUOTED}))?")
EVENT = re.compile(rf"{TOKEN}(?:;{TOKEN}(?:=(?:{TOKEN}|{QUOTED}))?)*")
OUR_VIA = re.compile(r"SIP/2\.0/UDP ([0-9.]+:[0-9]+);branch=(z9hG4bK[0-9A-Za-z]{10,});rport")
OUR_CONTACT = re.compile(r"<sip:([0-9.]+:[0-9]+)>")
TAGGED = re.compile(rf"<([^<>\s\"]+)>(?:;tag=({TOKEN}))?")

ONCE_IN_200 = {"From", "To", "Call-ID", "CSeq", "Contact", "Expires", "Content-Length"}
ONCE_IN_NOTIFY = {
    *("Via", "Max-Forwards", "From", "To", "Call-ID", "CSeq", "Contact", "Event", "Subscription-State"),
    *("Content-Type", "Content-Length"),
}


@dataclass(frozen=True)
class Sent:
    """One message of ours. `rows` are (name, value) in order."""

    start: str
    rows: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for row, value in self.rows if row == name]

    def one(self, name: str) -> str:
        (value,) = self.all(name)
        return value

    @property
    def status(self) -> int:
        match = _STATUS.fullmatch(self.start)
        assert match is not None, self.start
        return int(match[1])

    @property
    def request_uri(self) -> str:
        match = _REQUEST.fullmatch(self.start)
        assert match is not None, self.start
        return match[1]


def read(octets: bytes) -> Sent:
    """Read one message of ours; AssertionError for everything that is not in strict form."""
    head, empty_line, body = octets.partition(b"\r\n\r\n")
    assert empty_line, "no empty line"
    text = head.decode()
    lines = text.split("\r\n")
    for line in lines:
        assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", line), f"a control octet: {line!r}"
        assert not line.startswith((" ", "\t")), f"a fold: {line!r}"
    rows = []
    for line in lines[1:]:
        match = _ROW.fullmatch(line)
        assert match is not None, f"no header row: {line!r}"
        rows.append((match[1], match[2] or ""))
    sent = Sent(lines[0], tuple(rows), body)
    assert _STATUS.fullmatch(sent.start) or _REQUEST.fullmatch(sent.start), sent.start
    assert sent.one("Content-Length") == str(len(body))
    return sent


def check_200(sent: Sent) -> None:
    """A 200 to a SUBSCRIBE: exactly the headers it has to have (RFC 6665, RFC 3265 7.1)."""
    assert sent.start == "SIP/2.0 200 OK"
    names = [name for name, _ in sent.rows]
    assert set(names) - {"Via", "Record-Route"} == ONCE_IN_200
    for name in ONCE_IN_200:
        sent.one(name)
    assert sent.all("Via")
    assert sent.one("Expires") == "0"
    assert OUR_CONTACT.fullmatch(sent.one("Contact"))
    assert sent.body == b""


def check_notify(sent: Sent, url: str) -> None:
    """Our NOTIFY: exactly the headers it has to have, and one body."""
    names = [name for name, _ in sent.rows]
    assert set(names) - {"Route"} == ONCE_IN_NOTIFY
    for name in ONCE_IN_NOTIFY:
        sent.one(name)
    via = OUR_VIA.fullmatch(sent.one("Via"))
    contact = OUR_CONTACT.fullmatch(sent.one("Contact"))
    assert via is not None
    assert contact is not None
    assert via[1] == contact[1]
    assert TAGGED.fullmatch(sent.one("To")), sent.one("To")
    from_ = TAGGED.fullmatch(sent.one("From"))
    assert from_ is not None, sent.one("From")
    assert from_[2], "From has no tag"
    assert sent.one("CSeq") == "1 NOTIFY"
    assert sent.one("Max-Forwards") == "70"
    assert EVENT.fullmatch(sent.one("Event")), sent.one("Event")
    assert sent.one("Subscription-State") == "terminated;reason=timeout"
    assert sent.one("Content-Type") == "application/url"
    assert sent.body == url.encode()
