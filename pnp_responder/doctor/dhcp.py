"""Judgement: does DHCP tell phones something that they follow instead of PnP?"""

from __future__ import annotations

from collections.abc import Sequence

from pnp_responder.doctor.dhcp_leases import PHONE_OPTIONS, Lease
from pnp_responder.doctor.finding import Finding, Verdict
from pnp_responder.doctor.phones import OPTIONS_OF
from pnp_responder.masking import mask_text


def judge_dhcp(interface: str, leases: Sequence[Lease], hidden: bool) -> Finding:
    """By the leases of this host on this interface. A server may tell phones more than it tells us."""
    watch = f"sudo tcpdump -vni {interface} port 67 or port 68   # while a phone starts"
    for lease in leases:
        if lease.options:
            told = ", ".join(
                f'{number} ("{mask_text(value)}")' for number, value in sorted(lease.options.items())
            )
            readers = ", ".join(
                dict.fromkeys(
                    name for n in sorted(lease.options) for name in OPTIONS_OF[n].split(", ") if name
                )
            )
            return Finding(
                "dhcp",
                interface,
                Verdict.WARN,
                f"the DHCP server gives option {told} ({lease.path}): phones that heed DHCP before PnP take "
                "their configuration from there" + (f"; it is read by {readers}" if readers else ""),
                "take it out of the phones' scope on the DHCP server, or point it where your rules point; "
                f"{watch}",
            )
    listed = ", ".join(map(str, PHONE_OPTIONS))
    if leases:
        return Finding(
            "dhcp",
            interface,
            Verdict.PASS,
            f"our own lease has none of the options {listed} ({leases[0].path}); phones may be told more",
        )
    reason = "the lease files may be read by root only" if hidden else "this host has no DHCP lease here"
    again = f"sudo pnp-responder doctor --interface {interface}" if hidden else watch
    return Finding(
        "dhcp",
        interface,
        Verdict.UNKNOWN,
        f"{reason}, so what phones are told ({listed}) is not seen",
        again,
    )
