"""The hint is a rule that loads and matches the device, whatever the device said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.enrollment import Device, Enrollment, Offer
from pnp_responder.mac import Mac
from pnp_responder.rules import RuleSet
from pnp_responder.service.rule_hint import rule_hint

REMOTE = SocketAddress("192.0.2.45", 5060)
LOCAL = Local("eth1", SocketAddress("192.0.2.1", 5060))
SAID = st.one_of(
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40),
    st.sampled_from(
        ["none", "NONE", "<2", "!=x", ">=1, <2", "[a]", "*", "?", "v1.0", "- x", "{{ mac }}", "\"'\\"]
    ),
)


def enrollment(device: Device) -> Enrollment:
    return Enrollment(device, "device", "", REMOTE, LOCAL)


def served(asked: Enrollment) -> str | None:
    rules = RuleSet.from_text(f"rules:\n  {rule_hint(asked)}\n", "rules.yaml")
    decision = rules.decide(asked)
    return decision.url if isinstance(decision, Offer) else None


def test_by_mac() -> None:
    device = Device(Mac.parse("00:a8:59:11:22:33"), "vendor", "model", "1")
    assert rule_hint(enrollment(device)) == (
        '- {name: phone-00a859112233, match: {mac: "00:a8:59:11:22:33"}, '
        'url: "http://{{ local_ip }}/{{ mac }}.cfg"}'
    )
    assert served(enrollment(device)) == "http://192.0.2.1/00a859112233.cfg"


@pytest.mark.parametrize(
    ("device", "url"),
    [
        (Device(None, "acme", "Desk 40", "v1"), "http://192.0.2.1/Desk%2040.cfg"),
        (Device(None, "", "", "2.0"), "http://192.0.2.1/phone.cfg"),
        (Device(), "http://192.0.2.1/phone.cfg"),
        (Device(None, "none", "*", "<2"), "http://192.0.2.1/%2A.cfg"),
    ],
)
def test_without_a_mac(device: Device, url: str) -> None:
    assert served(enrollment(device)) == url


@given(SAID, SAID, SAID)
def test_whatever_the_device_says(vendor: str, model: str, version: str) -> None:
    asked = enrollment(Device(None, vendor, model, version))
    assert served(asked) is not None
    assert "\n" not in rule_hint(asked)


def test_the_hint_is_for_this_device() -> None:
    rules = RuleSet.from_text(
        f"rules:\n  {rule_hint(enrollment(Device(None, 'acme', 'a*', '1')))}\n", "rules.yaml"
    )
    other = rules.decide(enrollment(Device(None, "acme", "abc", "1")))
    assert not isinstance(other, Offer)
