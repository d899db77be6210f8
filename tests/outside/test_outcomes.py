"""The three outcomes of a rule, and none, as they look on the wire by both ways."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.outside.conftest import PHONE, SERVER, Lan
from tests.outside.namespaces import GROUP
from tests.outside.phone import Phone, plain_subscribe
from tests.outside.server import Server

RULES = """\
rules:
  - {name: others, match: {mac: "02:00:00:00:01:01"}, ignore: true}
  - {name: refused, match: {mac: "02:00:00:00:01:02"}, reject: 403}
  - {name: gone, match: {mac: "02:00:00:00:01:03"}, reject: 603}
  - {name: served, match: {mac: "02:00:00:00:01:04"}, url: "tftp://{{ local_ip }}/{mac}.cfg"}
  - {name: fences, match: {mac: "02:fe"}, url: "http://{{ local_ip }}/"}
"""


@pytest.fixture(scope="module")
def server(lan: Lan) -> Iterator[Server]:
    with Server(lan.server, RULES) as running:
        yield running


@pytest.mark.parametrize("to", [GROUP, SERVER], ids=["multicast", "unicast"])
@pytest.mark.parametrize(
    ("mac", "multicast", "unicast"),
    [
        ("020000000101", [], []),
        ("020000000102", [403], [403]),
        ("020000000103", [603], [603]),
        ("020000000104", [200, None], [200, None]),
        ("020000000199", [], [404]),
    ],
    ids=["ignore", "reject", "reject-global", "url", "no-rule"],
)
def test_outcome(
    lan: Lan, server: Server, to: str, mac: str, multicast: list[int | None], unicast: list[int | None]
) -> None:
    expected = multicast if to == GROUP else unicast
    with Phone(lan.phones, PHONE) as phone:
        octets = plain_subscribe(PHONE, 5060, mac, f"{mac}@{to}")
        phone.send(octets, to=to)
        heard = phone.hear_until_fence(to=to)
        assert [arrival.message.status for arrival in heard] == expected
        phone.send(octets, to=to)
        again = phone.hear_until_fence(to=to)
        assert [arrival.octets for arrival in again] == [arrival.octets for arrival in heard[:1]], "a repeat"
    if expected == [200, None]:
        assert heard[1].message.body == f"tftp://{SERVER}/{{mac}}.cfg".encode()
