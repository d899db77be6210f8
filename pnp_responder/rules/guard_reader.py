"""From nodes to `Guards`: the grammar of `require`, `once` and `window`, of a rule and of `defaults`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pnp_responder.rules.fields import Fields, known_fields, read_mapping, read_period, read_truth
from pnp_responder.rules.guards import Guards
from pnp_responder.rules.places import Node, Text
from pnp_responder.rules.problems import Findings


class GuardKey(NamedTuple):
    """A key of a rule with its meaning."""

    name: str
    meaning: str


REQUIREMENTS = (
    GuardKey(
        "neighbour", "the MAC must be the one that the kernel's neighbour table has for the device's address"
    ),
    GuardKey("oui", "the MAC must begin as the MACs of the vendor do that the device names"),
)
GUARD_KEYS = (
    GuardKey("require", "give the URL only to a device that seems to be what it says; else silence"),
    GuardKey("once", "give a device the URL once in such a time, such as 10m; else silence"),
    GuardKey("window", "give the URL only while `pnp-responder window open` holds; else silence"),
)
GUARD_NAMES = tuple(key.name for key in GUARD_KEYS)
REQUIREMENT_NAMES = tuple(key.name for key in REQUIREMENTS)

LONGEST_ONCE = 7 * 86_400
"""Seconds. What was offered is forgotten at a restart, so a longer time would promise too much."""

Written = Mapping[str, int]
"""The guards that stand in one place of the file, by the names of `Guards`' fields."""


def read_guards(findings: Findings, fields: Fields) -> Written:
    """The guards among the fields of a rule or of `defaults`. Problems go to `findings`."""
    written: dict[str, int] = {}
    if "require" in fields:
        written |= _read_require(findings, *fields["require"])
    if "once" in fields:
        once = _read_once(findings, fields["once"][1])
        if once is not None:
            written["once"] = once
    if "window" in fields:
        window = read_truth(findings, fields["window"][1])
        if window is not None:
            written["window"] = window
    return written


def combine(default: Written, own: Written) -> Guards | None:
    """The guards of a rule: its own, each requirement by itself, over those of `defaults`; None for none."""
    values = {**default, **own} if own else default
    if not values:
        return None
    guards = Guards(
        window=bool(values.get("window")),
        oui=bool(values.get("oui")),
        once=values.get("once", 0),
        neighbour=bool(values.get("neighbour")),
    )
    return guards if any(guards) else None


def refuse_without_url(findings: Findings, fields: Fields, written: Written, name: str) -> None:
    """Note the guards of a rule that has no URL to guard."""
    on = {key for key in ("once", "window") if written.get(key)}
    on |= {"require"} if any(written.get(key) for key in REQUIREMENT_NAMES) else set()
    for key in GUARD_NAMES:
        if key in on:
            findings.error(
                fields[key][0],
                f"'{key}' guards a URL, and rule '{name}' gives none",
                "take it out of this rule",
            )


def _read_require(findings: Findings, key: Text, node: Node) -> dict[str, int]:
    mapping = read_mapping(findings, node, "requirements such as '{neighbour: true}'")
    if mapping is None:
        return {}
    if not mapping.entries:
        findings.error(key, "an empty 'require' requires nothing", "leave it out, or give it keys")
    outside = {name: f"'{name}' stands beside 'require:'" for name in GUARD_NAMES if name != "require"}
    found = known_fields(findings, mapping, REQUIREMENT_NAMES, outside)
    values = {name: read_truth(findings, value) for name, (_, value) in found.items()}
    return {name: value for name, value in values.items() if value is not None}


def _read_once(findings: Findings, node: Node) -> int | None:
    what = "off or a time from 1s to 7d, such as 10m"
    return read_period(findings, node, 1, LONGEST_ONCE, what)
