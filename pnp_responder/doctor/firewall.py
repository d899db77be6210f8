"""Judgement about the firewall: what it does to a phone's question, and to our answer."""

from __future__ import annotations

from pnp_responder.doctor.finding import Finding, Verdict
from pnp_responder.doctor.nft_values import Packet
from pnp_responder.doctor.nft_walk import Ruleset, Walk
from pnp_responder.net.interfaces import Interface
from pnp_responder.net.multicast import Listen

PASS, WARN, FAIL, UNKNOWN = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN

PHONES_PORT = 5060
"""What phones ask, unless told otherwise (RFC 3261 18.1.1)."""

COMING = ("ingress", "prerouting", "input")
"""The hooks on a datagram's way in, the first right above the network card's driver."""
GOING = ("output", "postrouting", "egress")


def asking(interface: Interface, listen: Listen, port: int) -> Packet:
    """What a phone on this link multicasts."""
    return Packet(_phone_on(interface), listen.group, port, port, interface.name, "")


def answering(interface: Interface, listen: Listen) -> Packet:
    """What we send back."""
    own = str(interface.addresses[0].ip)
    return Packet(own, _phone_on(interface), listen.reply_port, PHONES_PORT, "", interface.name)


def confirming(interface: Interface, listen: Listen) -> Packet:
    """What a phone sends back: its 200 to our NOTIFY."""
    own = str(interface.addresses[0].ip)
    return Packet(_phone_on(interface), own, PHONES_PORT, listen.reply_port, interface.name, "", reply=True)


def _phone_on(interface: Interface) -> str:
    """Some address of the link that is not ours."""
    own = interface.addresses[0]
    return next((str(host) for host in own.network.hosts() if host != own.ip), str(own.ip))


def judge_firewall(
    interface: Interface, listen: Listen, ruleset: Ruleset | None, hidden: str, bridge: bool = False
) -> Finding:
    """Do the rules let the phones' multicast in, and our answers out? `hidden`: why they cannot be seen.
    `bridge`: the interface is one, so that rules of that family come before those of IP, and after them."""

    def found(verdict: Verdict, evidence: str, remedy: str = "") -> Finding:
        return Finding("firewall", interface.name, verdict, evidence, remedy)

    if ruleset is None:
        return found(UNKNOWN, hidden, f"sudo pnp-responder doctor --interface {interface.name}")
    if not interface.addresses:
        return found(UNKNOWN, "without an address there is nothing to be let through", "")
    coming = ruleset.walk(COMING, asking(interface, listen, listen.port))
    rewritten = ruleset.walk(COMING, asking(interface, listen, PHONES_PORT))
    if rewritten.packet.destination_port == listen.port:
        coming = rewritten
    if listen.packet:  # a packet socket gets its copy before the firewall
        coming = Walk(True, "", coming.packet)
    going = ruleset.walk(GOING, answering(interface, listen))
    walks = [
        (f"what phones send to {listen.group}:{listen.port} is", coming, True),
        (f"our answers from port {listen.reply_port} are", going, False),
    ]
    if bridge:
        ask = asking(interface, listen, PHONES_PORT)._replace(incoming=None)  # by one of its ports
        answer = answering(interface, listen)._replace(outgoing=None)
        at_bridge = ruleset.walk(("prerouting", "input"), ask, ("bridge",))
        walks.append((f"what phones send to {listen.group}:{PHONES_PORT} is", at_bridge, True))
        at_bridge = ruleset.walk(("output", "postrouting"), answer, ("bridge",))
        walks.append((f"our answers from port {listen.reply_port} are", at_bridge, False))
    for way, walk, incoming in walks:
        if walk.passes is False:
            there = listen._replace(port=walk.packet.destination_port) if incoming else listen
            return found(
                FAIL, f"{way} dropped by {walk.place}", opening(ruleset, walk.place, there, incoming)
            )
    doubtful = [walk.place for _, walk, _ in walks if walk.passes is None]
    if doubtful:
        return found(
            WARN,
            f"may be in the way: {'; '.join(doubtful)} (it has conditions that this check does not "
            "understand)",
            "sudo nft -a list ruleset   # the self_test below says what really happens",
        )
    if not ruleset.chains:
        return found(PASS, "there are no rules")
    confirmed = ruleset.walk(COMING, confirming(interface, listen))
    if confirmed.passes is False:
        return found(
            WARN,
            f"what phones confirm to port {listen.reply_port} is dropped by {confirmed.place}: they get "
            "their URL, but again and again, and each is logged as one that does not answer",
            opening(ruleset, confirmed.place, listen._replace(group="", port=listen.reply_port), True),
        )
    return found(PASS, "lets the phones' multicast in and our answers out")


def opening(ruleset: Ruleset, place: str, listen: Listen, incoming: bool) -> str:
    """The command that lets it pass, in the words of the tool that the rules were written with. Without a
    `listen.group`, what comes to any address of ours."""
    chain = place.rpartition("chain ")[2]
    if any(table == "firewalld" for _, table, _ in ruleset.chains) and incoming:
        return f"sudo firewall-cmd --permanent --add-port={listen.port}/udp && sudo firewall-cmd --reload"
    if any(name.startswith("ufw-") for _, _, name in ruleset.chains):
        if incoming:
            return f"sudo ufw allow in proto udp to {listen.group or 'any'} port {listen.port}"
        return f"sudo ufw allow out proto udp from any port {listen.reply_port}"
    family, table, name = [*chain.split(" "), "", "", ""][:3]
    if ruleset.by_iptables and family == "ip":
        where = f"sudo iptables -t {table} -I {name} -p udp"
        if incoming:
            to = f"-d {listen.group} " if listen.group else ""
            return f"{where} {to}--dport {listen.port} -j ACCEPT"
        return f"{where} --sport {listen.reply_port} -j ACCEPT"
    what = f"udp sport {listen.reply_port}"
    if incoming:
        what = (f"ip daddr {listen.group} " if listen.group else "") + f"udp dport {listen.port}"
    return f"sudo nft insert rule {chain} {what} accept"
