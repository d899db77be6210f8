"""What a running service was told on its command line, which wins over the rules file's `service:`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from pnp_responder.service.settings import MAX_PORT, Settings

_TAKES = ("--rules", "--interface", "--port", "--reply-port")


def options_of(arguments: Sequence[str]) -> dict[str, list[str]]:
    """The values of each option that matters here, written `--port 5062` or `--port=5062`."""
    found: dict[str, list[str]] = {}
    rest = iter(arguments)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in _TAKES:
            found.setdefault(name, []).append(value if equals else next(rest, ""))
    return found


def with_options(settings: Settings, options: dict[str, list[str]]) -> Settings:
    """The settings that a service with these options serves by."""
    given: dict[str, object] = {}
    if interfaces := options.get("--interface"):
        given["interfaces"] = tuple(interfaces)
    for name, field in (("--port", "port"), ("--reply-port", "reply_port")):
        number = options.get(name, [""])[-1]
        if number.isascii() and number.isdigit() and len(number) <= 5 and 0 < int(number) <= MAX_PORT:
            given[field] = int(number)
    return dataclasses.replace(settings, **given)  # type: ignore[arg-type]
