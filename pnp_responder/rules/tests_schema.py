"""The JSON Schema of a `tests:` section, and of the file that holds nothing else (rules.test.yaml)."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from pnp_responder.rules.expectations import DEVICE_KEYS, EXPECT_KEYS, GIVEN, OUTCOME_KEYS, TEST_KEYS
from pnp_responder.rules.match_keys import MATCH_KEYS
from pnp_responder.rules.outcome_reader import REJECT_CODES

Schema = dict[str, Any]

# An editor reads `001565` as a number where we read text, so numbers pass wherever text does.
_TEXT: Schema = {"type": ["string", "number", "boolean"], "minLength": 1}
_TRUE: Schema = {"enum": [True, "true", "True", "TRUE"]}

_MEANINGS = {
    "name": "what the test is about; test-N by its place if left out",
    "device": "what a phone says of itself; null or {}: a phone that says nothing",
    "message": "the file of one SUBSCRIBE, named as seen from this file",
    "capture": "a pcap or pcapng file, named as seen from this file: every phone in it",
    "phone": "of a capture, only the phone with this MAC",
    "source": "the address that the phone asks from",
    "interface": "the interface that it is heard on",
    "local_ip": "our address there",
    "neighbour": "whose the phone's address is by the neighbour table: a MAC, none, or routed",
    "window": "is the enrolment window open? open or closed",
    "offered": "how long ago the phone was told a URL, such as 2h; or never",
    "expect": "what is to come out: the rule, the outcome, or both",
}
_EXPECTED = {
    "rule": "the name of the rule that decides",
    "url": "the URL that the phone is told",
    "ignore": "a rule says silence",
    "reject": "a rule says this status",
    "defer": "a rule cannot say yet, and the phone's repeat will be decided",
    "none": "no rule matches",
}


def tests_schema() -> Schema:
    """The schema of a `tests:` section."""
    kinds = {"device": _device(), "expect": _expect()}
    item = {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: {"description": _MEANINGS[key], **kinds.get(key, _TEXT)} for key in TEST_KEYS},
        "required": ["expect"],
        "oneOf": [{"required": [key]} for key in GIVEN],
        "dependencies": {"phone": ["capture"]},
    }
    return {"type": ["array", "null"], "items": item}


def tests_file_schema() -> Schema:
    """The schema (draft-07) of rules.test.yaml."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "pnp-responder rules.test.yaml",
        "type": "object",
        "additionalProperties": False,
        "required": ["tests"],
        "properties": {"tests": {"description": "what `pnp-responder test` expects", **tests_schema()}},
    }


def _device() -> Schema:
    meanings = {key.name: key.meaning for key in MATCH_KEYS}
    keys = {key: {"description": meanings[key], **_TEXT} for key in DEVICE_KEYS}
    return {"type": ["object", "null"], "additionalProperties": False, "properties": keys}


def _expect() -> Schema:
    low, high = REJECT_CODES
    status = {"anyOf": [{"type": "integer", "minimum": low, "maximum": high}, {"type": "string"}]}
    kinds = {"rule": _TEXT, "url": {"type": "string", "minLength": 1}, "reject": status}
    pairs = [*combinations(OUTCOME_KEYS, 2), ("rule", "none")]
    return {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {key: {"description": _EXPECTED[key], **kinds.get(key, _TRUE)} for key in EXPECT_KEYS},
        "not": {"anyOf": [{"required": list(pair)} for pair in pairs]},
    }
