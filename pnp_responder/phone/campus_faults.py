"""Faults that only many phones can see: what is to be unique for ever, and is not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pnp_responder.phone.checklist import Fault

_TO_TAG = re.compile(rb"(?im)^(?:to|t)[ \t]*:[^\r\n]*;[ \t]*tag[ \t]*=[ \t]*([^;,\s]+)")
_BRANCH = re.compile(rb"(?im)^(?:via|v)[ \t]*:[^\r\n]*?;[ \t]*branch[ \t]*=[ \t]*([^;,\s]+)")


class CampusFaults:
    """Is told all that phones hear, repeats included; remembers a number of eight octets for each message
    and for each tag and branch."""

    def __init__(self) -> None:
        self._messages: set[int] = set()
        self._tags: set[int] = set()
        self._branches: set[int] = set()
        self._same_tags = 0
        self._same_branches = 0

    def hear(self, payload: bytes) -> None:
        """One datagram of a server. Reads what it needs, and is not troubled by anything else."""
        message = hash(payload)
        if message in self._messages:
            return
        self._messages.add(message)
        if payload.startswith(b"SIP/2.0 2"):
            self._same_tags += _is_known(_TO_TAG.search(payload), self._tags)
        elif payload.startswith(b"NOTIFY "):
            self._same_branches += _is_known(_BRANCH.search(payload), self._branches)

    def __iter__(self) -> Iterator[Fault]:
        """The faults found so far."""
        if self._same_tags:
            yield Fault("R3", f"{self._same_tags:,} responses with the tag of another", "a new tag each")
        if self._same_branches:
            saw = f"{self._same_branches:,} NOTIFYs with the branch of another"
            yield Fault("N6", saw, "a new branch each")


def _is_known(match: re.Match[bytes] | None, known: set[int]) -> bool:
    if match is None:
        return False
    value = hash(match[1])
    if value in known:
        return True
    known.add(value)
    return False
