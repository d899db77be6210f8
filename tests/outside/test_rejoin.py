"""A switch that snoops on IGMP and forgets: with `rejoin` it hears of us again and again."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator

import pytest

from tests.outside.conftest import Lan
from tests.outside.namespaces import GROUP, Namespace
from tests.outside.phone import Phone
from tests.outside.rules_for_all import rules_text
from tests.outside.server import Server
from tests.outside.site import Site, ask_until_served, is_unserved, site

IGMP = 2
# RFC 3376 4.2.12: what a record says. RFC 2236 2.1: what a message of version 2 says.
IS_MEMBER, LEAVES = {2, 4}, {3, 6}
REPORT_V3, REPORT_V2, LEAVE_V2 = 0x22, 0x16, 0x17


@pytest.fixture
def place(lan: Lan) -> Iterator[tuple[Site, Namespace]]:
    with site() as made:
        yield made, made.link("eth1", "192.0.2.1/24", phone="192.0.2.45/24")


def listener(host: Namespace) -> socket.socket:
    """Hears every IP packet of eth0."""

    def opened() -> socket.socket:
        made = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        made.bind(("eth0", 0x0800))
        return made

    return host.inside(opened)


def reports(heard: socket.socket, seconds: float) -> Iterator[str]:
    """What is told of the group in that time: "member" and "leaves"."""
    deadline = time.monotonic() + seconds
    group = socket.inet_aton(GROUP)
    while (left := deadline - time.monotonic()) > 0:
        heard.settimeout(left)
        try:
            packet = heard.recv(65536)
        except TimeoutError:
            return
        if packet[9] != IGMP:
            continue
        message = packet[(packet[0] & 0x0F) * 4 :]
        if message[0] == REPORT_V3:
            (records,) = struct.unpack_from("!H", message, 6)
            for at in range(8, 8 + 8 * records, 8):
                if message[at + 4 : at + 8] == group:
                    yield "leaves" if message[at] in LEAVES else "member"
        elif message[4:8] == group and message[0] in (REPORT_V2, LEAVE_V2):
            yield "member" if message[0] == REPORT_V2 else "leaves"


@pytest.mark.parametrize("receive", ["socket", "packet"])
def test_a_report_goes_out_each_time_and_phones_are_served_on(
    place: tuple[Site, Namespace], receive: str
) -> None:
    host, phones = place
    service = f"{{interfaces: eth1, receive: {receive}, rejoin: 1s}}"
    with (
        listener(phones) as switch,
        Server(host.server, rules_text(service=service), confined=receive == "socket") as server,
        Phone(phones, "192.0.2.45") as phone,
    ):
        # The kernel says it twice when it joins; the second time within a second.
        told = list(reports(switch, 2.3))
        assert told.count("member") >= 3, told
        assert "leaves" not in told, "a switch that believes a leave at once would cut us off"
        ask_until_served(phone)
        assert not list(server.events("interface_left"))
        assert not list(server.events("rejoin_failed"))


def test_without_it_there_is_the_first_report_only(place: tuple[Site, Namespace]) -> None:
    host, phones = place
    with listener(phones) as switch, Server(host.server, rules_text(service="{interfaces: eth1}")):
        assert 1 <= list(reports(switch, 1.5)).count("member") <= 2


@pytest.mark.parametrize("rejoin", ["off", "1s"])
def test_a_report_that_is_lost(place: tuple[Site, Namespace], rejoin: str) -> None:
    """A bridge with snooping forwards a group to those it has heard, and asks again after half a minute."""
    host, phones = place
    for words in (
        "link add br0 type bridge mcast_snooping 1 mcast_query_response_interval 10",
        "link set br0 type bridge mcast_querier 1",
        "link set eth0 master br0",
        "link add phone0 type veth peer name phone1",
        "link set phone0 master br0",
        *(f"link set {name} up" for name in ("br0", "phone0", "phone1")),
        "address del 192.0.2.45/24 dev eth0",
        "address add 192.0.2.45/24 dev phone1",
    ):
        phones.run("ip", *words.split())
    host.server.run("nft", LOSE_REPORTS)
    service = f"{{interfaces: eth1, rejoin: {rejoin}}}"
    with Server(host.server, rules_text(service=service)), Phone(phones, "192.0.2.45") as phone:
        time.sleep(0.3)  # until then the bridge's own questions are so new that it forwards all
        assert is_unserved(phone)
        host.server.run("nft", "delete", "table", "ip", "lost")
        if rejoin == "off":
            assert is_unserved(phone)
        else:
            ask_until_served(phone)


LOSE_REPORTS = (
    "add table ip lost; add chain ip lost out { type filter hook output priority 0; }; "
    "add rule ip lost out ip protocol igmp drop"
)
