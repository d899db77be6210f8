"""Judgement: can multicast of the LAN come to this interface at all, or is a container's wall before it?"""

from __future__ import annotations

import re
from ipaddress import IPv4Network

from pnp_responder.doctor.facts import Link
from pnp_responder.doctor.finding import Finding, Verdict

PASS, WARN, FAIL, UNKNOWN = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN

# Interfaces that container and virtual machine managers make for themselves; no desk phone is behind them.
_CONTAINER_BRIDGE = re.compile(
    r"docker\d+|podman\d+|cni\d+|cni-podman\d+|br-[0-9a-f]{12}|virbr\d+|lxcbr\d+|lxdbr\d+|flannel.*|cali.*|veth.+"
)
# What those managers give to containers by default. A LAN may use them too: alone it proves nothing.
_CONTAINER_NETWORKS = tuple(
    map(IPv4Network, ("172.17.0.0/16", "172.18.0.0/15", "172.20.0.0/14", "172.24.0.0/13", "10.88.0.0/16"))
)

# By what the traces of a container call it.
_HOST_NETWORK = {
    "docker": "docker run --network host ...",
    "podman": "podman run --network host ...",
    "oci": "podman run --network host ...",
    "kubernetes": "set hostNetwork: true in the pod's spec",
    "systemd-nspawn": "start systemd-nspawn without --network-veth and --private-network",
}


def judge_container(link: Link, container: str, host_network: bool | None) -> Finding:
    """Can multicast of the LAN come here at all? `container` is the kind that we run in, "" for none seen.

    `host_network`: are these the machine's own interfaces? None if that is not told.
    """
    it = link.interface

    def found(verdict: Verdict, evidence: str, remedy: str = "") -> Finding:
        return Finding("container", it.name, verdict, evidence, remedy)

    inside = f"runs in a container ({container})" if container else ""
    if it.loopback:
        return found(
            PASS, f"{inside or 'no container'}, and this is the loopback: nothing but tests comes here"
        )
    if not container or host_network:
        if _CONTAINER_BRIDGE.fullmatch(it.name):
            return found(
                WARN,
                "is, by its name, a bridge or a cable of containers or virtual machines; desk phones are on "
                "another interface",
                "pnp-responder interfaces   # then name the phones' one under `service: interfaces:`",
            )
        if inside:
            return found(PASS, f"{inside} with the host's own network")
        return found(PASS, "no container, as far as can be seen")
    if link.below & {"macvlan", "ipvlan"}:
        return found(PASS, f"{inside} with an interface of its own on the LAN ({_kinds(link)})")
    if "" in link.below:
        return found(PASS, f"{inside} with a network card of its own")
    addresses = [str(a) for a in it.addresses if any(a.ip in network for network in _CONTAINER_NETWORKS)]
    if addresses:
        return found(
            FAIL,
            f"{inside} behind a bridge of its own (address {addresses[0]}): multicast of the LAN cannot "
            "arrive, and publishing a port does not help, for it forwards unicast only",
            _way_out(container, "or"),
        )
    return found(
        UNKNOWN,
        f"{inside} with a network of its own; whether {it.name} ({_kinds(link)}) leads to the phones' LAN "
        "cannot be seen from in here",
        _way_out(container, "if phones are not heard; or"),
    )


def _way_out(container: str, when: str) -> str:
    command = _HOST_NETWORK.get(container, "give the container the host's network")
    return f"{command}   # {when} give it a macvlan interface on the phones' one"


def _kinds(link: Link) -> str:
    below = ", ".join(sorted(link.below))
    return link.kind if {link.kind} == link.below else f"{link.kind} over {below or 'nothing'}"
