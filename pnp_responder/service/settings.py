"""The `service:` section of rules.yaml: read at start; a change of it needs a restart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Any, Literal, NamedTuple

from pnp_responder.limits import DEFAULT_LIMITS, Limits
from pnp_responder.rules.durations import DURATION_PATTERN
from pnp_responder.rules.fields import (
    expected,
    is_nothing,
    known_fields,
    read_mapping,
    read_number,
    read_period,
    read_texts,
    read_truth,
)
from pnp_responder.rules.glob import glob_tokens
from pnp_responder.rules.match_keys import parse_network
from pnp_responder.rules.places import Node, Sequence, Text
from pnp_responder.rules.problems import Findings


@dataclass(frozen=True, slots=True)
class Settings:
    """`interfaces`: names or globs, none for every one that can be served. `require`: at least one has to be
    there at start. `reply_port` "auto": 5060, else any that is free. `receive`: by which kind of socket the
    group is heard. `tcp`: connections are taken on the reply port, too. `allow`: networks that may ask beside
    the interface's own. `notify_attempts`: sendings of an unanswered NOTIFY. `watch_for_rivals`: seconds
    between two looks for other servers, `rejoin`: between two joinings of the group; 0 for none. `limits`:
    how much strangers may ask of us."""

    interfaces: tuple[str, ...] = ()
    require: bool = False
    group: str = "224.0.1.75"
    port: int = 5060
    reply_port: int | Literal["auto"] = 5060
    receive: Literal["socket", "packet"] = "socket"
    tcp: bool = False
    allow: tuple[IPv4Network, ...] = ()
    notify_attempts: int = 7
    watch_for_rivals: int = 0
    rejoin: int = 0
    limits: Limits = DEFAULT_LIMITS


class SettingKey(NamedTuple):
    """One key of `service:`. `read` gives the value, or None once it has noted what is wrong."""

    name: str
    meaning: str
    read: Callable[[Findings, Node], Any]
    schema: dict[str, Any]


MAX_PORT = 65535
SHORTEST_WATCH, LONGEST_WATCH = 60, 7 * 86_400
"""Seconds between two looks for rivals: a probe is a question to every server of the link."""

SHORTEST_REJOIN, LONGEST_REJOIN = 1, 86_400
"""Seconds between two joinings of the group: each is a datagram to the link, or two."""

MAX_NOTIFY_ATTEMPTS = 11
"""Timer F ends the transaction after 32 s; timer E fits 11 sendings before it (RFC 3261 17.1.2.2)."""


def read_settings(findings: Findings, node: Node | None) -> Settings:
    """The settings of the section `service`, defaults where it names none. Problems go to `findings`."""
    if node is None or is_nothing(node):
        return Settings()
    mapping = read_mapping(findings, node, "settings such as 'interfaces:'")
    if mapping is None:
        return Settings()
    values = {}
    for name, (_, value) in known_fields(findings, mapping, SETTINGS_BY_NAME).items():
        setting = SETTINGS_BY_NAME[name].read(findings, value)
        if setting is not None:
            values[name] = setting
    return Settings(**values)


def _interfaces(findings: Findings, node: Node) -> tuple[str, ...]:
    found = []
    for text in read_texts(findings, node, "a text: an interface's name or a glob"):
        try:
            glob_tokens(text.value)
        except ValueError as error:
            findings.error(text, str(error))
        found.append(text.value)
    return tuple(dict.fromkeys(found))


def _group(findings: Findings, node: Node) -> str | None:
    try:
        if isinstance(node, Text) and IPv4Address(node.value).is_multicast:
            return node.value
    except AddressValueError:
        pass
    expected(findings, node, "an IPv4 multicast address (224.0.0.0 to 239.255.255.255)")
    return None


def _port(findings: Findings, node: Node) -> int | None:
    return read_number(findings, node, 1, MAX_PORT)


def _reply_port(findings: Findings, node: Node) -> int | Literal["auto"] | None:
    if isinstance(node, Text) and node.value == "auto":
        return "auto"
    if not isinstance(node, Text) or not (node.value.isascii() and node.value.isdigit()):
        expected(findings, node, f"auto or a number from 1 to {MAX_PORT}")
        return None
    return _port(findings, node)


def _receive(findings: Findings, node: Node) -> str | None:
    if isinstance(node, Text) and node.value in ("socket", "packet"):
        return node.value
    expected(findings, node, "socket or packet")
    return None


def _allow(findings: Findings, node: Node) -> tuple[IPv4Network, ...]:
    if isinstance(node, Sequence) and not node.items:
        return ()
    found = []
    for text in read_texts(findings, node, "a text: an address or network"):
        try:
            found.append(parse_network(text.value))
        except ValueError as error:
            findings.error(text, str(error))
    return tuple(found)


def _notify_attempts(findings: Findings, node: Node) -> int | None:
    return read_number(findings, node, 1, MAX_NOTIFY_ATTEMPTS)


def _watch(findings: Findings, node: Node) -> int | None:
    return read_period(
        findings, node, SHORTEST_WATCH, LONGEST_WATCH, "off or a time from 1m to 7d, such as 1h"
    )


def _rejoin(findings: Findings, node: Node) -> int | None:
    return read_period(
        findings, node, SHORTEST_REJOIN, LONGEST_REJOIN, "off or a time from 1s to 1d, such as 2m"
    )


def _limits(findings: Findings, node: Node) -> Limits | None:
    mapping = read_mapping(findings, node, "limits such as 'rate: 50'")
    if mapping is None:
        return None
    values = {}
    for name, (_, value) in known_fields(findings, mapping, LIMITS_BY_NAME).items():
        number = read_number(findings, value, 1, LIMITS_BY_NAME[name].most)
        if number is not None:
            values[name] = number
    return Limits(**values)


_TEXTS = {
    "anyOf": [
        {"type": "string", "minLength": 1},
        {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
    ]
}
_ADDRESSES = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_TRUTH = {"enum": [True, "true", "True", "TRUE", False, "false", "False", "FALSE"]}
_PORT = {"type": "integer", "minimum": 1, "maximum": MAX_PORT}
_PERIOD = {"anyOf": [{"type": "string", "pattern": DURATION_PATTERN}, {"enum": [False, "off", "false"]}]}


class LimitKey(NamedTuple):
    """One key of `limits:`; `most` is the highest that may be set."""

    name: str
    meaning: str
    most: int


LIMITS = (
    LimitKey(
        "rate",
        f"new requests a second that one source may send; default: {DEFAULT_LIMITS.rate}",
        1_000_000,
    ),
    LimitKey(
        "burst",
        f"new requests that one source may send at once; default: {DEFAULT_LIMITS.burst}",
        1_000_000,
    ),
    LimitKey(
        "transactions",
        f"phones that may be waited for at once, each for 32 s; default: {DEFAULT_LIMITS.transactions}",
        1_000_000,
    ),
)
LIMITS_BY_NAME = {limit.name: limit for limit in LIMITS}
_LIMITS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        limit.name: {"description": limit.meaning, "type": "integer", "minimum": 1, "maximum": limit.most}
        for limit in LIMITS
    },
}

SETTINGS: tuple[SettingKey, ...] = (
    SettingKey(
        "interfaces",
        "names or globs; default: each that is up, multicasts and has an IPv4 address",
        _interfaces,
        _TEXTS,
    ),
    SettingKey(
        "require",
        "true: without any interface to serve the start fails; default: wait for one",
        read_truth,
        _TRUTH,
    ),
    SettingKey("group", "the multicast group that phones ask", _group, {"type": "string", "format": "ipv4"}),
    SettingKey("port", "the port that phones ask", _port, _PORT),
    SettingKey(
        "reply_port",
        "the unicast port that we send from and take the phone's 200 on; auto: 5060, else any that is free",
        _reply_port,
        {"anyOf": [_PORT, {"const": "auto"}]},
    ),
    SettingKey(
        "receive",
        "how the group is heard: socket, or packet (beside a PBX that holds the port; needs CAP_NET_RAW)",
        _receive,
        {"enum": ["socket", "packet"]},
    ),
    SettingKey("tcp", "true: take TCP connections on the reply port as well", read_truth, _TRUTH),
    SettingKey("allow", "sources that may ask, beside the interface's own networks", _allow, _ADDRESSES),
    SettingKey(
        "notify_attempts",
        "sendings of an unanswered NOTIFY, at 0, 0.5, 1.5, 3.5, 7.5, … seconds",
        _notify_attempts,
        {"type": "integer", "minimum": 1, "maximum": MAX_NOTIFY_ATTEMPTS},
    ),
    SettingKey(
        "watch_for_rivals",
        "look so often for other servers that answer phones, and log them: 30m, 1h, …; default: off",
        _watch,
        _PERIOD,
    ),
    SettingKey(
        "rejoin",
        "join the group anew so often, for a switch that snoops on IGMP and forgets: 2m, 5m, …; default: off",
        _rejoin,
        _PERIOD,
    ),
    SettingKey(
        "limits",
        "how much strangers may ask: rate and burst of new requests from one source, transactions at once",
        _limits,
        _LIMITS,
    ),
)

SETTINGS_BY_NAME = {setting.name: setting for setting in SETTINGS}


def settings_schema() -> dict[str, Any]:
    """The JSON Schema of the `service:` section."""
    properties = {setting.name: {"description": setting.meaning, **setting.schema} for setting in SETTINGS}
    return {"type": ["object", "null"], "additionalProperties": False, "properties": properties}
