"""What a device asks ("enrollment", RFC 6080 5.1), and what is decided about it.

SIP and rules meet here: `ua_profile` makes an `Enrollment` from a SUBSCRIBE, `rules` makes a
`Decision` from an `Enrollment`; neither knows the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.mac import Mac
from pnp_responder.masking import mask_url

USUAL_PROFILE = "device"
"""The profile-type of nearly all phones, which goes without saying in a log."""


class Device(NamedTuple):
    """What the device says of itself. An empty text, or no MAC, is "not given"."""

    mac: Mac | None = None
    vendor: str = ""
    model: str = ""
    version: str = ""


class Enrollment(NamedTuple):
    """A device asks for its profile: the facts that rules may look at.

    Texts are as the device wrote them, decoded and unquoted, free of control characters but HTAB; empty
    is "not given". `remote` and `local` are None only where nobody knows them (`explain` without
    a source or an interface), never in service.
    """

    device: Device
    profile_type: str = ""
    user_agent: str = ""
    remote: SocketAddress | None = None
    local: Local | None = None


class Offer(NamedTuple):
    """Answer 200 and a NOTIFY whose body is `url`; `rule` is the name of the rule that says so.

    Only the NOTIFY holds `url` as it is; people see `masked`. `shown` is that where more is secret in
    the URL than its form tells, or where it is known beforehand.
    """

    url: str
    rule: str
    shown: str | None = None

    @property
    def masked(self) -> str:
        """The URL with `***` for its secrets."""
        return mask_url(self.url) if self.shown is None else self.shown

    def __repr__(self) -> str:
        return f"Offer({self.masked!r}, {self.rule!r})"


class Decline(NamedTuple):
    """No URL for this device.

    `rule` is None if no rule matched. `status` is None for silence, else the SIP status of a
    `reject`. `reason` is a sentence for the administrator. `suspicious`: the device is perhaps not
    the one that it says it is.
    """

    reason: str
    rule: str | None = None
    status: int | None = None
    suspicious: bool = False


class Defer(NamedTuple):
    """Not now: no answer, and nothing is held of the request, so that its repeat is decided anew.

    Meanwhile a keep-alive makes the kernel find out whose the device's address is. `rule`, `reason`
    and `suspicious` are as with Decline.
    """

    reason: str
    rule: str
    suspicious: bool = False

    @property
    def status(self) -> None:
        """As a Decline's: silence."""


Decision = Offer | Decline | Defer
Decide = Callable[[Enrollment], Decision]

OfferToKind = Callable[[str, str], tuple[str, str, str | None] | None]
"""What devices of one kind are offered, by the digits of the MAC ("" for none) and the source's host: as an
Offer, whose URL is visible ASCII; None where only `Decide` can say."""

ForKind = Callable[[Enrollment, bool], OfferToKind | None]
"""Gives that of all devices that differ from the given one in MAC and source alone, and in User-Agent where
that is True; None if there is none. It says what `Decide` says."""


def no_kind(said: Enrollment, agents_differ: bool) -> OfferToKind | None:
    """A ForKind for whoever has but a `Decide`."""
    return None
