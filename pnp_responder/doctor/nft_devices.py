"""The devices of nftables' chains, out of what `nft list chains` prints for people. Pure.

A chain with hook ingress or egress sits at some interfaces, and the JSON of older nft does not say which.
"""

from __future__ import annotations

import re

_TABLE = re.compile(r"table (\w+) (\S+) \{")
_CHAIN = re.compile(r"\s+chain (\S+) \{")
_DEVICES = re.compile(r"\s+type \w+ hook \w+ (?:device (?P<one>\S+)|devices = \{(?P<some>[^}]*)\}) ")


def devices_of(text: str) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """By family, table and name of the chain."""
    found = {}
    family = table = chain = ""
    for line in text.split("\n"):
        if head := _TABLE.match(line):
            family, table = head.groups()
        elif head := _CHAIN.match(line):
            chain = head[1]
        elif told := _DEVICES.match(line):
            names = (told["one"] or told["some"]).split(",")
            found[family, table, chain] = tuple(name.strip().strip('"') for name in names)
    return found
