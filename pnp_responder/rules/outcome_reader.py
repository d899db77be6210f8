"""A rule's outcome: a URL, silence or a status; and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pnp_responder.masking import mask_source
from pnp_responder.rules.fields import Fields, read_number, read_text
from pnp_responder.rules.hidden_placeholders import MAX_URL, secret_by_variables
from pnp_responder.rules.places import Node, Text, Unreadable
from pnp_responder.rules.problems import Findings
from pnp_responder.rules.secret import Variable
from pnp_responder.rules.template_check import check_template
from pnp_responder.rules.url_template import Placeholder, Template, parse_template

OUTCOMES = ("url", "ignore", "reject")
REJECT_CODES = (400, 699)

Variables = Mapping[str, Variable]


class UrlOutcome(NamedTuple):
    """Answer with a URL.

    `node` is where the template stands; `sample` the URL for a made-up device, secrets masked, "" if it
    is wrong.
    """

    node: Text
    template: Template
    sample: str = ""


class Ignore(NamedTuple):
    """Stay silent."""


class Reject(NamedTuple):
    """Answer with this status."""

    status: int


Outcome = UrlOutcome | Ignore | Reject


def read_outcome(
    findings: Findings, variables: Variables, fields: Fields, known: dict[str, UrlOutcome]
) -> tuple[bool, Outcome | None]:
    """Whether an outcome is written here, and the outcome if it is right. `known` is kept by the caller: URLs
    by their text, of which a file may have thousands alike."""
    written = [(name, *fields[name]) for name in fields if name in OUTCOMES]
    if not written:
        return False, None
    for name, key, _ in written[1:]:
        findings.error(key, f"a second outcome: '{name}' beside '{written[0][0]}'", "keep one of them")
    outcomes = [_read_one_outcome(findings, variables, name, node, known) for name, _, node in written]
    return True, outcomes[0]


def _read_one_outcome(
    findings: Findings, variables: Variables, name: str, node: Node, known: dict[str, UrlOutcome]
) -> Outcome | None:
    if name == "url":
        if isinstance(node, Text) and (alike := known.get(node.value)) is not None:
            return alike._replace(node=node)
        noted = findings.noted
        found = _read_url(findings, variables, node)
        # Of the others each has something to be said of it, or a line to be hidden.
        if found is not None and findings.noted == noted and "@" not in found.node.value:
            known[found.node.value] = found
        return found
    if name == "reject":
        status = read_number(findings, node, *REJECT_CODES)
        return None if status is None else Reject(status)
    if isinstance(node, Text) and node.value.casefold() == "true":
        return Ignore()
    if not isinstance(node, Unreadable):
        findings.error(
            node, "'ignore' can only be 'true'", "leave 'ignore' out where a device is to be answered"
        )
    return None


def _read_url(findings: Findings, variables: Variables, node: Node) -> UrlOutcome | None:
    text = read_text(findings, node, "a URL as text")
    if text is None:
        return None
    if len(text.value) > MAX_URL:
        findings.error(text, f"the URL is longer than {MAX_URL:,} characters", "no NOTIFY can hold it")
        return None
    template, problems = parse_template(text.value, variables)
    if secret_by_variables(text.value, variables):
        for line in range(text.line, text.end_line + 1):
            findings.hide_line(line)
    for problem in problems:
        findings.error(text, problem.message, problem.hint)
    if problems:
        return UrlOutcome(text, template)
    if not template.parts:
        findings.error(text, "the URL is empty once vars are inserted")
        return None
    if isinstance(template.parts[0], Placeholder):
        findings.error(
            text, "the URL's scheme must stand in the file", "begin it with http:// or another scheme"
        )
        return None
    sample = template.sample(masked=True)
    wrong = check_template(template, sample)
    if wrong is not None:
        findings.error(text, wrong.message, wrong.hint or _checked_as(text.value, sample))
    return UrlOutcome(text, template, "" if wrong is not None else sample)


def _checked_as(written: str, sample: str) -> str:
    return f"checked as {mask_source(sample)[:100]}" if written != sample else ""
