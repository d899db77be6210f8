from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.mac import Mac


@pytest.mark.parametrize(
    "text",
    [
        "00a859112233",
        "00A859112233",
        "00:a8:59:11:22:33",
        "00-A8-59-11-22-33",
        "00.a8.59.11.22.33",
        "00a8.5911.2233",
        "00A8:5911:2233",
        "00a8-5911-2233",
    ],
)
def test_spellings(text: str) -> None:
    assert Mac.parse(text) == "00a859112233"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00a85911223",
        "00a8591122334",
        "00a85911223g",
        "00:a8:59:11:22",
        "00:a8:59:11:22:33:44",
        ":00a859112233",
        "00a859112233\n",
        " 00a859112233",
        "00a859112233 ",
        "٠٠a859112233",
        "00a8.591122.33",
        "0:a8:59:11:22:33",
    ],
)
def test_what_is_no_mac(text: str) -> None:
    with pytest.raises(ValueError, match="not a MAC address"):
        Mac.parse(text)


def test_forms() -> None:
    mac = Mac.parse("00:A8:59:11:22:33")
    assert mac.oui == "00a859"
    assert mac.joined(":") == "00:a8:59:11:22:33"
    assert mac.joined("") == mac
    assert mac == "00a859112233"
    assert hash(mac) == hash("00a859112233")


@given(st.binary(min_size=6, max_size=6), st.sampled_from(":-."))
def test_every_mac_reads_back(octets: bytes, separator: str) -> None:
    mac = Mac.parse(octets.hex())
    assert Mac.parse(mac.joined(separator)) == mac
    assert Mac.parse(mac.joined(separator).upper()) == mac
