"""The doctor in namespaces prepared so that each check has something to find, and so that it has nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pnp_responder.doctor.read_host import in_host_network
from tests import warm
from tests.outside.namespaces import GROUP, REQUIRED, Namespace, Network, why_not
from tests.outside.phone import Phone, plain_subscribe
from tests.outside.server import PATIENCE, Server

SERVER = "192.168.1.118"
PHONE = "192.168.1.45"
RULES = "rules:\n  - {name: all, url: 'http://{{ local_ip }}/{{ mac }}.cfg'}\n"
DOCTOR = (sys.executable, "-m", "pnp_responder", "doctor")


class Host:
    """A server with eth1 to the phones, and a rules file."""

    def __init__(self, server: Namespace, phones: Namespace, rules: Path) -> None:
        self.server = server
        self.phones = phones
        self.rules = rules

    def examine(self, *arguments: str, before: str = "") -> Report:
        """What the doctor says here. `before` are shell commands; their mounts end with them."""
        command = ["doctor", "--json", "--rules", str(self.rules), *arguments]
        done = warm.call(*command, host=self.server.name, before=before, timeout=PATIENCE)
        assert done.returncode in (0, 1, 2), done.stderr
        return Report(done.returncode, json.loads(done.stdout))

    def add_link(self, name: str, address: str) -> None:
        """A link more, to nobody."""
        self.server.run("ip", "link", "add", name, "type", "veth", "peer", "name", f"far-{name}")
        self.server.run("ip", "address", "add", address, "dev", name)
        for end in (name, f"far-{name}"):
            self.server.run("ip", "link", "set", end, "up")

    def nft(self, *rules: str) -> None:
        for rule in rules:
            self.server.run("nft", rule)

    @contextmanager
    def program(self, code: str, name: str = "other-pbx") -> Iterator[int]:
        """Another program on the server, under this name, that has run `code`; its process id."""
        rename = f"open('/proc/self/comm', 'w').write({name!r})\n"
        tail = "\nprint('ready', flush=True)\nimport sys; sys.stdin.read()\n"
        program = subprocess.Popen(
            self.server.command([sys.executable, "-c", rename + textwrap.dedent(code) + tail]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert program.stdout is not None
        assert program.stdin is not None
        try:
            assert program.stdout.readline() == b"ready\n"
            yield program.pid
        finally:
            program.stdin.close()
            program.wait(PATIENCE)
            program.stdout.close()


class Report:
    """What the doctor printed, and its exit code."""

    def __init__(self, code: int, document: dict[str, Any]) -> None:
        self.code = code
        self.document = document

    def __getitem__(self, check: str) -> dict[str, Any]:
        """The finding of a check; on eth1, unless `check` is written `group@eth2`."""
        name, _, interface = check.partition("@")
        found = [f for f in self.document["findings"] if f["check"] == name]
        found = [f for f in found if f["interface"] in (interface or "eth1", None)]
        assert len(found) == 1, (check, self.document)
        return dict(found[0])

    def verdict(self, check: str) -> str:
        return str(self[check]["verdict"])


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    reason = why_not()
    if reason is not None:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"{REQUIRED}=1, but {reason}")
        pytest.skip(reason)
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    with Network() as network:
        server, phones = network.host(), network.host()
        network.wire(server, "eth1", [f"{SERVER}/24"], phones, "eth0", [f"{PHONE}/24"])
        yield Host(server, phones, rules)


@pytest.fixture
def nft() -> None:
    if shutil.which("nft") is None:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"{REQUIRED}=1, but there is no `nft` command (package nftables)")
        pytest.skip("no `nft` command (package nftables)")


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    """While it is busy with other things."""
    pid = serving_pid(server)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def serving_pid(server: Server) -> int:
    return int(server.wait_for_event("service_started")["pid"])


class TestInterface:
    def test_good(self, host: Host) -> None:
        report = host.examine("--interface", "eth1")
        assert report.verdict("interface") == "pass"
        assert f"{SERVER}/24" in report["interface"]["evidence"]

    @pytest.mark.parametrize(
        ("command", "evidence", "remedy"),
        [
            ("ip link set eth1 down", "is down", "sudo ip link set eth1 up"),
            ("ip address flush dev eth1", "no IPv4 address", "ip address add"),
            ("ip link set eth1 multicast off", "MULTICAST", "sudo ip link set eth1 multicast on"),
        ],
    )
    def test_bad(self, host: Host, command: str, evidence: str, remedy: str) -> None:
        host.server.run(*command.split())
        report = host.examine("--interface", "eth1")
        found = report["interface"]
        assert (found["verdict"], report.code) == ("fail", 2)
        assert evidence in found["evidence"]
        assert remedy in found["remedy"]

    def test_the_remedy_mends_it(self, host: Host) -> None:
        host.server.run("ip", "link", "set", "eth1", "down")
        remedy = host.examine("--interface", "eth1")["interface"]["remedy"]
        host.server.run(*remedy.removeprefix("sudo ").split())
        assert host.examine("--interface", "eth1").verdict("interface") == "pass"

    def test_no_cable(self, host: Host) -> None:
        host.phones.run("ip", "link", "set", "eth0", "down")
        assert "no carrier" in host.examine("--interface", "eth1")["interface"]["evidence"]

    def test_absent(self, host: Host) -> None:
        report = host.examine("--interface", "eth7")
        assert report.verdict("interface@eth7") == "fail"

    def test_none_at_all(self, host: Host) -> None:
        host.server.run("ip", "link", "delete", "eth1")
        assert host.examine().verdict("interface") == "fail"


class TestContainer:
    BRIDGED = "mount -t tmpfs tmpfs /run; touch /run/.containerenv"

    def test_behind_a_bridge_of_its_own(self, host: Host) -> None:
        host.server.run("ip", "address", "flush", "dev", "eth1")
        host.server.run("ip", "address", "add", "10.88.0.7/16", "dev", "eth1")
        report = host.examine("--interface", "eth1", before=self.BRIDGED)
        assert report.verdict("container") == "fail"
        assert "--network host" in report["container"]["remedy"]

    def test_with_an_interface_on_the_lan(self, host: Host) -> None:
        host.server.run("ip", "link", "add", "mac1", "link", "eth1", "type", "macvlan", "mode", "bridge")
        host.server.run("ip", "address", "add", "192.168.1.200/24", "dev", "mac1")
        host.server.run("ip", "link", "set", "mac1", "up")
        report = host.examine("--interface", "mac1", before=self.BRIDGED)
        assert report.verdict("container@mac1") == "pass"

    def test_what_cannot_be_seen_is_unknown(self, host: Host) -> None:
        """Of the bridge that is made in there no more than of the cable that it holds."""
        host.server.run("ip", "link", "add", "br0", "type", "bridge")
        host.server.run("ip", "link", "set", "br0", "up")
        host.server.run("ip", "address", "add", "192.168.2.1/24", "dev", "br0")
        host.server.run("ip", "link", "set", "eth1", "master", "br0")
        report = host.examine("--interface", "eth1", "--interface", "br0", before=self.BRIDGED)
        assert report.verdict("container") == "unknown"
        assert report.verdict("container@br0") == "unknown"
        assert "bridge over veth" in report["container@br0"]["evidence"]

    def test_a_namespace_is_told_from_the_machine(self, host: Host) -> None:
        assert host.server.inside(in_host_network) is False
        if Path("/proc/sys/net/ipv4/neigh/default/gc_thresh3").exists():
            assert in_host_network() is True
        hidden = "mount -t tmpfs tmpfs /proc/sys"
        report = host.examine("--interface", "eth1", before=f"{self.BRIDGED}; {hidden}")
        assert report.verdict("container") == "unknown"


class TestSnooping:
    @pytest.mark.parametrize(("querier", "verdict"), [("0", "warn"), ("1", "pass")])
    def test_on_a_bridge(self, host: Host, querier: str, verdict: str) -> None:
        options = ("mcast_snooping", "1", "mcast_querier", querier)
        host.server.run("ip", "link", "add", "br0", "type", "bridge", *options)
        host.server.run("ip", "link", "set", "eth1", "master", "br0")
        host.server.run("ip", "link", "set", "br0", "up")
        host.server.run("ip", "address", "add", "192.168.2.1/24", "dev", "br0")
        report = host.examine("--interface", "br0", "--interface", "eth1")
        assert report.verdict("snooping@br0") == verdict
        assert report.verdict("snooping@eth1") == verdict

    def test_the_remedy_mends_it(self, host: Host) -> None:
        host.server.run("ip", "link", "add", "br0", "type", "bridge", "mcast_snooping", "1")
        host.server.run("ip", "link", "set", "br0", "up")
        remedy = host.examine("--interface", "br0")["snooping@br0"]["remedy"]
        host.server.run("sh", "-c", remedy.removeprefix("sudo "))
        assert host.examine("--interface", "br0").verdict("snooping@br0") == "pass"

    def test_on_none(self, host: Host) -> None:
        assert host.examine("--interface", "eth1").verdict("snooping") == "pass"


class TestGroup:
    def test_joined_by_the_service(self, host: Host) -> None:
        with Server(host.server, RULES, "--interface", "eth1") as server:
            report = host.examine("--interface", "eth1")
            assert report["group"]["verdict"] == "pass"
            assert f"pnp-responder (pid {serving_pid(server)})" in report["group"]["evidence"]

    def test_nobody_runs(self, host: Host) -> None:
        found = host.examine("--interface", "eth1")["group"]
        assert found["verdict"] == "fail"
        assert found["remedy"] == "sudo systemctl start pnp-responder"

    def test_the_service_is_elsewhere(self, host: Host) -> None:
        host.add_link("eth2", "10.20.0.1/24")
        with Server(host.server, RULES, "--interface", "eth1"):
            report = host.examine("--interface", "eth2")
            assert report.verdict("group@eth2") == "fail"
            assert "does not serve this interface" in report["group@eth2"]["evidence"]

    def test_the_membership_is_lost(self, host: Host) -> None:
        with Server(host.server, RULES, "--interface", "eth1") as server, stopped(server):
            host.server.run("ip", "link", "delete", "eth1")
            host.add_link("eth1", f"{SERVER}/24")
            found = host.examine("--interface", "eth1")["group"]
            assert found["verdict"] == "fail"
            assert "no membership" in found["evidence"]


HOLD = """
    import socket
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, {reuse})
    s.bind(({host!r}, 5060))
