from __future__ import annotations

import re
from random import Random

from pnp_responder.sip import Identifiers

COOKIE = "z9hG4bK"


def identifiers(seed: int = 1) -> Identifiers:
    return Identifiers(Random(seed).randbytes)


def test_branches() -> None:
    made = identifiers()
    branches = [made.branch() for _ in range(500)]
    assert len(set(branches)) == 500
    # RFC 3261 8.1.1.7; 80 bits.
    assert all(re.fullmatch(COOKIE + "[0-9a-f]{20}", branch) for branch in branches)


def test_tags() -> None:
    made = identifiers()
    tags = [made.tag() for _ in range(500)]
    assert len(set(tags)) == 500
    # RFC 3261 19.3 wants 32 bits.
    assert all(re.fullmatch("[0-9a-f]{12}", tag) for tag in tags)


def test_no_octet_is_used_twice() -> None:
    """Branches and tags share their source and nothing else."""
    numbers = iter(range(10**6))
    made = Identifiers(lambda size: b"".join(next(numbers).to_bytes(2, "big") for _ in range(size // 2)))
    hexadecimal = "".join(made.tag() + made.branch().removeprefix(COOKIE) for _ in range(300))
    words = [hexadecimal[at : at + 4] for at in range(0, len(hexadecimal), 4)]
    assert len(set(words)) == len(words)


def test_stateless_tags() -> None:
    made = identifiers()
    assert made.stateless_tag(b"a") == made.stateless_tag(b"a")
    assert made.stateless_tag(b"a") != made.stateless_tag(b"b")
    assert made.stateless_tag(b"a") != identifiers(2).stateless_tag(b"a"), "a stranger could foretell it"
    assert re.fullmatch("[0-9a-f]{12}", made.stateless_tag(b""))
    assert made.stateless_tag(b"a" * 65_535)
