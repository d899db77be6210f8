"""The exceptions of this package. Each says whose fault it is.

    PnpError
    ├── MalformedMessage      a stranger's octets; nobody can or should be told
    ├── RequestError          a stranger's request; a unicast sender is told the status
    │   └── NotAnEnrollment   SIP in order, but not a phone asking for its profile
    ├── ProblemsFound         an administrator's file (rules.problems adds the places)
    └── InterfaceUnusable     this host's network does not let us listen there

The first three never leave `Responder.receive_datagram`. Wrong use of our own API raises
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


class RequestError(PnpError):
    """A request that cannot be served.

    `status` is what a unicast sender is told; a multicast sender is told nothing (RFC 2543
    10.2.2). `reason` is a short sentence without any of the stranger's octets in it. `headers`
    are the further rows that this status needs (RFC 3261 8.2.1: 405 carries Allow).
    """

    def __init__(self, status: int, reason: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason
        self.headers = headers


class NotAnEnrollment(RequestError):
    """A SUBSCRIBE that is well-formed, but no device asking for its profile."""


class ProblemsFound(PnpError):
    """An administrator's file has errors; nothing of it was taken."""


class InterfaceUnusable(PnpError):
    """An interface cannot be served. `reason` says why, `remedy` what to do about it."""

    def __init__(self, interface: str, reason: str, remedy: str) -> None:
        super().__init__(f"{interface}: {reason}; {remedy}" if remedy else f"{interface}: {reason}")
        self.interface = interface
        self.reason = reason
        self.remedy = remedy
