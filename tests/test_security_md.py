"""SECURITY.md and `tests/security` name the same attacks, and the ceilings are those of the code."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from pnp_responder.limits import AMPLIFICATION, DEFAULT_LIMITS, LEAK, MOST_SOURCES
from pnp_responder.net.driver import QUEUE_OCTETS
from pnp_responder.net.postponed import MOST_KEPT, PATIENCE
from pnp_responder.net.tcp import TcpLimits
from pnp_responder.rules.hidden_placeholders import MAX_URL
from pnp_responder.rules.places import MAX_DEPTH, MAX_ENTRIES, MAX_NODES, MAX_OCTETS
from pnp_responder.service.journal import PHONES_TOLD, PHONES_WINDOW
from pnp_responder.service.log_writer import MOST_WAITING
from pnp_responder.service.settings import Settings
from pnp_responder.sip.grammar import MAX_PARAMETERS
from pnp_responder.sip.head import MAX_HEADERS, MAX_VALUE
from pnp_responder.ua_profile.notify import MAX_NOTIFY

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NOT_APPLICABLE = {14}


def files() -> Counter[int]:
    names = (path.name for path in (ROOT / "tests" / "security").glob("test_t*.py"))
    return Counter(int(name[6:8]) for name in names)


def test_each_attack_that_is_named_has_its_file_and_the_other_way_round() -> None:
    promises = TEXT.partition("There is no T14")[0].replace("The numbers T1 to T26", "")
    named = {int(number) for number in re.findall(r"\bT([0-9]{1,2})\b", promises)}
    assert named == set(files())
    assert named == set(range(1, 27)) - NOT_APPLICABLE
    assert set(files().values()) == {1}


def test_what_does_not_apply_is_said() -> None:
    docstring = (ROOT / "tests" / "security" / "__init__.py").read_text(encoding="utf-8")
    for number in NOT_APPLICABLE:
        assert f"T{number} " in docstring
        assert f"There is no T{number}," in TEXT


TCP = TcpLimits()


@pytest.mark.parametrize(
    ("row", "ceiling"),
    [
        ("Octets out for each octet in", f"{AMPLIFICATION}"),
        ("NOTIFYs for one SUBSCRIBE", f"{Settings().notify_attempts}, 15.5 s"),
        ("Octets of a NOTIFY", f"{MAX_NOTIFY:,}"),
        ("New requests a second", f"{DEFAULT_LIMITS.rate}; {DEFAULT_LIMITS.burst}"),
        ("SUBSCRIBEs, and NOTIFYs", f"{DEFAULT_LIMITS.transactions:,} each"),
        ("Sources whose rate", f"{2 * MOST_SOURCES:,}"),
        ("Octets of a message", f"65,535; {MAX_HEADERS}; {MAX_VALUE:,}; {MAX_PARAMETERS}"),
        ("Octets of what waits", f"{QUEUE_OCTETS >> 20} MiB"),
        ("TCP", f"{TCP.connections}; {TCP.per_source}; {TCP.whole_message:.0f}"),
        ("Log that waits", f"{MOST_WAITING >> 20} MiB; {PHONES_TOLD:,}"),
        ("Answers that the kernel refused", f"{MOST_KEPT:,}, {PATIENCE:.0f} s"),
        ("Octets, values and depth", f"{MAX_OCTETS >> 20} MiB; {MAX_NODES:,}; {MAX_DEPTH}"),
        ("Rules, tests or variables of a rules file", f"{MAX_ENTRIES:,}"),
        ("Characters of a URL", f"{MAX_URL:,}"),
    ],
)
def test_a_ceiling_is_the_one_of_the_code(row: str, ceiling: str) -> None:
    (line,) = re.findall(rf"^\| {re.escape(row)}[^|]*\| ([^|]*) \|", TEXT, re.MULTILINE)
    assert line.startswith(ceiling)


def test_the_words_of_the_ceilings_are_those_of_the_code() -> None:
    assert LEAK == 10
    assert PHONES_WINDOW == 10.0
