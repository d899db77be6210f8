"""What is said of the multicast to ourselves: heard, or lost, and where."""

from __future__ import annotations

import pytest

from pnp_responder.doctor.finding import Verdict
from pnp_responder.doctor.heard import Tried, judge_self_test
from pnp_responder.doctor.nft_walk import Ruleset
from pnp_responder.net.multicast import Listen
from tests.doctor.test_firewall import DROP, ETH1, LISTEN, XT, match, meta, payload, ruleset

PASS, WARN, FAIL, UNKNOWN = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN

REFUSED = Tried(5060, heard=False, send_error="no", refused=True)
STAYED = Tried(5060, heard=False, sent=False, came=False, routed=False)
AT_INGRESS = Tried(5060, heard=False, sent=True, came=False, routed=False)
AT_PREROUTING = Tried(5060, heard=False, sent=True, came=True, routed=False)
AT_INPUT = Tried(5060, heard=False, sent=True, came=True, routed=True)
UNSEEN = Tried(5060, heard=False)
REWRITTEN = Listen("224.0.1.75", 5062, 5060)


@pytest.mark.parametrize(
    ("listen", "tried", "verdict", "words"),
    [
        (LISTEN, Tried(5060, heard=True), PASS, "was sent and heard"),
        (LISTEN, Tried(5060, heard=False, listen_error="in use"), UNKNOWN, "could not listen (in use)"),
        (LISTEN, REFUSED, WARN, "a rule of hook output or postrouting drops it"),
        (LISTEN, Tried(5060, heard=False, send_error="No route"), FAIL, "cannot be sent: No route"),
        (LISTEN, STAYED, FAIL, "never left: look at hooks output and postrouting"),
        (LISTEN, AT_INGRESS, FAIL, "did not come back to IP: look at hook ingress, tc and XDP"),
        (LISTEN, AT_PREROUTING, FAIL, "dropped before it was routed: look at hook prerouting"),
        (LISTEN, AT_INPUT, FAIL, "dropped before the socket: look at hook input"),
        (LISTEN, UNSEEN, FAIL, "cannot be told"),
        (REWRITTEN, Tried(5060, heard=True), PASS, "rewritten to port 5062"),
        (REWRITTEN, Tried(5062, heard=True), WARN, "one to port 5060 was not"),
        (REWRITTEN, Tried(5062, heard=False), FAIL, "was not heard"),
    ],
)
@pytest.mark.parametrize("rules", [None, Ruleset(), ruleset()], ids=["hidden", "none", "harmless"])
def test_where_no_rule_explains_it(
    listen: Listen, tried: Tried, verdict: Verdict, words: str, rules: Ruleset | None
) -> None:
    found = judge_self_test(ETH1, listen, tried, rules)
    assert found.verdict is verdict
    assert words in found.evidence


def test_a_packet_socket_hears_before_all_of_that() -> None:
    packet = LISTEN._replace(packet=True)
    assert judge_self_test(ETH1, packet, AT_INPUT).verdict is UNKNOWN
    assert judge_self_test(ETH1, packet, Tried(5060, heard=False, send_error="no")).verdict is FAIL


TO_GROUP = match(payload("ip", "daddr"), "224.0.1.75")
FROM_US = match(payload("ip", "saddr"), "192.0.2.1")


@pytest.mark.parametrize(
    ("hook", "tried"),
    [
        ("ingress", AT_INGRESS),
        ("prerouting", AT_PREROUTING),
        ("input", AT_INPUT),
        *((hook, UNSEEN) for hook in ("ingress", "prerouting", "input")),
    ],
)
def test_the_rule_on_the_way_in_is_named(hook: str, tried: Tried) -> None:
    devices = {("inet", "f", "base"): ("eth1",)}
    text = 'table inet f {\n\tchain base {\n\t\ttype filter hook ingress device "eth1" priority filter;'
    rules = ruleset([TO_GROUP, DROP], hook=hook).with_devices(text if hook == "ingress" else "")
    assert rules.devices == (devices if hook == "ingress" else {})
    found = judge_self_test(ETH1, LISTEN, tried, rules)
    assert (found.verdict, "dropped by rule 10 of chain inet f base" in found.evidence) == (FAIL, True)
    assert found.remedy == "sudo nft insert rule inet f base ip daddr 224.0.1.75 udp dport 5060 accept"
    # One that is not sure to drop it, and one that is about our own address and not about phones.
    unsure = judge_self_test(
        ETH1, LISTEN, tried, ruleset([XT, DROP], hook=hook).with_devices(text if hook == "ingress" else "")
    )
    assert (unsure.verdict, "it may be rule 10" in unsure.evidence) == (FAIL, True)
    ours = judge_self_test(
        ETH1,
        LISTEN,
        tried,
        ruleset([FROM_US, DROP], hook=hook).with_devices(text if hook == "ingress" else ""),
    )
    assert (ours.verdict, "which lets what phones send pass" in ours.evidence) == (UNKNOWN, True)


def test_a_rule_of_another_hook_is_not_blamed() -> None:
    """It came past hook input's door; what the rules there would do is beside the point."""
    found = judge_self_test(ETH1, LISTEN, AT_INGRESS, ruleset([TO_GROUP, DROP], hook="input"))
    assert "look at hook ingress" in found.evidence


@pytest.mark.parametrize("hook", ["output", "postrouting"])
@pytest.mark.parametrize("tried", [REFUSED, STAYED])
def test_the_rule_on_the_way_out_is_named(hook: str, tried: Tried) -> None:
    for expression, verdict, words in (
        ([match(meta("oifname"), "eth1"), DROP], FAIL, "; so are our answers"),
        ([TO_GROUP, DROP], UNKNOWN, "which lets our answers pass"),
    ):
        found = judge_self_test(ETH1, LISTEN, tried, ruleset(expression, hook=hook))
        assert (found.verdict, words in found.evidence) == (verdict, True)
        assert "dropped by rule 10 of chain inet f base" in found.evidence


def test_what_may_hit_the_phones_too_is_a_warning() -> None:
    rules = ruleset([FROM_US, DROP], [XT, DROP], hook="input")
    found = judge_self_test(ETH1, LISTEN, AT_INPUT, rules)
    assert (found.verdict, "what phones send may be, too" in found.evidence) == (WARN, True)


def test_a_rule_before_it_may_have_changed_the_port() -> None:
    """The rule for life beside a PBX; it is lost behind it."""
    rewrite = {"mangle": {"key": payload("udp", "dport"), "value": 5062}}
    chain = {"family": "inet", "table": "f"}
    rules = Ruleset.from_json(
        {
            "nftables": [
                {"chain": {**chain, "name": "early", "hook": "prerouting", "prio": -300}},
                {"chain": {**chain, "name": "late", "hook": "input", "prio": 0}},
                {"rule": {**chain, "chain": "early", "handle": 1, "expr": [TO_GROUP, rewrite]}},
                {
                    "rule": {
                        **chain,
                        "chain": "late",
                        "handle": 2,
                        "expr": [match(payload("udp", "dport"), 5062), DROP],
                    }
                },
            ]
        }
    )
    assert "rule 2 of chain inet f late" in judge_self_test(ETH1, REWRITTEN, AT_INPUT, rules).evidence
