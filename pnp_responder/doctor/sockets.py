"""Judgements about sockets: who is in the group, who is in the way, how large the buffers are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pnp_responder.doctor.facts import Responder, UdpSocket
from pnp_responder.doctor.finding import Finding, Verdict
from pnp_responder.errors import InterfaceUnusable
from pnp_responder.net.interfaces import Interface
from pnp_responder.net.multicast import Listen
from pnp_responder.net.unicast import RECEIVE_BUFFER

PASS, WARN, FAIL, UNKNOWN = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN

# Measured: a buffer of 212,992 octets, as the kernel counts, holds 166 SUBSCRIBEs of 450 to 600.
_OCTETS_PER_PHONE = 1283
_START = "sudo systemctl start pnp-responder"
_RESTART = "sudo systemctl restart pnp-responder"
# The kernel grants twice what is asked for, and lets ask for rmem_max at most.
_MOST = 2 * RECEIVE_BUFFER
_MORE_ROOM = f"sudo sysctl -w net.core.rmem_max={RECEIVE_BUFFER} && {_RESTART}"


class Serving(NamedTuple):
    """Who serves an interface, and the port that it answers from."""

    responder: Responder
    reply_port: int


def serving(
    interface: Interface,
    listen: Listen,
    sockets: Sequence[UdpSocket],
    responders: Iterable[Responder],
) -> Serving | None:
    """The responder that has its sockets for this interface: one on the group, one on our address.

    With `listen.packet` it hears the group by a packet socket, which is not among `sockets`.
    """
    own = {str(address.ip) for address in interface.addresses}
    for responder in responders:
        held = [socket for socket in sockets if responder.here is not False and responder.holds(socket)]
        in_group = listen.packet or any((s.address, s.port) == (listen.group, listen.port) for s in held)
        unicast = next((socket for socket in held if socket.address in own), None)
        if in_group and unicast is not None:
            return Serving(responder, unicast.port)
    return None


def judge_group(
    interface: Interface,
    listen: Listen,
    members: int | None,
    responder: Responder | None,
    responders: Sequence[Responder],
    sockets: Iterable[UdpSocket],
    unit: str = "",
) -> Finding:
    """Is a running service a member of the group on this interface (RFC 1112 6.1)?

    `members`: how many sockets the kernel counts in the group here. `responder`: who serves the interface.
    `unit`: why systemd runs none.
    """

    def found(verdict: Verdict, evidence: str, remedy: str = "") -> Finding:
        return Finding("group", interface.name, verdict, evidence, remedy)

    group = listen.group
    if members is None:
        return found(UNKNOWN, "the kernel's list of memberships cannot be read", "cat /proc/self/net/igmp")
    here = [it for it in responders if it.here is not False]
    if responder is not None:
        if members:
            return found(PASS, f"{responder} is a member of {group}")
        return found(
            FAIL,
            f"{responder} listens, but the kernel has no membership of {group} here any more: the interface "
            "was made anew, or left the group; no phone is heard",
            _RESTART,
        )
    if here and here[0].here is None:
        return found(
            UNKNOWN,
            f"{here[0]} runs, but this user may not see where, nor its sockets",
            f"sudo pnp-responder doctor --interface {interface.name}",
        )
    if here:
        return found(
            FAIL,
            f"{here[0]} runs, but does not serve this interface; the journal says why",
            "journalctl -u pnp-responder | grep interface_unusable",
        )
    others = sorted({s.process or "another user's process" for s in sockets if s.address == group})
    evidence = "no pnp-responder runs here, so no phone is answered" + (f"; {unit}" if unit else "")
    if responders:
        evidence += f"; {responders[0]} runs in another network namespace (a container?)"
    if members and others:
        evidence += f"; {', '.join(others)} is in {group} instead"
    return found(FAIL, evidence, _START)


def judge_ports(
    interface: Interface,
    listen: Listen,
    sockets: Sequence[UdpSocket],
    responder: Responder | None,
    refusal: InterfaceUnusable | None,
) -> Finding:
    """Who else holds our ports, and what follows. `refusal`: what opening them said, if it failed."""

    def found(verdict: Verdict, evidence: str, remedy: str = "") -> Finding:
        return Finding("ports", interface.name, verdict, evidence, remedy)

    if refusal is not None:
        return found(FAIL, refusal.reason, refusal.remedy)
    others = [s for s in sockets if s.port == listen.port and not (responder and responder.holds(s))]
    second = [s.process or "another user's process" for s in others if s.address == listen.group]
    if second:
        # Named once, though a responder has one socket per interface.
        names = ", ".join(dict.fromkeys(second))
        return found(
            WARN,
            f"{names} listens on {listen.group}:{listen.port} as well: a phone may get two answers, and "
            "takes the first",
            f"sudo ss -ulpn 'sport = {listen.port}'   # then stop one of the two",
        )
    on_all = [s.process or "another user's process" for s in others if s.address in ("0.0.0.0", "::")]  # noqa: S104
    if on_all:
        return found(
            WARN,
            f"{', '.join(dict.fromkeys(on_all))} listens on port {listen.port} of all addresses: it hears "
            "each phone's multicast too, and may answer it with an error",
            "let it listen on one address of this host instead of all (a PBX says bind or listen address)",
        )
    address = interface.addresses[0].ip if interface.addresses else "-"
    wanted = f"{listen.group}:{listen.port} and {address}:{listen.reply_port}"
    if responder is not None:
        return found(PASS, f"{responder} hears {listen.group}:{listen.port}, and nobody else does")
    taken = [
        s.process or "another user's process"
        for s in sockets
        if s.port == listen.reply_port and s.address in (str(address), "0.0.0.0", "::")  # noqa: S104
    ]
    if taken and listen.or_any:
        return found(
            PASS,
            f"{listen.group}:{listen.port} is free; {taken[0]} holds {address}:{listen.reply_port}, so "
            "answers leave from another port, as `reply_port: auto` wants",
        )
    return found(PASS, f"{wanted} are free")


def judge_buffer(
    interface: str, octets: int | None, phones: int, rmem_max: int | None, running: bool
) -> Finding:
    """Can the socket hold one SUBSCRIBE of each phone, should all ask at once while we are busy?

    `octets`: what the kernel granted, in its own counting.
    """
    if octets is None:
        return Finding(
            "buffer", interface, UNKNOWN, "the kernel does not tell its size", "sudo ss -ulmn 'sport = 5060'"
        )
    holds = octets // _OCTETS_PER_PHONE
    whose = "the service's buffer" if running else "a new socket's buffer"
    evidence = f"{whose} of {octets:,} octets holds {holds:,} SUBSCRIBEs"
    if holds >= phones:
        return Finding("buffer", interface, PASS, f"{evidence}; {phones:,} phones are expected")
    found = f"{evidence}, not {phones:,}"
    if octets >= _MOST:
        return Finding(
            "buffer",
            interface,
            WARN,
            f"{found}; it is as large as the service asks for. Only if all ask while this host is busy do "
            "some wait for their next try",
            "start so many phones in groups, or serve their LANs from more than one host",
        )
    limit = "" if rmem_max is None else f" (net.core.rmem_max is {rmem_max:,})"
    if rmem_max is not None and 2 * rmem_max > octets:
        return Finding("buffer", interface, WARN, f"{found}{limit}: it was raised later", _RESTART)
    return Finding(
        "buffer",
        interface,
        WARN,
        f"{found}{limit}: after a power cut some phones wait for their next try",
        _MORE_ROOM,
    )


def judge_drops(interface: str, drops: int | None, octets: int | None, running: bool) -> Finding:
    """Did the kernel drop datagrams of the running service for want of room in its buffer of `octets`?"""
    if drops is None:
        why = "the kernel does not count" if running else "no service runs here whose drops could be counted"
        return Finding("drops", interface, UNKNOWN, why)
    if drops == 0:
        return Finding("drops", interface, PASS, "the kernel dropped nothing since the service started")
    small = octets is not None and octets < _MOST
    return Finding(
        "drops",
        interface,
        WARN,
        f"the kernel dropped {drops:,} datagrams since the service started: its receive buffer was full, "
        "for it was too small or the service was kept from reading",
        _MORE_ROOM if small else "systemctl status pnp-responder   # and look for a busy CPU or swapping",
    )
