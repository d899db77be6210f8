from __future__ import annotations

import pytest

from pnp_responder.enrollment import Enrollment
from pnp_responder.errors import NotAnEnrollment, RequestError
from pnp_responder.ua_profile import read_enrollment
from tests.examples import LOCAL, PHONE, SUBSCRIBE, heard, request


def enrolled(**rows: str | bytes | None) -> Enrollment:
    return read_enrollment(request(**rows), heard(SUBSCRIBE))


def refused(**rows: str | bytes | None) -> NotAnEnrollment:
    with pytest.raises(NotAnEnrollment) as caught:
        enrolled(**rows)
    return caught.value


def test_all_facts() -> None:
    found = enrolled(User_Agent="Acme Phone/1.10")
    assert found.device == ("00a859112233", "Acme", "Phone 1", "1.10")
    assert found.profile_type == "device"
    assert found.user_agent == "Acme Phone/1.10"
    assert found.remote == PHONE
    assert found.local == LOCAL


def test_no_facts() -> None:
    found = enrolled(
        start="SUBSCRIBE sip:224.0.1.75 SIP/2.0", From="<sip:1@a>", To="<sip:224.0.1.75>", Event="ua-profile"
    )
    assert found.device == (None, "", "", "")
    assert found.profile_type == ""
    assert found.user_agent == ""


@pytest.mark.parametrize(
    ("parameters", "vendor", "model", "version"),
    [
        ('vendor="A";model="B";version="C"', "A", "B", "C"),
        ("VENDOR = A ; Model=B C;version", "A", "B C", ""),
        ('vendor="Ac;me, \\"Inc\\" <x>\\\\"', 'Ac;me, "Inc" <x>\\', "", ""),
        ('vender="A"', "A", "", ""),
        ('vender="A";vendor="B"', "B", "", ""),
        ('vender="A";vendor=""', "A", "", ""),
        ('vendor="A";vendor="B"', "A", "", ""),
        ('vendor="é電"', "é電", "", ""),
        ("vendor=", "", "", ""),
        ('vendor="A\tB"', "A\tB", "", ""),
        ('vendor="A;model=B', "A", "B", ""),
        ('effective-by=0;x;vendor="A"', "A", "", ""),
    ],
)
def test_event_parameters(parameters: str, vendor: str, model: str, version: str) -> None:
    assert enrolled(Event=f"ua-profile;{parameters}").device[1:] == (vendor, model, version)


@pytest.mark.parametrize("control", ["\x80", "\x85", "\x9b"])
def test_texts_hold_no_control_characters(control: str) -> None:
    """C1 too: U+009B begins an escape sequence on some terminals."""
    found = enrolled(
        Event=f'ua-profile;profile-type="d{control}";vendor="a{control}b";model="{control}";version="1{control}"',
        User_Agent=f"a{control}b",
    )
    for text in (*found.device[1:], found.profile_type, found.user_agent):
        assert control not in text


@pytest.mark.parametrize("agent", [b"a\xffb", b"a\x00b", b"a\x1bb"])
def test_user_agent_that_cannot_be_read_is_no_reason_to_refuse(agent: bytes) -> None:
    assert enrolled(User_Agent=agent).user_agent == "a\ufffdb"


@pytest.mark.parametrize("package", ["ua-profile", "UA-Profile"])
def test_package(package: str) -> None:
    assert enrolled(Event=package).profile_type == ""


@pytest.mark.parametrize(
    "event", [None, "", "ua-profile-x", "ua-profile.winfo", "presence", "message-summary;ua-profile"]
)
def test_other_packages(event: str | None) -> None:
    error = refused(Event=event)
    assert error.status == 489
    assert error.headers == (("Allow-Events", "ua-profile"),)


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "application/url",
        "Application/URL",
        "application/*",
        "*/*",
        "application / url",
        "application/sdp, application/url",
        "application/sdp\r\nAccept: application/url;q=0.5",
        "application/url;q=1",
        "application/url;q=0.001",
        'application/sdp;x=",",*/*',
        "application/url;x=y",
    ],
)
def test_accept(accept: str | None) -> None:
    assert enrolled(Accept=accept).device.vendor == "Acme"


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "application/sdp",
        "text/*",
        "application/urls",
        "application/xcap-diff+xml, application/service-user-xml",
        "message/external-body",
        "application/url;q=0",
        "application/url;q=0.000",
        "application/url; Q = 0.0, application/sdp",
    ],
)
def test_accept_of_something_else(accept: str) -> None:
    error = refused(Accept=accept)
    assert error.status == 406
    assert error.headers == (("Accept", "application/url"),)


@pytest.mark.parametrize("profile_type", ["user", '"user"', "User", "local-network"])
def test_profiles_of_others(profile_type: str) -> None:
    assert refused(Event=f"ua-profile;profile-type={profile_type}").status == 404


@pytest.mark.parametrize("profile_type", ["device", "application", "anything", ""])
def test_profiles_that_go_to_the_rules(profile_type: str) -> None:
    assert enrolled(Event=f'ua-profile;profile-type="{profile_type}"').profile_type == profile_type


def test_package_before_accept_before_profile_type() -> None:
    assert refused(Event="x;profile-type=user", Accept="text/plain").status == 489
    assert refused(Event="ua-profile;profile-type=user", Accept="text/plain").status == 406


@pytest.mark.parametrize("event", [b"ua profile", b"ua-profile;vendor=\x00", b"ua-profile;vendor=\xff"])
def test_event_that_cannot_be_read(event: bytes) -> None:
    with pytest.raises(RequestError) as caught:
        enrolled(Event=event)
    assert caught.value.status == 400


def test_body_says_nothing() -> None:
    assert enrolled(Content_Type="x/y", Content_Length="4", body="body").device.vendor == "Acme"


@pytest.mark.parametrize("expires", ["3600", "x", "-1", None])
def test_expires_says_nothing(expires: str | None) -> None:
    assert enrolled(Expires=expires).device.vendor == "Acme"


def test_a_user_agent_is_read_to_an_end() -> None:
    assert enrolled(User_Agent="u" * 3_000).user_agent == "u" * 512
