from __future__ import annotations

from ipaddress import IPv4Interface
from math import inf

from pnp_responder.circumstances import Neighbour, NeighbourState
from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.enrollment import Decline, Device, Enrollment, Offer
from pnp_responder.events import EnrollmentOffered
from pnp_responder.mac import Mac
from pnp_responder.net.interfaces import Interface
from pnp_responder.rules import RuleSet
from pnp_responder.service.circumstances import LiveCircumstances
from pnp_responder.service.window import Window

LAN = Interface("eth7", 2**30, True, True, False, (IPv4Interface("192.0.2.1/24"),))
LOOPBACK = Interface("lo", 1, True, False, True, (IPv4Interface("127.0.0.1/8"),))
DEVICE = Device(Mac.parse("00a859112233"))


def asks(source: str, interface: str = "eth7") -> Enrollment:
    local = Local(interface, SocketAddress("192.0.2.1", 5060))
    return Enrollment(DEVICE, remote=SocketAddress(source, 5060), local=local)


class Rig:
    def __init__(self) -> None:
        self.now = 5000.0
        self.window = Window()
        self.live = LiveCircumstances(lambda: (LAN, LOOPBACK), self.window, lambda: self.now)


def test_what_is_not_on_the_link_is_never_a_neighbour() -> None:
    live = Rig().live
    assert live.neighbour(asks("198.51.100.7")) == Neighbour(NeighbourState.NEVER)
    assert live.neighbour(asks("127.0.0.1", "lo")) == Neighbour(NeighbourState.NEVER)
    # Nothing is known of it, and of a link that has just gone.
    assert live.neighbour(asks("192.0.2.45")) == Neighbour(NeighbourState.MISSING)
    assert live.neighbour(asks("192.0.2.45", "eth8")) == Neighbour(NeighbourState.MISSING)
    assert live.neighbour(Enrollment(DEVICE)) == Neighbour(NeighbourState.MISSING)
    live.close()


def test_rules_without_options_decide_by_themselves() -> None:
    rig = Rig()
    plain = RuleSet.from_text("rules: [{name: r, url: 'http://h/'}]", "r")
    assert rig.live.decide_by(plain) == plain.decide
    guarded = RuleSet.from_text("rules: [{name: r, url: 'http://h/', window: true}]", "r")
    assert rig.live.decide_by(guarded) != guarded.decide


def test_the_rules_decide_by_window_and_offers() -> None:
    rig = Rig()
    rules = RuleSet.from_text("rules: [{name: r, url: 'http://h/', once: 10m, window: true}]", "r")
    decide = rig.live.decide_by(rules)
    device = asks("192.0.2.45")
    assert decide(device) == Decline("rule 'r' waits for the enrolment window, which is closed", "r")
    rig.window.open(60.0, rig.now)
    offer = decide(device)
    assert offer == Offer("http://h/", "r")
    assert rig.live.seconds_since_offer(device, "r") == inf
    rig.live.offers.event(EnrollmentOffered.of(device, Offer("http://h/", "r")))
    assert decide(device) == Decline("rule 'r' offers its URL once in 10m, and did so 0s ago", "r")
    rig.now += 60.0
    assert decide(device) == Decline("rule 'r' waits for the enrolment window, which is closed", "r")
    rig.now += 540.0
    rig.window.open(60.0, rig.now)
    assert decide(device) == offer
