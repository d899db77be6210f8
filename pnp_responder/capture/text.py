"""A capture that is text: one SUBSCRIBE as it was pasted, printed by tcpdump -A, or saved from Wireshark."""

from __future__ import annotations

import re

MAX_TEXT = 1_048_576
"""Octets of a text that is looked through."""

_START = re.compile(rb"SUBSCRIBE [^\r\n]{1,2000} SIP/2\.0[ \t]*\r?$", re.MULTILINE)
_HEADER = re.compile(rb"[!-~]+[ \t]*:|[ \t]+[^ \t\r\n]")


def read_text(octets: bytes) -> bytes | None:
    """The SUBSCRIBE in a text, with the line ends that SIP wants; None if there is none.

    What stands before it, the blanks that all of its lines begin with, and what follows its empty
    line are left out.
    """
    start = _START.search(octets)
    if start is None:
        return None
    before = octets[: start.start()].rpartition(b"\n")[2]
    indent = before if not before.strip() else b""
    lines: list[bytes] = []
    for line in octets[start.start() :].split(b"\n"):
        line = line.rstrip(b"\r")
        if lines and indent:
            line = line.removeprefix(indent)
        if lines and not _HEADER.match(line):
            break
        lines.append(line)
    return b"\r\n".join([*lines, b"", b""])
