"""Options of a rule only ever withhold its URL, and explain() says what decide() does."""

from __future__ import annotations

import json
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.circumstances import Assumed, Neighbour, NeighbourState
from pnp_responder.enrollment import Decline, Defer, Enrollment, Offer
from pnp_responder.mac import Mac
from pnp_responder.rules import RuleSet
from pnp_responder.rules.guards import Guards

from .devices import enrollment

MAC, OTHER_MAC, THIRD_MAC = (Mac.parse(text) for text in ("00a859112233", "001565445566", "02aa55000001"))
PHONE = enrollment(mac=MAC, vendor="Fanvil")
GOOD = Assumed(Neighbour(NeighbourState.CONFIRMED, MAC), True, inf)


def load(*rules: dict[str, Any]) -> RuleSet:
    return RuleSet.from_text(json.dumps({"rules": rules}), "rules.yaml")


def neighbour(state: NeighbourState, mac: Mac | None = None) -> Assumed:
    return GOOD._replace(neighbour_is=Neighbour(state, mac))


NEIGHBOUR = Guards(neighbour=True)
OUI = Guards(oui=True)
ONCE = Guards(once=600)
WINDOW = Guards(window=True)

COMPARES = "rule 'r' compares with the neighbour table"
OF_THE_VENDOR = "rule 'r' requires an OUI of the vendor"


@pytest.mark.parametrize(
    ("guards", "circumstances", "device", "withheld"),
    [
        (NEIGHBOUR, GOOD, PHONE, None),
        (NEIGHBOUR, neighbour(NeighbourState.UNCONFIRMED, MAC), PHONE, None),
        (
            NEIGHBOUR,
            neighbour(NeighbourState.MISSING),
            PHONE,
            Defer(
                f"{COMPARES}, which does not have 192.0.2.45 yet: the kernel asks, the repeat is decided", "r"
            ),
        ),
        (
            NEIGHBOUR,
            neighbour(NeighbourState.CONFIRMED, OTHER_MAC),
            PHONE,
            Decline(
                f"{COMPARES}, where 192.0.2.45 is 00:15:65:44:55:66, not the MAC that the device claims",
                "r",
                suspicious=True,
            ),
        ),
        (
            NEIGHBOUR,
            neighbour(NeighbourState.UNCONFIRMED, OTHER_MAC),
            PHONE,
            Defer(
                f"{COMPARES}, where 192.0.2.45 is 00:15:65:44:55:66, not the MAC that the device claims; "
                "not confirmed lately, so the kernel asks again",
                "r",
                suspicious=True,
            ),
        ),
        (
            NEIGHBOUR,
            neighbour(NeighbourState.NEVER),
            PHONE,
            Decline(
                f"{COMPARES}, which never has 192.0.2.45: it asks through a router, or the link has no MACs",
                "r",
            ),
        ),
        (
            NEIGHBOUR,
            GOOD,
            enrollment(vendor="Fanvil"),
            Decline(f"{COMPARES}, and the device gave no MAC", "r"),
        ),
        (OUI, GOOD, PHONE, None),
        (
            OUI,
            GOOD,
            enrollment(mac=OTHER_MAC, vendor="FANVIL"),
            Decline(f"{OF_THE_VENDOR}, and 001565 belongs to yealink", "r", suspicious=True),
        ),
        (
            OUI,
            GOOD,
            enrollment(mac=THIRD_MAC, vendor="fanvil"),
            Decline(f"{OF_THE_VENDOR}, and 02aa55 is none of them", "r", suspicious=True),
        ),
        (
            OUI,
            GOOD,
            enrollment(mac=MAC, vendor="acme"),
            Decline(f"{OF_THE_VENDOR}, and none is known of the vendor that the device names", "r"),
        ),
        (OUI, GOOD, enrollment(mac=MAC), Decline(f"{OF_THE_VENDOR}, and the device gave no vendor", "r")),
        (OUI, GOOD, enrollment(vendor="snom"), Decline(f"{OF_THE_VENDOR}, and the device gave no MAC", "r")),
        (ONCE, GOOD, PHONE, None),
        (ONCE, GOOD._replace(since_offer=600.0), PHONE, None),
        (
            ONCE,
            GOOD._replace(since_offer=599.9),
            PHONE,
            Decline("rule 'r' offers its URL once in 10m, and did so 9m 59s ago", "r"),
        ),
        (WINDOW, GOOD, PHONE, None),
        (
            WINDOW,
            GOOD._replace(window_open=False),
            PHONE,
            Decline("rule 'r' waits for the enrolment window, which is closed", "r"),
        ),
    ],
)
def test_what_a_guard_says(
    guards: Guards, circumstances: Assumed, device: Enrollment, withheld: Decline | Defer | None
) -> None:
    assert guards.judge("r", device, circumstances) == (withheld, ())


def test_what_nobody_knows_is_taken_to_be_in_order_and_named() -> None:
    everything = Guards(window=True, oui=True, once=60, neighbour=True)
    assert everything.judge("r", PHONE, Assumed()) == (None, ("window", "once", "neighbour"))
    withheld, unknown = everything.judge("r", PHONE, Assumed(since_offer=1.0))
    assert withheld is not None
    assert unknown == ("window",)


LATER = {"name": "everyone", "url": "http://lax/"}


