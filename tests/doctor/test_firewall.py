"""The walk through nftables' rules, and what is said of it. JSON as of `nft -j list ruleset`."""

from __future__ import annotations

from ipaddress import IPv4Interface
from typing import Any

import pytest

from pnp_responder.doctor.finding import Verdict
from pnp_responder.doctor.firewall import answering, asking, judge_firewall
from pnp_responder.doctor.nft_walk import Ruleset
from pnp_responder.net.interfaces import Interface
from pnp_responder.net.multicast import Listen

PASS, WARN, FAIL, UNKNOWN = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN
ETH1 = Interface("eth1", 2, True, True, False, (IPv4Interface("192.0.2.1/24"),))
LISTEN = Listen("224.0.1.75", 5060, 5060)

ACCEPT: dict[str, Any] = {"accept": None}
DROP: dict[str, Any] = {"drop": None}
REJECT: dict[str, Any] = {"reject": {"type": "icmp", "expr": "port-unreachable"}}
RETURN: dict[str, Any] = {"return": None}
COUNTER: dict[str, Any] = {"counter": {"packets": 1, "bytes": 2}}
LIMIT: dict[str, Any] = {"limit": {"rate": 5, "burst": 5, "per": "second"}}
XT: dict[str, Any] = {"xt": {"type": "match", "name": "addrtype"}}


def jump(target: str) -> dict[str, Any]:
    return {"jump": {"target": target}}


