"""Links come, change and go under a running service: served again within two seconds, each told once.

`eth2` is never touched; whatever happens to `eth1`, its phones notice nothing.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator

import pytest

from tests.outside.conftest import Lan
from tests.outside.namespaces import GROUP
from tests.outside.phone import Phone
from tests.outside.rules_for_all import rules_text
from tests.outside.server import PATIENCE, Server
from tests.outside.site import BACK_WITHIN, Site, ask_until_served, is_unserved, site

RULES = rules_text(base="http://{{ local_ip }}/{{ interface }}")
OURS, OURS_2 = "192.0.2.1/24", "198.51.100.1/24"
THEIRS, THEIRS_2 = "192.0.2.45/24", "198.51.100.45/24"


@pytest.fixture
def place(lan: Lan) -> Iterator[Site]:
    with site() as made:
        yield made


def count(server: Server, name: str, interface: str) -> int:
    return sum(1 for entry in server.events(name) if entry["interface"] == interface)


def is_told(server: Server, name: str, interface: str, times: int = 1) -> bool:
    """So often and no more. The log is written beside the serving, so this waits for it."""
    deadline = time.monotonic() + PATIENCE
    while count(server, name, interface) < times and time.monotonic() < deadline:
        time.sleep(0.02)
    return count(server, name, interface) == times


def check_served(phone: Phone, ours: str, interface: str, change: str) -> None:
    """Within two seconds from the address `ours`, which Via, Contact and the template's values name too."""
    began = time.monotonic()
    url = f"http://{ours}/{interface}/".encode()
    while True:
        response, notify, _ = ask_until_served(phone, within=BACK_WITHIN)
        seconds = response.at - began
        if notify.message.body.startswith(url) or seconds > BACK_WITHIN:
            break
    sys.stderr.write(f"{change}: served after {seconds:.2f} s\n")
    assert seconds < BACK_WITHIN
    assert notify.message.body.startswith(url)
    assert response.source == notify.source == (ours, 5060)
    assert response.message.one("Contact") == f"<sip:{ours}:5060>"
    assert notify.message.one("Via").startswith(f"SIP/2.0/UDP {ours}:5060;")


def test_absent_at_start_and_appearing_later(place: Site) -> None:
    with Server(place.server, RULES, "--interface", "eth1", wait=False) as server:
        assert "STATUS=waiting for eth1;" in server.wait_for_notice("STATUS=")
        server.wait_for_notice("READY=1")
        phones = place.link("eth1", OURS, phone=THEIRS)
        with Phone(phones, "192.0.2.45") as phone:
            check_served(phone, "192.0.2.1", "eth1", "appeared")
        server.wait_for_notice("STATUS=serving eth1 (192.0.2.1)")
        assert is_told(server, "interface_joined", "eth1")
        assert is_told(server, "waiting_for_interface", "eth1")


def test_a_glob_fits_what_appears_later(place: Site) -> None:
    with Server(place.server, rules_text("http://{{ local_ip }}/{{ interface }}", "{interfaces: 'vlan*'}")):
        with Phone(place.link("vlan7", OURS, phone=THEIRS), "192.0.2.45") as phone:
            check_served(phone, "192.0.2.1", "vlan7", "a glob")
        with Phone(place.link("eth9", OURS_2, phone=THEIRS_2), "198.51.100.45") as phone:
            assert is_unserved(phone)


def test_require_ends_the_start_without_an_interface(place: Site) -> None:
    rules = rules_text(service="{interfaces: eth1, require: true}")
    with Server(place.server, rules, wait=False) as server:
        assert server.process.wait(10) == 69
        assert "there is no such interface" in server.log()
    place.link("eth1", OURS, phone=THEIRS)
    with Server(place.server, rules) as server:
        assert is_told(server, "interface_joined", "eth1")


def test_down_at_start_and_up_later(place: Site) -> None:
    phones = place.link("eth1", OURS, phone=THEIRS, up=False)
    with Server(place.server, RULES) as server, Phone(phones, "192.0.2.45") as phone:
        assert not list(server.events("interface_joined"))
        place.run("link set eth1 up")
        check_served(phone, "192.0.2.1", "eth1", "up")
        assert is_told(server, "interface_joined", "eth1")


