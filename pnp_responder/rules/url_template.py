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
from pnp_responder.rules.problems import did_you_mean, shown

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
RULE = "rule"
"""The name of the rule: a text that is known once the template is bound to its rule."""

BUILTIN_NAMES = (*(name.name for name in TEMPLATE_NAMES), RULE)
_BY_NAME = {name.name: name for name in TEMPLATE_NAMES}
_GIVEN_BY_DEVICE = ("mac", "vendor", "model", "version", "profile_type")
_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)


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

    def render(self, value: str) -> str:
        """`value` as it is inserted."""
        known = _TEXT_FILTERS if self.name == RULE else _BY_NAME[self.name].filters
        for name in self.filters:
            value = known[name](value)
        return quote(value, safe="") if self.name == RULE or _BY_NAME[self.name].encoded else value


class Template(NamedTuple):
    """A parsed template. `parts`: texts that stand as they are, and placeholders."""

    parts: tuple[str | Placeholder, ...]

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
        """What stands in the template beside placeholders, which show as blanks."""
        return "".join(part if isinstance(part, str) else " " for part in self.parts)

    def sample(self) -> str:
        """The URL for a made-up device."""
        return "".join(
            part
            if isinstance(part, str)
            else part.render("rule" if part.name == RULE else _BY_NAME[part.name].sample)
            for part in self.parts
        )

    def head_is_fixed(self) -> bool:
        """Do all devices get the same scheme, host and port?"""
        first = self.parts[0] if self.parts else ""
        return isinstance(first, str) and re.match(r"[^:]+://[^/?#]+[/?#]", first) is not None

    def bind(self, rule: str) -> BoundTemplate:
        """Ready to render for the rule of this name."""
        parts: list[str | Placeholder] = []
        for part in self.parts:
            if isinstance(part, Placeholder) and part.name == RULE:
                part = part.render(rule)
            if isinstance(part, str) and parts and isinstance(parts[-1], str):
                parts[-1] += part
            else:
                parts.append(part)
        return BoundTemplate(tuple(parts))


class BoundTemplate:
    """A template whose rule is known; renders URLs for enrollments.

    `needs` names the values that the device must give; `constant` is the URL if all get the same.
    """

    __slots__ = ("_pieces", "constant", "needs", "parts")

    def __init__(self, parts: tuple[str | Placeholder, ...]) -> None:
        self.parts = parts
        self.needs = Template(parts).needs
        self.constant = parts[0] if len(parts) == 1 and isinstance(parts[0], str) else None
        self._pieces = tuple(
            (part, None) if isinstance(part, str) else (str(part), _reader(part)) for part in parts
        )

    def render(self, enrollment: Enrollment) -> str:
        """The URL. A value that nobody knows shows as its placeholder."""
        if self.constant is not None:
            return self.constant
        texts = []
        for text, read in self._pieces:
            texts.append(text if read is None or (value := read(enrollment)) is None else value)
        return "".join(texts)

    def unknown(self, enrollment: Enrollment) -> tuple[str, ...]:
        """The placeholders whose value nobody knows, such as `local_ip`, each once."""
        return tuple(name for name in Template(self.parts).names if _BY_NAME[name].read(enrollment) is None)


def parse_template(text: str, variables: Mapping[str, str]) -> tuple[Template, tuple[TemplateProblem, ...]]:
    """`text` cut into its parts, and all that is wrong with its placeholders.

    Variables are inserted at once. A wrong placeholder leaves no part.
    """
    parts: list[str | Placeholder] = []
    problems: list[TemplateProblem] = []
    position = 0
    for match in _PLACEHOLDER.finditer(text):
        _add_text(parts, text[position : match.start()])
        position = match.end()
        part = _placeholder(match[1], variables, problems)
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


def check_variable_name(name: str) -> TemplateProblem | None:
    """Why `name` can be no key of `vars`."""
    if name in BUILTIN_NAMES:
        return TemplateProblem(f"'{name}' is a built-in name of URL templates", "choose another name")
    if _NAME.fullmatch(name) is None:
        return TemplateProblem(
            f"{shown(name)} is no name that a template can use",
            "ASCII letters, digits, '_', '-', '.'; a letter first",
        )
    return None


def _add_text(parts: list[str | Placeholder], text: str) -> None:
    if not text:
        return
    if parts and isinstance(parts[-1], str):
        parts[-1] += text
    else:
        parts.append(text)


def _reader(placeholder: Placeholder) -> Callable[[Enrollment], str | None]:
    read = _BY_NAME[placeholder.name].read
    if not placeholder.filters and not _BY_NAME[placeholder.name].encoded:
        return read

    def rendered(enrollment: Enrollment) -> str | None:
        value = read(enrollment)
        return None if value is None else placeholder.render(value)

    return rendered


def _placeholder(
    inside: str, variables: Mapping[str, str], problems: list[TemplateProblem]
) -> Placeholder | str | None:
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
        problems.append(TemplateProblem(f"unknown placeholder {shown(name)}", hint))
        return None
    return Placeholder(name, tuple(filters)) if _check_filters(name, filters, problems) else None


def _check_filters(name: str, filters: list[str], problems: list[TemplateProblem]) -> bool:
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
            problems.append(TemplateProblem(f"unknown filter {shown(word)}", hint))
    if sum(word in _SEPARATING for word in filters) > 1:
        good = False
        problems.append(TemplateProblem("'colon' and 'hyphen' cannot both apply", "use one of them, once"))
    return good
