"""What is said of sockets: who serves, who is in the way, and how much the buffers hold."""

from __future__ import annotations

from ipaddress import IPv4Interface

import pytest

from pnp_responder.doctor.facts import Responder, UdpSocket, User
from pnp_responder.doctor.finding import Verdict
from pnp_responder.doctor.sockets import (
    Serving,
    judge_buffer,
    judge_drops,
    judge_group,
    judge_ports,
    serving,
)
from pnp_responder.errors import InterfaceUnusable
from pnp_responder.net.interfaces import Interface
from pnp_responder.net.multicast import Listen
from pnp_responder.net.unicast import RECEIVE_BUFFER

PASS, WARN, FAIL, UNKNOWN = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN
ETH1 = Interface("eth1", 2, True, True, False, (IPv4Interface("192.0.2.1/24"),))
LISTEN = Listen("224.0.1.75", 5060, 5060)


def responder(pid: int = 7, *, here: bool | None = True, inodes: set[int] | None = None) -> Responder:
    held = None if inodes is None else frozenset(inodes)
    return Responder(pid, User("pnp-responder", 990, frozenset({990})), (), "/", here, held)


def udp(address: str, inode: int, process: str = "", port: int = 5060, uid: int = 990) -> UdpSocket:
    return UdpSocket(address, port, inode, uid, process, 425_984, 0)


GROUP, UNICAST = udp("224.0.1.75", 1), udp("192.0.2.1", 2, port=5070)
OURS = responder(inodes={1, 2})
PBX = udp("0.0.0.0", 9, "asterisk (pid 3)", uid=0)
RIVAL = udp("224.0.1.75", 8, "pnpd (pid 4)", uid=0)


TAKEN = InterfaceUnusable("eth1", "taken by asterisk", "move it")


class TestServing:
    def test_both_sockets_are_needed(self) -> None:
        assert serving(ETH1, LISTEN, [GROUP, UNICAST], [OURS]) == Serving(OURS, 5070)
        assert serving(ETH1, LISTEN, [GROUP], [OURS]) is None
        assert serving(ETH1, LISTEN, [UNICAST], [OURS]) is None

    def test_a_packet_socket_is_not_in_the_list(self) -> None:
        assert serving(ETH1, LISTEN._replace(packet=True), [UNICAST], [OURS]) == Serving(OURS, 5070)

    def test_another_address_is_another_interface(self) -> None:
        elsewhere = udp("198.51.100.1", 2)
        assert serving(ETH1, LISTEN, [GROUP, elsewhere], [OURS]) is None

    def test_where_descriptors_are_hidden_the_user_tells(self) -> None:
        hidden = responder()
        assert serving(ETH1, LISTEN, [GROUP, UNICAST], [hidden]) == Serving(hidden, 5070)
        others = [GROUP._replace(uid=0), UNICAST._replace(uid=0)]
        assert serving(ETH1, LISTEN, others, [hidden]) is None
        # Whose process may be looked at, and is another.
        named = [GROUP._replace(process="x (pid 5)"), UNICAST._replace(process="x (pid 5)")]
        assert serving(ETH1, LISTEN, named, [hidden]) is None

    def test_of_another_namespace_is_not_ours(self) -> None:
        away = responder(here=False)
        assert serving(ETH1, LISTEN, [GROUP, UNICAST], [away]) is None


@pytest.mark.parametrize(
    ("members", "serves", "responders", "sockets", "verdict", "words"),
    [
        (1, OURS, [OURS], [GROUP], PASS, "pnp-responder (pid 7) is a member"),
        (0, OURS, [OURS], [GROUP], FAIL, "no membership of 224.0.1.75"),
        (1, None, [OURS], [], FAIL, "does not serve this interface"),
        (0, None, [responder(here=None)], [], UNKNOWN, "may not see where"),
        (0, None, [], [], FAIL, "no pnp-responder runs here"),
        (1, None, [], [RIVAL], FAIL, "pnpd (pid 4) is in 224.0.1.75 instead"),
        (0, None, [responder(here=False)], [], FAIL, "in another network namespace"),
        (None, OURS, [OURS], [GROUP], UNKNOWN, "cannot be read"),
    ],
)
def test_group(
    members: int | None,
    serves: Responder | None,
    responders: list[Responder],
    sockets: list[UdpSocket],
    verdict: Verdict,
    words: str,
) -> None:
    found = judge_group(ETH1, LISTEN, members, serves, responders, sockets)
    assert found.verdict is verdict
    assert words in found.evidence


