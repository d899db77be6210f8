"""The first rule that matches is found by asking few; how few is counted in calls."""

from __future__ import annotations

import json
import tracemalloc
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.enrollment import Enrollment, Offer
from pnp_responder.rules import RuleSet
from pnp_responder.rules.ready_rule import NO_RULE
from tests.benchmarks.workload import Phone, Site, exact, mixed
from tests.test_cost import calls_of

from .devices import enrollment

MODELS = ["c62", "c620", "c6", "x4u", ""]
VENDORS = ["Fanvil", "snom", "none", ""]
VERSIONS = ["2.0", "v2.1.3", "2.1.3-sip", ""]
AGENTS = ["Fanvil C62 2.0", "x", ""]


def load(listed: list[dict[str, Any]]) -> RuleSet:
    return RuleSet.from_text(json.dumps({"rules": listed}), "rules.yaml")


def some_mac(random: Random) -> str:
    return "00a8" + "".join(random.choice("05a") for _ in range(8))


def some_host(random: Random) -> str:
    return ".".join(["10", *(str(random.choice([0, 1, 127, 128, 255])) for _ in range(3))])


def some_network(random: Random) -> str:
    """Of any length, also such as are not whole octets."""
    size = random.choice([0, 8, 16, 24, 32, random.randrange(33)])
    octets = [int(octet) for octet in some_host(random).split(".")]
    number = int.from_bytes(bytes(octets), "big") >> (32 - size) << (32 - size)
    return ".".join(map(str, number.to_bytes(4, "big"))) + f"/{size}"


def some_glob(random: Random, text: str) -> str:
    cut = random.randrange(len(text) + 1)
    return random.choice([text[:cut] + "*", "*" + text[cut:], text[:cut] + "?" + text[cut + 1 :], text])


def some_value(random: Random, key: str) -> str:
    if key == "mac":
        mac = some_mac(random)
        forms = [mac, mac, mac[: 2 * random.randrange(1, 6)], mac[: random.randrange(1, 11)] + "*"]
        return random.choice([*forms, f"*{mac[-2:]}", f"{mac[:4]}?{mac[5:7]}*", "none"])
    if key == "source":
        return some_network(random)
    if key == "version" and random.random() < 0.4:
        return random.choice([">=2.0", "<2.1", ">=2.0, <2.1.3", "!=2.0"])
    known = {"vendor": VENDORS, "model": MODELS, "version": VERSIONS, "user_agent": AGENTS}
    text = random.choice(known.get(key, ["eth0", "device"]))
    return "none" if text in ("", "none") else some_glob(random, text)


def some_match(random: Random, depth: int = 0) -> dict[str, Any]:
    keys = ["mac", "source", "vendor", "model", "version", "user_agent", "interface", "profile_type"]
    weights = [6, 5, 3, 3, 3, 1, 1, 1]
    match: dict[str, Any] = {}
    for key in random.choices(keys, weights, k=random.choice([1, 1, 2, 2, 3])):
        values = [some_value(random, key) for _ in range(random.choice([1, 1, 1, 3]))]
        match[key] = values if len(values) > 1 else values[0]
    if depth < 2 and random.random() < 0.25:
        match["not"] = some_match(random, depth + 1)
    return match


def some_device(random: Random) -> Enrollment:
    asked = enrollment(
        mac=random.choice([some_mac(random), some_mac(random), some_mac(random), ""]),
        vendor=random.choice(VENDORS),
        model=random.choice(MODELS),
        version=random.choice(VERSIONS),
        user_agent=random.choice(AGENTS),
        source=some_host(random),
        interface=random.choice(["eth0", "vlan1"]),
    )
    if random.random() < 0.1:
        asked = asked._replace(remote=None)
    return asked._replace(local=None) if random.random() < 0.1 else asked