@pytest.mark.parametrize(
    "circumstances",
    [
        GOOD._replace(window_open=False),
        GOOD._replace(since_offer=0.0),
        neighbour(NeighbourState.MISSING),
        neighbour(NeighbourState.CONFIRMED, OTHER_MAC),
    ],
)
def test_no_laxer_rule_gives_what_a_guard_withholds(circumstances: Assumed) -> None:
    options = {"window": "true", "once": "1h", "require": {"neighbour": "true", "oui": "true"}}
    rules = load({"name": "strict", "match": {"vendor": "fanvil"}, "url": "http://h/", **options}, LATER)
    decision = rules.decide(PHONE, circumstances)
    assert not isinstance(decision, Offer)
    assert (decision.rule, decision.status) == ("strict", None)
    assert rules.decide(PHONE, GOOD) == Offer("http://h/", "strict")
    assert rules.decide(enrollment(vendor="snom"), circumstances) == Offer("http://lax/", "everyone")


class Untouchable:
    """Circumstances that may not be asked."""

    def neighbour(self, enrollment: Enrollment) -> Neighbour | None:
        raise AssertionError

    def window_is_open(self) -> bool | None:
        raise AssertionError

    def seconds_since_offer(self, enrollment: Enrollment, rule: str) -> float | None:
        raise AssertionError


def test_only_a_rule_with_options_that_matches_asks_for_circumstances() -> None:
    guarded = {"match": {"vendor": "snom"}, "url": "http://h/", "window": "true", "once": "1h"}
    rules = load(guarded, LATER)
    assert rules.decide(PHONE, Untouchable()) == Offer("http://lax/", "everyone")
    with pytest.raises(AssertionError):
        rules.decide(enrollment(vendor="snom"), Untouchable())


def test_the_rules_own_requirements_stand_beside_those_of_defaults() -> None:
    text = """
defaults: {url: "http://h/", require: {neighbour: true}, once: 1h, window: true}
rules:
  - {match: {mac: 00a859000001}, require: {oui: true}}
  - {match: {mac: 00a859000002}, require: {neighbour: false}, once: off, window: false}
  - {match: {mac: 00a859000003}, once: 5m}
  - {match: {mac: 00a859000004}, ignore: true}
"""
    rules = RuleSet.from_text(text, "r")
    assert [rule.guards for rule in rules.rules] == [
        Guards(window=True, oui=True, once=3600, neighbour=True),
        None,
        Guards(window=True, once=300, neighbour=True),
        None,
    ]
    assert rules.once == {"rule-1": 3600, "rule-3": 300}


def test_guards_as_the_file_says_them() -> None:
    assert str(Guards(True, True, 5400, True)) == "require neighbour, oui; once 1h 30m; window"
    assert str(ONCE) == "once 10m"
    assert str(NEIGHBOUR) == "require neighbour"
    assert str(WINDOW) == "window"


switches = st.sampled_from(["true", "false"])
requirements = st.fixed_dictionaries({}, optional={"neighbour": switches, "oui": switches})
options = st.fixed_dictionaries(
    {},
    optional={
        "require": requirements.filter(bool),
        "once": st.sampled_from(["5m", "1h", "off"]),
        "window": switches,
    },
)
urls = st.sampled_from(["http://h/", "http://h/{{ mac }}", "http://h/{{ vendor }}"])
outcomes = st.builds(lambda url, chosen: {"url": url, **chosen}, urls, options) | st.just({"ignore": "true"})
matches = st.fixed_dictionaries(
    {},
    optional={
        "vendor": st.sampled_from(["fanvil", "yealink", "acme", "none"]),
        "mac": st.sampled_from(["00a859", "001565", str(MAC)]),
    },
)
rule_lists = st.lists(
    st.builds(lambda match, outcome: {"match": match, **outcome}, matches, outcomes), min_size=1, max_size=6
)
neighbours = st.one_of(
    st.none(),
    st.sampled_from([Neighbour(NeighbourState.MISSING), Neighbour(NeighbourState.NEVER)]),
    st.builds(
        Neighbour,
        st.sampled_from([NeighbourState.CONFIRMED, NeighbourState.UNCONFIRMED]),
        st.sampled_from([MAC, OTHER_MAC]),
    ),
)
drawn = st.builds(
    Assumed, neighbours, st.sampled_from([None, True, False]), st.sampled_from([None, 0.0, 400.0, inf])
)
devices = st.builds(
    enrollment,
    mac=st.sampled_from(["", MAC, OTHER_MAC, THIRD_MAC]),
    vendor=st.sampled_from(["", "Fanvil", "YEALINK", "acme"]),
)


@given(rule_lists, devices, drawn)
def test_explain_says_what_decide_does(
    listed: list[dict[str, Any]], device: Enrollment, circumstances: Assumed
) -> None:
    rules = load(*listed)
    decision = rules.decide(device, circumstances)
    winner = next((v for v in rules.explain(device, circumstances) if v.matched), None)
    assert (None if winner is None else winner.rule.name) == decision.rule
    if winner is None:
        return
    if winner.withheld is not None:
        assert decision == winner.withheld
        assert decision.reason in winner.reason
    else:
        assert isinstance(decision, Offer) == (winner.rule.bound is not None)
    # Without its options the same rule decides: they move nobody to another one.
    bare = load(*({k: v for k, v in rule.items() if k in ("match", "url", "ignore")} for rule in listed))
    assert bare.decide(device).rule == decision.rule
    # What is known to be in order makes as little of a difference as what nobody knows.
    if not isinstance(decision, Offer):
        return
    names = set(winner.unknown)
    assert names <= {"window", "once", "neighbour"}
    stated = circumstances
    if "window" in names:
        stated = stated._replace(window_open=True)
    if "once" in names:
        stated = stated._replace(since_offer=inf)
    if "neighbour" in names:
        stated = stated._replace(neighbour_is=Neighbour(NeighbourState.CONFIRMED, device.device.mac))
    assert rules.decide(device, stated) == decision
    assert next(v for v in rules.explain(device, stated) if v.matched).unknown == ()
