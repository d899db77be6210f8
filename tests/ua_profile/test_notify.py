from __future__ import annotations

import pytest

from pnp_responder.datagram import SocketAddress
from pnp_responder.errors import RequestError
from pnp_responder.ua_profile import notify_destination, notify_request, ok_response
from pnp_responder.ua_profile.notify import MAX_ROUTES
from tests import strict
from tests.examples import LOCAL, URL, request

SOURCE = SocketAddress("192.0.2.45", 5062)


def ok(**rows: str | None) -> strict.Sent:
    sent = strict.read(ok_response(request(**rows), SOURCE, LOCAL, "ours"))
    strict.check_200(sent)
    return sent


def notify(**rows: str | None) -> strict.Sent:
    octets = notify_request(request(**rows), SOURCE, LOCAL, "ours", "z9hG4bK0123456789", URL)
    sent = strict.read(octets)
    strict.check_notify(sent, URL)
    return sent


class TestOk:
    def test_contact_is_our_unicast_address(self) -> None:
        assert ok().one("Contact") == "<sip:192.0.2.1:5060>"

    @pytest.mark.parametrize("expires", ["0", "1", "86400", None, "x"])
    def test_expires_is_0(self, expires: str | None) -> None:
        assert ok(Expires=expires).one("Expires") == "0"

    def test_record_route_goes_back_as_it_came(self) -> None:
        routes = '<sip:a;lr>;x="1,2" , "P" <sip:b>\r\nRecord-Route: <sip:c;lr>'
        assert ok(Record_Route=routes).all("Record-Route") == [
            '<sip:a;lr>;x="1,2"',
            '"P" <sip:b>',
            "<sip:c;lr>",
        ]

    def test_no_header_of_the_request_slips_in(self) -> None:
        sent = ok(Route="<sip:evil>", Supported="eventlist", Subject="x", Server="x")
        assert not {"Route", "Supported", "Subject", "Server"} & {name for name, _ in sent.rows}


class TestDialog:
    """RFC 3261 12.2.1.1: who asked is asked back."""

    def test_from_and_to_change_places(self) -> None:
        sent = notify(From='"F" <sip:from@a>;tag=f;x', To="<sip:to@b>;y")
        assert sent.one("From") == "<sip:to@b>;tag=ours"
        assert sent.one("To") == "<sip:from@a>;tag=f"

    @pytest.mark.parametrize("tag", ["", ";tag=", ";tag", ';tag=""'])
    def test_a_null_tag_is_left_out(self, tag: str) -> None:
        assert notify(From=f"<sip:a@b>{tag}").one("To") == "<sip:a@b>"

    def test_addresses_without_brackets_get_them(self) -> None:
        sent = notify(From="sip:a@b;tag=f", To="sip:c@d;y")
        assert sent.one("From") == "<sip:c@d>;tag=ours"
        assert sent.one("To") == "<sip:a@b>;tag=f"

    def test_uri_parameters_stay(self) -> None:
        assert notify(From="<sip:a;x@b;y=z>;tag=f").one("To") == "<sip:a;x@b;y=z>;tag=f"

    def test_call_id_stays(self) -> None:
        assert notify(Call_ID="Bare+1").one("Call-ID") == "Bare+1"

    def test_a_quoted_tag(self) -> None:
        assert notify(From='<sip:a@b>;tag="quoted"').one("To") == "<sip:a@b>;tag=quoted"


class TestRequestUri:
    @pytest.mark.parametrize(
        ("contact", "uri"),
        [
            ("<sip:192.0.2.45:5064>", "sip:192.0.2.45:5064"),
            ("sip:192.0.2.45:5064;expires=0", "sip:192.0.2.45:5064"),
            (
                '"P" <sip:user@192.0.2.45:5064;transport=udp;line=1>;+sip.instance="<urn:x>"',
                "sip:user@192.0.2.45:5064;transport=udp;line=1",
            ),
            ("<sip:MAC%3a00a859112233@phone.example>", "sip:MAC%3a00a859112233@phone.example"),
            ("<sip:u@192.0.2.45?Route=%3Csip:evil%3E>", "sip:u@192.0.2.45"),
            ("<sip:192.0.2.45;lr?a=b>", "sip:192.0.2.45;lr"),
            ("<sip:a?b@192.0.2.45>", "sip:a?b@192.0.2.45"),
            ("<sips:192.0.2.45>", "sips:192.0.2.45"),
            (None, "sip:192.0.2.45:5062"),
        ],
    )
    def test_is_the_contact(self, contact: str | None, uri: str) -> None:
        assert notify(Contact=contact).request_uri == uri