def match(left: dict[str, Any], right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def payload(protocol: str, field: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": field}}


def meta(key: str) -> dict[str, Any]:
    return {"meta": {"key": key}}


DPORT = payload("udp", "dport")
STATE = {"ct": {"key": "state"}}


def ruleset(
    *rules: list[dict[str, Any]],
    policy: str = "accept",
    hook: str = "input",
    family: str = "inet",
    chains: dict[str, list[list[dict[str, Any]]]] | None = None,
    sets: dict[str, list[Any]] | None = None,
) -> Ruleset:
    """A table `f` with one base chain `base`, and other chains that it may jump to."""
    where = {"family": family, "table": "f"}
    objects: list[dict[str, Any]] = [{"metainfo": {"json_schema_version": 1}}, {"table": {"family": "inet"}}]
    objects.append(
        {"chain": {**where, "name": "base", "type": "filter", "hook": hook, "prio": 0, "policy": policy}}
    )
    for name, elements in (sets or {}).items():
        objects.append({"set": {**where, "name": name, "type": "ipv4_addr", "elem": elements}})
    for name, listed in {"base": list(rules), **(chains or {})}.items():
        if name != "base":
            objects.append({"chain": {**where, "name": name}})
        objects += [
            {"rule": {**where, "chain": name, "handle": handle, "expr": expr}}
            for handle, expr in enumerate(listed, 10)
        ]
    return Ruleset.from_json({"nftables": objects})


def passes(rules: Ruleset) -> bool | None:
    return rules.walk(("prerouting", "input"), asking(ETH1, LISTEN, 5060)).passes


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        (match(DPORT, 5060), True),
        (match(DPORT, 53), False),
        (match(DPORT, 53, "!="), True),
        (match(DPORT, 5060, "!="), False),
        (match(DPORT, 5000, ">="), True),
        (match(DPORT, 6000, ">"), False),
        (match(payload("th", "dport"), 5060), True),
        (match(DPORT, {"set": [53, {"range": [5060, 5070]}]}), True),
        (match(DPORT, {"set": [53, 123]}), False),
        (match(payload("tcp", "dport"), 5060), False),
        (match(payload("tcp", "dport"), 22, "!="), False),
        (match(payload("icmp", "type"), "echo-request"), False),
        (match(payload("ip6", "saddr"), "::1"), False),
        (match(payload("ip", "daddr"), "224.0.1.75"), True),
        (match(payload("ip", "daddr"), {"prefix": {"addr": "224.0.0.0", "len": 4}}), True),
        (match(payload("ip", "daddr"), {"prefix": {"addr": "224.0.0.0", "len": 24}}), False),
        (match(payload("ip", "saddr"), {"prefix": {"addr": "192.0.2.0", "len": 24}}), True),
        (match(payload("ip", "saddr"), {"range": ["192.0.2.1", "192.0.2.99"]}), True),
        (match(payload("ip", "saddr"), {"set": [{"elem": {"val": "192.0.2.2", "counter": {}}}]}), True),
        (match(payload("ip", "saddr"), "@known"), True),
        (match(payload("ip", "saddr"), "@nosuch"), None),
        (match(payload("ip", "protocol"), "udp"), True),
        (match(meta("l4proto"), "udp"), True),
        (match(meta("l4proto"), {"set": ["tcp", "udp"]}), True),
        (match(meta("l4proto"), 17), True),
        (match(meta("l4proto"), "tcp"), False),
        (match(meta("iifname"), "eth1"), True),
        (match(meta("iifname"), "eth*"), True),
        (match(meta("iifname"), "lo"), False),
        (match(meta("iif"), "lo"), False),
        (match(meta("pkttype"), "multicast"), True),
        (match(meta("pkttype"), {"set": ["broadcast", "multicast"]}), True),
        (match(meta("nfproto"), "ipv6"), False),
        (match(meta("mark"), 1), None),
        (match(STATE, ["established", "related"], "in"), False),
        (match(STATE, "invalid", "in"), False),
        (match(STATE, ["new", "established"], "in"), True),
        (match({"fib": {"result": "type", "flags": "daddr"}}, "multicast"), True),
        (match({"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, False), None),
        (match({"&": [DPORT, 1]}, 1), None),
        (LIMIT, None),
        (XT, None),
        (COUNTER, True),
    ],
)
def test_a_condition(expression: dict[str, Any], holds: bool | None) -> None:
    """Seen by what a drop behind it does, and by what an accept before a closed door does."""
    sets = {"known": [{"prefix": {"addr": "192.0.2.0", "len": 25}}]}
    stops = {True: False, False: True, None: None}
    assert passes(ruleset([expression, DROP], sets=sets)) is stops[holds]
    assert passes(ruleset([expression, ACCEPT], policy="drop", sets=sets)) is holds


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        (ruleset(), True),
        (ruleset(policy="drop"), False),
        (ruleset([REJECT]), False),
        (ruleset([ACCEPT], [DROP]), True),
        (ruleset([RETURN], [DROP]), True),
        (ruleset([RETURN], policy="drop"), False),
        (ruleset([jump("c")], policy="drop", chains={"c": [[ACCEPT]]}), True),
        (ruleset([jump("c")], chains={"c": [[DROP]]}), False),
        (ruleset([jump("c")], [ACCEPT], policy="drop", chains={"c": [[RETURN], [DROP]]}), True),
        (ruleset([{"goto": {"target": "c"}}], [ACCEPT], policy="drop", chains={"c": []}), False),
        (ruleset([XT, jump("c")], chains={"c": [[DROP]]}), None),
        (ruleset([XT, jump("c")], policy="drop", chains={"c": [[ACCEPT]]}), None),
        (ruleset([XT, jump("c")], chains={"c": [[ACCEPT]]}), True),
        (ruleset([jump("c")], chains={"c": [[jump("c")]]}), True),
        (ruleset([jump("nosuch")]), True),
        (ruleset([DROP], hook="forward"), True),
        (ruleset([DROP], hook="prerouting"), False),
        # One that is dropped for sure later is dropped whatever may have dropped it before.
        (ruleset([XT, DROP], [DROP]), False),
        (ruleset([{"queue": {"num": 0}}]), None),
        (ruleset([{"vmap": {"key": DPORT, "data": {"set": [[53, DROP], [5060, ACCEPT]]}}}], [DROP]), True),
        (ruleset([{"vmap": {"key": DPORT, "data": {"set": [[53, ACCEPT], [5060, DROP]]}}}]), False),
        (ruleset([{"vmap": {"key": DPORT, "data": {"set": [[53, DROP]]}}}]), True),
    ],
)
def test_a_chain(rules: Ruleset, verdict: bool | None) -> None:
    assert passes(rules) is verdict


def test_the_rule_that_stops_it_is_named() -> None:
    walk = ruleset([match(DPORT, 53), ACCEPT], [match(DPORT, 5060), DROP]).walk(
        ("input",), asking(ETH1, LISTEN, 5060)
    )
    assert walk.place == "rule 11 of chain inet f base"


def test_chains_stand_in_the_order_of_their_priority() -> None:
    """An early one rewrites the port that a later one lets in."""
    rewrite = {"mangle": {"key": DPORT, "value": 5062}}
    chain = {"family": "ip", "table": "p", "name": "late", "hook": "prerouting"}
    objects = [
        {"chain": {**chain, "prio": 0, "policy": "drop"}},
        {"chain": {**chain, "name": "early", "prio": -300, "policy": "accept"}},
        {"rule": {"family": "ip", "table": "p", "chain": "late", "expr": [match(DPORT, 5062), ACCEPT]}},
        {"rule": {"family": "ip", "table": "p", "chain": "early", "expr": [match(DPORT, 5060), rewrite]}},
    ]
    walk = Ruleset.from_json({"nftables": objects}).walk(("prerouting",), asking(ETH1, LISTEN, 5060))
    assert walk.passes is True
    assert walk.packet.destination_port == 5062


@pytest.mark.parametrize("document", [None, [], {}, {"nftables": 7}, "text"])
def test_what_nft_does_not_print(document: Any) -> None:
    with pytest.raises(ValueError, match="nftables"):
        Ruleset.from_json(document)


def test_another_family_is_another_firewall() -> None:
    chain = {"family": "ip6", "table": "f", "name": "base", "hook": "input", "prio": 0, "policy": "drop"}
    assert passes(Ruleset.from_json({"nftables": [{"chain": chain}]})) is True


def test_the_packets() -> None:
    ask = asking(ETH1, LISTEN, 5060)
    assert (ask.source, ask.destination, ask.incoming, ask.outgoing) == (
        "192.0.2.2",
        "224.0.1.75",
        "eth1",
        "",
    )
    answer = answering(ETH1, LISTEN)
    assert (answer.source, answer.destination, answer.outgoing) == ("192.0.2.1", "192.0.2.2", "eth1")


@pytest.mark.parametrize(
    ("rules", "verdict", "words"),
    [
        (None, UNKNOWN, "by root only"),
        (Ruleset(), PASS, "no rules"),
        (ruleset(), PASS, "lets the phones' multicast in"),
        (
            ruleset(policy="drop"),
            FAIL,
            "what phones send to 224.0.1.75:5060 is dropped by the policy of chain",
        ),
        (ruleset(policy="drop", hook="output"), FAIL, "our answers from port 5060 are dropped"),
        (ruleset(policy="drop", hook="postrouting"), FAIL, "our answers"),
        (ruleset([XT, DROP]), WARN, "may be in the way: rule 10 of chain inet f base"),
        (ruleset([XT, ACCEPT], policy="drop"), WARN, "unless rule 10"),
    ],
)
def test_judgement(rules: Ruleset | None, verdict: Verdict, words: str) -> None:
    found = judge_firewall(ETH1, LISTEN, rules, "may be listed by root only")
    assert found.verdict is verdict
    assert words in found.evidence


def test_the_remedy_opens_the_chain_that_drops() -> None:
    found = judge_firewall(ETH1, LISTEN, ruleset(policy="drop"), "")
    assert found.remedy == "sudo nft insert rule inet f base ip daddr 224.0.1.75 udp dport 5060 accept"


def test_a_packet_socket_hears_before_the_firewall() -> None:
    packet = LISTEN._replace(packet=True)
    assert judge_firewall(ETH1, packet, ruleset(policy="drop"), "").verdict is WARN
    assert judge_firewall(ETH1, packet, ruleset([TRACKED, ACCEPT], policy="drop"), "").verdict is PASS
    assert judge_firewall(ETH1, packet, ruleset(policy="drop", hook="output"), "").verdict is FAIL


TO_GROUP = match(payload("ip", "daddr"), "224.0.1.75")
TRACKED = match(STATE, ["established", "related"], "in")


@pytest.mark.parametrize(
    ("rules", "verdict", "remedy"),
    [
        ([[TO_GROUP, ACCEPT]], WARN, "sudo nft insert rule inet f base udp dport 5060 accept"),
        ([[TRACKED, ACCEPT], [TO_GROUP, ACCEPT]], PASS, ""),
        ([[match(DPORT, 5060), ACCEPT]], PASS, ""),
        ([[match({"ct": {"key": "direction"}}, "reply"), ACCEPT], [TO_GROUP, ACCEPT]], PASS, ""),
    ],
)
def test_what_phones_confirm(rules: list[list[dict[str, Any]]], verdict: Verdict, remedy: str) -> None:
    """Their 200 comes to our own address, as an answer to what we sent."""
    found = judge_firewall(ETH1, LISTEN, ruleset(*rules, policy="drop"), "")
    assert (found.verdict, found.remedy) == (verdict, remedy)


@pytest.mark.parametrize(
    ("hook", "words"), [("prerouting", "what phones send"), ("input", "what phones send"), ("output", "our")]
)
def test_rules_at_a_bridge(hook: str, words: str) -> None:
    """They are there for what comes through a bridge of this host; by which of its ports is not known."""
    rules = ruleset([DROP], hook=hook, family="bridge")
    assert judge_firewall(ETH1, LISTEN, rules, "").verdict is PASS
    found = judge_firewall(ETH1, LISTEN, rules, "", bridge=True)
    assert (found.verdict, words in found.evidence) == (FAIL, True)
    elsewhere = judge_firewall(ETH1, LISTEN._replace(port=5062), rules, "", bridge=True)
    assert elsewhere.remedy == found.remedy
    name = "oifname" if hook == "output" else "iifname"
    by_port = ruleset([match(meta(name), "eth5"), DROP], hook=hook, family="bridge")
    assert judge_firewall(ETH1, LISTEN, by_port, "", bridge=True).verdict is WARN


AT_DEVICE = [
    ("ingress", "netdev", True),
    ("ingress", "inet", True),
    ("egress", "netdev", True),
    # The families of IP have no such hook; another's chain of that name would be none of ours.
    ("ingress", "bridge", False),
]


@pytest.mark.parametrize(("hook", "family", "ours"), AT_DEVICE)
def test_hooks_of_a_device(hook: str, family: str, ours: bool) -> None:
    """They stop what comes and goes at their own interface, and may at one that is not told."""
    rules = ruleset([DROP], hook=hook, family=family)
    text = f"table {family} f {{\n\tchain base {{\n\t\ttype filter hook {hook} %s priority filter;"
    way = "what phones send" if hook == "ingress" else "our answers"
    here = judge_firewall(ETH1, LISTEN, rules.with_devices(text % 'device "eth1"'), "")
    assert (here.verdict, way in here.evidence) == ((FAIL, True) if ours else (PASS, False))
    among = rules.with_devices(text % "devices = { lo, eth1 }")
    assert judge_firewall(ETH1, LISTEN, among, "").verdict is (FAIL if ours else PASS)
    elsewhere = rules.with_devices(text % 'device "eth10"')
    assert judge_firewall(ETH1, LISTEN, elsewhere, "").verdict is PASS
    untold = judge_firewall(ETH1, LISTEN, rules, "")
    assert (untold.verdict, rules.lacks_devices) == ((WARN if ours else PASS), True)


def test_a_newer_nft_tells_devices_in_its_json() -> None:
    for devices in ("eth1", ["lo", "eth1"]):
        chain = {"family": "netdev", "table": "f", "name": "base", "hook": "ingress", "prio": 0}
        rules = Ruleset.from_json({"nftables": [{"chain": {**chain, "policy": "drop", "dev": devices}}]})
        assert not rules.lacks_devices
        found = judge_firewall(ETH1, LISTEN, rules, "")
        assert found.verdict is FAIL
        assert "the policy of chain netdev f base" in found.evidence
