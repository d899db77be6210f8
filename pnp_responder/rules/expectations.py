"""Expectations: what the rules are to say to a device, written down beside them. The grammar of `tests:`.

    tests:
      - name: the phone at the reception
        device: {mac: "00:a8:59:11:22:33", vendor: Fanvil}
        local_ip: 192.0.2.1
        expect: {rule: reception, url: "http://192.0.2.1/reception.cfg"}

In place of `device`, `message` names the file of a SUBSCRIBE and `capture` one of many phones.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from pnp_responder.circumstances import NOTHING_KNOWN, Assumed
from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.enrollment import Device, Enrollment
from pnp_responder.mac import Mac
from pnp_responder.rules.assumptions import parse_neighbour, parse_offered, parse_window
from pnp_responder.rules.fields import (
    Fields,
    expected,
    is_nothing,
    known_fields,
    read_mapping,
    read_number,
    read_text,
)
from pnp_responder.rules.outcome_reader import REJECT_CODES
from pnp_responder.rules.places import Mapping, Node, Sequence, Text, Unreadable
from pnp_responder.rules.problems import Findings, Place
from pnp_responder.rules.rule_reader import Document

DEVICE_KEYS = ("mac", "vendor", "model", "version", "user_agent", "profile_type")
GIVEN = ("device", "message", "capture")
LINK_KEYS = ("source", "interface", "local_ip")
CIRCUMSTANCE_KEYS = ("neighbour", "window", "offered")
TEST_KEYS = ("name", *GIVEN, "phone", *LINK_KEYS, *CIRCUMSTANCE_KEYS, "expect")
OUTCOME_KEYS = ("url", "ignore", "reject", "defer", "none")
EXPECT_KEYS = ("rule", *OUTCOME_KEYS)

_PORT = 5060

Outcome = Literal["url", "ignore", "reject", "defer", "none"]
T = TypeVar("T")
Given = Literal["device", "message", "capture"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What is to come out: the rule's name, the outcome, or both. `url`, `status`: of that outcome."""

    rule: str | None = None
    outcome: Outcome | None = None
    url: str | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """One test.

    `enrollment` has all facts where `given` is a device; else only `remote` and `local` count, and
    `file` is the name of the message or capture as it is written, at `file_place`. `phone` limits a
    capture to one MAC. `circumstances` are what the test states of `neighbour` (a MAC, none, routed),
    `window` (open, closed) and `offered` (how long ago, never).
    """

    name: str
    place: Place
    expected: Expected
    enrollment: Enrollment
    given: Given = "device"
    file: str = ""
    file_place: Place | None = None
    phone: Mac | None = None
    circumstances: Assumed = NOTHING_KNOWN


def read_expectations(document: Document) -> tuple[Expectation, ...]:
    """The `tests:` of a document that could be parsed. Problems go to its findings."""
    node = document.section("tests")
    if node is None or is_nothing(node):
        return ()
    if not isinstance(node, Sequence):
        expected(document.findings, node, "a list of tests", "each begins with '- '")
        return ()
    found = []
    for number, item in enumerate(node.items, 1):
        test = read_test(document.findings, item, number)
        if test is not None:
            found.append(test)
        if document.findings.full:
            break
    return tuple(found)


def read_expectations_file(document: Document) -> tuple[Expectation, ...]:
    """As `read_expectations`, of a file that holds nothing else."""
    if document.root is None:
        return ()
    known_fields(document.findings, document.root, ("tests",))
    if document.section("tests") is None:
        document.findings.error(document.root, "'tests:' is missing")
    return read_expectations(document)


def read_test(findings: Findings, node: Node, number: int) -> Expectation | None:
    """The test that the item `number` of `tests:` is, or None and notes of what is wrong."""
    mapping = read_mapping(findings, node, "a test: 'device:' and 'expect:'")
    if mapping is None:
        return None
    elsewhere = {key: f"'{key}' belongs under 'device:'" for key in DEVICE_KEYS}
    elsewhere |= {key: f"'{key}' belongs under 'expect:'" for key in EXPECT_KEYS}
    fields = known_fields(findings, mapping, TEST_KEYS, elsewhere)
    name = _text(findings, fields, "name", "a text as the test's name") or f"test-{number}"
    given = [key for key in fields if key in GIVEN]
    if not given:
        findings.error(
            mapping, f"test '{name}' gives no device", "give it 'device:', 'message:' or 'capture:'"
        )
    for key in given[1:]:
        findings.error(fields[key][0], f"'{key}' beside '{given[0]}'", "keep one of them")
    if "phone" in fields and "capture" not in given:
        findings.error(fields["phone"][0], "'phone' picks one phone of a 'capture'")
    expectation = _read_expect(findings, fields, mapping, name)
    enrollment = _read_enrollment(findings, fields)
    files = [read_text(findings, fields[key][1], "the name of a file") for key in given if key != "device"]
    phone = _read_mac(findings, fields, "phone")
    if not given or expectation is None:
        return None
    kind: Given = given[0]  # type: ignore[assignment]
    file = None if kind == "device" else files[0]
    return Expectation(
        name=name,
        place=findings.place(fields["name"][0] if "name" in fields else mapping),
        expected=expectation,
        enrollment=enrollment,
        given=kind,
        file="" if file is None else file.value,
        file_place=None if file is None else findings.place(file),
        phone=phone,
        circumstances=_read_circumstances(findings, fields),
    )


