"""The order of firmware versions.

A version is its runs of digits and its runs of letters; everything else only separates. Runs are
compared one by one: numbers as numbers, letters as text without case, a number above letters, and
the longer version above its own beginning. So 66.9 < 66.85, and 8.9.3.60 < 8.9.3.60-SIP < 8.9.3.61.
"""

from __future__ import annotations

import re
from functools import lru_cache

VersionKey = tuple[tuple[int, int, str], ...]

_RUN = re.compile(r"[0-9]+|[^\W0-9_]+")


def plain_version(text: str) -> str:
    """`text` as versions are compared as texts: without its leading `v` and without case."""
    folded = text.casefold()
    return folded[1:] if folded.startswith("v") else folded


@lru_cache(maxsize=1024)
def version_key(plain: str) -> VersionKey:
    """What orders versions, from their `plain_version`. Digits are never made an int: they may be many."""
    key = []
    for run in _RUN.findall(plain):
        if run[0] in "0123456789":
            digits = run.lstrip("0")
            key.append((1, len(digits), digits))
        else:
            key.append((0, 0, run))
    return tuple(key)
