"""What DHCP told this host, out of its clients' lease files: the options that phones read, too. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

PHONE_OPTIONS = {
    43: "vendor-encapsulated-options",
    66: "tftp-server-name",
    114: "default-url",
    120: "sip-servers",
    125: "vivso",
    150: "tftp-server-address",
    160: "option-160",
}
"""Where vendors' phones look for their configuration: number, and the name that lease files have for it."""

_NUMBERS = {name: number for number, name in PHONE_OPTIONS.items()}
_KEYS = {"VENDOR_SPECIFIC": 43, "CAPTIVE_PORTAL": 114, "SIP": 120}
_NUMBERED = re.compile(r"(?:unknown-|option-|OPTION_)([0-9]{1,3})", re.ASCII)
_LONGEST = 200

# RFC 2131 2: the fixed part of a message; then the magic cookie, then options.
_FIXED_PART = 236
_COOKIE = bytes((99, 130, 83, 99))
_PAD, _END = 0, 255


class Lease(NamedTuple):
    """One lease: where it was read, and those of PHONE_OPTIONS that it holds, as text."""

    path: str
    options: Mapping[int, str]


def read_keys(text: str) -> dict[int, str]:
    """A file of `KEY=value` (systemd-networkd, NetworkManager)."""
    found = {}
    for line in text.split("\n"):
        key, equals, value = line.partition("=")
        number = _KEYS.get(key) or _number(key)
        if equals and number in PHONE_OPTIONS:
            found[number] = value.strip()[:_LONGEST]
    return found


def read_dhclient(text: str, interface: str) -> dict[int, str] | None:
    """The last lease of `interface` in a file of ISC dhclient; None if it has none."""
    found: dict[int, str] | None = None
    for block in text.split("lease {")[1:]:
        statements = [line.strip().removesuffix(";") for line in block.split("\n")]
        if f'interface "{interface}"' not in statements:
            continue
        found = {}
        for words in (statement.split(None, 2) for statement in statements):
            if len(words) == 3 and words[0] == "option":
                number = _NUMBERS.get(words[1].removeprefix("dhcp-")) or _number(words[1])
                if number in PHONE_OPTIONS:
                    found[number] = words[2].strip('"')[:_LONGEST]
    return found


def read_message(octets: bytes) -> dict[int, str] | None:
    """A DHCP message as it came (dhcpcd); None if it is none."""
    if octets[_FIXED_PART : _FIXED_PART + 4] != _COOKIE:
        return None
    found = {}
    at = _FIXED_PART + 4
    while at < len(octets) and octets[at] != _END:
        if octets[at] == _PAD:
            at += 1
            continue
        length = octets[at + 1] if at + 1 < len(octets) else 0
        if octets[at] in PHONE_OPTIONS:
            value = octets[at + 2 : at + 2 + length]
            printable = all(0x20 <= octet < 0x7F for octet in value)
            found[octets[at]] = (value.decode("ascii") if printable else value.hex())[:_LONGEST]
        at += 2 + length
    return found


def _number(word: str) -> int:
    named = _NUMBERED.fullmatch(word)
    return int(named[1]) if named else 0
