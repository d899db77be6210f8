"""All checks, in the order in which they are told."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from pnp_responder.doctor import dhcp, firewall, heard, links, sockets
from pnp_responder.doctor.container import judge_container
from pnp_responder.doctor.facts import Responder, Route, UdpSocket
from pnp_responder.doctor.finding import Finding, Verdict
from pnp_responder.doctor.nft_walk import Ruleset
from pnp_responder.doctor.read_firewall import read_firewall
from pnp_responder.doctor.read_host import (
    in_host_network,
    read_container,
    read_link,
    read_members,
    read_routes,
    read_rp_filter,
    sysctl,
)
from pnp_responder.doctor.read_leases import read_leases
from pnp_responder.doctor.read_rules import read_rules
from pnp_responder.doctor.read_sockets import (
    granted_to_new_socket,
    read_responders,
    read_sockets,
    service_user,
)
from pnp_responder.doctor.read_unit import read_unit
from pnp_responder.doctor.rules_file import judge_permissions, judge_rules
from pnp_responder.doctor.self_test import try_multicast
from pnp_responder.doctor.service_options import options_of, with_options
from pnp_responder.errors import InterfaceUnusable
from pnp_responder.net.interfaces import Choice, Interface, choose_interfaces, read_interfaces
from pnp_responder.net.link_kinds import read_link_kinds
from pnp_responder.net.multicast import Listen, open_interface
from pnp_responder.service.settings import Settings
from pnp_responder.service.wiring import listen_on


class Wanted(NamedTuple):
    """What to look at.

    `interfaces`: names or globs, none for those that the service serves. `rules`: None for the file that
    the running service has, or else the one that it would take. `phones`: how many are expected.
    """

    interfaces: tuple[str, ...] = ()
    rules: Path | None = None
    phones: int = 500


def examine(wanted: Wanted) -> Iterator[Finding]:
    """The findings, each as soon as it is there. OSError if this host does not tell its interfaces."""
    host = read_interfaces()
    every_responder = read_responders()
    responders = tuple(it for it in every_responder if it.here is not False)
    # One whose namespace is hidden may be anybody's, in a container.
    known = next((it for it in responders if it.here), None)
    options = options_of(known.arguments) if known is not None else {}
    file = read_rules(wanted.rules or _file_of(known, options))
    configured = file.configuration.settings if file.configuration is not None else Settings()
    settings = with_options(configured, options)
    names = wanted.interfaces or settings.interfaces
    choice = choose_interfaces(host, names)
    patient = _Patient(
        settings=settings,
        phones=wanted.phones,
        host=host,
        served=choice.chosen,
        every_responder=every_responder,
        responders=responders,
        sockets=read_sockets({settings.port, listen_on(settings).reply_port}, responders),
        unit="" if responders else read_unit(),
        members=read_members(settings.group),
        container=read_container(),
        host_network=in_host_network(),
        kinds=read_link_kinds(),
        routes=read_routes(),
        rules=read_firewall(),
    )
    yield judge_rules(file)
    yield judge_permissions(file, known.user if known is not None else service_user())
    yield from _about_host(choice, names, wanted.phones)
    for interface in _looked_at(choice, names):
        yield from patient.about(interface)


def _file_of(responder: Responder | None, options: dict[str, list[str]]) -> Path | None:
    given = options.get("--rules")
    return Path(responder.folder, given[-1]) if responder is not None and given else None


def _looked_at(choice: Choice, names: Sequence[str]) -> Iterator[Interface]:
    """What is served, and what was asked for and cannot be."""
    yield from choice.chosen
    for interface, _ in choice.passed_over:
        if any(fnmatchcase(interface.name, name) for name in names):
            yield interface


def _about_host(choice: Choice, names: Sequence[str], phones: int) -> Iterator[Finding]:
    yield links.judge_memberships(sysctl("net/ipv4/igmp_max_memberships"))
    yield links.judge_neighbours(sysctl("net/ipv4/neigh/default/gc_thresh3"), phones)
    for name in choice.missing:
        yield links.judge_absent(name)
    if not choice.chosen and not names:
        yield links.judge_none(choice.passed_over)


class _Patient(NamedTuple):
    """The host's facts that the checks of an interface share."""

    settings: Settings
    phones: int
    host: tuple[Interface, ...]
    served: tuple[Interface, ...]
    every_responder: tuple[Responder, ...]
    responders: tuple[Responder, ...]
    sockets: tuple[UdpSocket, ...]
    unit: str
    members: dict[str, int] | None
    container: str
    host_network: bool | None
    kinds: Mapping[int, str]
    routes: tuple[Route, ...]
    rules: tuple[Ruleset | None, str]

    def about(self, interface: Interface) -> Iterator[Finding]:
        """All findings about an interface; those that make no sense while it is down are left out."""
        link = read_link(interface, self.kinds)
        first = links.judge_interface(link)
        yield first
        yield judge_container(link, self.container, self.host_network)
        yield links.judge_snooping(link)
        if first.verdict is Verdict.FAIL:
            return
        yield from self._about_sockets(interface)
        yield links.judge_rp_filter(
            link, read_rp_filter(interface.name), self.served, self.host, self.settings.allow, self.routes
        )
        yield dhcp.judge_dhcp(interface.name, *read_leases(interface))

    def _about_sockets(self, interface: Interface) -> Iterator[Finding]:
        name = interface.name
        listen = listen_on(self.settings)
        serving = sockets.serving(interface, listen, self.sockets, self.responders)
        responder = None if serving is None else serving.responder
        members = None if self.members is None else self.members.get(name, 0)
        yield sockets.judge_group(
            interface, listen, members, responder, self.every_responder, self.sockets, self.unit
        )
        refusal = None if responder is not None else _refusal(interface, listen)
        yield sockets.judge_ports(interface, listen, self.sockets, responder, refusal)
        ours = [
            it
            for it in self.sockets
            if responder is not None and responder.holds(it) and it.address == listen.group
        ]
        running = responder is not None
        granted: int | None = granted_to_new_socket()
        if running:
            granted = min((it.receive_buffer for it in ours if it.receive_buffer is not None), default=None)
        yield sockets.judge_buffer(name, granted, self.phones, sysctl("net/core/rmem_max"), running)
        yield sockets.judge_drops(name, sum(it.drops for it in ours) if ours else None, granted, running)
        if serving is not None:
            listen = listen._replace(reply_port=serving.reply_port)
        yield firewall.judge_firewall(
            interface, listen, *self.rules, bridge=self.kinds.get(interface.index) == "bridge"
        )
        yield heard.judge_self_test(interface, listen, try_multicast(interface, listen), self.rules[0])


def _refusal(interface: Interface, listen: Listen) -> InterfaceUnusable | None:
    """What opening it says. Done only where no service of ours has it, and given back at once."""
    if listen.packet and os.geteuid():
        return None  # the service may open what this user may not
    try:
        open_interface(interface, listen).close()
    except InterfaceUnusable as refusal:
        return refusal
    return None