def test_each_change_is_followed_and_the_other_link_notices_nothing(place: Site) -> None:
    phones = place.link("eth1", OURS, phone=THEIRS)
    others = place.link("eth2", OURS_2, phone=THEIRS_2)
    phones.run("ip", "address", "add", "203.0.113.45/24", "dev", "eth0")
    with (
        Server(place.server, RULES) as server,
        Phone(phones, "192.0.2.45") as phone,
        Phone(phones, "203.0.113.45") as moved,
        Phone(others, "198.51.100.45") as other,
    ):
        check_served(phone, "192.0.2.1", "eth1", "start")

        place.run("link set eth1 down")
        server.wait_for_event("interface_left", interface="eth1")
        place.run("link set eth1 up")
        check_served(phone, "192.0.2.1", "eth1", "down and up")

        place.run("address add 203.0.113.1/24 dev eth1")
        server.wait_for_event("interface_changed", networks=["192.0.2.0/24", "203.0.113.0/24"])
        check_served(moved, "203.0.113.1", "eth1", "address added")
        check_served(phone, "192.0.2.1", "eth1", "address added")

        place.run("address del 192.0.2.1/24 dev eth1")
        check_served(moved, "203.0.113.1", "eth1", "address removed")
        assert is_unserved(phone), "its network is not on this link any more"

        # What a DHCP client does when it is given another address.
        place.run("address flush dev eth1")
        place.run("address add 192.0.2.1/24 dev eth1")
        check_served(phone, "192.0.2.1", "eth1", "address changed")

        place.run("link set eth1 down")
        place.run("link set eth1 name phones0")
        place.run("link set phones0 up")
        check_served(phone, "192.0.2.1", "phones0", "renamed")

        joined, left = (
            count(server, "interface_joined", "phones0"),
            count(server, "interface_left", "phones0"),
        )
        place.run("link delete phones0")
        server.wait_for_event("interface_left", interface="phones0")
        phone.close()
        place.connect(phones, "phones0", OURS, phone=THEIRS)
        with Phone(phones, "192.0.2.45") as again:
            check_served(again, "192.0.2.1", "phones0", "deleted and created again")
        assert is_told(server, "interface_joined", "phones0", joined + 1)
        assert is_told(server, "interface_left", "phones0", left + 1)

        check_served(other, "198.51.100.1", "eth2", "the other link")
        assert is_told(server, "interface_joined", "eth2")
        assert count(server, "interface_left", "eth2") == count(server, "interface_changed", "eth2") == 0
        assert not list(server.events("internal_error"))


def test_a_rename_of_a_link_that_stays_up_is_followed(place: Site) -> None:
    phones = place.link("eth1", OURS, phone=THEIRS)
    with Server(place.server, RULES) as server, Phone(phones, "192.0.2.45") as phone:
        check_served(phone, "192.0.2.1", "eth1", "start")
        place.run("link set eth1 down")
        server.wait_for_event("interface_left", interface="eth1")
        place.run("link set eth1 name lan0")
        place.run("link set lan0 up")
        check_served(phone, "192.0.2.1", "lan0", "renamed")
        assert is_told(server, "interface_joined", "lan0")


@pytest.mark.parametrize("index", [0, 77], ids=["another index", "the same index"])
def test_deleted_and_created_again_at_once(place: Site, index: int) -> None:
    """Faster than anybody looks: by its index only, and not even by that, can it be told from the old one."""
    phones = place.link("eth1", OURS, phone=THEIRS, index=index)
    with Server(place.server, RULES) as server:
        with Phone(phones, "192.0.2.45") as phone:
            check_served(phone, "192.0.2.1", "eth1", "start")
        for times in range(1, 4):
            chosen = f"index {index} " if index else ""
            batch = [
                "link delete eth1",
                f"link add eth1 {chosen}type veth peer name eth0 netns {phones.name}",
                "address add 192.0.2.1/24 dev eth1",
                "link set eth1 up",
            ]
            (server.folder / "batch").write_text("\n".join(batch) + "\n")
            place.run(f"-batch {server.folder / 'batch'}")
            phones.run("ip", "address", "add", THEIRS, "dev", "eth0")
            phones.run("ip", "link", "set", "eth0", "up")
            with Phone(phones, "192.0.2.45") as phone:
                check_served(phone, "192.0.2.1", "eth1", "created again")
            assert GROUP in place.server.run("ip", "maddress", "show", "dev", "eth1")
            assert is_told(server, "interface_left", "eth1", times)
            assert is_told(server, "interface_joined", "eth1", times + 1)


