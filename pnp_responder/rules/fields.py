"""Reading a mapping's fields: unknown keys, wrong types, each noted at its place."""

from __future__ import annotations

from collections.abc import Iterable

from pnp_responder.masking import MASK
from pnp_responder.rules.durations import parse_duration
from pnp_responder.rules.places import Mapping, Node, Sequence, Text, Unreadable
from pnp_responder.rules.problems import Findings, did_you_mean, shown

Fields = dict[str, tuple[Text, Node]]
"""The entries of a mapping, by their keys: the key's node and the value's."""

BRACE_HINT = "a value that begins with '{' needs quotes"


def is_nothing(node: Node) -> bool:
    """Is it a key with nothing behind it?"""
    return isinstance(node, Text) and node.plain and node.value == ""


def is_readable(node: Node) -> bool:
    """Is nothing in it Unreadable?"""
    if isinstance(node, Mapping):
        return all(is_readable(value) for _, value in node.entries.values())
    if isinstance(node, Sequence):
        return all(is_readable(item) for item in node.items)
    return isinstance(node, Text)


def describe(node: Node) -> str:
    """What a node is, in words: for "expected …, found …"."""
    if isinstance(node, Mapping):
        return "keys and values"
    if isinstance(node, Sequence):
        return "a list"
    if is_nothing(node):
        return "nothing"
    if isinstance(node, Text) and node.value == "":
        return "an empty text"
    return shown(node.value) if isinstance(node, Text) else "something unreadable"


def expected(findings: Findings, node: Node, what: str, hint: str = "") -> None:
    """Note that `node` is not `what`; silent where the node is Unreadable, and so noted already."""
    if isinstance(node, Unreadable):
        return
    if not hint and isinstance(node, Mapping) and node.flow and "text" in what:
        hint = BRACE_HINT
    findings.error(node, f"expected {what}, found {describe(node)}", hint)


def known_fields(
    findings: Findings,
    mapping: Mapping,
    known: Iterable[str],
    elsewhere: dict[str, str] | None = None,
    *,
    secret: bool = False,
) -> dict[str, tuple[Text, Node]]:
    """The entries whose key is known; the others are noted. `elsewhere`: keys with a hint of their own.

    `secret`: the mapping stands where a password is expected, so a key that is not known is not shown.
    """
    names = tuple(known)
    found = {}
    for name, entry in mapping.entries.items():
        if name in names:
            found[name] = entry
            continue
        if findings.full:  # looking for what was meant takes time
            break
        note_unknown(findings, entry[0], names, elsewhere or {}, secret=secret)
    return found


def note_unknown(
    findings: Findings, key: Text, known: tuple[str, ...], elsewhere: dict[str, str], *, secret: bool = False
) -> None:
    """Note that `key` is none of the `known`; of the others as in `known_fields`."""
    name = key.value
    hint = elsewhere.get(name) or did_you_mean(name, known) or did_you_mean(name, elsewhere)
    hint = hint or f"known are {', '.join(known)}"
    word = f"'{MASK}'" if secret else shown(name)
    findings.error(key, f"unknown key {word}" if name else "a key is missing before the ':'", hint)


def read_mapping(findings: Findings, node: Node, what: str) -> Mapping | None:
    """`node` as keys and values, or None and a note."""
    if isinstance(node, Mapping):
        return node
    expected(findings, node, what)
    return None


def read_text(findings: Findings, node: Node, what: str, hint: str = "") -> Text | None:
    """`node` as a text that is not empty, or None and a note."""
    if isinstance(node, Text) and node.value != "":
        return node
    expected(findings, node, what, hint)
    return None


def read_number(findings: Findings, node: Node, low: int, high: int) -> int | None:
    """`node` as a whole number from `low` to `high`, or None and a note."""
    what = f"a number from {low} to {high}"
    if not isinstance(node, Text):
        expected(findings, node, what)
        return None
    digits = node.value
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9 and low <= int(digits) <= high):
        expected(findings, node, what)
        return None
    return int(digits)


def read_truth(findings: Findings, node: Node) -> bool | None:
    """`node` as true or false, or None and a note."""
    if isinstance(node, Text) and node.value.casefold() in ("true", "false"):
        return node.value.casefold() == "true"
    expected(findings, node, "true or false")
    return None


def read_texts(findings: Findings, node: Node, what: str) -> list[Text]:
    """`node`, one text or a list of them; what is no text is noted and left out."""
    if isinstance(node, Sequence):
        if not node.items:
            findings.error(node, f"an empty list; expected {what}")
        texts = []
        for item in node.items:
            if findings.full:
                break
            if (text := read_text(findings, item, what)) is not None:
                texts.append(text)
        return texts
    text = read_text(findings, node, f"{what} or a list")
    return [] if text is None else [text]


def read_period(findings: Findings, node: Node, shortest: int, longest: int, what: str) -> int | None:
    """The seconds that `node` says, 0 for `off`; or None and a note that it is not `what`."""
    if not isinstance(node, Text):
        expected(findings, node, what)
        return None
    if node.value.casefold() in ("off", "false"):
        return 0
    try:
        seconds = parse_duration(node.value)
    except ValueError:
        seconds = 0
    if shortest <= seconds <= longest:
        return seconds
    expected(findings, node, what)
    return None
