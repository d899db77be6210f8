"""The lines of the control socket: octets in, values out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder import __version__
from pnp_responder.service.control_protocol import (
    CloseWindow,
    ControlError,
    OpenWindow,
    ReloadAsked,
    Request,
    StatusAsked,
    WindowAsked,
    form_answer,
    form_error,
    form_request,
    parse_answer,
    parse_request,
)
from pnp_responder.service.window import LONGEST_OPEN

REQUESTS: list[Request] = [
    *(StatusAsked(), ReloadAsked(), WindowAsked(), CloseWindow()),
    *(OpenWindow(1), OpenWindow(LONGEST_OPEN)),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=repr)
def test_requests_come_over_as_they_were(request_: Request) -> None:
    line = form_request(request_)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert parse_request(line) == request_
    assert type(parse_request(line)) is type(request_)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"", "this is no JSON object in one line"),
        (b"\n", "this is no JSON object in one line"),
        (b"status\n", "this is no JSON object in one line"),
        (b'"status"', "this is no JSON object in one line"),
        (b"\xff", "this is no JSON object in one line"),
        (b"[" * 4000, "this is no JSON object in one line"),
        (b'{"command": NaN}', "this is no JSON object in one line"),
        (b"1" * 4096, "this is no JSON object in one line"),
        (b"{}", "there is no `command`"),
        (b'{"command": 1}', "there is no `command`"),
        (b'{"command": ["status"]}', "there is no `command`"),
        (b'{"command": "stop"}', "this service does not know the command 'stop'"),
        (b'{"command": "st\\u001b[2J"}', "this service does not know the command 'st\\x1b[2J'"),
        (b'{"command": "status", "action": "open"}', "does not know the command 'status open'"),
        (b'{"command": "window", "action": "shut"}', "does not know the command 'window shut'"),
        (b'{"command": "status", "more": 1}', "this service does not know the key 'more'"),
        (b'{"command": "window", "seconds": 5}', "does not know the command 'window'"),
        (b'{"command": "window", "action": "open"}', "`seconds` must be a number from 1 to 86400"),
        (b'{"command": "window", "action": "open", "seconds": 0}', "from 1 to 86400"),
        (b'{"command": "window", "action": "open", "seconds": -5}', "from 1 to 86400"),
        (b'{"command": "window", "action": "open", "seconds": 86401}', "from 1 to 86400"),
        (b'{"command": "window", "action": "open", "seconds": 1e3}', "from 1 to 86400"),
        (b'{"command": "window", "action": "open", "seconds": true}', "from 1 to 86400"),
        (b'{"command": "window", "action": "open", "seconds": "60"}', "from 1 to 86400"),
    ],
)
def test_what_is_no_request_is_refused_in_words(line: bytes, said: str) -> None:
    with pytest.raises(ControlError) as refused:
        parse_request(line)
    assert refused.value.kind == "request"
    assert said in refused.value.text
    assert refused.value.text.isprintable()
    assert len(refused.value.text) < 200


_VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=3)
_KEYS = st.sampled_from(["command", "action", "seconds"]) | st.text()
_WORDS = st.sampled_from(["status", "reload", "window", "open", "close"])


@given(st.binary() | st.dictionaries(_KEYS, _WORDS | _VALUES).map(lambda fields: json.dumps(fields).encode()))
def test_nothing_else_comes_out(octets: bytes) -> None:
    try:
        request = parse_request(octets)
    except ControlError as error:
        said = error.text
    else:
        assert parse_request(form_request(request)) == request
        said = ""
    assert said == "" or said.isprintable()


def test_answers_come_over_as_they_were() -> None:
    line = form_answer({"status": {"model": "\u202e\n"}})
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert parse_answer(line) == {"program": __version__, "status": {"model": "\u202e\n"}}


def test_errors_come_over_as_they_were() -> None:
    with pytest.raises(ControlError) as told:
        parse_answer(form_error(ControlError("busy", "try again")))
    assert (told.value.kind, told.value.text) == ("busy", "try again")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"SSH-2.0-x\n",
        b"{}\n",
        b'{"ok": 1}\n',
        b'{"ok": false}\n',
        b'{"ok": false, "kind": 1, "error": 2}\n',
    ],
)
def test_whoever_answers_otherwise_is_none_of_ours(line: bytes) -> None:
    with pytest.raises(ControlError, match="what answers there is no pnp-responder"):
        parse_answer(line)
