"""What a rule asks, beside its match, before it gives its URL away: the options of a rule.

A guard only ever withholds. The rule that matches decides, and a device that it withholds its URL
from is met with silence; it is never handed on to a later rule. For a guard is there against
somebody who claims to be a device, and a laxer rule further down, such as one for everybody, would
give the liar what this one keeps from him. For the same reason a requirement that cannot be judged,
because the device gives no MAC or no OUI of its vendor is known, is not met.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pnp_responder.circumstances import Circumstances, Neighbour, NeighbourState
from pnp_responder.enrollment import Decline, Defer, Enrollment
from pnp_responder.rules.durations import duration_text
from pnp_responder.rules.oui_table import OUI_VENDORS, SURE_VENDORS

Withheld = Decline | Defer


class Judgement(NamedTuple):
    """`withheld` is why the rule gives no URL, None if it gives one. `unknown` names the facts that
    nobody knows here, and which are taken to be in order."""

    withheld: Withheld | None
    unknown: tuple[str, ...] = ()


class Guards(NamedTuple):
    """The options of one rule. `once` is in seconds, 0 for as often as asked.

    `once` counts from the offer. An offer whose NOTIFY was never answered does not count once that
    is known (after 32 s, or when the network says so): the device can ask again.
    """

    window: bool = False
    oui: bool = False
    once: int = 0
    neighbour: bool = False

    def __str__(self) -> str:
        """As the file says it: `require neighbour; once 10m`."""
        required = [name for name in ("neighbour", "oui") if getattr(self, name)]
        parts = [f"require {', '.join(required)}"] if required else []
        parts += [f"once {duration_text(self.once)}"] if self.once else []
        return "; ".join(parts + ["window"] * self.window)

    def judge(self, rule: str, enrollment: Enrollment, circumstances: Circumstances) -> Judgement:
        """May the rule of that name give its URL? What takes most effort to know is asked last."""
        unknown = []
        for name, verdict in self._verdicts(rule, enrollment, circumstances):
            if verdict is None:
                unknown.append(name)
            elif not isinstance(verdict, bool):
                return Judgement(verdict, tuple(unknown))
        return Judgement(None, tuple(unknown))

    def _verdicts(
        self, rule: str, enrollment: Enrollment, circumstances: Circumstances
    ) -> Iterator[tuple[str, Withheld | bool | None]]:
        """For each guard, True if all is in order, None if nobody knows, else why not."""
        if self.window:
            is_open = circumstances.window_is_open()
            closed = Decline(f"rule '{rule}' waits for the enrolment window, which is closed", rule)
            yield "window", closed if is_open is False else is_open
        if self.oui:
            yield "oui", _judge_oui(rule, enrollment)
        if self.once:
            yield "once", _judge_once(rule, self.once, circumstances.seconds_since_offer(enrollment, rule))
        if self.neighbour:
            if enrollment.device.mac is None:
                reason = f"rule '{rule}' compares with the neighbour table, and the device gave no MAC"
                yield "neighbour", Decline(reason, rule)
            else:
                yield "neighbour", _judge_neighbour(rule, enrollment, circumstances.neighbour(enrollment))


def _judge_oui(rule: str, enrollment: Enrollment) -> Withheld | bool:
    mac, vendor = enrollment.device.mac, enrollment.device.vendor.casefold()
    head = f"rule '{rule}' requires an OUI of the vendor"
    if mac is None or not vendor:
        return Decline(f"{head}, and the device gave no {'vendor' if mac else 'MAC'}", rule)
    if vendor not in SURE_VENDORS:
        return Decline(f"{head}, and none is known of the vendor that the device names", rule)
    maker = OUI_VENDORS.get(mac.oui)
    if maker == vendor:
        return True
    belongs = f"belongs to {maker}" if maker else "is none of them"
    return Decline(f"{head}, and {mac.oui} {belongs}", rule, suspicious=True)


def _judge_once(rule: str, period: int, since: float | None) -> Withheld | bool | None:
    if since is None or since >= period:
        return None if since is None else True
    ago, span = duration_text(since), duration_text(period)
    return Decline(f"rule '{rule}' offers its URL once in {span}, and did so {ago} ago", rule)


def _judge_neighbour(rule: str, enrollment: Enrollment, found: Neighbour | None) -> Withheld | bool | None:
    if found is None:
        return None
    state, mac = found
    if mac is not None and mac == enrollment.device.mac:
        return True
    address = "the device's address" if enrollment.remote is None else enrollment.remote.host
    head = f"rule '{rule}' compares with the neighbour table"
    if state is NeighbourState.NEVER:
        reason = f"{head}, which never has {address}: it asks through a router, or the link has no MACs"
        return Decline(reason, rule)
    if mac is None:
        return Defer(
            f"{head}, which does not have {address} yet: the kernel asks, the repeat is decided", rule
        )
    reason = f"{head}, where {address} is {mac.joined(':')}, not the MAC that the device claims"
    if state is NeighbourState.CONFIRMED:
        return Decline(reason, rule, suspicious=True)
    # After another lease the entry may be of the device that had the address before.
    return Defer(f"{reason}; not confirmed lately, so the kernel asks again", rule, suspicious=True)
