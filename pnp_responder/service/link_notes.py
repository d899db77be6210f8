"""The log's lines about a link that is served."""

from __future__ import annotations

from pnp_responder.net.interfaces import Interface
from pnp_responder.net.multicast import OpenInterface
from pnp_responder.service.journal import Journal


def note_joined(journal: Journal, opened: OpenInterface, transports: list[str]) -> None:
    """It is served from now on, by these transports."""
    journal.note(
        "interface_joined",
        interface=opened.interface.name,
        address=str(opened.local.address),
        also=_others(opened),
        transports=transports,
        group=str(opened.group),
        receive_buffer=opened.receive_buffer,
    )


def note_changed(journal: Journal, was: Interface, opened: OpenInterface, transports: list[str]) -> None:
    """What was served as `was` goes on so."""
    new = opened.interface
    journal.note(
        "interface_changed",
        interface=new.name,
        was=was.name if was.name != new.name else None,
        address=str(opened.local.address),
        also=_others(opened),
        transports=transports,
        networks=[str(address.network) for address in new.addresses],
    )


MOST_SHOWN = 3
"""Addresses of a link in the status line, which is short."""


def shown(opened: OpenInterface) -> str:
    """For the status line: the link and where it answers from."""
    hosts = [unicast.local.address.host for unicast in opened.unicasts]
    more = [f"{len(hosts) - MOST_SHOWN} more"] if len(hosts) > MOST_SHOWN else []
    return f"{opened.interface.name} ({', '.join([*hosts[:MOST_SHOWN], *more])})"


def _others(opened: OpenInterface) -> list[str]:
    """The addresses that answer beside the first."""
    return [str(unicast.local.address) for unicast in opened.unicasts[1:]]
