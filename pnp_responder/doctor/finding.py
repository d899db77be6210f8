"""Finding: what one check says."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """How a check ended. UNKNOWN: this user, or nobody on this host, can see it."""

    PASS = "pass"  # noqa: S105  (no password)
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


class Finding(NamedTuple):
    """`check` is a stable name, `interface` "" where a check is about the host.

    `evidence` says what was seen and what follows. `remedy` is the command that mends it, or that shows
    more; "" if nothing is to do.
    """

    check: str
    interface: str
    verdict: Verdict
    evidence: str
    remedy: str = ""


def exit_code(findings: Iterable[Finding]) -> int:
    """0: nothing is wrong; 1: warnings; 2: failures. What is unknown counts as nothing wrong."""
    verdicts = {finding.verdict for finding in findings}
    if Verdict.FAIL in verdicts:
        return 2
    return int(Verdict.WARN in verdicts)
