"""What a phone would do with the URL: macros, appended file names, schemes."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from pnp_responder.enrollment import Device
from pnp_responder.phone.shape import Habits

SCHEMES = ("http", "https", "ftp", "tftp")
"""What desk phones fetch by; every vendor that lists its schemes names some of these."""

_VISIBLE = re.compile(r"[!-~]+")
_MACRO = re.compile(r"\$[A-Za-z]\w*|\{\{?[^{}/]*\}?\}")


class Target(NamedTuple):
    """`files` are the URLs that the phone would try, in order; none if it would fetch nothing.

    `steps` tell in words how it comes to them. `faults` are what makes the URL useless, or probably
    not what was meant: (check, what was seen, what was expected).
    """

    files: tuple[str, ...]
    steps: tuple[str, ...]
    faults: tuple[tuple[str, str, str], ...]


def target_of(url: str, habits: Habits, device: Device) -> Target:
    """What a phone with these habits makes of `url`."""
    steps: list[str] = []
    faults: list[tuple[str, str, str]] = []
    if _VISIBLE.fullmatch(url) is None:
        faults.append(("U1", f"a URL with blanks or other than ASCII: {url!r}", "visible ASCII only"))
        return Target((), (), tuple(faults))
    url = _expand(url, habits, device, steps, faults)
    urls = _with_scheme(url, habits, steps, faults)
    files: list[str] = []
    for candidate in urls:
        files += _with_file_name(candidate, habits, device, steps, faults)
    return Target(tuple(dict.fromkeys(files)), tuple(dict.fromkeys(steps)), tuple(dict.fromkeys(faults)))


def _values(device: Device) -> dict[str, str]:
    mac = device.mac or ""
    return {
        "mac": mac,
        "MAC": mac.upper(),
        "model": device.model,
        "model_lower": device.model.lower(),
        "version": device.version,
    }


def _expand(
    url: str, habits: Habits, device: Device, steps: list[str], faults: list[tuple[str, str, str]]
) -> str:
    values = _values(device)
    known = {macro.written: macro.value for macro in habits.macros}

    def replace(match: re.Match[str]) -> str:
        written = match[0]
        if written not in known:
            faults.append(("U3", f"{written} in the URL", _known_macros(habits)))
            return written
        value = known[written]
        if value is None:
            steps.append(f"{written}: asks the person at the phone")
            return written
        steps.append(f"{written} becomes {values[value]}")
        return values[value]

    return _MACRO.sub(replace, url)


def _known_macros(habits: Habits) -> str:
    if not habits.macros:
        return "nothing to replace: this phone replaces nothing, and asks for the text as it stands"
    names = ", ".join(macro.written for macro in habits.macros)
    return f"only what this phone replaces ({names}); the rest it asks for as it stands"


def _with_scheme(
    url: str, habits: Habits, steps: list[str], faults: list[tuple[str, str, str]]
) -> tuple[str, ...]:
    scheme, separator, _ = url.partition("://")
    if not separator:
        if habits.guesses and not _has_host(f"//{url}"):
            faults.append(("U1", f"no host in {url}", "a scheme, :// and a host"))
            return ()
        if habits.guesses:
            steps.append(f"no scheme: tries {', '.join(habits.guesses)}")
            return tuple(f"{guess}://{url}" for guess in habits.guesses)
        faults.append(("U1", f"no scheme in {url}", "http://, https://, ftp:// or tftp://"))
        return ()
    if not _has_host(url):
        faults.append(("U1", f"no host in {url}", "a host after ://"))
        return ()
    if scheme.lower() not in (habits.schemes or SCHEMES):
        expected = ", ".join(habits.schemes or SCHEMES)
        faults.append(("U4", f"{scheme}://", f"one of {expected}"))
    return (url,) if scheme.lower() in SCHEMES else ()


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _with_file_name(
    url: str, habits: Habits, device: Device, steps: list[str], faults: list[tuple[str, str, str]]
) -> tuple[str, ...]:
    parts = urlsplit(url)
    is_folder = (parts.path.endswith("/") or not parts.path) and not parts.query
    if habits.only_folders and not parts.path.endswith("/"):
        faults.append(
            ("U2", f"a URL that ends in {parts.path[-20:] or parts.netloc}", "a folder that ends in /")
        )
        steps.append("a URL that does not end in / is ignored without a word")
        return ()
    if not is_folder or not habits.files:
        return (url,)
    steps.append("appends the names of its files")
    base = url if url.endswith("/") else f"{url}/"
    values = _values(device)
    return tuple(base + re.sub(r"\{(\w+)\}", lambda match: values[match[1]], name) for name in habits.files)