@given(st.randoms(use_true_random=False), st.integers(1, 40))
def test_the_rule_found_is_the_first_that_matches(random: Random, count: int) -> None:
    outcomes = ["http://h/", "http://h/{{ mac }}", "http://h/{{ mac }}/{{ model }}", "http://h/{{ version }}"]
    listed = [{"match": some_match(random), "url": random.choice(outcomes)} for _ in range(count)]
    if random.random() < 0.3:
        listed.insert(random.randrange(count), {"match": {}, "url": "http://h/{{ mac }}/x"})
    rules = load(listed)
    for _ in range(12):
        asked = some_device(random)
        first = next((v.rule for v in rules.explain(asked) if v.matched), None)
        assert rules.decide(asked) == (
            NO_RULE if first is None or first.bound is None else first.bound.offer(asked)
        )


def device(phone: Phone) -> Enrollment:
    host, mac, vendor, model, version, user_agent = phone
    return enrollment(mac, vendor, model, version, user_agent, source=host)


def calls(site: Site, phones: int) -> float:
    """For a decision about a device of this site, one with another, each of them asking once."""
    rules = RuleSet.from_text(site.rules, "rules.yaml")
    asked = [device(site.phone(number)) for number in range(phones)]

    def decide() -> None:
        for one in asked:
            assert isinstance(rules.decide(one), Offer)

    return calls_of(decide)[1] / phones


def test_one_rule_for_each_mac_takes_no_more_calls_than_a_few_rules() -> None:
    assert calls(exact(2000), 500) == pytest.approx(calls(exact(10), 500), abs=0.1)


def test_mixed_rules_are_not_all_asked_even_of_devices_of_a_new_kind() -> None:
    assert calls(mixed(4000), 500) <= calls(mixed(1000), 500) + 4


def test_rules_are_filed_under_what_tells_them_apart() -> None:
    def taken(count: int) -> int:
        shared = {"vendor": "fanvil", "source": "10.0.0.0/8"}
        many = load(
            [{"match": {**shared, "model": f"c{n}-[0-9]*"}, "url": "http://h/"} for n in range(count)]
        )
        asked = enrollment(vendor="Fanvil", model="C7-1", source="10.1.2.3")
        return calls_of(lambda: many.decide(asked))[1]

    assert taken(200) <= taken(20) + 4


def test_rules_behind_the_one_that_decides_are_not_asked() -> None:
    def taken(count: int) -> int:
        later = [{"match": {"mac": f"*{n:03x}"}, "url": "http://later/"} for n in range(count)]
        rules = load([{"match": {"vendor": "snom"}, "url": "http://first/"}, *later])
        asked = enrollment("00a859112233", vendor="snom")
        rules.decide(asked)
        return calls_of(lambda: rules.decide(asked))[1]

    assert taken(300) == taken(0)


def test_a_mac_in_the_user_agent_makes_no_kind_of_its_own() -> None:
    def taken(match: dict[str, str]) -> int:
        rules = load([{"match": match, "url": "http://h/{{ mac }}"}])
        macs = [f"00a8591122{n:02x}" for n in range(50)]
        asked = [enrollment(mac, model="C62", user_agent=f"Fanvil C62 2.0 {mac}") for mac in macs]
        return calls_of(lambda: [rules.decide(one) for one in asked])[1]

    assert taken({"model": "c62"}) < taken({"model": "c62", "user_agent": "fanvil*"}) / 2


def test_what_strangers_invent_is_not_remembered_for_ever() -> None:
    rules = load([{"match": {"model": "*x"}, "url": "http://h/"}, {"match": {"vendor": "a*"}, "reject": 403}])

    def invent(numbers: range, length: int) -> int:
        for number in numbers:
            assert rules.decide(enrollment(model=f"{number:0{length}}")) == NO_RULE
            assert isinstance(rules.decide(enrollment(model=f"{number:0{length}}x")), Offer)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        start = tracemalloc.get_traced_memory()[0]
        assert max(invent(range(n, n + 500), 8) for n in range(0, 12_000, 500)) < start + 3_000_000
        assert invent(range(110), 20_000) < start + 3_000_000
    finally:
        tracemalloc.stop()
