"""The section `vars`: texts that URL templates may use. Secrets among them stand elsewhere, or sound so."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

from pnp_responder.errors import PnpError
from pnp_responder.masking import MASK, sounds_secret
from pnp_responder.rules.fields import is_nothing, known_fields, read_mapping, read_text
from pnp_responder.rules.hidden_placeholders import MAX_URL
from pnp_responder.rules.places import Mapping, Node, Sequence, Text
from pnp_responder.rules.problems import Findings, shown
from pnp_responder.rules.secret import Secret, Variable
from pnp_responder.rules.url_check import check_secret
from pnp_responder.rules.url_template import BUILTIN_NAMES

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)

Source = Literal["file", "env"]
SOURCES: tuple[Source, ...] = ("file", "env")


class SecretReference(NamedTuple):
    """Where the value of a variable is: in the file or the environment variable `name`."""

    source: Source
    name: str


class SecretUnavailable(PnpError):
    """The value cannot be had. Neither `reason` nor `hint` holds any of it.

    `elsewhere`: only the environment of the service has it, and who is not the service cannot tell
    whether that is in order.
    """

    def __init__(self, reason: str, hint: str = "", *, elsewhere: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.elsewhere = elsewhere


Resolve = Callable[[SecretReference], str]
"""Gives the value; raises SecretUnavailable."""


def stand_in(_: SecretReference) -> str:
    """A Resolve where nobody may look: `***` for every value."""
    return MASK


def read_variables(
    findings: Findings, node: Node | None, resolve: Resolve, *, lenient: bool
) -> dict[str, Variable]:
    """The variables of the section. Problems go to `findings`.

    Where a secret cannot be had, that is an error; if `lenient`, a warning, or nothing where only the
    service can have it, and `***` stands for it.
    """
    if node is None or is_nothing(node):
        return {}
    mapping = read_mapping(findings, node, "names with their texts")
    found: dict[str, Variable] = {}
    for name, (key, value) in mapping.entries.items() if mapping is not None else ():
        if findings.full:
            break
        if name in BUILTIN_NAMES:
            findings.error(key, f"'{name}' is a built-in name of URL templates", "choose another name")
            continue
        if not is_variable_name(name):
            hint = "ASCII letters, digits, '_', '-', '.'; a letter first"
            # Whether it sounds secret is not to be told by such a name.
            _hide(findings, key, value)
            findings.error(key, f"{shown(name)} is no name that a template can use", hint)
        if isinstance(value, Mapping):
            found.setdefault(name, _read_secret(findings, name, value, resolve, lenient))
            continue
        if not isinstance(value, Text):
            read_text(findings, value, "a text")
        elif len(value.value) > MAX_URL:
            findings.error(value, f"longer than {MAX_URL:,} characters: no URL can hold it")
            value = Text("", value.line, value.column)
        elif "{{" in value.value:
            findings.error(
                value, "'{{' cannot stand in vars: they are plain text", "put the placeholder in the url"
            )
        elif "\n" in value.value or "\r" in value.value:
            findings.error(value, "a line break cannot stand in vars", "write it on one line, in quotes")
        text = value.value if isinstance(value, Text) else ""
        found.setdefault(name, Secret(name, text, written=True) if text and sounds_secret(name) else text)
    return found


def _hide(findings: Findings, key: Text, value: Node) -> None:
    for line in range(key.line, _last_line(value) + 1):
        findings.hide_line(line)


def _last_line(node: Node) -> int:
    if isinstance(node, Text):
        return max(node.line, node.end_line)
    if isinstance(node, Mapping):
        return max((_last_line(one) for entry in node.entries.values() for one in entry), default=node.line)
    return max(map(_last_line, node.items), default=node.line) if isinstance(node, Sequence) else node.line


def is_variable_name(name: str) -> bool:
    """Can a template use the name?"""
    return _NAME.fullmatch(name) is not None


def _read_secret(findings: Findings, name: str, node: Mapping, resolve: Resolve, lenient: bool) -> Secret:
    unknown = Secret(name, MASK, known=False)
    reference = _read_reference(findings, node, sounds_secret(name))
    if reference is None:
        return unknown
    try:
        value = resolve(reference)
    except SecretUnavailable as error:
        tell = findings.warning if lenient else findings.error
        if not (lenient and error.elsewhere):
            tell(node, f"'{name}' has no value: {error.reason}", error.hint)
        return unknown
    if value == MASK:
        return unknown
    wrong = check_secret(value)
    if wrong is not None:
        findings.error(node, f"'{name}' has no value: the {_words(reference)} {wrong.message}", wrong.hint)
        return unknown
    return Secret(name, value)


def _read_reference(findings: Findings, node: Mapping, secret: bool) -> SecretReference | None:
    fields = known_fields(findings, node, SOURCES, secret=secret)
    hint = "such as {file: /etc/pnp-responder/token} or {env: TOKEN}"
    if len(node.entries) > 1 and fields:
        findings.error(node, "a secret is either in a file or in the environment", hint)
    elif not node.entries:
        findings.error(node, "expected a text, or where it is: 'file:' or 'env:'", hint)
    for source in SOURCES:
        if source in fields and len(node.entries) == 1:
            value = fields[source][1]
            what = "the path of a file" if source == "file" else "the name of an environment variable"
            text = read_text(findings, value, what)
            if text is None:
                return None
            if not text.value.isprintable() or (source == "env" and "=" in text.value):
                findings.error(text, f"this cannot be {what}")
                return None
            return SecretReference(source, text.value)
    return None


def _words(reference: SecretReference) -> str:
    what = "file" if reference.source == "file" else "environment variable"
    return f"{what} {reference.name}"
