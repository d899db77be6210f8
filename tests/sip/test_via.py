from __future__ import annotations

import pytest

from pnp_responder.datagram import SocketAddress
from pnp_responder.sip import Via, response_destination

SOURCE = SocketAddress("192.0.2.45", 5062)


@pytest.mark.parametrize(
    ("row", "host", "port", "branch", "rport"),
    [
        ("SIP/2.0/UDP 192.0.2.45:5060;branch=z9hG4bKa", "192.0.2.45", 5060, "z9hG4bKa", False),
        ("SIP/2.0/UDP 192.0.2.45", "192.0.2.45", None, "", False),
        ("SIP/2.0/UDP 192.0.2.45;rport;branch=b", "192.0.2.45", None, "b", True),
        ("SIP/2.0/UDP 192.0.2.45;branch=b;RPORT=", "192.0.2.45", None, "b", True),
        ("SIP / 2.0 / UDP\t192.0.2.45 : 5060 ; branch = b ; rport", "192.0.2.45", 5060, "b", True),
        ("sip/2.0/udp phone.example:5060;Branch=b", "phone.example", 5060, "b", False),
        ("SIP/2.0/UDP [2001:db8::9:1]:5060;branch=b", "[2001:db8::9:1]", 5060, "b", False),
        ("SIP/2.0/UDP [2001:db8::9:1]", "[2001:db8::9:1]", None, "", False),
        ('SIP/2.0/UDP 192.0.2.45;x=";branch=no,";branch=b', "192.0.2.45", None, "b", False),
        ("SIP/2.0/UDP 192.0.2.45;branch=a;branch=b", "192.0.2.45", None, "a", False),
        ("SIP/2.0/UDP 192.0.2.45;branch=", "192.0.2.45", None, "", False),
        ("SIP/2.0/UDP 192.0.2.45;;branch=b;", "192.0.2.45", None, "b", False),
        ("SIP/2.0/UDP 192.0.2.45:5060x;branch=b", "192.0.2.45", 0, "b", False),
        ("SIP/2.0/UDP 192.0.2.45:5060 x;branch=b", "192.0.2.45", 0, "b", False),
        ("SIP/2.0/UDP 192.0.2.45:;branch=b", "192.0.2.45", 0, "b", False),
        ("SIP/2.0/UDP 192.0.2.45:0;branch=b", "192.0.2.45", 0, "b", False),
        ("SIP/2.0/UDP 192.0.2.45:99999", "192.0.2.45", 0, "", False),
        ("SIP/2.0/TCP 192.0.2.45", "192.0.2.45", None, "", False),
        ("SIP/2.0/NEW-ONE 192.0.2.45;maddr=224.0.1.75;ttl=1", "192.0.2.45", None, "", False),
    ],
)
def test_reads(row: str, host: str, port: int | None, branch: str, rport: bool) -> None:
    via = Via.parse(row)
    assert (via.host, via.port, via.branch, via.wants_rport) == (host, port, branch, rport)
    assert via.text == row
    assert via.rest == ""


@pytest.mark.parametrize(
    "row",
    [
        "",
        "nonsense",
        "SIP/2.0 192.0.2.45",
        "SIP/2.0/UDP",
        "SIP/2.0/UDP ",
        "SIP/2.0/UDP;branch=b",
        "SIP/2.0/UDP 192.0.2.45 5060",
        "SIP/2.0/UDP [2001:db8::1",
        "SIP/2.0/UDP 2001:db8::1;branch=b,x=[",
        'SIP/2.0/UDP 192.0.2.45;x="open',
        "SIP/2.0/UDP <192.0.2.45>",
        ", SIP/2.0/UDP 192.0.2.45",
    ],
)
def test_what_nobody_could_answer_to(row: str) -> None:
    if row.startswith("SIP/2.0/UDP 2001"):
        # Without brackets the rest after the first colon is no port: the source decides.
        assert Via.parse(row).port == 0
        return
    with pytest.raises(ValueError, match="not a Via|quote"):
        Via.parse(row)


def test_comma_list() -> None:
    via = Via.parse('SIP/2.0/UDP 192.0.2.45;x="a,b" , SIP/2.0/UDP proxy.example;branch=c')
    assert via.text == 'SIP/2.0/UDP 192.0.2.45;x="a,b"'
    assert via.branch == ""
    assert via.answered_to(SocketAddress("192.0.2.45", 1)) + via.rest == (
        'SIP/2.0/UDP 192.0.2.45;x="a,b", SIP/2.0/UDP proxy.example;branch=c'
    )