"""


class TestPorts:
    def test_free(self, host: Host) -> None:
        found = host.examine("--interface", "eth1")["ports"]
        assert found["verdict"] == "pass"
        assert "are free" in found["evidence"]

    def test_held_by_the_service(self, host: Host) -> None:
        with Server(host.server, RULES):
            assert host.examine("--interface", "eth1").verdict("ports") == "pass"

    def test_a_pbx_on_all_addresses(self, host: Host) -> None:
        with host.program(HOLD.format(reuse=0, host="0.0.0.0")) as pid:
            report = host.examine("--interface", "eth1")
        found = report["ports"]
        assert found["verdict"] == "fail"
        assert f"other-pbx (pid {pid})" in found["evidence"]
        # Both of our ports are in its hand, and each has its own ways out.
        for way in ("--reply-port 5062", "nft 'add table ip pnp;", "listen on one address of this host"):
            assert way in found["remedy"]

    def test_a_pbx_on_our_address(self, host: Host) -> None:
        with host.program(HOLD.format(reuse=0, host=SERVER)) as pid:
            found = host.examine("--interface", "eth1")["ports"]
        assert found["verdict"] == "fail"
        assert f"other-pbx (pid {pid})" in found["evidence"]
        assert "--reply-port 5062" in found["remedy"]

    def test_a_pbx_that_is_evaded(self, host: Host) -> None:
        host.rules.write_text(f"service: {{reply_port: auto}}\n{RULES}")
        with host.program(HOLD.format(reuse=0, host=SERVER)) as pid:
            found = host.examine("--interface", "eth1")["ports"]
        assert found["verdict"] == "pass"
        assert (
            f"other-pbx (pid {pid}) holds {SERVER}:5060, so answers leave from another" in found["evidence"]
        )

    def test_a_pbx_that_shares(self, host: Host) -> None:
        with (
            host.program(HOLD.format(reuse=1, host="0.0.0.0")),
            Server(host.server, RULES, "--reply-port", "5070"),
        ):
            report = host.examine("--interface", "eth1")
        assert report.verdict("group") == "pass"
        assert report.verdict("ports") == "warn"
        assert "other-pbx" in report["ports"]["evidence"]

    def test_a_packet_socket_beside_it(self, host: Host) -> None:
        rules = f"service: {{receive: packet, reply_port: auto}}\n{RULES}"
        with (
            host.program(HOLD.format(reuse=0, host="0.0.0.0")),
            Server(host.server, rules, "--interface", "eth1", confined=False) as server,
        ):
            report = host.examine("--interface", "eth1", "--rules", str(server.rules))
        assert report.verdict("group") == "pass"
        assert report.verdict("ports") == "warn"
        assert report.verdict("self_test") == "unknown"

    def test_a_second_responder(self, host: Host) -> None:
        with host.program(HOLD.format(reuse=1, host=GROUP), "rival"), Server(host.server, RULES):
            found = host.examine("--interface", "eth1")["ports"]
        assert found["verdict"] == "warn"
        assert "rival" in found["evidence"]
        assert "two answers" in found["evidence"]


class TestBuffer:
    """net.core.rmem_max is the whole machine's, so the number of phones is what changes here."""

    @pytest.mark.parametrize(("phones", "verdict"), [("10", "pass"), ("1000000", "warn")])
    def test_of_the_service(self, host: Host, phones: str, verdict: str) -> None:
        with Server(host.server, RULES) as server:
            granted = server.wait_for_event("interface_joined")["receive_buffer"]
            found = host.examine("--interface", "eth1", "--phones", phones)["buffer"]
        assert found["verdict"] == verdict
        assert f"the service's buffer of {granted:,} octets" in found["evidence"]

    def test_of_a_service_to_come(self, host: Host) -> None:
        found = host.examine("--interface", "eth1", "--phones", "1000000")["buffer"]
        assert found["verdict"] == "warn"
        assert "a new socket's buffer" in found["evidence"]


