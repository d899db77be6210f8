"""The rule that would serve a device which no rule matched, as text to paste under `rules:`."""

from __future__ import annotations

import re

from pnp_responder.enrollment import Enrollment

_GLOB_SIGNS = re.compile(r"([*?\[])")
_COMPARISON = re.compile(r"[<>=!]")
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")
_LONGEST_NAME = 40


def rule_hint(enrollment: Enrollment) -> str:
    """One line of YAML. Valid, and matching this device, whatever the device said."""
    device = enrollment.device
    if device.mac is not None:
        return (
            f"- {{name: phone-{device.mac}, match: {{mac: {_yaml(device.mac.joined(':'))}}}, "
            'url: "http://{{ local_ip }}/{{ mac }}.cfg"}'
        )
    given = [("vendor", device.vendor), ("model", device.model), ("version", device.version)]
    match = {key: _glob(value) for key, value in given if value}
    if not match and enrollment.remote is not None:
        match = {"source": enrollment.remote.host}
    words = " ".join(value for _, value in given[:2]) or (enrollment.remote.host if enrollment.remote else "")
    name = _NOT_IN_A_NAME.sub("-", words.lower())[:_LONGEST_NAME].strip("-")
    keys = ", ".join(f"{key}: {_yaml(value)}" for key, value in match.items())
    url = "http://{{ local_ip }}/" + ("{{ model }}.cfg" if device.model else "phone.cfg")
    return f'- {{name: "phones-{name}", match: {{{keys}}}, url: "{url}"}}'


def _glob(value: str) -> str:
    """A pattern that matches `value`: no other wildcard, no comparison of versions, not the word `none`."""
    pattern = _COMPARISON.sub("?", _GLOB_SIGNS.sub(r"[\1]", value))
    return "?" + pattern[1:] if pattern.casefold() == "none" else pattern


def _yaml(text: str) -> str:
    """A double-quoted YAML scalar without escapes: what would need one stands as `?`, a glob's any
    character."""
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else "?" for c in text) + '"'