class TestDestination:
    @pytest.mark.parametrize(
        ("contact", "port"),
        [
            ("<sip:192.0.2.45:5064>", 5064),
            ("<sip:u@192.0.2.45:5064;transport=udp>", 5064),
            ("<sip:192.0.2.45>", 5060),
            ("<sip:u@192.0.2.45;maddr=198.51.100.9>", 5060),
            (None, 5062),
            ("<sip:198.51.100.9:5064>", 5062),
            ("<sip:192.0.2.46:5064>", 5062),
            ("<sip:224.0.1.75>", 5062),
            ("<sip:255.255.255.255>", 5062),
            ("<sip:127.0.0.1:5060>", 5062),
            ("<sip:phone.example:5064>", 5062),
            ("<sip:[2001:db8::1]:5064>", 5062),
            ("<sip:[::ffff:192.0.2.45]:5064>", 5062),
            ("<sip:192.0.2.45:0>", 5062),
            ("<sip:192.0.2.45:99999>", 5062),
            ("<sip:192.0.2.45:x>", 5062),
            ("<sip:192.0.2.45@198.51.100.9:5064>", 5062),
            ("<sip:a@192.0.2.45@198.51.100.9>", 5062),
            ("<sip:192.000.002.045:5064>", 5062),
            ("<sip:a>", 5062),
        ],
    )
    def test_is_the_source_always(self, contact: str | None, port: int) -> None:
        assert notify_destination(request(Contact=contact), SOURCE) == ("192.0.2.45", port)

    def test_routes_are_not_followed(self) -> None:
        found = notify_destination(request(Record_Route="<sip:198.51.100.9;lr>"), SOURCE)
        assert found == ("192.0.2.45", 5064)


class TestRoutes:
    """RFC 3261 12.1.1, 12.2.1.1"""

    def test_none(self) -> None:
        assert notify().all("Route") == []
        assert notify(Record_Route="").all("Route") == []

    def test_loose(self) -> None:
        sent = notify(
            Record_Route="<sip:p1.example;lr>, <sip:p2.example>\r\nRecord-Route: <sip:p3.example;lr>"
        )
        assert sent.request_uri == "sip:192.0.2.45:5064"
        assert sent.all("Route") == ["<sip:p1.example;lr>", "<sip:p2.example>", "<sip:p3.example;lr>"]

    @pytest.mark.parametrize("lr", [";lr", ";LR", ";lr=on", ";x=y;lr"])
    def test_forms_of_lr(self, lr: str) -> None:
        assert notify(Record_Route=f"<sip:p1.example{lr}>").request_uri == "sip:192.0.2.45:5064"

    @pytest.mark.parametrize("first", ["<sip:p1.example>", "<sip:p1.example;lrx>", "<sip:p1.example>;lr"])
    def test_strict(self, first: str) -> None:
        sent = notify(Record_Route=f"{first}, <sip:p2.example;lr>")
        assert sent.request_uri == first.partition(">")[0][1:]
        assert sent.all("Route") == ["<sip:p2.example;lr>", "<sip:192.0.2.45:5064>"]

    @pytest.mark.parametrize(
        ("routes", "status"),
        [
            ("sip:p1.example;lr", 400),
            ("<sip:p1.example", 400),
            ("nonsense", 400),
            ('"open <sip:p1.example;lr>', 400),
            (", ".join(["<sip:p.example;lr>"] * (MAX_ROUTES + 1)), 513),
        ],
    )
    def test_routes_that_are_refused(self, routes: str, status: int) -> None:
        with pytest.raises(RequestError) as caught:
            notify(Record_Route=routes)
        assert caught.value.status == status

    def test_most_routes(self) -> None:
        assert (
            len(notify(Record_Route=", ".join(["<sip:p.example;lr>"] * MAX_ROUTES)).all("Route"))
            == MAX_ROUTES
        )


class TestEvent:
    @pytest.mark.parametrize(
        ("event", "sent"),
        [
            ("ua-profile", "ua-profile"),
            ("UA-Profile ; id=7", "UA-Profile;id=7"),
            ('ua-profile;vendor="A;b, <c> \\"d\\""', 'ua-profile;vendor="A;b, <c> \\"d\\""'),
            ("ua-profile;model=VOIP PHONE", 'ua-profile;model="VOIP PHONE"'),
            ('ua-profile;vender="A"', 'ua-profile;vender="A"'),
        ],
    )
    def test_is_the_phones_own_made_anew(self, event: str, sent: str) -> None:
        assert notify(Event=event).one("Event") == sent


class TestBody:
    @pytest.mark.parametrize(
        "url", ["tftp://192.0.2.1", "http://a/$mac.cfg?x={mac}&y=%20'\"<>\\^`|~", "x" * 900]
    )
    def test_goes_out_as_it_is(self, url: str) -> None:
        octets = notify_request(request(), SOURCE, LOCAL, "ours", "z9hG4bK0123456789", url)
        strict.check_notify(strict.read(octets), url)

    @pytest.mark.parametrize(
        "url", ["http://a/b c", "http://a/\r\nX: y", "http://a/\x00", "http://ä/", "a\tb", "a\x7f"]
    )
    def test_is_visible_ascii(self, url: str) -> None:
        with pytest.raises(ValueError, match="visible ASCII"):
            notify_request(request(), SOURCE, LOCAL, "ours", "b", url)
