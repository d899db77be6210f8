"""The `service:` section of rules.yaml: read at start; a change of it needs a restart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Any, NamedTuple

from pnp_responder.rules.fields import (
    expected,
    is_nothing,
    known_fields,
    read_mapping,
    read_number,
    read_texts,
)
from pnp_responder.rules.glob import glob_tokens
from pnp_responder.rules.match_keys import parse_network
from pnp_responder.rules.places import Node, Sequence, Text
from pnp_responder.rules.problems import Findings
from pnp_responder.rules.rule_reader import Document


@dataclass(frozen=True, slots=True)
class Settings:
    """`interfaces`: names or globs, none for every one that can be served. `allow`: networks that may
    ask beside the interface's own. `notify_attempts`: sendings of an unanswered NOTIFY."""

    interfaces: tuple[str, ...] = ()
    group: str = "224.0.1.75"
    port: int = 5060
    reply_port: int = 5060
    allow: tuple[IPv4Network, ...] = ()
    notify_attempts: int = 7


class SettingKey(NamedTuple):
    """One key of `service:`. `read` gives the value, or None once it has noted what is wrong."""

    name: str
    meaning: str
    read: Callable[[Findings, Node], Any]
    schema: dict[str, Any]


MAX_PORT = 65535
MAX_NOTIFY_ATTEMPTS = 11
"""Timer F ends the transaction after 32 s; timer E fits 11 sendings before it (RFC 3261 17.1.2.2)."""


def read_settings(document: Document) -> Settings:
    """The settings of a document, defaults where it names none. Problems go to its findings."""
    node = document.section("service")
    if node is None or is_nothing(node):
        return Settings()
    findings = document.findings
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


_TEXTS = {
    "anyOf": [
        {"type": "string", "minLength": 1},
        {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
    ]
}
_ADDRESSES = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_PORT = {"type": "integer", "minimum": 1, "maximum": MAX_PORT}

SETTINGS: tuple[SettingKey, ...] = (
    SettingKey(
        "interfaces",
        "names or globs; default: each that is up, multicasts and has an IPv4 address",
        _interfaces,
        _TEXTS,
    ),
    SettingKey("group", "the multicast group that phones ask", _group, {"type": "string", "format": "ipv4"}),
    SettingKey("port", "the port that phones ask", _port, _PORT),
    SettingKey("reply_port", "the unicast port that we send from and take the phone's 200 on", _port, _PORT),
    SettingKey("allow", "sources that may ask, beside the interface's own networks", _allow, _ADDRESSES),
    SettingKey(
        "notify_attempts",
        "sendings of an unanswered NOTIFY, at 0, 0.5, 1.5, 3.5, 7.5, … seconds",
        _notify_attempts,
        {"type": "integer", "minimum": 1, "maximum": MAX_NOTIFY_ATTEMPTS},
    ),
)

SETTINGS_BY_NAME = {setting.name: setting for setting in SETTINGS}


def settings_schema() -> dict[str, Any]:
    """The JSON Schema of the `service:` section."""
    properties = {setting.name: {"description": setting.meaning, **setting.schema} for setting in SETTINGS}
    return {"type": ["object", "null"], "additionalProperties": False, "properties": properties}
