"""Lease files of DHCP clients, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pnp_responder.doctor.dhcp import judge_dhcp
from pnp_responder.doctor.dhcp_leases import PHONE_OPTIONS, Lease, read_dhclient, read_keys, read_message
from pnp_responder.doctor.finding import Verdict
from pnp_responder.doctor.phones import OPTIONS_OF

DHCLIENT = """\
lease {
  interface "eth1";
  fixed-address 192.0.2.1;
  option tftp-server-name "old.example.com";
}
lease {
  interface "eth0";
  option tftp-server-name "other.example.com";
}
lease {
  interface "eth1";
  fixed-address 192.0.2.1;
  option subnet-mask 255.255.255.0;
  option dhcp-lease-time 600;
  option vendor-encapsulated-options 1:4:68:74:74:70;
  option tftp-server-name "http://prov.example.com/";
  option unknown-150 "192.0.2.9";
  option option-160 "http://x/";
  renew 1 2026/11/23 16:00:00;
}
"""


def test_dhclient_takes_the_last_lease_of_the_interface() -> None:
    assert read_dhclient(DHCLIENT, "eth1") == {
        43: "1:4:68:74:74:70",
        66: "http://prov.example.com/",
        150: "192.0.2.9",
        160: "http://x/",
    }
    assert read_dhclient(DHCLIENT, "eth0") == {66: "other.example.com"}
    assert read_dhclient(DHCLIENT, "eth2") is None
    assert read_dhclient("", "eth1") is None


def test_keys_and_values() -> None:
    text = (
        "ADDRESS=192.0.2.1\nROUTER=192.0.2.254\nVENDOR_SPECIFIC=0104\nOPTION_160=http://x/?a=b\nOPTION_12=h\n"
    )
    assert read_keys(text) == {43: "0104", 160: "http://x/?a=b"}
    assert read_keys("") == {}


def message(*options: tuple[int, bytes]) -> bytes:
    head = b"\x02\x01\x06\x00" + bytes(232) + bytes((99, 130, 83, 99))
    return head + b"".join(bytes((code, len(value))) + value for code, value in options)


@pytest.mark.parametrize(
    ("octets", "options"),
    [
        (
            message((53, b"\x05"), (66, b"http://p/"), (43, b"\x01\x02")) + b"\xff",
            {66: "http://p/", 43: "0102"},
        ),
        (message((53, b"\x05")) + b"\x00\x00\xff", {}),
        (message((66, b"p")), {66: "p"}),
        (message() + b"\x42", {66: ""}),
        (message() + b"\x42\x09ab", {66: "ab"}),
        (message() + b"\xff\x42\x01a", {}),
        (b"lease {", None),
        (b"", None),
    ],
)
def test_a_message_as_it_came(octets: bytes, options: Mapping[int, str] | None) -> None:
    assert read_message(octets) == options


def test_a_long_value_is_cut() -> None:
    assert len(read_keys("VENDOR_SPECIFIC=" + "a" * 5000)[43]) == 200


def test_the_tables_speak_of_the_same_options() -> None:
    assert set(OPTIONS_OF) == set(PHONE_OPTIONS)


@pytest.mark.parametrize(
    ("leases", "hidden", "verdict", "words"),
    [
        ([], False, Verdict.UNKNOWN, "no DHCP lease"),
        ([], True, Verdict.UNKNOWN, "by root only"),
        ([Lease("/l", {})], False, Verdict.PASS, "has none of the options 43, 66"),
        ([Lease("/l", {}), Lease("/m", {66: "http://p/"})], False, Verdict.WARN, '66 ("http://p/") (/m)'),
        ([Lease("/l", {66: "http://u:p@h/"})], False, Verdict.WARN, "http://u:***@h/"),
        ([Lease("/l", {120: "x"})], False, Verdict.WARN, "option 120"),
    ],
)
def test_judgement(leases: list[Lease], hidden: bool, verdict: Verdict, words: str) -> None:
    found = judge_dhcp("eth1", leases, hidden)
    assert found.verdict is verdict
    assert words in found.evidence
