"""From the text of a rules file to its document. Of a large file, mistakes are found while it is parsed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pnp_responder.masking import MASK
from pnp_responder.rules.fields import note_unknown
from pnp_responder.rules.places import Mapping as MappingNode
from pnp_responder.rules.places import Node, Text
from pnp_responder.rules.problems import Findings
from pnp_responder.rules.rule_reader import (
    SECTIONS,
    Defaults,
    Document,
    RuleReader,
    names_outcome,
    read_defaults,
    take_variables,
)
from pnp_responder.rules.secret import Secret, Variable
from pnp_responder.rules.url_template import BUILTIN_NAMES
from pnp_responder.rules.variables import Resolve, is_variable_name, stand_in
from pnp_responder.rules.yaml_reader import parse_yaml

Check = Callable[[Findings, Node, int], object]
"""Notes what is wrong with a section, or with an item of one, which has a number."""

ALL_OF_THE_FIRST = 1_000
THEN_ONE_OF = 8
"""What is read twice, for it can be judged for good only at the end of the file, is read in samples first."""


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
    document.root = parse_yaml(text, document.findings, lambda: _WhileParsed(document, text, checks or {}))
    return document


class _WhileParsed:
    """Listens to the parser. Only what no later part of the file can make right is noted."""

    def __init__(self, document: Document, text: str, checks: Mapping[str, Check]) -> None:
        self._document = document
        self._text = text
        self._checks = checks
        self._reader: RuleReader | None = None
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
        sampled = number <= ALL_OF_THE_FIRST or number % THEN_ONE_OF == 0 or document.findings.failed
        if section != "rules":
            check = self._checks.get(section)
            if check is not None and sampled:
                check(document.findings, node, number)
            return
        if self._reader is None:
            self._reader = self._begin(root)
        if document.reader is not None or sampled:
            self._reader.read(node)
        else:
            self._reader.skip()

    def _begin(self, root: MappingNode) -> RuleReader:
        """If nothing that the rules need comes behind them, what is read now is read for good."""
        document = self._document
        defaults = root.entries["defaults"][1] if "defaults" in root.entries else None
        if not self._may_follow(root, "vars") and not self._may_follow(root, "defaults"):
            document.reader = RuleReader(document, document.variables, read_defaults(document, defaults))
            document.reader.may_lack_outcome = names_outcome(defaults)
            return document.reader
        known = self._may_follow(root, "vars")
        reader = RuleReader(document, _Awaited() if known else document.variables, Defaults())
        reader.may_lack_outcome = self._may_follow(root, "defaults") or names_outcome(defaults)
        return reader

    def _may_follow(self, root: MappingNode, section: str) -> bool:
        return section not in root.entries and (section in self._text or "\\" in self._text)


class _Awaited(Mapping[str, Variable]):
    """Variables that may stand below: each name may be one, with a value that is not known."""

    def __getitem__(self, name: str) -> Variable:
        if name in BUILTIN_NAMES or not is_variable_name(name):
            raise KeyError(name)
        return Secret(name, MASK, known=False)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
