"""The phones and the rules of the benchmark: phone `i` of a site with `n` rules matches one of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

URL = "http://192.0.2.10/{{ mac }}.cfg"
GROUP = "224.0.1.75"
_STRIDE = 7919
"""A prime: phones that ask one after the other meet rules far from each other."""


class Phone(NamedTuple):
    """What one phone says of itself, and where it is: an address of the loopback of its own."""

    host: str
    mac: str
    vendor: str = "Acme"
    model: str = "Phone 1"
    version: str = "2.0.110"
    user_agent: str = "Acme Phone 1 2.0.110"


class Site(NamedTuple):
    """A rules file and the phones that it serves."""

    name: str
    rules: str
    phone: Callable[[int], Phone]


def exact(count: int) -> Site:
    """One rule for each MAC."""
    rules = "".join(f'  - {{name: r{k}, match: {{mac: "{_mac(k)}"}}, url: "{URL}"}}\n' for k in range(count))

    def phone(i: int) -> Phone:
        return Phone(_host(i), _mac(i * _STRIDE % count))

    return Site(f"{count:,} exact MACs", "rules:\n" + rules, phone)


def mixed(count: int) -> Site:
    """MACs, MAC globs, model globs, versions of a model, networks and exclusions in turn, and ten globs that
    begin with a wildcard, which no index helps with. The phones are of two dozen kinds, as on a campus; their
    MACs and addresses are their own."""
    rules = [f'{{user_agent: "*build {k}"}}' for k in range(10)]
    rules += [_KINDS[k % len(_KINDS)][0](k) for k in range(count - len(rules))]
    text = "".join(f'  - {{name: r{k}, match: {match}, url: "{URL}"}}\n' for k, match in enumerate(rules))

    def phone(i: int) -> Phone:
        k = i * _STRIDE % (count - 10)
        one = k % len(_KINDS)
        if one in _SAYING:
            k = one + len(_KINDS) * (i // len(_KINDS) % _MODELS * ((count - 10) // len(_KINDS) // _MODELS))
        return _KINDS[one][1](k, i)

    return Site(f"{count:,} mixed rules", "rules:\n" + text, phone)


def _mac(k: int) -> str:
    return f"00a859{k:06x}"


def _host(i: int) -> str:
    return f"127.{1 + (i >> 16) % 63}.{i >> 8 & 255}.{i & 255}"


_Kind = tuple[Callable[[int], str], Callable[[int, int], Phone]]
_KINDS: tuple[_Kind, ...] = (
    (lambda k: f'{{mac: "{_mac(k)}"}}', lambda k, i: Phone(_host(i), _mac(k))),
    (
        lambda k: f'{{mac: "0015{k:06x}*"}}',
        lambda k, i: Phone(_host(i), f"0015{k:06x}{i & 255:02x}"),
    ),
    (
        lambda k: f'{{vendor: acme, model: "K{k}-?[0-9]*"}}',
        lambda k, i: Phone(_host(i), _mac(0x800000 | i), model=f"K{k}-W1"),
    ),
    (
        lambda k: f'{{model: "V{k // 24}", version: ">=1.0, <2.{k // 6 % 4 + 1}"}}',
        lambda k, i: Phone(_host(i), _mac(0x800000 | i), model=f"V{k // 24}", version=f"2.{k // 6 % 4}.7"),
    ),
    (
        lambda k: f'{{source: "127.{64 + (k >> 8)}.{k & 255}.0/24"}}',
        lambda k, i: Phone(f"127.{64 + (k >> 8)}.{k & 255}.{1 + i % 254}", _mac(0x800000 | i)),
    ),
    (
        lambda k: f'{{vendor: "Maker {k}", not: {{mac: "00:a8:59:ff"}}}}',
        lambda k, i: Phone(_host(i), _mac(0x800000 | i), vendor=f"Maker {k}"),
    ),
)
_SAYING = (2, 3, 5)
"""Those of _KINDS that go by what a phone says."""

_MODELS = 8
"""So many of each of those ask."""


def subscribe(phone: Phone, i: int, port: int) -> bytes:
    """The SUBSCRIBE number `i`, from `port` of that phone. Its Call-ID begins with `i` in 8 hex digits."""
    host, mac, vendor, model, version, user_agent = phone
    return (
        f"SUBSCRIBE sip:MAC%3a{mac}@{GROUP} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{i:08x};rport\r\n"
        "Max-Forwards: 70\r\n"
        f"From: <sip:MAC%3a{mac}@{GROUP}>;tag=t{i:x}\r\n"
        f"To: <sip:MAC%3a{mac}@{GROUP}>\r\n"
        f"Call-ID: {i:08x}-91b2@{host}\r\n"
        "CSeq: 1 SUBSCRIBE\r\n"
        f"Contact: <sip:{mac}@{host}:{port}>\r\n"
        f'Event: ua-profile;profile-type="device";vendor="{vendor}";model="{model}";version="{version}"\r\n'
        f"User-Agent: {user_agent}\r\n"
        "Expires: 0\r\n"
        "Accept: application/url\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()


_ECHOED = re.compile(rb"^(?:Via|From|To|Call-ID|CSeq) *:[^\n]*\n", re.MULTILINE | re.IGNORECASE)


def answer(notify: bytes) -> bytes:
    """The phone's 200 to a NOTIFY."""
    return b"SIP/2.0 200 OK\r\n" + b"".join(_ECHOED.findall(notify)) + b"Content-Length: 0\r\n\r\n"


_CALL_ID = re.compile(rb"\nCall-ID: *([0-9a-f]{8})-", re.IGNORECASE)


def number_of(message: bytes) -> int | None:
    """The number of the SUBSCRIBE that a message belongs to."""
    found = _CALL_ID.search(message)
    return None if found is None else int(found.group(1), 16)