class TestDrops:
    def test_none(self, host: Host) -> None:
        with Server(host.server, RULES):
            assert host.examine("--interface", "eth1").verdict("drops") == "pass"

    def test_while_the_service_was_busy(self, host: Host) -> None:
        with Server(host.server, RULES) as server:
            granted = int(server.wait_for_event("interface_joined")["receive_buffer"])
            with stopped(server), host.phones.socket(PHONE, 5099) as phone:
                for _ in range(granted // 500):
                    phone.sendto(b"\r\n" * 250, (GROUP, 5060))
                found = host.examine("--interface", "eth1")["drops"]
        assert found["verdict"] == "warn"
        assert "the kernel dropped" in found["evidence"]


@pytest.mark.usefixtures("nft")
class TestFirewall:
    TABLE = "add table inet f"
    INPUT = "add chain inet f in { type filter hook input priority 0; policy %s; }"
    OUTPUT = "add chain inet f out { type filter hook output priority 0; policy %s; }"

    def test_none(self, host: Host) -> None:
        report = host.examine("--interface", "eth1")
        assert report.verdict("firewall") == "pass"
        assert report.verdict("self_test") == "pass"

    @pytest.mark.parametrize(
        "rules",
        [
            [
                INPUT % "drop",
                "add rule inet f in ct state established,related accept",
                "add rule inet f in ip daddr 224.0.1.75 accept",
                OUTPUT % "accept",
            ],
            [
                INPUT % "drop",
                "add rule inet f in iifname eth* udp dport { 53, 5060-5070 } ct state new,established accept",
            ],
        ],
    )
    def test_lets_phones_in(self, host: Host, rules: list[str]) -> None:
        host.nft(self.TABLE, *rules)
        report = host.examine("--interface", "eth1")
        assert report.verdict("firewall") == "pass"
        assert report.verdict("self_test") == "pass"

    @pytest.mark.parametrize(
        ("rules", "place"),
        [
            ([INPUT % "drop"], "the policy of chain inet f in"),
            ([INPUT % "accept", "add rule inet f in meta pkttype multicast reject"], "chain inet f in"),
        ],
    )
    def test_keeps_phones_out(self, host: Host, rules: list[str], place: str) -> None:
        host.nft(self.TABLE, *rules)
        report = host.examine("--interface", "eth1")
        assert report.verdict("firewall") == "fail"
        assert place in report["firewall"]["evidence"]
        assert report.verdict("self_test") == "fail"
        assert (
            f"dropped by {report['firewall']['evidence'].rpartition('dropped by ')[2]}"
            in (report["self_test"]["evidence"])
        )

    def test_the_remedies_mend_it(self, host: Host) -> None:
        """The phones' questions, then their answers."""
        host.nft(self.TABLE, self.INPUT % "drop")
        report = host.examine("--interface", "eth1")
        for verdict, words in (("fail", "what phones send"), ("warn", "what phones confirm to port 5060")):
            found = report["firewall"]
            assert found["verdict"] == verdict
            assert words in found["evidence"]
            host.server.run(*found["remedy"].removeprefix("sudo ").split())
            report = host.examine("--interface", "eth1")
        assert report.verdict("firewall") == "pass"
        assert report.verdict("self_test") == "pass"

    def test_keeps_our_answers_in(self, host: Host) -> None:
        host.nft(self.TABLE, self.OUTPUT % "drop")
        report = host.examine("--interface", "eth1")
        assert report.verdict("firewall") == "fail"
        assert "our answers" in report["firewall"]["evidence"]
        assert report.verdict("self_test") == "fail"
        assert "so are our answers" in report["self_test"]["evidence"]

    @pytest.mark.parametrize(
        ("chain", "without_rules"),
        [
            ("netdev: ingress device eth1 priority 0", "look at hook ingress, tc and XDP"),
            ("inet: ingress device eth1 priority 0", ""),
            ("ip: prerouting priority -300", "before it was routed: look at hook prerouting"),
            ("inet: prerouting priority -150", ""),
            ("ip: input priority 0", "before the socket: look at hook input"),
            ("ip: output priority 0", "a rule of hook output or postrouting drops it"),
            ("ip: postrouting priority 0", "a rule of hook output or postrouting drops it"),
        ],
    )
    def test_says_where_it_is_lost(self, host: Host, chain: str, without_rules: str) -> None:
        """The rule by its name; to a user who may not list the rules, the hook."""
        family, hook = chain.split(": ")
        host.nft(
            f"add table {family} f",
            f"add chain {family} f c {{ type filter hook {hook}; }}",
            f"add rule {family} f c ip daddr {GROUP} drop",
        )
        found = host.examine("--interface", "eth1")["self_test"]
        assert f"dropped by rule 2 of chain {family} f c" in found["evidence"]
        # On the way out it is about this test alone: what goes to phones is no multicast.
        outgoing = hook.startswith(("output", "postrouting"))
        assert found["verdict"] == ("unknown" if outgoing else "fail")
        if without_rules:
            hidden = "mount --bind /bin/false $(PATH=/usr/sbin:/sbin command -v nft)"
            found = host.examine("--interface", "eth1", before=hidden)["self_test"]
            assert without_rules in found["evidence"]

    def test_at_a_bridge(self, host: Host) -> None:
        host.server.run("ip", "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        host.server.run("ip", "address", "flush", "dev", "eth1")
        host.server.run("ip", "link", "set", "eth1", "master", "br0")
        host.server.run("ip", "address", "add", f"{SERVER}/24", "dev", "br0")
        host.server.run("ip", "link", "set", "br0", "up")
        host.nft(
            "add table bridge f",
            "add chain bridge f in { type filter hook input priority 0; }",
            f"add rule bridge f in ip daddr {GROUP} drop",
        )
        found = host.examine("--interface", "br0")["firewall@br0"]
        assert (found["verdict"], "rule 2 of chain bridge f in" in found["evidence"]) == ("fail", True)
        host.server.run(*found["remedy"].removeprefix("sudo ").split())
        assert host.examine("--interface", "br0").verdict("firewall@br0") == "pass"

    def test_below_ip(self, host: Host) -> None:
        """The door at a device keeps phones out, and answers in."""
        host.nft(
            "add table netdev f",
            "add chain netdev f i { type filter hook ingress device eth1 priority 0; policy drop; }",
            "add chain netdev f e { type filter hook egress device eth1 priority 0; policy drop; }",
        )
        report = host.examine("--interface", "eth1")
        for way in ("what phones send", "our answers from port 5060", "what phones confirm to port 5060"):
            assert way in report["firewall"]["evidence"]
            host.server.run(*report["firewall"]["remedy"].removeprefix("sudo ").split())
            report = host.examine("--interface", "eth1")
        assert report.verdict("firewall") == "pass"

    def test_may_keep_phones_out(self, host: Host) -> None:
        host.nft(
            self.TABLE,
            self.INPUT % "drop",
            "add rule inet f in udp dport 5060 limit rate 10/second accept",
        )
        report = host.examine("--interface", "eth1")
        assert report.verdict("firewall") == "warn"
        assert report.verdict("self_test") == "pass"

    def test_the_rule_for_life_beside_a_pbx(self, host: Host) -> None:
        host.rules.write_text(f"service: {{port: 5062}}\n{RULES}")
        found = host.examine("--interface", "eth1")["self_test"]
        assert found["verdict"] == "warn"
        command, rules = found["remedy"].removeprefix("sudo ").split(" ", 1)
        host.server.run(command, rules.strip("'"))
        report = host.examine("--interface", "eth1")
        assert report.verdict("self_test") == "pass"
        assert report.verdict("firewall") == "pass"
        assert "rewritten to port 5062" in report["self_test"]["evidence"]


class TestReversePath:
    STRICT = ("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=1")

    def test_off(self, host: Host) -> None:
        host.server.run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.eth1.rp_filter=0")
        assert host.examine("--interface", "eth1").verdict("rp_filter") == "pass"

    def test_strict_on_one_lan(self, host: Host) -> None:
        host.server.run(*self.STRICT)
        assert host.examine("--interface", "eth1").verdict("rp_filter") == "pass"

    def test_strict_and_two_interfaces_on_one_lan(self, host: Host) -> None:
        host.server.run(*self.STRICT)
        host.add_link("eth2", "192.168.1.119/24")
        report = host.examine("--interface", "eth1")
        assert report.verdict("rp_filter") == "warn"
        host.server.run(*report["rp_filter"]["remedy"].removeprefix("sudo ").split())
        assert host.examine("--interface", "eth1").verdict("rp_filter") == "pass"

    def test_strict_and_phones_behind_a_router_elsewhere(self, host: Host) -> None:
        host.server.run(*self.STRICT)
        host.add_link("eth2", "10.20.0.1/24")
        host.server.run("ip", "route", "add", "10.99.0.0/16", "via", "10.20.0.2")
        host.rules.write_text(f"service: {{allow: 10.99.0.0/16}}\n{RULES}")
        found = host.examine("--interface", "eth1")["rp_filter"]
        assert found["verdict"] == "warn"
        assert "10.99.0.0/16 (by eth2)" in found["evidence"]
        # Where phones are served on that interface, too, they may well come by it.
        report = host.examine("--interface", "eth1", "--interface", "eth2")
        assert report.verdict("rp_filter") == "pass"


class TestMemberships:
    @pytest.mark.parametrize(("limit", "verdict"), [("0", "fail"), ("1", "pass")])
    def test_limit(self, host: Host, limit: str, verdict: str) -> None:
        host.server.run("sysctl", "-qw", f"net.ipv4.igmp_max_memberships={limit}")
        report = host.examine("--interface", "eth1")
        assert report.verdict("memberships") == verdict
        assert report.verdict("ports") == verdict


class TestNeighbours:
    def test_a_namespace_does_not_tell(self, host: Host) -> None:
        assert host.examine("--interface", "eth1").verdict("neighbours") == "unknown"

    @pytest.mark.parametrize(("phones", "verdict"), [("1", "pass"), ("1000000", "warn")])
    def test_on_the_machine_itself(self, tmp_path: Path, phones: str, verdict: str) -> None:
        """No other check of the loopback is looked at; nothing leaves it."""
        if not Path("/proc/sys/net/ipv4/neigh/default/gc_thresh3").exists():
            pytest.skip("this machine is a container itself")
        rules = tmp_path / "rules.yaml"
        rules.write_text(RULES)
        command = [*DOCTOR, "--json", "--rules", str(rules), "--interface", "lo", "--phones", phones]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        findings = {f["check"]: f for f in json.loads(done.stdout)["findings"]}
        assert findings["neighbours"]["verdict"] == verdict


class TestRules:
    @pytest.mark.parametrize(
        ("text", "verdict", "evidence"),
        [
            (RULES, "pass", "good: 1 rule"),
            ("rules:\n  - {name: a, url: 'http://u:p@h/'}\n", "warn", "credentials over plain http"),
            ("rules:\n  - {nme: a, ignore: true}\n", "fail", "unknown key 'nme'"),
        ],
    )
    def test_file(self, host: Host, text: str, verdict: str, evidence: str) -> None:
        host.rules.write_text(text)
        found = host.examine("--interface", "eth1")["rules"]
        assert found["verdict"] == verdict
        assert evidence in found["evidence"]

    def test_absent(self, host: Host) -> None:
        host.rules.unlink()
        assert host.examine("--interface", "eth1").verdict("rules") == "fail"

    def test_that_of_the_running_service(self, host: Host) -> None:
        """Its options count as well, where none are given."""
        with Server(host.server, RULES, "--interface", "eth1", "--reply-port=5070") as server:
            command = host.server.command([*DOCTOR, "--json"])
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
            report = Report(done.returncode, json.loads(done.stdout))
            assert str(server.rules) in report["rules"]["evidence"]
        assert report.verdict("group") == "pass"


class TestPermissions:
    def test_good(self, host: Host) -> None:
        host.rules.chmod(0o640)
        assert host.examine("--interface", "eth1").verdict("permissions") == "pass"

    def test_writable_by_everyone(self, host: Host) -> None:
        host.rules.chmod(0o666)
        report = host.examine("--interface", "eth1")
        assert report.verdict("permissions") == "fail"
        assert report["permissions"]["remedy"] == f"sudo chmod o-w {host.rules}"

    def test_passwords_that_everyone_may_read(self, host: Host) -> None:
        host.rules.write_text("rules:\n  - {name: a, url: 'https://user:secret@h/'}\n")
        host.rules.chmod(0o644)
        found = host.examine("--interface", "eth1")["permissions"]
        assert found["verdict"] == "warn"
        subprocess.run(["sh", "-c", found["remedy"].replace("sudo ", "")], check=True)
        report = host.examine("--interface", "eth1")
        assert report.verdict("permissions") == "pass"
        assert "secret" not in json.dumps(report.document)

    @pytest.mark.parametrize(
        "text",
        [
            "vars: {password: hunter2}\nrules: [{url: 'https://u:{{ password }}@h/'}]\n",
            # With an error in it nobody can tell what it means, and its passwords are passwords still.
            "rulse: []\nrules: [{url: 'https://user:secret@h/'}]\n",
        ],
    )
    def test_passwords_in_other_places(self, host: Host, text: str) -> None:
        host.rules.write_text(text)
        host.rules.chmod(0o644)
        assert host.examine("--interface", "eth1").verdict("permissions") == "warn"

    def test_a_file_that_a_secret_stands_in(self, host: Host) -> None:
        secret = host.rules.with_name("password")
        secret.write_text("hunter2")
        secret.chmod(0o644)
        host.rules.write_text("vars: {p: {file: password}}\nrules: [{url: 'https://u:{{ p }}@h/'}]\n")
        found = host.examine("--interface", "eth1")["permissions"]
        assert found["verdict"] == "warn"
        assert str(secret) in found["evidence"]
        subprocess.run(["sh", "-c", found["remedy"].replace("sudo ", "")], check=True)
        assert host.examine("--interface", "eth1").verdict("permissions") == "pass"

    def test_the_service_may_not_read_it(self, host: Host) -> None:
        """A stand-in for the service, by its command line, as another user."""
        script = 'exec setpriv --reuid 65534 --regid 65534 --clear-groups -- bash -c "$1"'
        stand_in = 'exec -a pnp-responder sh -c "echo ready; read x" run'
        command = host.server.command(["sh", "-c", script, "sh", stand_in])
        program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert program.stdout is not None
        assert program.stdin is not None
        try:
            assert program.stdout.readline() == b"ready\n"
            host.rules.chmod(0o600)
            found = host.examine("--interface", "eth1")["permissions"]
        finally:
            program.communicate(b"\n", PATIENCE)
        assert found["verdict"] == "fail"
        assert "as whom the service runs" in found["evidence"]


class TestDhcp:
    def lease(self, options: str) -> str:
        text = f'lease {{\n  interface "eth1";\n  fixed-address {SERVER};\n{options}}}\n'
        return (
            "mount -t tmpfs tmpfs /var/lib; mkdir /var/lib/dhcp; "
            f"cat > /var/lib/dhcp/dhclient.eth1.leases <<'END'\n{text}END"
        )

    def test_an_option_that_phones_heed(self, host: Host) -> None:
        before = self.lease('  option tftp-server-name "http://user:secret@old.example.com/";\n')
        report = host.examine("--interface", "eth1", before=before)
        assert report.verdict("dhcp") == "warn"
        assert "66" in report["dhcp"]["evidence"]
        assert "http://user:***@old.example.com/" in report["dhcp"]["evidence"]

    def test_another_client(self, host: Host) -> None:
        """systemd-networkd names its files after the interface's index."""
        index = host.server.run("cat", "/sys/class/net/eth1/ifindex").strip()
        folder = "/run/systemd/netif/leases"
        lease = f"mkdir -p {folder}; echo VENDOR_SPECIFIC=010468747470 > {folder}/{index}"
        report = host.examine("--interface", "eth1", before=f"mount -t tmpfs tmpfs /run; {lease}")
        assert report.verdict("dhcp") == "warn"
        assert '43 ("010468747470")' in report["dhcp"]["evidence"]

    def test_a_lease_without(self, host: Host) -> None:
        before = self.lease("  option routers 192.168.1.1;\n")
        assert host.examine("--interface", "eth1", before=before).verdict("dhcp") == "pass"

    def test_no_lease(self, host: Host) -> None:
        assert (
            host.examine("--interface", "eth1", before="mount -t tmpfs tmpfs /var/lib").verdict("dhcp")
            == "unknown"
        )


class TestAsAWhole:
    def test_all_is_well(self, host: Host) -> None:
        """What is unknown is no fault."""
        with Server(host.server, RULES, "--interface", "eth1") as server:
            server.folder.chmod(0o755)
            server.rules.chmod(0o644)
            report = host.examine("--interface", "eth1", "--rules", str(server.rules))
        verdicts = {f["check"]: f["verdict"] for f in report.document["findings"]}
        assert set(verdicts.values()) <= {"pass", "unknown"}, report.document
        assert (report.code, report.document["verdict"]) == (0, "pass")

    def test_the_service_stays_as_it_is(self, host: Host) -> None:
        """The self-test does not look like a phone that asks; phones are served on."""
        with Server(host.server, RULES) as server, Phone(host.phones, PHONE) as phone:
            host.examine("--interface", "eth1")
            assert not server.log().count("enrollment_")
            phone.send(plain_subscribe(PHONE, 5060, "020000000001", "after-the-doctor"))
            server.wait_for_event("enrollment_offered")

    def test_other_namespaces_are_not_mistaken(self, host: Host) -> None:
        with Server(host.phones, RULES):
            report = host.examine("--interface", "eth1")
        assert report.verdict("group") == "fail"
        assert "in another network namespace" in report["group"]["evidence"]

    def test_without_root(self, host: Host) -> None:
        """Whose interpreter may lie where another user cannot go: it becomes that user once all is loaded."""
        code = """
            import contextlib, os
            from pnp_responder.cli.main import main
            with contextlib.suppress(SystemExit):
                main()
            os.setgroups([]); os.setresgid(*[65534] * 3); os.setresuid(*[65534] * 3)
            main()
        """
        arguments = ["doctor", "--json", "--interface", "eth1", "--rules", str(host.rules)]
        with Server(host.server, RULES):
            done = subprocess.run(
                host.server.command([sys.executable, "-c", textwrap.dedent(code), *arguments]),
                capture_output=True,
                text=True,
                check=False,
            )
        report = Report(done.returncode, json.loads(done.stdout.split("\n")[1]))
        assert report.verdict("firewall") == "unknown"
        assert report["firewall"]["remedy"] == "sudo pnp-responder doctor --interface eth1"
        assert report.verdict("self_test") == "pass"
        assert report.verdict("rules") == "unknown"
        assert report["rules"]["remedy"].startswith("sudo pnp-responder check ")


def test_exit_2_is_not_taken_for_wrong_usage(host: Host) -> None:
    assert host.examine("--interface", "eth7").code == 2
    wrong = subprocess.run([*DOCTOR, "--nosuch"], capture_output=True, check=False)
    assert wrong.returncode == 64


def test_for_people(host: Host) -> None:
    host.rules.write_text("rules:\n  - {name: a, url: 'http://u:p@h/'}\n")
    host.server.run("ip", "link", "set", "eth1", "down")
    command = host.server.command([*DOCTOR, "--interface", "eth1", "--rules", str(host.rules)])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "fail     interface (eth1): is down\n         mend: sudo ip link set eth1 up\n" in done.stdout
    # What only shows more is not called a cure.
    assert f"         see: pnp-responder check {host.rules}\n" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr == ""
    assert socket.gethostname() not in done.stdout
