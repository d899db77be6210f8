"""The exceptions of this package. Each says whose fault it is.

    PnpError
    ├── MalformedMessage      a stranger's octets are no SIP message that we accept
    ├── NotAnEnrollment       SIP, but not a phone asking for its profile
    ├── ProblemsFound         an administrator's file (rules.problems adds the places)
    └── InterfaceUnusable     this host's network does not let us listen there

The first two never leave `Responder.receive_datagram`. Wrong use of our own API raises
ValueError at once and is not in this tree.
"""

from __future__ import annotations


class PnpError(Exception):
    """Base of all errors that this package raises on purpose."""


class MalformedMessage(PnpError):
    """The octets are no SIP message that we accept, and nobody is to be told.

    `reason` is a short sentence without any of the stranger's octets in it; `where` names the
    part of the message ("start line", "Via", ...).
    """

    def __init__(self, reason: str, where: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.reason = reason
        self.where = where


class NotAnEnrollment(PnpError):
    """A SIP request that is not a device asking for its profile.

    `status` is what a unicast sender is told; a multicast sender is told nothing. `headers` are
    the further header rows that this status needs (RFC 6665 8.3.2: 489 carries Allow-Events).
    """

    def __init__(self, reason: str, status: int, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(f"{status}: {reason}")
        self.reason = reason
        self.status = status
        self.headers = headers


class ProblemsFound(PnpError):
    """An administrator's file has errors; nothing of it was taken."""


class InterfaceUnusable(PnpError):
    """An interface cannot be served. `reason` says why, `remedy` what to do about it."""

    def __init__(self, interface: str, reason: str, remedy: str) -> None:
        super().__init__(f"{interface}: {reason}; {remedy}" if remedy else f"{interface}: {reason}")
        self.interface = interface
        self.reason = reason
        self.remedy = remedy