@pytest.mark.parametrize(
    ("branch", "unique"),
    [("z9hG4bKx", True), ("z9hG4bK", False), ("", False), ("Z9HG4BKx", False), ("old-style", False)],
)
def test_unique_branch(branch: str, unique: bool) -> None:
    assert Via.parse(f"SIP/2.0/UDP 192.0.2.45;branch={branch}").has_unique_branch is unique


@pytest.mark.parametrize(
    ("parameters", "answered"),
    [
        # RFC 3261 18.2.1: nothing to say where sent-by is the source.
        ("192.0.2.45:5060;branch=b", "192.0.2.45:5060;branch=b"),
        ("192.0.2.45", "192.0.2.45"),
        ('192.0.2.45 ; branch = b ; x = "a;b"', '192.0.2.45 ; branch = b ; x = "a;b"'),
        # RFC 3261 18.2.1: received where it is a name or another address.
        ("phone.example;branch=b", "phone.example;branch=b;received=192.0.2.45"),
        ("198.51.100.9:5060;branch=b", "198.51.100.9:5060;branch=b;received=192.0.2.45"),
        ("198.51.100.9", "198.51.100.9;received=192.0.2.45"),
        ("[2001:db8::1]:5060;branch=b", "[2001:db8::1]:5060;branch=b;received=192.0.2.45"),
        # RFC 3581 4: both, always.
        ("192.0.2.45;rport;branch=b", "192.0.2.45;rport=5062;branch=b;received=192.0.2.45"),
        ("192.0.2.45;branch=b;rport", "192.0.2.45;branch=b;rport=5062;received=192.0.2.45"),
        ("192.0.2.45;branch=b;rport=", "192.0.2.45;branch=b;rport=5062;received=192.0.2.45"),
        ("192.0.2.45 ; rport ; branch = b", "192.0.2.45;rport=5062; branch = b;received=192.0.2.45"),
        ("phone.example;RPORT;branch=b", "phone.example;rport=5062;branch=b;received=192.0.2.45"),
        # What the sender says of itself is not believed.
        ("192.0.2.45;rport=9;branch=b", "192.0.2.45;rport=5062;branch=b;received=192.0.2.45"),
        ("192.0.2.45;received=198.51.100.9;branch=b", "192.0.2.45;branch=b;received=192.0.2.45"),
        ("phone.example;received=198.51.100.9;branch=b", "phone.example;branch=b;received=192.0.2.45"),
        ("phone.example;Received = [2001:db8::1]", "phone.example;received=192.0.2.45"),
        ("192.0.2.45;rport;received=198.51.100.9", "192.0.2.45;rport=5062;received=192.0.2.45"),
        ("192.0.2.45;rport;x;rport;rport=1", "192.0.2.45;rport=5062;x;received=192.0.2.45"),
        # Everything else stays as it is.
        (
            "192.0.2.45;maddr=224.0.1.75;ttl=1;rport",
            "192.0.2.45;maddr=224.0.1.75;ttl=1;rport=5062;received=192.0.2.45",
        ),
        (
            '192.0.2.45;x="a;rport;b,\\"c";rport',
            '192.0.2.45;x="a;rport;b,\\"c";rport=5062;received=192.0.2.45',
        ),
        ("192.0.2.45:5060x;rport", "192.0.2.45:5060x;rport=5062;received=192.0.2.45"),
    ],
)
def test_what_we_write_into_it(parameters: str, answered: str) -> None:
    via = Via.parse("SIP/2.0/UDP " + parameters)
    assert via.answered_to(SOURCE) == "SIP/2.0/UDP " + answered


@pytest.mark.parametrize(
    ("sent_by", "port"),
    [
        ("192.0.2.45:5060", 5060),
        ("192.0.2.45:5090", 5090),
        ("192.0.2.45", 5060),
        ("192.0.2.45:5090;rport", 5062),
        ("192.0.2.45:5090;rport=9", 5062),
        ("192.0.2.45:5090x", 5062),
        ("192.0.2.45:0", 5062),
        ("192.0.2.45:99999", 5062),
        ("198.51.100.9:5090", 5090),
        ("198.51.100.9", 5060),
        ("phone.example:5090", 5090),
        ("[2001:db8::1]:5090", 5090),
        ("192.0.2.45:5090;maddr=224.0.1.75", 5090),
        ("192.0.2.45;maddr=198.51.100.9;received=198.51.100.9", 5060),
    ],
)
def test_response_goes_to_the_source_address(sent_by: str, port: int) -> None:
    via = Via.parse(f"SIP/2.0/UDP {sent_by}")
    assert response_destination(via, SOURCE) == SocketAddress("192.0.2.45", port)
