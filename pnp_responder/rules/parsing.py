"""From the text of a rules file to its document. Of a large file, mistakes are found while it is parsed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pnp_responder.rules.fields import note_unknown
from pnp_responder.rules.places import Mapping as MappingNode
from pnp_responder.rules.places import Node, Text
from pnp_responder.rules.problems import Findings
from pnp_responder.rules.rule_reader import (
    SECTIONS,
    Document,
    RuleReader,
    names_outcome,
    read_defaults,
    take_variables,
)
from pnp_responder.rules.survey import NEEDED_BY_RULES
from pnp_responder.rules.variables import Resolve, stand_in
from pnp_responder.rules.yaml_reader import Late, parse_yaml

Check = Callable[[Findings, Node, int], object]
"""Notes what is wrong with a section, or with an item of one, which has a number."""

ALL_OF_THE_FIRST = 1_000
THEN_ONE_OF = 8
"""Tests are read twice, the first time in samples."""


def parse_document(
    text: str,
    name: str,
    resolve: Resolve = stand_in,
    *,
    lenient: bool = False,
    checks: Mapping[str, Check] | None = None,
) -> Document:
    """Read `text`, which stands in the file `name`. Raises nothing: see `findings`.

    `checks` are for sections that are not read here: for each item of `tests`, for others as a whole.
    """
    text = text.removeprefix("\ufeff")
    document = Document(Findings(name, text), None, resolve, lenient)
    document.root = parse_yaml(
        text, document.findings, lambda late: _WhileParsed(document, late, checks or {})
    )
    return document


class _WhileParsed:
    """Listens to the parser. The rules are read for good, the tests once more at the end."""

    def __init__(self, document: Document, late: Late, checks: Mapping[str, Check]) -> None:
        self._document = document
        self._late = late
        self._checks = checks
        document.reader, document.variables_taken = None, False

    def key(self, key: Text) -> None:
        if key.value not in SECTIONS:
            note_unknown(self._document.findings, key, SECTIONS, {})

    def section(self, key: Text, node: Node) -> None:
        check = self._checks.get(key.value)
        if check is not None:
            check(self._document.findings, node, 0)
        elif key.value == "vars":
            take_variables(self._document, node)

    def item(self, root: MappingNode, section: str, number: int, node: Node) -> None:
        document = self._document
        if section == "rules":
            if number == 1:
                self._begin(root)
            if document.reader is not None:
                document.reader.read(node)
            return
        check = self._checks.get(section)
        if check is not None and (
            number <= ALL_OF_THE_FIRST or number % THEN_ONE_OF == 0 or document.findings.failed
        ):
            check(document.findings, node, number)

    def _begin(self, root: MappingNode) -> None:
        document = self._document
        needed = dict(self._late) | {
            name: root.entries[name][1] for name in NEEDED_BY_RULES if name in root.entries
        }
        if None in needed.values():
            return  # known at the end only, and then the rules are read
        take_variables(document, needed.get("vars"))
        defaults = needed.get("defaults")
        document.reader = RuleReader(document, document.variables, read_defaults(document, defaults))
        document.reader.may_lack_outcome = names_outcome(defaults)