def test_moved_to_another_host_and_back(place: Site) -> None:
    """As containers do; the index stays, and only the message that it went tells that the group is lost."""
    phones = place.link("eth1", OURS, phone=THEIRS)
    elsewhere = place.link("eth2", OURS_2, phone=THEIRS_2)
    with Server(place.server, RULES) as server, Phone(phones, "192.0.2.45") as phone:
        check_served(phone, "192.0.2.1", "eth1", "start")
        place.run(f"link set eth1 netns {elsewhere.name}")
        elsewhere.run("ip", "link", "set", "eth1", "netns", place.server.name)
        place.run("address add 192.0.2.1/24 dev eth1")
        place.run("link set eth1 up")
        check_served(phone, "192.0.2.1", "eth1", "moved and back")
        assert is_told(server, "interface_left", "eth1")
        assert is_told(server, "interface_joined", "eth1", 2)


def test_a_link_that_flaps_is_served_when_it_rests(place: Site) -> None:
    phones = place.link("eth1", OURS, phone=THEIRS)
    others = place.link("eth2", OURS_2, phone=THEIRS_2)
    with (
        Server(place.server, RULES) as server,
        Phone(phones, "192.0.2.45") as phone,
        Phone(others, "198.51.100.45") as other,
    ):
        until = time.monotonic() + 3.0
        flaps = 0
        while time.monotonic() < until:
            place.run("link set eth1 down")
            place.run("link set eth1 up")
            flaps += 1
            _, _, seconds = ask_until_served(other)
            assert seconds < 0.2, "the other link is served as ever"
        assert flaps > 10
        check_served(phone, "192.0.2.1", "eth1", f"{flaps} flaps")
        assert not list(server.events("internal_error"))
        assert not list(server.events("interface_unusable"))


def test_one_that_cannot_be_served_stops_no_other_and_is_tried_again(place: Site) -> None:
    phones = place.link("eth1", OURS, phone=THEIRS)
    others = place.link("eth2", OURS_2, phone=THEIRS_2)
    held = place.server.socket("192.0.2.1", 5060)
    with (
        Server(place.server, RULES) as server,
        Phone(phones, "192.0.2.45") as phone,
        Phone(others, "198.51.100.45") as other,
    ):
        check_served(other, "198.51.100.1", "eth2", "the other link")
        refusal = server.wait_for_event("interface_unusable", interface="eth1")
        assert "5060 is taken by" in refusal["reason"]
        time.sleep(2.0)  # two more tries, which are not told
        assert count(server, "interface_unusable", "eth1") == 1
        held.close()
        response, *_ = ask_until_served(phone, within=20.0)
        assert response.source == ("192.0.2.1", 5060)
        assert is_told(server, "interface_unusable", "eth1")


def test_25_links_at_once(place: Site) -> None:
    numbers = range(1, 26)
    hosts = [place.link(f"eth{n}", f"10.0.{n}.1/24", phone=f"10.0.{n}.45/24") for n in numbers]
    with Server(place.server, RULES) as server:
        assert all(is_told(server, "interface_joined", f"eth{n}") for n in numbers)
        for n, host in zip(numbers, hosts, strict=True):
            with Phone(host, f"10.0.{n}.45") as phone:
                check_served(phone, f"10.0.{n}.1", f"eth{n}", "25 links")


def test_missed_messages_are_made_up_for(place: Site) -> None:
    """The kernel drops netlink messages when the service does not read: STOP it, change much, CONT it."""
    phones = place.link("eth1", OURS, phone=THEIRS)
    with Server(place.server, RULES) as server:
        server.process.send_signal(signal.SIGSTOP)
        changes = "link set eth1 mtu 1400\nlink set eth1 mtu 1500\n" * 2000 + "link delete eth1\n"
        (server.folder / "batch").write_text(changes)
        place.run(f"-batch {server.folder / 'batch'}")
        place.connect(phones, "eth1", OURS, phone=THEIRS)
        server.process.send_signal(signal.SIGCONT)
        with Phone(phones, "192.0.2.45") as phone:
            check_served(phone, "192.0.2.1", "eth1", "after lost messages")
