"""Where the search begins: the messages of the corpus, the rules files of the tests, and what was found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.corpus_reader import HOSTILE, PHONES
from tests.fuzz.targets import MARK

TESTS = Path(__file__).parents[1]
REGRESSIONS = Path(__file__).parent / "regressions"

MOST_OCTETS = 4_096
"""Longer ones would make each step of the search slow."""


def seeds(target: str) -> dict[str, bytes]:
    """The inputs of a target by name; an empty one and one octet are always among them."""
    found = {"empty": b"", "one-octet": b"\n", **dict(_of(target)), **regressions(target)}
    return {name: octets for name, octets in found.items() if len(octets) <= MOST_OCTETS}


def regressions(target: str) -> dict[str, bytes]:
    """What a search of that target has found, whatever its length."""
    return {path.name: path.read_bytes() for path in sorted((REGRESSIONS / target).glob("*"))}


def dictionary(target: str) -> Path:
    """The words that the search puts in, in libFuzzer's form."""
    return Path(__file__).parent / ("rules.dict" if target == "rules" else "sip.dict")


def _of(target: str) -> Iterator[tuple[str, bytes]]:
    if target == "rules":
        paths = [*TESTS.glob("rules_*/*.yaml"), TESTS.parent / "rules.yaml", TESTS.parent / "rules.test.yaml"]
        yield from (("-".join(path.parts[-2:]), path.read_bytes()) for path in sorted(paths))
        return
    messages = {phone.name.replace("/", "-"): phone.octets for phone in PHONES}
    messages |= {message.name: message.octets for message in HOSTILE}
    if target == "message":
        yield from messages.items()
        return
    for number, (name, octets) in enumerate(messages.items()):
        # By multicast from one phone; then a repeat and the answer to the NOTIFY, a second later.
        yield name, b"\x01" + octets
        # Twice makes a kind known; the third one may be read by the pattern of its kind.
        yield f"{name}-of-a-kind", MARK.join(b"\x01" + _another(octets, number) for number in (1, 2, 3))
        if number % 4 == 0:
            yield f"{name}-in-turn", MARK.join([b"\x01" + octets, b"\x00" + octets, b"\x4a" + octets])


def _another(octets: bytes, number: int) -> bytes:
    """Another phone of the same kind: another last digit of its MAC, another branch and Call-ID."""
    digits = b"%x" % number

    def changed(found: re.Match[bytes]) -> bytes:
        return found[0][:-1] + digits

    octets = re.sub(rb"(?i)(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])", changed, octets)
    octets = re.sub(rb"(?i)(branch=[^;\s]+)", rb"\g<1>" + digits, octets)
    return re.sub(rb"(?im)^((?:call-id|i)\s*:\s*)(\S)", rb"\g<1>" + digits + rb"\2", octets)
