"""The JSON Schema (draft-07) of rules.yaml, from the tables that read it. For editors.

It knows structure, not meaning: what it refuses, `check` refuses too, but not the other way round.
An editor reads `001565` as a number where we read text, so numbers pass wherever text does.
"""

from __future__ import annotations

from typing import Any

from pnp_responder.rules.durations import DURATION_PATTERN
from pnp_responder.rules.guard_reader import GUARD_KEYS, REQUIREMENTS
from pnp_responder.rules.match_keys import MATCH_KEYS
from pnp_responder.rules.outcome_reader import OUTCOMES, REJECT_CODES
from pnp_responder.rules.tests_schema import tests_schema
from pnp_responder.rules.url_template import BUILTIN_NAMES
from pnp_responder.rules.variables import SOURCES

Schema = dict[str, Any]

_TEXT: Schema = {"type": ["string", "number", "boolean"], "minLength": 1}
_TEXTS: Schema = {"anyOf": [_TEXT, {"type": "array", "minItems": 1, "items": _TEXT}]}


def rules_schema(service: Schema) -> Schema:
    """The schema of the whole file; `service` is that of its `service:` section."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "pnp-responder rules.yaml",
        "type": "object",
        "additionalProperties": False,
        "required": ["rules"],
        "definitions": {"match": _match()},
        "properties": {
            "service": {"description": "read at start; changing it needs a restart", **service},
            "vars": _variables(),
            "defaults": {
                "description": "any key of a rule but name and match",
                **_keys({**_outcomes(), **_guards()}, ["object", "null"]),
            },
            "rules": {
                "description": "the first rule that matches wins",
                "type": "array",
                "items": _keys({**_rule_keys(), **_outcomes(), **_guards()}),
            },
            "tests": {
                "description": "what `pnp-responder test` expects of the rules; may stand in rules.test.yaml",
                **tests_schema(),
            },
        },
    }


def _rule_keys() -> Schema:
    return {
        "name": {"description": "unique; rule-N by its place if left out", **_TEXT},
        "match": {"$ref": "#/definitions/match"},
    }


def _match() -> Schema:
    keys = {key.name: {"description": f"{key.meaning}: {key.values}", **_TEXTS} for key in MATCH_KEYS}
    inner = {"allOf": [{"$ref": "#/definitions/match"}, {"minProperties": 1}]}
    return {
        "description": "all keys must hold; a list means any of its values; {} matches every device",
        "type": "object",
        "additionalProperties": False,
        "properties": {**keys, "not": {"description": "a match that must not hold", **inner}},
    }


def _outcomes() -> Schema:
    low, high = REJECT_CODES
    names = ", ".join(f"{{{{ {name} }}}}" for name in BUILTIN_NAMES)
    return {
        "url": {
            "description": f"answer with this URL; {names} and your vars are replaced",
            "type": "string",
            "minLength": 1,
        },
        "ignore": {
            "description": "stay silent; another server may answer",
            "enum": [True, "true", "True", "TRUE"],
        },
        "reject": {
            "description": "answer with this status",
            "anyOf": [
                {"type": "integer", "minimum": low, "maximum": high},
                {"type": "string", "pattern": "^[456][0-9]{2}$"},
            ],
        },
    }


def _guards() -> Schema:
    truth: Schema = {"enum": [True, "true", "True", "TRUE", False, "false", "False", "FALSE"]}
    off: Schema = {"enum": [False, "off", "false"]}
    kinds: dict[str, Schema] = {
        "require": {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": {key.name: {"description": key.meaning, **truth} for key in REQUIREMENTS},
        },
        "once": {"anyOf": [{"type": "string", "pattern": DURATION_PATTERN}, off]},
        "window": truth,
    }
    return {key.name: {"description": key.meaning, **kinds[key.name]} for key in GUARD_KEYS}


def _keys(properties: Schema, kind: str | list[str] = "object") -> Schema:
    pairs = [[one, other] for number, one in enumerate(OUTCOMES) for other in OUTCOMES[number + 1 :]]
    return {
        "type": kind,
        "additionalProperties": False,
        "properties": properties,
        "not": {"anyOf": [{"required": pair} for pair in pairs]},
    }


def _variables() -> Schema:
    sources = {source: {"type": "string", "minLength": 1} for source in SOURCES}
    secret = {"type": "object", "properties": sources, "additionalProperties": False}
    secret |= {"minProperties": 1, "maxProperties": 1}
    return {
        "description": "plain text that URL templates may use; secrets may stand in files or the environment",
        "type": ["object", "null"],
        "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_.-]*$", "not": {"enum": list(BUILTIN_NAMES)}},
        "additionalProperties": {"anyOf": [{"type": ["string", "number", "boolean", "null"]}, secret]},
    }