def test_group_says_what_systemd_says() -> None:
    found = judge_group(ETH1, LISTEN, 0, None, [], [], "systemd says failed")
    assert "; systemd says failed" in found.evidence


@pytest.mark.parametrize(
    ("sockets", "serves", "refusal", "verdict", "words"),
    [
        ([], None, None, PASS, "are free"),
        ([GROUP, UNICAST], OURS, None, PASS, "pnp-responder (pid 7) hears 224.0.1.75:5060"),
        ([GROUP, UNICAST, RIVAL], OURS, None, WARN, "pnpd (pid 4)"),
        ([GROUP, UNICAST, RIVAL, RIVAL], OURS, None, WARN, "pnpd (pid 4) listens"),
        ([GROUP, UNICAST, PBX], OURS, None, WARN, "asterisk (pid 3) listens on port 5060 of all"),
        ([PBX._replace(process="", uid=0)], OURS, None, WARN, "another user's process"),
        ([PBX._replace(port=5061)], OURS, None, PASS, "nobody else does"),
        ([PBX], None, TAKEN, FAIL, "taken by asterisk"),
    ],
)
def test_ports(
    sockets: list[UdpSocket],
    serves: Responder | None,
    refusal: InterfaceUnusable | None,
    verdict: Verdict,
    words: str,
) -> None:
    found = judge_ports(ETH1, LISTEN, sockets, serves, refusal)
    assert found.verdict is verdict
    assert words in found.evidence
    assert bool(found.remedy) is (verdict is not PASS)


@pytest.mark.parametrize(
    ("octets", "phones", "verdict"),
    [
        (212_992, 166, PASS),
        (212_992, 167, WARN),
        (425_984, 332, PASS),
        (425_984, 333, WARN),
        (4_194_304, 3_269, PASS),
        (8_388_608, 500, PASS),
        (None, 500, UNKNOWN),
    ],
)
def test_buffer(octets: int | None, phones: int, verdict: Verdict) -> None:
    assert judge_buffer("eth1", octets, phones, 212_992, running=True).verdict is verdict


class TestTheRemedyForTheBuffer:
    @pytest.mark.parametrize("phones", [333, 500, 3_000, 6_538])
    def test_is_enough(self, phones: int) -> None:
        """For a service that asks for as much as it may; the kernel doubles what it grants."""
        remedy = judge_buffer("eth1", 425_984, phones, 212_992, running=True).remedy
        rmem_max = int(remedy.split("rmem_max=")[1].split()[0])
        granted = 2 * min(rmem_max, RECEIVE_BUFFER)
        assert judge_buffer("eth1", granted, phones, rmem_max, running=True).verdict is PASS

    def test_is_no_setting_where_the_service_asks_for_no_more(self) -> None:
        found = judge_buffer("eth1", 2 * RECEIVE_BUFFER, 50_000, 1 << 24, running=True)
        assert found.verdict is WARN
        assert "sysctl" not in found.remedy

    def test_is_a_restart_where_the_setting_came_later(self) -> None:
        found = judge_buffer("eth1", 425_984, 500, 4_194_304, running=True)
        assert found.remedy == "sudo systemctl restart pnp-responder"


@pytest.mark.parametrize(
    ("drops", "octets", "verdict", "remedy"),
    [
        (0, 425_984, PASS, ""),
        (None, None, UNKNOWN, ""),
        (1, 425_984, WARN, "rmem_max"),
        (1, 2 * RECEIVE_BUFFER, WARN, "systemctl status"),
        (1, None, WARN, "systemctl status"),
    ],
)
def test_drops(drops: int | None, octets: int | None, verdict: Verdict, remedy: str) -> None:
    found = judge_drops("eth1", drops, octets, running=True)
    assert found.verdict is verdict
    assert remedy in found.remedy
