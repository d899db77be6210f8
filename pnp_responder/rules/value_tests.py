"""What one value of a match key asks of a device's text. Pure comparisons; no YAML.

Each test can say whether it holds, whether it holds wherever another does (`covers`, for finding
rules that can never match; False means "not known to"), and under which `Term` an index finds it.
The text is already in the form in which its key compares: folded, a MAC as 12 digits, "" for "not given".
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from pnp_responder.rules.glob import compile_glob, glob_tokens, is_glob
from pnp_responder.rules.version_order import VersionKey, version_key

MAX_INDEXED_PREFIX = 16

_OPENING = re.compile(r"[^*?\[]*")


class Term(NamedTuple):
    """`kind` says how a text is cut, `value` is what is then looked up.

    Kind "exact" looks up the whole text, "prefix-N" its first N characters, "network-N" the first
    N bits of an address.
    """

    kind: str
    size: int
    value: str | int


@dataclass(frozen=True, slots=True)
class Exact:
    """This very text; "" is a value that the device did not give."""

    value: str

    def holds(self, text: str) -> bool:
        return text == self.value

    def covers(self, other: ValueTest) -> bool:
        return isinstance(other, Exact) and other.value == self.value

    @property
    def term(self) -> Term | None:
        return Term("exact", 0, self.value)


@dataclass(frozen=True, slots=True)
class Prefix:
    """A given text that begins so."""

    value: str

    def holds(self, text: str) -> bool:
        return text != "" and text.startswith(self.value)

    def covers(self, other: ValueTest) -> bool:
        if isinstance(other, Exact):
            return self.holds(other.value)
        if isinstance(other, Prefix):
            return other.value.startswith(self.value)
        if isinstance(other, Glob):
            return other.opening.startswith(self.value)
        return self.value == ""

    @property
    def term(self) -> Term | None:
        return _prefix_term(self.value)


@dataclass(frozen=True, slots=True)
class Glob:
    """A given text that fits the pattern."""

    pattern: str
    expression: re.Pattern[str]

    def holds(self, text: str) -> bool:
        return text != "" and self.expression.fullmatch(text) is not None

    def covers(self, other: ValueTest) -> bool:
        if isinstance(other, Exact):
            return self.holds(other.value)
        return isinstance(other, Glob) and other.pattern == self.pattern

    @property
    def opening(self) -> str:
        """What every text that fits begins with."""
        found = _OPENING.match(self.pattern)
        return found[0] if found is not None else ""

    @property
    def term(self) -> Term | None:
        return _prefix_term(self.opening)


_OPERATORS: dict[str, Callable[[VersionKey, VersionKey], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


class Bound(NamedTuple):
    """One comparison: `operator` is a key of the table above."""

    operator: str
    key: VersionKey

    def holds(self, key: VersionKey) -> bool:
        return _OPERATORS[self.operator](key, self.key)

    def follows_from(self, other: Bound) -> bool:
        """Does every version within `other` lie within this one?"""
        if other.operator == "==" or self == other:
            return self.holds(other.key)
        sign = self.operator[0]
        if self.operator == "!=":
            return other.operator != "!=" and not other.holds(self.key)
        if sign not in "<>" or other.operator[0] != sign:
            return False
        return self.holds(other.key) or (self.key == other.key and other.operator == sign)


@dataclass(frozen=True, slots=True)
class Comparisons:
    """A given version within all the bounds."""

    bounds: tuple[Bound, ...]

    def holds(self, text: str) -> bool:
        if text == "":
            return False
        key = version_key(text)
        for operator_, bound in self.bounds:  # noqa: SIM110 -- twice as fast as all()
            if not _OPERATORS[operator_](key, bound):
                return False
        return True

    def covers(self, other: ValueTest) -> bool:
        if isinstance(other, Exact):
            return self.holds(other.value)
        if isinstance(other, Comparisons):
            return all(any(mine.follows_from(theirs) for theirs in other.bounds) for mine in self.bounds)
        return False

    @property
    def term(self) -> Term | None:
        return None


@dataclass(frozen=True, slots=True)
class Network:
    """An IPv4 address within a network: `value` is its first `size` bits."""

    value: int
    size: int

    def holds(self, text: str) -> bool:
        return address_number(text) >> (32 - self.size) == self.value

    def covers(self, other: ValueTest) -> bool:
        return (
            isinstance(other, Network)
            and other.size >= self.size
            and other.value >> (other.size - self.size) == self.value
        )

    @property
    def term(self) -> Term | None:
        return Term("network", self.size, self.value)


def _prefix_term(opening: str) -> Term | None:
    """For a test that holds for no text which begins otherwise."""
    cut = opening[:MAX_INDEXED_PREFIX]
    return Term("prefix", len(cut), cut) if cut else None


ValueTest = Exact | Prefix | Glob | Comparisons | Network


_OCTETS = {str(octet): octet for octet in range(256)}


def address_number(dotted_quad: str) -> int:
    """An IPv4 address as a number. The caller's address is one: it comes from a socket."""
    a, b, c, d = dotted_quad.split(".")
    return _OCTETS[a] << 24 | _OCTETS[b] << 16 | _OCTETS[c] << 8 | _OCTETS[d]


def text_or_glob(text: str) -> ValueTest:
    """`text`, in the form in which its key compares. Raises ValueError for a glob that is none."""
    if not is_glob(text):
        return Exact(text)
    tokens = glob_tokens(text)
    signs = [token for token in tokens if token in ("*", "?") or len(token) > 1]
    if signs == ["*"] and tokens[-1] == "*":
        return Prefix(text[:-1])
    return Glob(text, compile_glob(tokens))
