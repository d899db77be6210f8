"""THE MATCH KEYS: one entry says all about a key.

The grammar of `match`, "did you mean", `explain`, the JSON Schema and the table in the README are
made from `MATCH_KEYS`. A new key over a value that an `Enrollment` has already is one entry here.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import NamedTuple

from pnp_responder.enrollment import Enrollment
from pnp_responder.mac import Mac
from pnp_responder.rules.glob import glob_tokens, is_glob
from pnp_responder.rules.value_tests import (
    Bound,
    Comparisons,
    Exact,
    Network,
    Prefix,
    ValueTest,
    text_or_glob,
)
from pnp_responder.rules.version_order import plain_version, version_key

NONE = "none"
"""The value that matches what the device did not give."""

_MAC_PREFIX = re.compile(
    r"[0-9a-f]{2}(?:(?P<sign>[:.-]?)[0-9a-f]{2}(?:(?P=sign)[0-9a-f]{2}){0,3})?"
    r"|[0-9a-f]{4}(?P<dot>[.:-])[0-9a-f]{2}(?:[0-9a-f]{2}(?:(?P=dot)[0-9a-f]{2})?)?",
    re.ASCII,
)
_MAC_GLOB_TOKEN = re.compile(r"[0-9a-f*?]|\[!?[0-9a-f-]+\]", re.ASCII)
_COMPARISON = re.compile(r"(<=|>=|==|!=|<|>)\s*(\S.*)", re.DOTALL)
_MIXED_VERSIONS = re.compile(r"v?[0-9][\w.-]*\s*,\s*(?:[<>]|[=!]=)", re.ASCII | re.IGNORECASE)
_NETWORK = re.compile(r"([0-9.]{7,15})(?:/([0-9]{1,2}))?", re.ASCII)


class MatchKey(NamedTuple):
    """One key of `match`.

    `read` takes the device's value in the form in which this key compares, "" if the device did
    not give it, None if nobody knows it. `show` is the value as `explain` prints it. `compile`
    makes a test from a value's text and raises ValueError with words for the administrator.
    `none_allowed`: may the value be `none`?
    """

    name: str
    meaning: str
    values: str
    read: Callable[[Enrollment], str | None]
    show: Callable[[Enrollment], str | None]
    compile: Callable[[str], ValueTest]
    none_allowed: bool = True
    missing_counts_as: str = ""
    """A value that a device which gives none has as well, beside `none`."""


def _mac(text: str) -> ValueTest:
    folded = text.lower()
    if is_glob(folded):
        return _mac_glob(folded)
    try:
        return Exact(Mac.parse(text))
    except ValueError:
        pass
    if _MAC_PREFIX.fullmatch(folded) is None:
        hint = (
            "expected 00:a8:59:11:22:33, a prefix of whole octets such as 00:a8:59, or a glob such as 00a859*"
        )
        raise ValueError(f"not a MAC address: {hint}")
    return Prefix(re.sub("[:.-]", "", folded))


def _mac_glob(folded: str) -> ValueTest:
    tokens = [token for token in glob_tokens(folded) if token not in (":", ".", "-")]
    for token in tokens:
        if _MAC_GLOB_TOKEN.fullmatch(token) is None:
            raise ValueError(
                f"'{token}' is no hexadecimal digit: a MAC glob runs over 12 of them, such as 00a859*"
            )
    digits = sum(token != "*" for token in tokens)  # noqa: S105 -- a glob token, no password
    if digits > 12 or (digits < 12 and "*" not in tokens):
        raise ValueError(f"can never match: a MAC has 12 hexadecimal digits, this asks for {digits}")
    return text_or_glob("".join(tokens))


def _text(text: str) -> ValueTest:
    return text_or_glob(text.casefold())


def _interface(text: str) -> ValueTest:
    return text_or_glob(text)


def _version(text: str) -> ValueTest:
    if text.lstrip(", ")[:1] not in tuple("<>=!"):
        if _MIXED_VERSIONS.match(text):
            raise ValueError("a version's comparisons are joined by commas; '==' goes before the first, too")
        return text_or_glob(plain_version(text))
    bounds = []
    for part in text.split(","):
        match = _COMPARISON.fullmatch(part.strip())
        if match is None:
            raise ValueError("expected comparisons such as '>=2.0.97, <2.1'; they are <, <=, >, >=, ==, !=")
        operand = match[2].strip()
        key = version_key(plain_version(operand))
        if not key or is_glob(operand) or any(sign in operand for sign in "<>=!"):
            raise ValueError(
                f"'{operand}' is no version to compare with; a comma joins comparisons, and they take no glob"
            )
        bounds.append(Bound(match[1], key))
    return Comparisons(tuple(bounds))


def parse_network(text: str) -> ipaddress.IPv4Network:
    """An IPv4 address or CIDR network. Raises ValueError in words for the administrator."""
    match = _NETWORK.fullmatch(text)
    size = 32 if match is None or match[2] is None else int(match[2])
    if match is None or size > 32:
        raise ValueError("expected an IPv4 address or a network such as 10.20.0.0/16")
    try:
        network = ipaddress.IPv4Network((match[1], size), strict=False)
    except ValueError:
        raise ValueError("expected an IPv4 address or a network such as 10.20.0.0/16") from None
    if str(network.network_address) != match[1]:
        raise ValueError(
            f"the address goes beyond its /{size}: write {network}, or {match[1]} for the one address"
        )
    return network


def _source(text: str) -> ValueTest:
    network = parse_network(text)
    return Network(int(network.network_address) >> (32 - network.prefixlen), network.prefixlen)


_TEXT_VALUES = "text or glob (`*`, `?`, `[…]`), whole value, letter case ignored"

MATCH_KEYS: tuple[MatchKey, ...] = (
    MatchKey(
        "mac",
        "the device's MAC",
        "a MAC in any usual spelling, whole octets of its start (`00:a8:59`), a glob of digits (`00a859*`)",
        lambda enrollment: enrollment.device.mac or "",
        lambda enrollment: enrollment.device.mac.joined(":") if enrollment.device.mac else "",
        _mac,
    ),
    MatchKey(
        "vendor",
        "the vendor that the device names",
        _TEXT_VALUES,
        lambda enrollment: enrollment.device.vendor.casefold(),
        lambda enrollment: enrollment.device.vendor,
        _text,
    ),
    MatchKey(
        "model",
        "the model that the device names",
        _TEXT_VALUES,
        lambda enrollment: enrollment.device.model.casefold(),
        lambda enrollment: enrollment.device.model,
        _text,
    ),
    MatchKey(
        "version",
        "the firmware version that the device names",
        'text or glob, or comparisons (`">=2.0.97, <2.1"`); a leading `v` and letter case are ignored',
        lambda enrollment: plain_version(enrollment.device.version),
        lambda enrollment: enrollment.device.version,
        _version,
    ),
    MatchKey(
        "user_agent",
        "the User-Agent header",
        _TEXT_VALUES,
        lambda enrollment: enrollment.user_agent.casefold(),
        lambda enrollment: enrollment.user_agent,
        _text,
    ),
    MatchKey(
        "profile_type",
        "the profile-type that the device asks for; one that gives none counts as `device`, too",
        _TEXT_VALUES,
        lambda enrollment: enrollment.profile_type.casefold(),
        lambda enrollment: enrollment.profile_type,
        _text,
        missing_counts_as="device",
    ),
    MatchKey(
        "source",
        "the address that the request came from",
        "an IPv4 address or network (`10.20.0.0/16`)",
        lambda enrollment: None if enrollment.remote is None else enrollment.remote.host,
        lambda enrollment: None if enrollment.remote is None else enrollment.remote.host,
        _source,
        none_allowed=False,
    ),
    MatchKey(
        "interface",
        "the interface that the request came in on",
        "name or glob",
        lambda enrollment: None if enrollment.local is None else enrollment.local.interface,
        lambda enrollment: None if enrollment.local is None else enrollment.local.interface,
        _interface,
        none_allowed=False,
    ),
)

KEYS_BY_NAME = {key.name: key for key in MATCH_KEYS}

Facts = tuple[str | None, ...]
"""The device's values in the order of `MATCH_KEYS`, in the form in which they compare."""

SLOTS = {key.name: slot for slot, key in enumerate(MATCH_KEYS)}


OWN_SLOTS = frozenset({SLOTS["mac"], SLOTS["source"]})
"""Where devices differ that are of one kind. In all else they are alike."""


def read_facts(enrollment: Enrollment) -> Facts:
    """What all keys compare with: each `read` of `MATCH_KEYS`, spelled out for the hot path."""
    device = enrollment.device
    return (
        device.mac or "",
        device.vendor.casefold(),
        device.model.casefold(),
        plain_version(device.version),
        enrollment.user_agent.casefold(),
        enrollment.profile_type.casefold(),
        None if enrollment.remote is None else enrollment.remote.host,
        None if enrollment.local is None else enrollment.local.interface,
    )


def compile_value(key: MatchKey, text: str) -> ValueTest:
    """The test for `text`, a value of `key`. Raises ValueError in words for the administrator."""
    if text.casefold() == NONE:
        if key.none_allowed:
            return Exact("")
        raise ValueError(f"'none' does not fit '{key.name}': every request has one")
    if text == "":
        raise ValueError(
            f"'{key.name}' has no value" + ("; write 'none' for 'not given'" if key.none_allowed else "")
        )
    return key.compile(text)
