from __future__ import annotations

import pytest

from pnp_responder.errors import RequestError
from pnp_responder.sip import Request, parse_message, uas
from tests.examples import SUBSCRIBE, request

SERVED = ("SUBSCRIBE", "OPTIONS")


def with_method(method: str) -> Request:
    message = parse_message(SUBSCRIBE.replace(b"SUBSCRIBE", method.encode()))
    assert isinstance(message, Request)
    return message


@pytest.mark.parametrize("method", SERVED)
def test_methods_that_are_served(method: str) -> None:
    uas.check_method(with_method(method), SERVED)


@pytest.mark.parametrize("method", sorted(uas.KNOWN_METHODS - set(SERVED)))
def test_methods_that_are_known(method: str) -> None:
    with pytest.raises(RequestError) as caught:
        uas.check_method(with_method(method), SERVED)
    assert caught.value.status == 405
    assert caught.value.headers == (("Allow", "SUBSCRIBE, OPTIONS"),)


@pytest.mark.parametrize("method", ["subscribe", "NEWMETHOD", "Options", "!"])
def test_methods_that_nobody_knows(method: str) -> None:
    with pytest.raises(RequestError) as caught:
        uas.check_method(with_method(method), SERVED)
    assert caught.value.status == 501


@pytest.mark.parametrize(
    "uri", ["sip:a@b", "SIP:x", "sips:a@b", "sip:224.0.1.75:5060", "sip:MAC%3a000413@fake"]
)
def test_request_uris(uri: str) -> None:
    uas.check_request_uri(request(start=f"SUBSCRIBE {uri} SIP/2.0"))


@pytest.mark.parametrize(
    ("uri", "status"),
    [
        ("tel:+123", 416),
        ("nobody.knows:x", 416),
        ("http://a", 416),
        ("sip:", 400),
        ("sip", 400),
        (":a", 400),
        ("<sip:a@b>", 400),
        ("1:a", 400),
        ("é:a", 400),
        ("*", 400),
    ],
)
def test_request_uris_of_others(uri: str, status: int) -> None:
    with pytest.raises(RequestError) as caught:
        uas.check_request_uri(request(start=f"SUBSCRIBE {uri} SIP/2.0"))
    assert caught.value.status == status


def test_dialog() -> None:
    uas.check_dialog(request())
    uas.check_dialog(request(To="<sip:a@b>;tag="))
    with pytest.raises(RequestError) as caught:
        uas.check_dialog(request(To="<sip:a@b>;tag=x"))
    assert caught.value.status == 481


@pytest.mark.parametrize("require", [None, "", ","])
def test_nothing_required(require: str | None) -> None:
    uas.check_extensions(request(Require=require))


@pytest.mark.parametrize(
    ("require", "unsupported"),
    [("a", "a"), ("a,b", "a, b"), ("a\r\nRequire: b ,c", "a, b, c"), ("100rel", "100rel")],
)
def test_required_extensions(require: str, unsupported: str) -> None:
    with pytest.raises(RequestError) as caught:
        uas.check_extensions(request(Require=require))
    assert caught.value.status == 420
    assert caught.value.headers == (("Unsupported", unsupported),)


@pytest.mark.parametrize("require", ["a b", '"a"', "a;b", "é"])
def test_require_that_cannot_be_echoed(require: str) -> None:
    with pytest.raises(RequestError) as caught:
        uas.check_extensions(request(Require=require))
    assert caught.value.status == 400


def test_require_that_would_make_the_answer_too_long() -> None:
    """Some 60 kB of it would come back as 90 kB, which no datagram can carry."""
    rows = "\r\nRequire: ".join(["a," * 1500] * 2)
    with pytest.raises(RequestError) as caught:
        uas.check_extensions(request(Require=rows))
    assert caught.value.status == 513


def test_content() -> None:
    uas.check_content(request(), "application/url")
    with pytest.raises(RequestError) as caught:
        uas.check_content(request(Content_Length="1", body="x"), "application/url")
    assert caught.value.status == 415
    assert caught.value.headers == (("Accept", "application/url"),)
    optional = request(Content_Length="1", body="x", Content_Disposition="render; Handling = Optional")
    uas.check_content(optional, "application/url")
