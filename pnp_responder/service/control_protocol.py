"""What a client says to a running service, and what it hears: one line of JSON each. No socket, no clock.

{"command": "status"}                                   {"ok": true, "program": "1.2.3", "status": {...}}
{"command": "reload"}                                   {"ok": true, "program": "1.2.3", "reload": {...}}
{"command": "window"}                                   {"ok": true, "program": "1.2.3", "window": {...}}
{"command": "window", "action": "open", "seconds": 60}  {"ok": true, "program": "1.2.3", "window": {...}}
{"command": "window", "action": "close"}                {"ok": true, "program": "1.2.3", "window": {...}}
anything else                                           {"ok": false, "kind": "request", "error": "..."}
"""

from __future__ import annotations

import json
from typing import Any, Literal, NamedTuple

from pnp_responder import __version__
from pnp_responder.escaping import escape
from pnp_responder.service.window import LONGEST_OPEN

MOST_REQUEST = 4_096
"""Octets of a request with its line end. The longest that means anything has 60."""

MOST_ANSWER = 4 * 1024 * 1024
"""Octets of an answer; more than the problems of any rules file."""

Kind = Literal["request", "permission", "busy", "failed"]
"""Why there is no answer: a request that is none, a client that may not ask, too many of them, a service that
cannot."""


class StatusAsked(NamedTuple):
    """How is the service?"""


class ReloadAsked(NamedTuple):
    """Read the rules file now."""


class WindowAsked(NamedTuple):
    """Is the enrolment window open?"""


class OpenWindow(NamedTuple):
    """Open it for so many seconds."""

    seconds: int


class CloseWindow(NamedTuple):
    """Close it."""


Request = StatusAsked | ReloadAsked | WindowAsked | OpenWindow | CloseWindow


class ControlError(Exception):
    """There is no answer but this: `text` says why, in one line."""

    def __init__(self, kind: Kind, text: str) -> None:
        super().__init__(text)
        self.kind: Kind = kind
        self.text = text


def parse_request(octets: bytes) -> Request:
    """The request in one line. Raises ControlError for what is none."""
    fields = _read_object(octets)
    command = fields.pop("command", None)
    action = fields.pop("action", None)
    seconds = fields.pop("seconds", None)
    request: Request
    match command, action, seconds:
        case "status", None, None:
            request = StatusAsked()
        case "reload", None, None:
            request = ReloadAsked()
        case "window", None, None:
            request = WindowAsked()
        case "window", "close", None:
            request = CloseWindow()
        case "window", "open", int() if not isinstance(seconds, bool) and 0 < seconds <= LONGEST_OPEN:
            request = OpenWindow(seconds)
        case "window", "open", _:
            raise ControlError("request", f"`seconds` must be a number from 1 to {LONGEST_OPEN}")
        case str(), _, _:
            words = command if action is None else f"{command} {action}"
            raise ControlError("request", f"this service does not know the command {_quoted(words)}")
        case _:
            raise ControlError("request", "there is no `command`")
    if fields:
        raise ControlError("request", f"this service does not know the key {_quoted(min(fields))}")
    return request


def form_request(request: Request) -> bytes:
    """The line that `parse_request` reads."""
    fields: dict[str, object]
    match request:
        case StatusAsked():
            fields = {"command": "status"}
        case ReloadAsked():
            fields = {"command": "reload"}
        case WindowAsked():
            fields = {"command": "window"}
        case OpenWindow(seconds):
            fields = {"command": "window", "action": "open", "seconds": seconds}
        case CloseWindow():
            fields = {"command": "window", "action": "close"}
    return _line(fields)


def form_answer(fields: dict[str, Any]) -> bytes:
    """The line with a good answer, and who gives it."""
    return _line({"ok": True, "program": __version__, **fields})


def form_error(error: ControlError) -> bytes:
    """The line that says why there is no other."""
    return _line({"ok": False, "kind": error.kind, "error": error.text})


def parse_answer(octets: bytes) -> dict[str, Any]:
    """What the service answered; `program` is its version. Raises ControlError with what the service says
    instead, or that this is no answer."""
    try:
        fields = _read_object(octets)
    except ControlError:
        fields = {}
    kind, text = fields.get("kind"), fields.get("error")
    if fields.pop("ok", None) is True:
        return fields
    if isinstance(text, str) and kind in ("request", "permission", "busy", "failed"):
        raise ControlError(kind, text)
    raise ControlError("failed", "what answers there is no pnp-responder")


def _line(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields).encode("ascii") + b"\n"


def _read_object(octets: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(octets.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise ControlError("request", "this is no JSON object in one line")
    return fields


def _quoted(text: str) -> str:
    return f"'{escape(text[:40])}'"


def _refuse(text: str) -> object:
    raise ValueError(text)
