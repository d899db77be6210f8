"""The grammar of `tests:` where it is right; where it is wrong, see rules_bad/tests.yaml."""

from __future__ import annotations

import pytest

from pnp_responder.circumstances import Assumed, Neighbour, NeighbourState
from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.enrollment import Device, Enrollment
from pnp_responder.mac import Mac
from pnp_responder.rules import RulesError
from pnp_responder.rules.expectations import Expectation, Expected, read_expectations_file
from pnp_responder.rules.parsing import parse_document
from pnp_responder.service.configuration import read_configuration


def read(text: str) -> tuple[Expectation, ...]:
    document = parse_document(text, "t.yaml")
    found = read_expectations_file(document)
    document.findings.raise_errors()
    return found


def problems(text: str) -> list[str]:
    with pytest.raises(RulesError) as caught:
        read(text)
    return [str(problem) for problem in caught.value.problems]


def test_all_that_can_be_said_of_a_device() -> None:
    (test,) = read("""
tests:
  - name: all
    device: {mac: 00-A8-59-11-22-33, vendor: V, model: 1.10, version: 001, user_agent: U, profile_type: P}
    source: 192.0.2.45
    interface: eth1
    local_ip: 192.0.2.1
    expect: {rule: r, url: "http://h/"}
""")
    assert test.enrollment == Enrollment(
        Device(Mac.parse("00a859112233"), "V", "1.10", "001"),
        "P",
        "U",
        SocketAddress("192.0.2.45", 5060),
        Local("eth1", SocketAddress("192.0.2.1", 5060)),
    )
    assert (test.name, str(test.place)) == ("all", "t.yaml:3:5")
    assert test.expected == Expected("r", "url", "http://h/")


def test_what_nobody_says_is_not_given_or_unknown() -> None:
    first, second = read("tests: [{device: {}, expect: {none: true}}, {device: , expect: {rule: x}}]")
    assert first.enrollment == second.enrollment == Enrollment(Device(), "device")
    assert (first.name, second.name) == ("test-1", "test-2")


def test_one_end_of_the_link_may_be_known() -> None:
    (test,) = read("tests: [{device: {}, interface: eth0, expect: {rule: x}}]")
    assert test.enrollment.local == Local("eth0", SocketAddress("", 5060))
    (test,) = read("tests: [{device: {}, local_ip: 192.0.2.1, expect: {rule: x}}]")
    assert test.enrollment.local == Local("?", SocketAddress("192.0.2.1", 5060))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rule: a", Expected("a")),
        ("url: x", Expected(outcome="url", url="x")),
        ("defer: true", Expected(outcome="defer")),
        ("rule: a, ignore: true", Expected("a", "ignore")),
        ("reject: 403", Expected(outcome="reject", status=403)),
        ("none: True", Expected(outcome="none")),
    ],
)
def test_what_is_to_come_out(text: str, expected: Expected) -> None:
    (test,) = read(f"tests: [{{device: {{}}, expect: {{{text}}}}}]")
    assert test.expected == expected


def test_circumstances_are_stated_or_unknown() -> None:
    text = "tests: [{device: {}, neighbour: none, window: closed, offered: 1m, expect: {rule: x}}]"
    assert read(text)[0].circumstances == Assumed(Neighbour(NeighbourState.MISSING), False, 60.0)
    assert read("tests: [{device: {}, expect: {rule: x}}]")[0].circumstances == Assumed()
    assert problems("tests: [{device: {}, neighbour: x, window: y, offered: z, expect: {rule: x}}]") == [
        "t.yaml:1:33: expected the MAC in the neighbour table, none or routed",
        "t.yaml:1:44: expected open or closed",
        "t.yaml:1:56: expected how long ago, such as 5m, or never",
    ]


def test_files_have_places() -> None:
    message, capture = read("""
tests:
  - message: a.sip
    expect: {rule: x}
  - capture: b.pcap
    phone: 00:a8:59:11:22:33
    expect: {rule: x}
""")
    assert (message.given, message.file, str(message.file_place)) == ("message", "a.sip", "t.yaml:3:14")
    assert (capture.given, capture.file, capture.phone) == ("capture", "b.pcap", "00a859112233")


def test_a_file_of_tests_holds_nothing_else() -> None:
    assert problems("rules: []\ntests: []\n") == ["t.yaml:1:1: unknown key 'rules' (known are tests)"]
    assert problems("test: []\n")[-1] == "t.yaml:1:1: 'tests:' is missing"
    assert problems("tests: x\n") == [
        "t.yaml:1:8: expected a list of tests, found 'x' (each begins with '- ')"
    ]
    assert read("tests: []\n") == read("tests:\n") == ()


def test_a_rules_file_may_hold_its_tests() -> None:
    configuration = read_configuration("rules: []\ntests: [{device: {}, expect: {none: true}}]\n", "r.yaml")
    assert [test.expected.outcome for test in configuration.expectations] == ["none"]
    assert read_configuration("rules: []\n", "r.yaml").expectations == ()
