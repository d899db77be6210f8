"""Reads `tests/corpus`: what phones send with what is to be read from it, and messages that mean harm.

A phone's message is `<vendor>/<model>_<version>.subscribe`, octet for octet as it travels, with a `.yaml`
of the same name beside it. Those of `hostile/` are `<name>.sip`, and a table there says what each brings.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

CORPUS = Path(__file__).parent / "corpus"

SERVED = "served"
SILENT = "silent"


@dataclass(frozen=True)
class Phone:
    """One SUBSCRIBE and the truth about it. An empty text, or no MAC, is "not in the message"."""

    name: str
    octets: bytes
    evidence: str
    synthetic: bool
    mac: str | None
    vendor: str
    model: str
    version: str
    profile_type: str
    answer: bool
    status: int | None
    """What a unicast sender is told where `answer` is false."""
    reason: str


@dataclass(frozen=True)
class Hostile:
    """One message and every outcome that is right: `served`, `silent`, or a status as text."""

    name: str
    octets: bytes
    unicast: frozenset[str]
    multicast: frozenset[str]
    why: str


def _read_phone(path: Path) -> Phone:
    told = yaml.safe_load(path.with_suffix(".yaml").read_text(encoding="utf-8"))
    read = told["read"]
    return Phone(
        name=str(path.relative_to(CORPUS).with_suffix("")),
        octets=path.read_bytes(),
        evidence=told["evidence"],
        synthetic=told["synthetic"],
        mac=read["mac"],
        vendor=read["vendor"] or "",
        model=read["model"] or "",
        version=read["version"] or "",
        profile_type=read["profile_type"] or "",
        answer=told["answer"],
        status=told.get("status"),
        reason=told["reason"],
    )


def _outcomes(value: object) -> frozenset[str]:
    return frozenset(str(one) for one in (value if isinstance(value, list) else [value]))


def _read_hostile(folder: Path) -> tuple[Hostile, ...]:
    table = yaml.safe_load((folder / "expected.yaml").read_text(encoding="utf-8"))
    return tuple(
        Hostile(
            name=name,
            octets=(folder / f"{name}.sip").read_bytes(),
            unicast=_outcomes(row["unicast"]),
            multicast=_outcomes(row["multicast"]),
            why=row["why"],
        )
        for name, row in table.items()
    )


PHONES = tuple(_read_phone(path) for path in sorted(CORPUS.glob("*/*.subscribe")))
HOSTILE = _read_hostile(CORPUS / "hostile")
