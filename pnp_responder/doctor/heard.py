"""Judgement about the multicast that was sent to ourselves: was it heard, and if not, where was it lost?"""

from __future__ import annotations

from typing import NamedTuple

from pnp_responder.doctor.finding import Finding, Verdict
from pnp_responder.doctor.firewall import COMING, GOING, PHONES_PORT, answering, asking, opening
from pnp_responder.doctor.nft_values import Packet
from pnp_responder.doctor.nft_walk import Ruleset, Walk
from pnp_responder.net.interfaces import Interface
from pnp_responder.net.multicast import Listen

PASS, WARN, FAIL, UNKNOWN = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN

_LIST = "sudo nft -a list ruleset"
# The kernel counts what IP takes in before hook prerouting, and multicasts when they are routed, after it.
_LOST = {
    "output": "it never left: look at hooks output and postrouting",
    "ingress": "it was sent, but did not come back to IP: look at hook ingress, tc and XDP",
    "prerouting": "it was sent and came in, and was dropped before it was routed: look at hook prerouting",
    "input": "it was sent, came in and was routed, and was dropped before the socket: look at hook input",
    "": "where it was lost cannot be told",
}


class Tried(NamedTuple):
    """The multicast to ourselves, from our `source_port` to `port`.

    `send_error`: why the kernel refused to send it, `listen_error`: why we could not listen, both "" if it
    did and we could. `sent`: did it leave IP? `came`: did IP take it in again? `routed`: was it let on to
    the sockets? None if the kernel's counts cannot be read.
    """

    port: int
    heard: bool
    send_error: str = ""
    listen_error: str = ""
    refused: bool = False
    sent: bool | None = None
    came: bool | None = None
    routed: bool | None = None
    source_port: int = 0

    @property
    def lost_at(self) -> str:
        """The hook that it came to last; "" if that is not known."""
        if self.refused or self.sent is False:
            return "output"
        if self.came is None or self.routed is None:
            return ""
        return "input" if self.routed else "prerouting" if self.came else "ingress"


def judge_self_test(
    interface: Interface, listen: Listen, tried: Tried, ruleset: Ruleset | None = None
) -> Finding:
    """A real multicast, sent on this interface and heard, or lost: at which hop, and by which rule?"""

    def found(verdict: Verdict, evidence: str, remedy: str = "") -> Finding:
        return Finding("self_test", interface.name, verdict, evidence, remedy)

    to = f"{listen.group}:{tried.port}"
    if listen.packet and not tried.heard and not tried.send_error:
        return found(
            UNKNOWN, "the service hears by a packet socket, before ports and firewall; this test has none"
        )
    if tried.listen_error:
        return found(UNKNOWN, f"could not listen ({tried.listen_error}): see `ports`")
    if tried.send_error and not tried.refused:
        return found(
            FAIL,
            f"a multicast to {to} cannot be sent: {tried.send_error}",
            f"ip address show dev {interface.name}",
        )
    if tried.heard and tried.port != listen.port:
        return found(PASS, f"a multicast to {to} was rewritten to port {listen.port} and heard")
    if tried.heard and listen.port != PHONES_PORT:
        return found(
            WARN,
            f"a multicast to {to} was heard, but one to port {PHONES_PORT} was not: phones that ask there, "
            "as most do, are not heard",
            "sudo nft 'add table ip pnp; add chain ip pnp in { type filter hook prerouting priority raw; }; "
            f"add rule ip pnp in ip daddr {listen.group} udp dport {PHONES_PORT} udp dport set "
            f"{listen.port}'",
        )
    if tried.heard:
        return found(PASS, f"a multicast to {to} was sent and heard")
    what = f"a multicast to {to} was not heard: "
    if tried.refused:
        what = f"the kernel refused to send to {to} ({tried.send_error}): "
    return found(*_lost(interface, listen, tried, ruleset, what))


def _lost(
    interface: Interface, listen: Listen, tried: Tried, ruleset: Ruleset | None, what: str
) -> tuple[Verdict, str, str]:
    lost_at = tried.lost_at
    incoming = lost_at != "output"
    stopped = _stopped(interface, listen, tried, ruleset)
    if ruleset is None or stopped is None:
        if tried.refused:
            return (
                WARN,
                f"{what}a rule of hook output or postrouting drops it; are our answers dropped, too?",
                _LIST,
            )
        return FAIL, what + _LOST[lost_at], _LIST
    if stopped.passes is None:
        return FAIL, f"{what}it may be {stopped.place} that drops it", _LIST
    # Who asks is a phone, and what we send are answers: a rule may be about none of them.
    hooks, packet = COMING, asking(interface, listen, tried.port)
    if not incoming:
        hooks, packet = GOING, answering(interface, listen)
    real = ruleset.walk(hooks, packet)
    whose = "what phones send" if incoming else "our answers"
    what += f"dropped by {stopped.place}"
    if real.passes is False:
        beside = "" if incoming else "; so are our answers"
        return FAIL, what + beside, opening(ruleset, real.place, listen, incoming)
    if real.passes is None:
        return WARN, f"{what}; {whose} may be, too", _LIST
    return UNKNOWN, f"{what}, which lets {whose} pass; so this test cannot be made here", _LIST


def _stopped(interface: Interface, listen: Listen, tried: Tried, ruleset: Ruleset | None) -> Walk | None:
    """The walk that ends, or may end, where the multicast was lost; None if no rule explains it."""
    if ruleset is None:
        return None
    name, own = interface.name, str(interface.addresses[0].ip)
    packet = Packet(own, listen.group, tried.source_port, tried.port, name, "")
    if tried.lost_at == "output":
        walk = ruleset.walk(("output", "postrouting"), packet._replace(incoming="", outgoing=name))
        return None if walk.passes else walk
    for hook in COMING:
        walk = ruleset.walk((hook,), packet)
        packet = walk.packet
        if not walk.passes and tried.lost_at in (hook, ""):
            return walk
    return None
