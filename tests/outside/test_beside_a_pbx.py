"""Beside a PBX: for each way in which it holds port 5060, either both work, or the start says what to change
and that change works. The PBX keeps its unicast always."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest

from tests.outside.conftest import PHONE, SERVER, Lan
from tests.outside.phone import Phone, plain_subscribe
from tests.outside.rules_for_all import rules_text
from tests.outside.server import PATIENCE, Server

# Answers each OPTIONS in a way of its own, so that whoever asks knows that the PBX was asked.
PBX = """
import socket, sys
pbx = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if sys.argv[2] == "reuse":
    pbx.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
pbx.bind((sys.argv[1], 5060))
print("ready", flush=True)
while True:
    octets, source = pbx.recvfrom(65536)
    print("heard", octets[:9], flush=True)
    if octets == b"OPTIONS":
        pbx.sendto(b"PBX " + octets, source)
"""

# Who answered its NOTIFY at once is told at that level.
DEBUG = ("--log-level", "debug")


class Pbx:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.name = f"(pid {process.pid})"

    def heard(self) -> list[bytes]:
        """All that it heard; ends it."""
        self.process.kill()
        assert self.process.stdout is not None
        return [line for line in self.process.stdout.read().split(b"\n") if line.startswith(b"heard")]


@contextmanager
def pbx_on(lan: Lan, address: str, reuse: str) -> Iterator[Pbx]:
    # `exec`: the process that is named in the log is then this one.
    argv = lan.server.command([sys.executable, "-c", PBX, address, reuse])
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield Pbx(process)
        finally:
            process.kill()


def check_unicast_is_the_pbxs(lan: Lan) -> None:
    with lan.phones.socket(PHONE, 5099) as caller:
        caller.settimeout(PATIENCE)
        caller.sendto(b"OPTIONS", (SERVER, 5060))
        assert caller.recvfrom(100) == (b"PBX OPTIONS", (SERVER, 5060))


def check_served(lan: Lan, server: Server, mac: str = "02000000f001") -> None:
    """From a port that is not the PBX's; Via and Contact name it, and the phone's 200 comes back to it."""
    with Phone(lan.phones, PHONE) as phone:
        phone.send(plain_subscribe(PHONE, 5060, mac, f"{mac}@phone"))
        response, notify = phone.hear_exchange()
    address, port = response.source
    assert address == SERVER
    assert port != 5060
    assert notify.source == response.source
    assert response.message.one("Contact") == f"<sip:{SERVER}:{port}>"
    assert notify.message.one("Via").startswith(f"SIP/2.0/UDP {SERVER}:{port};")
    answered = server.wait_for_event("notify_answered", mac=mac)
    assert (answered["source"], answered["status"]) == (f"{PHONE}:5060", 200)


def refusal(lan: Lan, *arguments: str, confined: bool = True) -> dict[str, str]:
    """What a start that ends with 69 says of eth1."""
    arguments = ("--interface", "eth1", *arguments)
    with Server(lan.server, rules_text(), *DEBUG, *arguments, wait=False, confined=confined) as server:
        assert server.process.wait(PATIENCE) == 69
        (entry,) = server.events("interface_unusable")
        assert "Traceback" not in server.log()
    return dict(entry)


@pytest.mark.parametrize(
    ("address", "reuse"),
    [("0.0.0.0", "reuse"), (SERVER, "alone")],
    ids=["on all addresses with SO_REUSEADDR", "on one address"],
)
def test_a_pbx_that_leaves_the_group_alone(lan: Lan, address: str, reuse: str) -> None:
    with pbx_on(lan, address, reuse) as pbx:
        said = refusal(lan)
        assert f"UDP port 5060 is taken by a process of user root on {address}:5060" in said["reason"]
        assert "sudo ss -ulpn sport = :5060" in said["reason"], "which one, an unprivileged user may not know"
        said = refusal(lan, confined=False)
        assert said["reason"].startswith("UDP port 5060 is taken by python")
        assert f"{pbx.name} on {address}:5060" in said["reason"]
        assert "--reply-port 5062" in said["remedy"]
        assert "nft" not in said["remedy"]
        with Server(lan.server, rules_text(), *DEBUG, "--reply-port", "auto") as server:
            for interface in ("eth1", "eth2"):  # our own socket on the group is no rival's
                server.wait_for_event("interface_joined", interface=interface)
            check_served(lan, server)
            check_unicast_is_the_pbxs(lan)
            # One on all addresses hears the group, too, as soon as anybody has joined it; that is told.
            told = [entry["reason"] for entry in server.events("port_shared")]
            assert len(told) == (address == "0.0.0.0")
            assert all(f"on {address}:5060 hears what phones ask as well" in reason for reason in told)
        assert pbx.heard().count(b"heard b'SUBSCRIBE'") == (address == "0.0.0.0")


@pytest.mark.parametrize(
    ("service", "address", "reuse"),
    [
        ("reply_port: 5062", "0.0.0.0", "reuse"),
        ("reply_port: 5062", SERVER, "alone"),
        ("port: 5062, reply_port: 5062", "0.0.0.0", "alone"),
        ("receive: packet, reply_port: 5062", "0.0.0.0", "alone"),
    ],
)
def test_a_pbx_that_starts_after_us(lan: Lan, service: str, address: str, reuse: str) -> None:
    """What we advise holds at the next boot, too, whoever is first."""
    rules = rules_text(service=f"{{interfaces: eth1, {service}}}")
    with Server(lan.server, rules, confined="packet" not in service), pbx_on(lan, address, reuse):
        check_unicast_is_the_pbxs(lan)


def test_a_pbx_on_another_address_of_this_host(lan: Lan) -> None:
    lan.server.run("ip", "address", "add", "192.168.1.119/24", "dev", "eth1")
    try:
        with (
            pbx_on(lan, "192.168.1.119", "alone"),
            Server(lan.server, rules_text(), *DEBUG, "--interface", "eth1"),
            Phone(lan.phones, PHONE) as phone,
        ):
            phone.send(plain_subscribe(PHONE, 5060, "02000000f002", "pbx2@phone"))
            response, _ = phone.hear_exchange()
            assert response.source == (SERVER, 5060)
    finally:
        lan.server.run("ip", "address", "del", "192.168.1.119/24", "dev", "eth1")


def test_a_pbx_that_holds_the_group_too_and_the_rules_that_the_refusal_names(lan: Lan) -> None:
    """The rules go in as they stand in the log. The PBX then no longer hears what phones ask us."""
    with pbx_on(lan, "0.0.0.0", "alone") as pbx:
        said = refusal(lan, confined=False)
        assert f"{pbx.name} on 0.0.0.0:5060" in said["reason"]
        for way in ("one address of this host", "`port: 5062` and `reply_port: 5062`", "receive: packet"):
            assert way in said["remedy"], way
        command = re.search(r"nft '[^']+'", said["remedy"])
        assert command
        lan.server.run(*shlex.split(command.group()))
        try:
            arguments = ("--interface", "eth1", "--port", "5062", "--reply-port", "5062")
            with Server(lan.server, rules_text(), *DEBUG, *arguments) as server:
                check_served(lan, server)
                check_unicast_is_the_pbxs(lan)
            assert pbx.heard() == [b"heard b'OPTIONS'"]
        finally:
            lan.server.run("nft", "delete", "table", "ip", "pnp")


def test_a_pbx_that_holds_the_group_too_and_a_packet_socket(lan: Lan) -> None:
    service = "{interfaces: eth1, receive: packet, reply_port: auto}"
    with (
        pbx_on(lan, "0.0.0.0", "alone"),
        Server(lan.server, rules_text(service=service), *DEBUG, confined=False) as server,
        lan.phones.socket(PHONE, 5062) as other_port,
    ):
        check_served(lan, server)
        check_unicast_is_the_pbxs(lan)
        # Nothing but the group and its port comes by the packet socket.
        other_port.sendto(b"not for us", ("224.0.1.75", 5061))
        other_port.sendto(b"not for us", (SERVER, 5061))
        check_served(lan, server, mac="02000000f003")
        assert not [entry for entry in server.events("datagram_dropped") if "5062" in entry["source"]]


def test_a_packet_socket_needs_its_capability(lan: Lan) -> None:
    service = "{interfaces: eth1, receive: packet}"
    with Server(lan.server, rules_text(service=service), *DEBUG, wait=False, confined=True) as server:
        assert server.process.wait(PATIENCE) == 69
        (entry,) = server.events("interface_unusable")
        assert "may not open packet sockets" in entry["reason"]
        assert "systemd/receive-packet.conf" in entry["remedy"]


@pytest.mark.parametrize("arguments", [(), ("--reply-port", "auto")], ids=["by mistake", "with auto"])
def test_a_second_instance_says_so_and_ends(lan: Lan, arguments: tuple[str, ...]) -> None:
    with Server(lan.server, rules_text(), *DEBUG, "--interface", "eth1") as first:
        said = refusal(lan, *arguments)
        assert f"(pid {first.process.pid}) on {SERVER}:5060" in said["reason"]
        assert "stop one of the two" in said["remedy"]
        assert "--reply-port 5070" in said["remedy"]
        with Phone(lan.phones, PHONE) as phone:
            phone.send(plain_subscribe(PHONE, 5060, "02000000f004", "first@phone"))
            phone.hear_exchange()
        # What it says to do, does.
        with Server(
            lan.server, rules_text(), *DEBUG, "--interface", "eth1", "--reply-port", "5070"
        ) as second:
            second.wait_for_event("second_responder")


def test_a_second_instance_beside_a_pbx_does_not_take_one_more_port(lan: Lan) -> None:
    arguments = ("--interface", "eth1", "--reply-port", "auto")
    with pbx_on(lan, SERVER, "alone"), Server(lan.server, rules_text(), *DEBUG, *arguments) as first:
        said = refusal(lan, "--reply-port", "auto")
        assert f"(pid {first.process.pid}) is a responder, too" in said["remedy"]
        check_served(lan, first)


PACKET = rules_text(service="{interfaces: eth1, receive: packet, reply_port: auto}")


@pytest.mark.parametrize("pbx", [True, False], ids=["beside a PBX", "alone"])
@pytest.mark.parametrize("receive", ["packet", "socket"])
def test_a_second_instance_beside_one_with_a_packet_socket(lan: Lan, receive: str, pbx: bool) -> None:
    """No table of ports shows that the first one hears the group."""
    holder = pbx_on(lan, SERVER, "alone") if pbx else nullcontext()
    with holder, Server(lan.server, PACKET, *DEBUG, confined=False) as first:
        service = f"{{receive: {receive}, reply_port: auto}}"
        arguments = ("--interface", "eth1")
        with Server(
            lan.server, rules_text(service=service), *DEBUG, *arguments, wait=False, confined=False
        ) as second:
            assert second.process.wait(PATIENCE) == 69
            (said,) = second.events("interface_unusable")
        assert f"(pid {first.process.pid}) is a responder, too" in said["remedy"]
        with Phone(lan.phones, PHONE) as phone:
            phone.send(plain_subscribe(PHONE, 5060, "02000000f005", f"{receive}-{pbx}@phone"))
            phone.hear_exchange()
        # What it says to do, does.
        with Server(lan.server, PACKET, *DEBUG, "--reply-port", "5070", confined=False) as second:
            told = second.wait_for_event("second_responder")
            assert f"(pid {first.process.pid}) by a packet socket listens as well" in told["reason"]
    # The mark went with the process, however it ended.
    with Server(lan.server, PACKET, *DEBUG, confined=False) as again:
        assert not list(again.events("second_responder"))


def test_a_port_that_only_reuses_ports_is_told_as_well(lan: Lan) -> None:
    def opened() -> socket.socket:
        held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("0.0.0.0", 5060))
        return held

    with lan.server.inside(opened):
        assert "on 0.0.0.0:5060" in refusal(lan, "--reply-port", "auto")["reason"]
