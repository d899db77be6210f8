"""`probe`, and the watch for rivals, on a bridge with other servers."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Interface
from typing import Any, NamedTuple

import pytest

from pnp_responder.net.interfaces import Interface, read_interfaces
from pnp_responder.net.multicast import Listen, open_interface
from pnp_responder.service.journal import Journal
from pnp_responder.service.log_format import Entry, one_by_one
from pnp_responder.service.rivals import RivalWatch
from tests import warm
from tests.outside.namespaces import GROUP, REQUIRED, Namespace, Network, why_not
from tests.outside.phone import Phone, plain_subscribe
from tests.outside.server import PATIENCE, Server

# Long enough to ask and to see nobody.
BRIEFLY = ("--timeout", "0.3")
HERE = "192.168.7.1"
PHONE = "192.168.7.99"
IP_RECVTTL = 12  # Python's socket module does not name it


class Bridge(NamedTuple):
    """`here` is 192.168.7.1, `others` are .11, .12 and .13, `phones` is .99; each by eth1, on one link."""

    here: Namespace
    others: list[Namespace]
    phones: Namespace


@pytest.fixture(scope="module")
def bridge() -> Iterator[Bridge]:
    reason = why_not()
    if reason is not None:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"{REQUIRED}=1, but {reason}")
        pytest.skip(reason)
    with Network() as network:
        switch = network.host()
        switch.run("ip", "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        switch.run("ip", "link", "set", "br0", "up")
        hosts = []
        for number in (1, 11, 12, 13, 99):
            hosts.append(network.host())
            address = [f"192.168.7.{number}/24"]
            network.wire(hosts[-1], "eth1", address, switch, f"port{number}", [])
            switch.run("ip", "link", "set", f"port{number}", "master", "br0")
        yield Bridge(hosts[0], hosts[1:4], hosts[4])


class Probed(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def servers(self) -> list[dict[str, Any]]:
        (interface,) = json.loads(self.out)["interfaces"]
        found: list[dict[str, Any]] = interface["servers"]
        return found


def probe(host: Namespace, *arguments: str) -> Probed:
    done = warm.call("probe", "--timeout", "1", *arguments, host=host.name, timeout=PATIENCE)
    return Probed(done.returncode, done.stdout, done.stderr)


def member(host: Namespace, address: str) -> socket.socket:
    """A socket that hears the group on the interface of `address`."""

    def opened() -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((GROUP, 5060))
        membership = socket.inet_aton(GROUP) + socket.inet_aton(address)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        return made

    return host.inside(opened)


@contextmanager
def stand_in(host: Namespace, address: str, delay: float, url: str) -> Iterator[None]:
    """A server of plain sockets that answers everybody, after `delay` seconds, from a port of its own."""
    hearing = member(host, address)
    sending = host.socket(address, 5080)

    def serve() -> None:
        while True:
            octets, phone = hearing.recvfrom(65536)
            if octets == b"end":
                return
            time.sleep(delay)
            rows = octets.decode().split("\r\n")
            copied = [r for r in rows if r.partition(":")[0] in ("Via", "From", "Call-ID", "CSeq")]
            to = next(r for r in rows if r.startswith("To:"))
            ok = ["SIP/2.0 200 OK", *copied, f"{to};tag=other", "Content-Length: 0", "", ""]
            sending.sendto("\r\n".join(ok).encode(), phone)
            call_id = next(r for r in rows if r.startswith("Call-ID:"))
            notify = [
                f"NOTIFY sip:{phone[0]}:{phone[1]} SIP/2.0",
                f"Via: SIP/2.0/UDP {address}:5080;branch=z9hG4bKx",
                f"From: {to[4:]};tag=other",
                next(r for r in rows if r.startswith("From:")).replace("From:", "To:"),
                call_id,
                "CSeq: 1 NOTIFY",
                "Event: ua-profile",
                "Subscription-State: terminated",
                "Content-Type: application/url",
                f"Content-Length: {len(url)}",
                "",
                url,
            ]
            sending.sendto("\r\n".join(notify).encode(), phone)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        with host.socket(address, 0) as last:
            last.sendto(b"end", (GROUP, 5060))
        thread.join()
        hearing.close()
        sending.close()


def rules(url: str, service: str = "{}") -> str:
    return f"service: {service}\nrules:\n  - {{name: all, url: '{url}'}}\n"


def test_three_servers_are_three_and_the_first_is_told(bridge: Bridge) -> None:
    with (
        Server(bridge.others[0], rules("http://one/")) as one,
        Server(bridge.others[1], rules("http://two/")) as two,
        stand_in(bridge.others[2], "192.168.7.13", 0.2, "http://user:secret@three/"),
    ):
        found = probe(bridge.here, "--json")
        assert found.code == 1, found.err
        by_address = {server["address"]: server for server in found.servers}
        assert {address: (s["status"], s["url"]) for address, s in by_address.items()} == {
            "192.168.7.11": (200, "http://one/"),
            "192.168.7.12": (200, "http://two/"),
            "192.168.7.13": (200, "http://user:***@three/"),
        }
        assert [server["first"] for server in found.servers] == [True, False, False]
        assert found.servers[-1]["address"] == "192.168.7.13"
        assert 200 <= found.servers[-1]["delay_ms"] < 1000
        assert found.servers[-1]["port"] == 5080
        assert not any(server["this_host"] for server in found.servers)
        for server in (one, two):
            heard = server.wait_for_event("probe_heard", reason="of another host")
            assert str(heard["source"]).startswith(f"{HERE}:")
            assert not list(server.events("enrollment_offered"))

        shown = probe(bridge.here, "--interface", "eth1", "--show-secrets")
        assert shown.code == 1
        assert "http://user:secret@three/" in shown.out
        lines = [line for line in shown.out.split("\n") if "http://" in line]
        assert [line.split()[0] == "first" for line in lines] == [True, False, False]


def test_our_own_service_is_silent_and_told_apart(bridge: Bridge) -> None:
    with Server(bridge.here, rules("http://ours/"), "--log-level", "debug") as ours:
        found = probe(bridge.here, "--json", *BRIEFLY)
        assert (found.code, found.servers) == (0, [])
        (listener,) = json.loads(found.out)["listeners"]
        assert f"(pid {ours.process.pid})" in listener
        assert ours.wait_for_event("probe_heard", reason="of this host")
        told = probe(bridge.here, *BRIEFLY)
        assert told.code == 0
        assert "No other server answers phones here." in told.out
        assert f"(pid {ours.process.pid})" in told.out
        # A phone is served as ever, and it is the only one that was.
        with Phone(bridge.phones, PHONE) as phone:
            phone.send(plain_subscribe(PHONE, 5060, "020000000001", "after-the-probe@phone"))
            phone.hear_exchange()
        ours.wait_for_event("notify_answered")
        assert len(list(ours.events("enrollment_offered"))) == 1
        assert not list(ours.events("datagram_dropped"))


def test_a_server_of_one_make_is_found_by_playing_that_make(bridge: Bridge) -> None:
    text = "rules:\n  - {name: y, match: {vendor: yealink}, url: 'http://one/{{ mac }}'}\n"
    with (
        Server(bridge.others[0], text) as one,
        Server(bridge.here, rules("http://ours/"), "--log-level", "debug") as ours,
    ):
        assert probe(bridge.here, "--json", *BRIEFLY).code == 0
        found = probe(bridge.here, "--json", "--like", "yealink")
        assert found.code == 1
        (server,) = found.servers
        assert server["url"].startswith("http://one/02504e50")
        one.wait_for_event("probe_heard", rule="y")
        assert ours.wait_for_event("probe_heard", reason="of this host")
        assert not list(ours.events("datagram_dropped"))


def test_a_rival_on_this_very_host_is_seen(bridge: Bridge) -> None:
    with stand_in(bridge.here, HERE, 0.0, "http://rival/"):
        found = probe(bridge.here, "--json")
        assert found.code == 1
        assert [(s["address"], s["this_host"]) for s in found.servers] == [(HERE, True)]


def test_the_watch_tells_each_rival_once(bridge: Bridge) -> None:
    entries: list[Entry] = []

    async def look_twice() -> None:
        (eth1,) = (interface for interface in read_interfaces_here if interface.name == "eth1")
        opened = open_interface(eth1, Listen())
        try:
            watch = RivalWatch(
                3600, GROUP, lambda: (opened,), Journal(lambda new: entries.extend(one_by_one(new))), 0.5
            )
            await watch.look()
            await watch.look()
        finally:
            opened.close()

    with (
        stand_in(bridge.others[0], "192.168.7.11", 0.0, "http://user:secret@one/"),
        stand_in(bridge.others[1], "192.168.7.12", 0.1, "http://two/"),
    ):
        read_interfaces_here = bridge.here.inside(read_interfaces)
        bridge.here.inside(lambda: asyncio.run(look_twice()))
    assert [(entry.name, entry.level, entry.fields["source"]) for entry in entries] == [
        ("rival_seen", logging.WARNING, "192.168.7.11:5080"),
        ("rival_seen", logging.WARNING, "192.168.7.12:5080"),
    ]
    assert entries[0].fields["url"] == "http://user:***@one/"
    assert entries[0].fields["status"] == 200
    assert entries[0].fields["interface"] == "eth1"


def test_the_service_watches_beside_its_phones(bridge: Bridge) -> None:
    with (
        stand_in(bridge.others[0], "192.168.7.11", 0.0, "http://one/"),
        Server(bridge.here, rules("http://ours/", "{watch_for_rivals: 1h}")) as ours,
        Phone(bridge.phones, PHONE) as phone,
    ):
        phone.send(plain_subscribe(PHONE, 5060, "020000000002", "beside-the-watch@phone"), to=HERE)
        phone.hear_exchange()
        seen = ours.wait_for_event("rival_seen")
        assert (seen["source"], seen["url"], seen["status"]) == ("192.168.7.11:5080", "http://one/", 200)
        assert len(list(ours.events("enrollment_offered"))) == 1


def test_a_watch_that_cannot_ask_says_so_once(bridge: Bridge) -> None:
    entries: list[Entry] = []
    gone = Interface("eth9", 999, True, True, False, (IPv4Interface("192.0.2.1/24"),))

    async def look_twice() -> None:
        opened = open_interface(loopback, Listen(port=0, reply_port=0))
        try:
            watch = RivalWatch(
                3600,
                GROUP,
                lambda: (opened._replace(interface=gone),),
                Journal(lambda new: entries.extend(one_by_one(new))),
                0.5,
            )
            await watch.look()
            await watch.look()
        finally:
            opened.close()

    loopback = next(i for i in bridge.here.inside(read_interfaces) if i.loopback)
    bridge.here.inside(lambda: asyncio.run(look_twice()))
    assert [entry.name for entry in entries] == ["rival_watch_failed"]


def test_nobody(bridge: Bridge) -> None:
    found = probe(bridge.here, *BRIEFLY)
    assert found.code == 0
    assert "no server answered" in found.out
    assert "nothing on 224.0.1.75:5060" in found.out


def test_no_interface(bridge: Bridge) -> None:
    found = probe(bridge.here, "--interface", "eth9")
    assert (found.code, found.out) == (69, "")
    assert "eth9: there is no such interface" in found.err


def test_its_multicast_stays_on_the_link(bridge: Bridge) -> None:
    with member(bridge.phones, PHONE) as hearing:
        hearing.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
        hearing.settimeout(PATIENCE)
        probe(bridge.here, *BRIEFLY)
        octets, ancillary, _, source = hearing.recvmsg(65536, 64)
    assert octets.startswith(b"SUBSCRIBE sip:MAC%3A02504e50")
    # Where some servers answer whatever the port, and nobody else has it here.
    assert source == (HERE, 5060)
    assert [int.from_bytes(data, sys.byteorder) for _, _, data in ancillary] == [1]
