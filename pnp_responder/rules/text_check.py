"""Is a text one that an editor made, and no larger than is taken? Asked before any of it is read as YAML."""

from __future__ import annotations

import re

from pnp_responder.rules.places import MAX_LINES, MAX_OCTETS, Spot
from pnp_responder.rules.problems import Findings

MOST_CHARACTERS = 20
"""So many of those that cannot stand in a file are told, and one more."""

_REFUSED = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAG_DIRECTIVE = re.compile(r"^%TAG", re.MULTILINE)


def is_readable_text(text: str, findings: Findings) -> bool:
    """Can `text` be read? If not, `findings` says why."""
    return _check_size(text, findings) and _check_characters(text, findings)


def _check_size(text: str, findings: Findings) -> bool:
    if len(text) > MAX_OCTETS or len(text.encode("utf-8", "surrogatepass")) > MAX_OCTETS:
        findings.error(Spot(1, 1), "the file is larger than 16 MiB", "leave some rules out")
    elif max(text.count("\n"), text.count("\r")) > MAX_LINES:
        findings.error(Spot(1, 1), f"the file has more than {MAX_LINES:,} lines", "leave some out")
    return not findings.failed


def _check_characters(text: str, findings: Findings) -> bool:
    """Refuse what no editor shows: NUL, control characters, stray line separators."""
    for found, match in enumerate(_REFUSED.finditer(text)):
        findings.error(
            _spot_at(text, match.start()),
            f"character U+{ord(match[0]):04X} cannot stand in this file",
            "is the file really UTF-8 text?" if found == 0 else "",
        )
        if found == MOST_CHARACTERS:
            break
    directive = _TAG_DIRECTIVE.search(text)
    if directive is not None:  # one of a megabyte would stand in each value
        findings.error(_spot_at(text, directive.start()), "'%TAG' is not allowed", "leave it out")
    return not findings.failed


def _spot_at(text: str, position: int) -> Spot:
    return Spot(text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position))
