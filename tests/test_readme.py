"""What the README shows works: each rules file in it loads, each command line in it is one that we take."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pnp_responder.service.configuration import read_configuration
from tests import command_line

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^( *)```([\w-]*)[^\n]*\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`(pnp-responder [^`]+)`")
RULES_FILE = re.compile(r"^(?:rules|service|vars|defaults):", re.MULTILINE)


def blocks(*languages: str) -> list[str]:
    found = []
    for indent, language, text in BLOCK.findall(README):
        if language in languages:
            found.append(re.sub(rf"^{indent}", "", text, flags=re.MULTILINE))
    return found


RULES_FILES = [text for text in blocks("yaml", "yml") if RULES_FILE.search(text)]
LINES = [
    *(
        line
        for text in blocks("sh", "bash", "console", "shell", "")
        for line in text.replace("\\\n", " ").split("\n")
    ),
    *INLINE.findall(README),
]
COMMANDS = sorted(
    {
        tuple(found)
        for line in LINES
        if "pnp-responder" in line and (found := command_line.arguments(line)) is not None
    }
)


def test_there_is_something_to_test() -> None:
    assert RULES_FILES, "no rules file among the YAML blocks"
    assert len(COMMANDS) >= 3, COMMANDS


@pytest.mark.parametrize("text", RULES_FILES)
def test_a_rules_file_loads(text: str) -> None:
    whole = text if re.search("^rules:", text, re.MULTILINE) else f"{text}\nrules: []\n"
    assert read_configuration(whole, "README.md").warnings == ()


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
def test_a_command_line_is_taken(argv: tuple[str, ...]) -> None:
    command_line.check(list(argv))


@pytest.mark.parametrize("argv", [["run", "--no-such-option"], ["no-such-command"], ["explain", "--mac"]])
def test_this_check_can_fail(argv: list[str]) -> None:
    with pytest.raises(Exception, match=r"."):
        command_line.check(argv)


def test_links_inside_the_repository_lead_somewhere() -> None:
    root = Path(__file__).parent.parent
    targets = re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", README)
    assert [target for target in targets if not (root / target).exists()] == []
