"""Is a text an absolute URL that a phone can be sent to? RFC 3986, narrowed to what phones fetch from.

A phone's own macros (`$mac`, `{mac}`) may stand anywhere but in scheme and port.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import quote

from pnp_responder.rules.problems import did_you_mean

SCHEMES = ("http", "https", "ftp", "tftp")
PLAIN_SCHEMES = ("http", "ftp", "tftp")
"""The schemes that show credentials to everyone on the way."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(//)?")
_HOST = re.compile(r"[A-Za-z0-9._~%!$&'()*+,;={}-]+")
_ORDINARY = re.compile(r"[!#-;=?-\[\]_a-z{}~]+")
_GOOD = re.compile(
    r"(?:https?|t?ftp)://(?:[A-Za-z0-9._~%!$&'()*+,;={}:-]*@)?(?:[A-Za-z0-9._~%!$&'()*+,;={}-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
    r"(?:[/?#][!-~]*)?",
    re.IGNORECASE,
)


class UrlProblem(NamedTuple):
    """Why a text is no URL for a phone. `message` never quotes what may be a password."""

    message: str
    hint: str = ""


def is_url(text: str) -> bool:
    """The quick form of `check_url`, for URLs rendered while phones wait."""
    return _GOOD.fullmatch(text) is not None


def check_url(text: str) -> UrlProblem | None:
    """The first thing that keeps `text` from being an absolute ftp, tftp, http or https URL."""
    return check_characters(text) or _check_scheme(text) or _check_authority(text)


def check_secret(text: str) -> UrlProblem | None:
    """Why `text` can be no part of a URL. The message holds nothing of it, and goes on from "it"."""
    if not text:
        return UrlProblem("is empty")
    if _ORDINARY.fullmatch(text) is None:
        return UrlProblem("has a character that no URL can hold", "percent-encode it there")
    return None


def has_credentials(url: str) -> bool:
    """Does the URL carry a user or password?"""
    return "@" in authority(url)


def authority(url: str) -> str:
    """Between `//` and the path: user, host, port."""
    return re.split(r"[/?#]", url.split("://", 1)[-1], maxsplit=1)[0]


def scheme(url: str) -> str:
    """In lower case; "" if there is none."""
    match = _SCHEME.match(url)
    return match[1].lower() if match else ""


def check_characters(text: str) -> UrlProblem | None:
    """Why `text` can be no URL, whatever else it is: a character that none has; None if it has none."""
    if _ORDINARY.fullmatch(text):
        return None
    if not text:
        return UrlProblem("the URL is empty")
    for character in text:
        if character in " \t":
            return UrlProblem(
                f"a URL cannot hold a {'tab' if character != ' ' else 'blank'}", f"write {quote(character)}"
            )
        if character in "\r\n":
            return UrlProblem("a URL cannot hold a line break", "write it on one line, in quotes")
        if not character.isprintable():
            return UrlProblem(f"a URL cannot hold the control character U+{ord(character):04X}")
        if not character.isascii():
            hint = f"percent-encode it: {quote(character)}"
            return UrlProblem(f"a URL holds ASCII only, not '{character}'", hint)
        if character in '"<>\\^`|':
            return UrlProblem(f"a URL cannot hold '{character}'", f"write {quote(character)}")
    return None


def _check_scheme(text: str) -> UrlProblem | None:
    match = _SCHEME.match(text)
    expected = "http://, https://, ftp:// or tftp://"
    if match is None or (match[2] is None and match[1].lower() not in SCHEMES):
        return UrlProblem("the URL has no scheme", f"begin it with {expected}")
    if match[1].lower() not in SCHEMES:
        hint = did_you_mean(match[1], SCHEMES) or f"use {expected}"
        return UrlProblem(f"phones cannot fetch from '{match[1]}:' URLs", hint)
    if match[2] is None:
        return UrlProblem(f"'//' is missing behind '{match[1]}:'")
    return None


def _check_authority(text: str) -> UrlProblem | None:
    whole = authority(text)
    rest = text.split("://", 1)[1][len(whole) :]
    userinfo, at, hostport = whole.rpartition("@")
    if "@" in userinfo:
        return _raw("@")
    host, colon, port = _split_port(hostport)
    port_is_number = port.isascii() and port.isdigit()
    if not at and "@" in rest and ((colon and not port_is_number) or rest[0] in "?#"):
        return _raw(rest[0])
    if not at and re.match(r"/[^/?#]*:[^/?#]*@", rest):
        return _raw("/")
    if not host:
        return UrlProblem("the URL has no host")
    if colon and not (port_is_number and len(port) <= 5 and 1 <= int(port) <= 65535):
        return UrlProblem("the URL's port must be a number from 1 to 65535")
    return _check_host(host)


def _split_port(hostport: str) -> tuple[str, str, str]:
    if hostport.startswith("["):
        host, bracket, rest = hostport.partition("]")
        return host + bracket, rest[:1], rest[1:]
    return hostport.partition(":")


def _check_host(host: str) -> UrlProblem | None:
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(host[1:].removesuffix("]") if host.endswith("]") else "")
        except ValueError:
            return UrlProblem("the URL's host in brackets is no IPv6 address")
        return None
    if _HOST.fullmatch(host) is None:
        return UrlProblem("the URL's host holds a character that no host name has")
    if re.fullmatch(r"[0-9.]+", host):
        try:
            ipaddress.IPv4Address(host)
        except ValueError:
            return UrlProblem(f"the URL's host '{host}' is no IPv4 address")
    elif host.startswith(".") or ".." in host:
        return UrlProblem(f"the URL's host '{host}' has an empty part")
    return None


def _raw(character: str) -> UrlProblem:
    return UrlProblem(
        f"'{character}' cannot stand as it is in a user name or password",
        f"write {quote(character, safe='')}",
    )
