"""URL templates: `{{ name | filter }}` is ours, everything else goes to the phone as it stands.

A scanner of our own, not `str.format` or `string.Template`: those would eat the phones' own macros,
`{mac}` and `$mac`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote

from pnp_responder.enrollment import Enrollment
from pnp_responder.masking import MASK, mask_url
from pnp_responder.rules.hidden_placeholders import MAX_URL, PLACEHOLDER, hidden_placeholders
from pnp_responder.rules.problems import did_you_mean, shown
from pnp_responder.rules.secret import Secret, Variable, clear

Filter = Callable[[str], str]

_MAC_FILTERS: dict[str, Filter] = {
    "upper": str.upper,
    "colon": lambda mac: ":".join(mac[i : i + 2] for i in range(0, 12, 2)),
    "hyphen": lambda mac: "-".join(mac[i : i + 2] for i in range(0, 12, 2)),
}
_TEXT_FILTERS: dict[str, Filter] = {"lower": str.lower, "upper": str.upper}
_SEPARATING = ("colon", "hyphen")


class TemplateName(NamedTuple):
    """A built-in name of templates.

    `read` gives the value: "" if the device did not give it, None if nobody knows it (`explain`
    without an interface). `encoded`: is it percent-encoded, being a stranger's text? `sample`
    stands for it where a template is checked before any device has asked.
    """

    name: str
    meaning: str
    read: Callable[[Enrollment], str | None]
    filters: dict[str, Filter]
    encoded: bool
    sample: str


TEMPLATE_NAMES: tuple[TemplateName, ...] = (
    TemplateName(
        "mac", "12 lower-case hex digits", lambda e: e.device.mac or "", _MAC_FILTERS, False, "00a859112233"
    ),
    TemplateName("vendor", "as the phone says it", lambda e: e.device.vendor, _TEXT_FILTERS, True, "Vendor"),
    TemplateName("model", "as the phone says it", lambda e: e.device.model, _TEXT_FILTERS, True, "Model-100"),
    TemplateName(
        "version", "as the phone says it", lambda e: e.device.version, _TEXT_FILTERS, True, "1.2.3.4"
    ),
    TemplateName(
        "profile_type", "as the phone says it", lambda e: e.profile_type, _TEXT_FILTERS, True, "device"
    ),
    TemplateName(
        "local_ip",
        "our address on the link where the phone asked",
        lambda e: None if e.local is None else e.local.address.host or None,
        {},
        False,
        "192.0.2.10",
    ),
    TemplateName(
        "interface",
        "our interface on the link where the phone asked",
        lambda e: None if e.local is None else e.local.interface,
        {},
        False,
        "eth0",
    ),
    TemplateName(
        "source_ip",
        "the phone's address",
        lambda e: None if e.remote is None else e.remote.host,
        {},
        False,
        "192.0.2.20",
    ),
)
_MASKED = f"'{MASK}'".format
_TOO_LONG = f"the URL is longer than {MAX_URL:,} characters once vars are inserted"
RULE = "rule"
"""The name of the rule: a text that is known once the template is bound to its rule."""

BUILTIN_NAMES = (*(name.name for name in TEMPLATE_NAMES), RULE)
_BY_NAME = {name.name: name for name in TEMPLATE_NAMES}
_GIVEN_BY_DEVICE = ("mac", "vendor", "model", "version", "profile_type")


class TemplateProblem(NamedTuple):
    """What is wrong with a placeholder."""

    message: str
    hint: str = ""


class Placeholder(NamedTuple):
    """`{{ name | filter }}` over a built-in name."""

    name: str
    filters: tuple[str, ...]

    def __str__(self) -> str:
        return "{{ " + " | ".join((self.name, *self.filters)) + " }}"

    def is_unknown(self, enrollment: Enrollment) -> bool:
        """Does nobody know the value?"""
        return self.kind.read(enrollment) is None

    @property
    def kind(self) -> TemplateName:
        """What the built-in name stands for. Not of `rule`, which is a text once it is bound."""
        return _BY_NAME[self.name]

    def render(self, value: str) -> str:
        """`value` as it is inserted."""
        known = _TEXT_FILTERS if self.name == RULE else _BY_NAME[self.name].filters
        for name in self.filters:
            value = known[name](value)
        return quote(value, safe="") if self.name == RULE or _BY_NAME[self.name].encoded else value


Part = str | Secret | Placeholder


class Template(NamedTuple):
    """A parsed template. `parts`: texts that stand as they are, secrets, and placeholders."""

    parts: tuple[Part, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The built-in names in the template, each once, in their order."""
        return tuple(dict.fromkeys(part.name for part in self.parts if isinstance(part, Placeholder)))

    @property
    def needs(self) -> tuple[str, ...]:
        """Those of the names that the device itself must give."""
        return tuple(name for name in self.names if name in _GIVEN_BY_DEVICE)

    @property
    def texts(self) -> str:
        """What stands in the template beside placeholders and secrets, which show as blanks."""
        return "".join(part if isinstance(part, str) else " " for part in self.parts)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The secrets in it that are known to be such."""
        return tuple(part for part in self.parts if isinstance(part, Secret))

    @property
    def is_known(self) -> bool:
        """Are the values of all its secrets known?"""
        return all(secret.known for secret in self.secrets)

    @property
    def ends_in_folder(self) -> bool:
        """Does the URL end in `/`, for every device? True if that is not known."""
        last = self.parts[-1] if self.parts else ""
        return (isinstance(last, Secret) and not last.known) or (clear(last) or "").endswith("/")

    @property
    def holds_written_secret(self) -> bool:
        """Does a secret stand in it, or in a variable of its file?"""
        text = "".join(part if isinstance(part, str) else MASK for part in self.parts)
        return any(secret.written for secret in self.secrets) or mask_url(text) != text

    def sample(self, masked: bool = False) -> str:
        """The URL for a made-up device; `masked`, with `***` for its secrets."""
        return "".join(_sample(part, masked) for part in self.parts)

    def names_in_head(self) -> set[str]:
        """The built-in names on which scheme, host and port hang; none if that is not known."""
        opening = ""
        names = set()
        for part in self.parts:
            if isinstance(part, Placeholder):
                names.add(part.name)
            elif isinstance(part, Secret) and not part.known:
                return set()
            opening += clear(part) or " "
            if re.match(r"[^:]+://[^/?#]+[/?#]", opening):
                break
        return names


def _sample(part: Part, masked: bool) -> str:
    if isinstance(part, Placeholder):
        return part.render("rule" if part.name == RULE else _BY_NAME[part.name].sample)
    return MASK if masked and isinstance(part, Secret) else clear(part) or ""


def parse_template(
    text: str, variables: Mapping[str, Variable]
) -> tuple[Template, tuple[TemplateProblem, ...]]:
    """`text` cut into its parts, and all that is wrong with its placeholders.

    Variables are inserted at once. `text` has no more than MAX_URL characters. A wrong placeholder leaves no
    part. What stands where a password does is no part of a problem's words.
    """
    template, problems = _parse(text, variables, frozenset())
    too_long = any(problem.message == _TOO_LONG for problem in problems)
    if problems and not too_long and (hidden := hidden_placeholders(text, variables)):
        problems = _parse(text, variables, hidden)[1]
    return template, problems


def _parse(
    text: str, variables: Mapping[str, Variable], hidden: frozenset[int]
) -> tuple[Template, tuple[TemplateProblem, ...]]:
    """As `parse_template`; no words tell of the placeholders that begin at `hidden`."""
    parts: list[Part] = []
    problems: list[TemplateProblem] = []
    position = 0
    room = MAX_URL
    for match in PLACEHOLDER.finditer(text):
        _add_text(parts, text[position : match.start()])
        position = match.end()
        quote_word = _MASKED if match.start() in hidden else shown
        part = _placeholder(match[1], variables, problems, quote_word)
        room -= len(clear(part) or "")
        if room < 0:
            return Template(tuple(parts)), (TemplateProblem(_TOO_LONG, "no NOTIFY can hold it"),)
        if isinstance(part, str):
            _add_text(parts, part)
        elif part is not None:
            parts.append(part)
    rest = text[position:]
    if "{{" in rest:
        problems.append(TemplateProblem("'{{' is not closed by '}}'"))
        rest = rest[: rest.index("{{")]
    _add_text(parts, rest)
    return Template(tuple(parts)), tuple(problems)


def _add_text(parts: list[Part], text: str) -> None:
    if not text:
        return
    if parts and isinstance(parts[-1], str):
        parts[-1] += text
    else:
        parts.append(text)


def _placeholder(
    inside: str,
    variables: Mapping[str, Variable],
    problems: list[TemplateProblem],
    quote_word: Callable[[str], str],
) -> Part | None:
    name, *filters = (piece.strip() for piece in inside.split("|"))
    if not name:
        problems.append(TemplateProblem("a placeholder without a name", "such as {{ mac }}"))
        return None
    if name in variables:
        if filters:
            problems.append(TemplateProblem(f"'{name}' is one of vars and takes no filter"))
        return variables[name]
    if name not in BUILTIN_NAMES:
        known = (*BUILTIN_NAMES, *variables)
        hint = did_you_mean(name, known) or f"known are {', '.join(known)}"[:300]
        problems.append(TemplateProblem(f"unknown placeholder {quote_word(name)}", hint))
        return None
    good = _check_filters(name, filters, problems, quote_word)
    return Placeholder(name, tuple(filters)) if good else None


def _check_filters(
    name: str, filters: list[str], problems: list[TemplateProblem], quote_word: Callable[[str], str]
) -> bool:
    if not filters:
        return True
    known = {} if name == RULE else _BY_NAME[name].filters
    everywhere = {**_MAC_FILTERS, **_TEXT_FILTERS}
    good = True
    for word in filters:
        if word in known:
            continue
        good = False
        fitting = f"'{name}' takes {', '.join(known)}" if known else f"'{name}' takes no filter"
        if not word:
            problems.append(TemplateProblem("'|' without a filter behind it", fitting))
        elif word in everywhere:
            problems.append(TemplateProblem(f"filter '{word}' does not fit '{name}'", fitting))
        else:
            hint = did_you_mean(word, known) or fitting
            problems.append(TemplateProblem(f"unknown filter {quote_word(word)}", hint))
    if sum(word in _SEPARATING for word in filters) > 1:
        good = False
        problems.append(TemplateProblem("'colon' and 'hyphen' cannot both apply", "use one of them, once"))
    return good