def _read_enrollment(findings: Findings, fields: Fields) -> Enrollment:
    said: Fields = {}
    if "device" in fields:
        node = fields["device"][1]
        if not is_nothing(node):
            mapping = read_mapping(findings, node, "what the device says: keys such as 'mac:'")
            elsewhere = {key: f"'{key}' stands beside 'device:'" for key in (*LINK_KEYS, "expect", "name")}
            said = {} if mapping is None else known_fields(findings, mapping, DEVICE_KEYS, elsewhere)
    texts = {key: _text(findings, said, key, "a text") for key in DEVICE_KEYS if key != "mac"}
    device = Device(_read_mac(findings, said, "mac"), texts["vendor"], texts["model"], texts["version"])
    source, local_ip = (_address(findings, fields, key) for key in ("source", "local_ip"))
    interface = _text(findings, fields, "interface", "an interface's name")
    known = interface or local_ip
    return Enrollment(
        device,
        texts["profile_type"] or "device",
        texts["user_agent"],
        SocketAddress(source, _PORT) if source else None,
        Local(interface or "?", SocketAddress(local_ip, _PORT)) if known else None,
    )


def _read_circumstances(findings: Findings, fields: Fields) -> Assumed:
    return Assumed(
        _stated(findings, fields, "neighbour", parse_neighbour),
        _stated(findings, fields, "window", parse_window),
        _stated(findings, fields, "offered", parse_offered),
    )


def _stated(findings: Findings, fields: Fields, key: str, parse: Callable[[str], T]) -> T | None:
    text = read_text(findings, fields[key][1], "a text") if key in fields else None
    if text is None:
        return None
    try:
        return parse(text.value)
    except ValueError as error:
        findings.error(text, str(error))
        return None


def _read_expect(findings: Findings, fields: Fields, mapping: Mapping, name: str) -> Expected | None:
    hint = "such as 'expect: {rule: reception}' or 'expect: {none: true}'"
    if "expect" not in fields:
        findings.error(mapping, f"test '{name}' expects nothing", hint)
        return None
    key, node = fields["expect"]
    wanted = read_mapping(findings, node, "the outcome: keys such as 'rule:' or 'url:'")
    if wanted is None:
        return None
    parts = known_fields(findings, wanted, EXPECT_KEYS)
    if not wanted.entries:
        findings.error(key, f"test '{name}' expects nothing", hint)
    outcomes = [part for part in parts if part in OUTCOME_KEYS]
    for part in outcomes[1:]:
        findings.error(parts[part][0], f"'{part}' beside '{outcomes[0]}'", "a device gets one answer")
    rule = _text(findings, parts, "rule", "a rule's name") or None
    if rule is not None and "none" in parts:
        findings.error(parts["none"][0], "'none' beside 'rule'", "'none: true' says that no rule matches")
    for flag in ("ignore", "defer", "none"):
        if flag in parts:
            _read_true(findings, parts[flag][1], flag)
    return Expected(
        rule,
        outcomes[0] if outcomes else None,  # type: ignore[arg-type]
        _text(findings, parts, "url", "a URL as text") or None,
        read_number(findings, parts["reject"][1], *REJECT_CODES) if "reject" in parts else None,
    )


def _read_true(findings: Findings, node: Node, key: str) -> None:
    if isinstance(node, Unreadable) or (isinstance(node, Text) and node.value.casefold() == "true"):
        return
    findings.error(node, f"'{key}' can only be 'true'")


def _text(findings: Findings, fields: Fields, key: str, what: str) -> str:
    text = read_text(findings, fields[key][1], what) if key in fields else None
    return "" if text is None else text.value


def _read_mac(findings: Findings, fields: Fields, key: str) -> Mac | None:
    text = read_text(findings, fields[key][1], "a MAC address") if key in fields else None
    if text is None:
        return None
    try:
        return Mac.parse(text.value)
    except ValueError as error:
        findings.error(text, str(error))
        return None


def _address(findings: Findings, fields: Fields, key: str) -> str:
    text = read_text(findings, fields[key][1], "an IPv4 address") if key in fields else None
    if text is None:
        return ""
    try:
        return str(ipaddress.IPv4Address(text.value))
    except ValueError:
        findings.error(text, "expected an IPv4 address such as 192.0.2.1")
        return ""
