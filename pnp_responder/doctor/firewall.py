"""Judgements about the firewall, and about the datagram that was sent to ourselves."""

from __future__ import annotations

from typing import NamedTuple

from pnp_responder.doctor.finding import Finding, Verdict
from pnp_responder.doctor.nft_values import Packet
from pnp_responder.doctor.nft_walk import Ruleset, Walk
from pnp_responder.net.interfaces import Interface
from pnp_responder.net.multicast import Listen

PASS, WARN, FAIL, UNKNOWN = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN

PHONES_PORT = 5060
"""What phones ask, unless told otherwise (RFC 3261 18.1.1)."""

_COMING = ("prerouting", "input")
_GOING = ("output", "postrouting")


class Tried(NamedTuple):
    """The multicast to ourselves. `port` is where it was sent. `send_error`: why the kernel refused to send
    it, `listen_error`: why we could not listen, both "" if it did and we could. `sent`, `came`: did this
    namespace's count of multicasts rise? None if it cannot be read."""

    port: int
    heard: bool
    send_error: str = ""
    listen_error: str = ""
    refused: bool = False
    sent: bool | None = None
    came: bool | None = None


def asking(interface: Interface, listen: Listen, port: int) -> Packet:
    """What a phone on this link multicasts."""
    return Packet(_phone_on(interface), listen.group, port, port, interface.name, "")


def answering(interface: Interface, listen: Listen) -> Packet:
    """What we send back."""
    own = str(interface.addresses[0].ip)
    return Packet(own, _phone_on(interface), listen.reply_port, PHONES_PORT, "", interface.name)


def _phone_on(interface: Interface) -> str:
    """Some address of the link that is not ours."""
    own = interface.addresses[0]
    return next((str(host) for host in own.network.hosts() if host != own.ip), str(own.ip))


def judge_firewall(interface: Interface, listen: Listen, ruleset: Ruleset | None, hidden: str) -> Finding:
    """Do the rules let the phones' multicast in, and our answers out? `hidden`: why they cannot be seen."""

    def found(verdict: Verdict, evidence: str, remedy: str = "") -> Finding:
        return Finding("firewall", interface.name, verdict, evidence, remedy)

    if ruleset is None:
        return found(UNKNOWN, hidden, f"sudo pnp-responder doctor --interface {interface.name}")
    if not interface.addresses:
        return found(UNKNOWN, "without an address there is nothing to be let through", "")
    coming = ruleset.walk(_COMING, asking(interface, listen, listen.port))
    rewritten = ruleset.walk(_COMING, asking(interface, listen, PHONES_PORT))
    if rewritten.packet.destination_port == listen.port:
        coming = rewritten
    if listen.packet:  # a packet socket gets its copy before the firewall
        coming = Walk(True, "", coming.packet)
    going = ruleset.walk(_GOING, answering(interface, listen))
    for way, walk, incoming in (
        (f"what phones send to {listen.group}:{listen.port} is", coming, True),
        (f"our answers from port {listen.reply_port} are", going, False),
    ):
        if walk.passes is False:
            return found(
                FAIL, f"{way} dropped by {walk.place}", opening(ruleset, walk.place, listen, incoming)
            )
    doubtful = [walk.place for walk in (coming, going) if walk.passes is None]
    if doubtful:
        return found(
            WARN,
            f"may be in the way: {'; '.join(doubtful)} (it has conditions that this check does not "
            "understand)",
            "sudo nft -a list ruleset   # the self_test below says what really happens",
        )
    if not ruleset.chains:
        return found(PASS, "there are no rules")
    return found(PASS, "lets the phones' multicast in and our answers out")


def opening(ruleset: Ruleset, place: str, listen: Listen, incoming: bool) -> str:
    """The command that lets it pass, in the words of the tool that the rules were written with."""
    chain = place.rpartition("chain ")[2]
    if any(table == "firewalld" for _, table, _ in ruleset.chains) and incoming:
        return f"sudo firewall-cmd --permanent --add-port={listen.port}/udp && sudo firewall-cmd --reload"
    if any(name.startswith("ufw-") for _, _, name in ruleset.chains):
        if incoming:
            return f"sudo ufw allow in proto udp to {listen.group} port {listen.port}"
        return f"sudo ufw allow out proto udp from any port {listen.reply_port}"
    family, table, name = [*chain.split(" "), "", "", ""][:3]
    if ruleset.by_iptables and family == "ip":
        where = f"sudo iptables -t {table} -I {name} -p udp"
        if incoming:
            return f"{where} -d {listen.group} --dport {listen.port} -j ACCEPT"
        return f"{where} --sport {listen.reply_port} -j ACCEPT"
    what = (
        f"ip daddr {listen.group} udp dport {listen.port}" if incoming else f"udp sport {listen.reply_port}"
    )
    return f"sudo nft insert rule {chain} {what} accept"


def judge_self_test(interface: str, listen: Listen, tried: Tried) -> Finding:
    """A real multicast, sent on this interface and heard, or lost: at which hop?"""

    def found(verdict: Verdict, evidence: str, remedy: str = "") -> Finding:
        return Finding("self_test", interface, verdict, evidence, remedy)

    to = f"{listen.group}:{tried.port}"
    if listen.packet and not tried.heard and not tried.send_error:
        return found(
            UNKNOWN, "the service hears by a packet socket, before ports and firewall; this test has none"
        )
    if tried.listen_error:
        return found(UNKNOWN, f"could not listen ({tried.listen_error}): see `ports`")
    if tried.send_error:
        if tried.refused:
            return found(
                FAIL,
                f"the kernel refused to send to {to} ({tried.send_error}): a firewall rule for output drops "
                "it, and would drop our answers, too",
                "sudo nft -a list ruleset   # look at the chains with hook output",
            )
        return found(
            FAIL,
            f"a multicast to {to} cannot be sent: {tried.send_error}",
            f"ip address show dev {interface}",
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
    if tried.sent is False:
        where = "it never left the kernel's output: look at the chains with hook output and postrouting"
    elif tried.came:
        where = (
            "it was sent and came in, and was dropped before the socket: look at hook prerouting and input"
        )
    elif tried.came is False:
        where = "it was sent, but did not come back in: something below IP drops it (tc, XDP, hook ingress)"
    else:
        where = "it was sent; where it was lost cannot be told"
    return found(FAIL, f"a multicast to {to} was not heard: {where}", "sudo nft -a list ruleset")
