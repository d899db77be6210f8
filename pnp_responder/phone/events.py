"""What happens to phones, as values. `call_id` names the phone: each asks under a Call-ID of its own."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from pnp_responder.datagram import SocketAddress


class Outcome(StrEnum):
    """How a phone's enrollment ended. The value is a sentence."""

    SERVED = "got a profile URL"
    SILENCE = "nobody answered"
    REFUSED = "the server refused"
    NO_NOTIFY = "the server said 200, but no NOTIFY came"
    NOTIFY_REFUSED = "a NOTIFY came that this phone cannot take"
    UNUSABLE = "something came, but nothing that this phone could take"
    NO_URL = "the NOTIFY had no URL in it"
    UNREACHABLE = "the network cannot deliver to the server"


class Answered(NamedTuple):
    """The SUBSCRIBE got its final response after `attempts` sendings."""

    call_id: str
    status: int
    attempts: int


class NotifyTaken(NamedTuple):
    """The first NOTIFY of a server, answered with 200. `url` is "" if it had none."""

    call_id: str
    url: str
    remote: SocketAddress


class NotifyRepeated(NamedTuple):
    """A NOTIFY heard again; its answer went out again."""

    call_id: str


class RequestRefused(NamedTuple):
    """A request that the phone cannot take, a NOTIFY in most cases. `status` was sent."""

    status: int
    reason: str
    remote: SocketAddress


class DatagramDropped(NamedTuple):
    """Octets that got no answer. `reason` holds none of them."""

    reason: str
    remote: SocketAddress


class Ended(NamedTuple):
    """The phone has its URL or waits no longer: the last event about this Call-ID but for repeats.

    `attempts` counts the sendings of the SUBSCRIBE so far; `status` is the final response, if one came.
    `refusal` is what the phone answered to a NOTIFY that it could not take: the status, and why.
    """

    call_id: str
    outcome: Outcome
    url: str
    attempts: int
    status: int | None
    refusal: str = ""


PhoneEvent = Answered | NotifyTaken | NotifyRepeated | RequestRefused | DatagramDropped | Ended
