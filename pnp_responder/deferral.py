"""What a deferred request gets: four octets, which make the kernel ask whose the source's address is."""

from __future__ import annotations

from pnp_responder.datagram import Datagram
from pnp_responder.enrollment import Defer, Enrollment
from pnp_responder.events import EnrollmentDeferred, Event, ProbeHeard
from pnp_responder.ua_profile import is_probe

KEEP_ALIVE = b"\r\n\r\n"
"""RFC 5626 3.5.1 has it for TCP. It is no message, so nobody answers it, and shorter than any request."""


def deferred(
    datagram: Datagram, enrollment: Enrollment, defer: Defer
) -> tuple[tuple[Datagram, ...], tuple[Event, ...]]:
    """What goes out instead of an answer to `datagram`, and what is told of it."""
    remote, local = datagram.remote, datagram.local
    event: Event = EnrollmentDeferred(enrollment, defer)
    if is_probe(enrollment):
        event = ProbeHeard(remote, local, enrollment, defer)
    return (Datagram(KEEP_ALIVE, remote, local),), (event,)
