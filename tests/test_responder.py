"""The engine by scripts: at this second this arrives, and this is what goes out and what is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import pytest

from pnp_responder.admission import Admission
from pnp_responder.datagram import Datagram, SocketAddress
from pnp_responder.engine import Output
from pnp_responder.enrollment import Decide, Decision, Decline, Enrollment, Offer
from pnp_responder.events import (
    DatagramDropped,
    EnrollmentDeclined,
    EnrollmentOffered,
    Event,
    NotifyAnswered,
    NotifyTimedOut,
    NotifyUndeliverable,
    RequestRefused,
    RequestRepeated,
)
from pnp_responder.responder import Responder
from tests import strict
from tests.examples import (
    ANOTHER_PHONE,
    LIFETIME,
    LOCAL,
    OTHER_LOCAL,
    PHONE,
    SUBSCRIBE,
    URL,
    altered,
    answer,
    heard,
    responder,
    run_out,
)

OK_GOES_TO = "192.0.2.45:5060"  # the Via's port
NOTIFY_GOES_TO = "192.0.2.45:5064"  # the Contact's
BOTH = [f"200 {OK_GOES_TO}", f"NOTIFY {NOTIFY_GOES_TO}"]
OFFERED: list[type[Event]] = [EnrollmentOffered]


def sent(output: Output[Event]) -> list[str]:
    """Each datagram as `200 host:port`, in order; all of them in strict form and from the right end."""
    shown = []
    for datagram in output.datagrams:
        message = strict.read(datagram.payload)
        is_notify = message.start.startswith("NOTIFY ")
        shown.append(f"{'NOTIFY' if is_notify else message.status} {datagram.remote}")
        assert datagram.local == LOCAL
        assert not datagram.multicast
    return shown


def sent_and_told(output: Output[Event]) -> tuple[tuple[Datagram, ...], tuple[Event, ...]]:
    return output.datagrams, output.events


def told(output: Output[Event]) -> list[type[Event]]:
    return [type(event) for event in output.events]


def refuse(enrollment: Enrollment) -> Decision:
    return Decline("no rule matches")


def always(decision: Decision) -> Decide:
    return lambda _: decision


def as_method(method: str, **rows: str | bytes | None) -> bytes:
    return altered(**rows).replace(b"SUBSCRIBE", method.encode())


class TestWhatOnWhat:
    """One message, by unicast and by multicast."""

    @pytest.mark.parametrize(
        ("octets", "unicast"),
        [
            (altered(Event="presence"), 489),
            (altered(Event=None), 489),
            (altered(Event="ua-profile.winfo"), 489),
            *[
                (as_method(method), 405)
                for method in ("INVITE", "REGISTER", "BYE", "MESSAGE", "PUBLISH", "NOTIFY")
            ],
            (as_method("NEWMETHOD"), 501),
            (as_method("subscribe"), 501),
            (altered(Accept="application/sdp"), 406),
            (altered(Accept=""), 406),
            (altered(Event="ua-profile;profile-type=user"), 404),
            (altered(Event='ua-profile;profile-type="local-network"'), 404),
            (altered(From="<sip:a@b>;x=" + "x" * 5000), 513),
            (altered(X="1\r\nX: 1" * 300), 513),
            (altered(Require="100rel"), 420),
            (altered(Call_ID=None), 400),
            (altered(From="nonsense"), 400),
            (altered(CSeq="1 INVITE"), 400),
            (altered(Content_Length="9"), 400),
            (altered(Contact="*"), 400),
            (altered(Contact="<tel:+1>"), 400),
            (altered(Contact="<sip:a@b>, <sip:c@d>"), 400),
            (altered(Record_Route="nonsense"), 400),
            (altered(start="SUBSCRIBE tel:+1 SIP/2.0"), 416),
            (altered(start="SUBSCRIBE sip:a@b SIP/7.0"), 505),
            (altered(To="<sip:a@b>;tag=x"), 481),
            (as_method("CANCEL"), 481),
            (as_method("OPTIONS", Content_Length="1", Body="x"), 415),
        ],
    )
    def test_requests_that_are_refused(self, engine: Responder, octets: bytes, unicast: int) -> None:
        by_multicast = engine.receive_datagram(heard(octets), 0.0)
        assert sent(by_multicast) == []
        (event,) = by_multicast.events
        assert isinstance(event, RequestRefused)
        assert event.status is None
        assert event.reason

        by_unicast = engine.receive_datagram(heard(octets, multicast=False), 1.0)
        assert sent(by_unicast) == [f"{unicast} {OK_GOES_TO}"]
        assert by_unicast.events == (event._replace(status=unicast),)
        assert by_unicast.deadline is None, "nothing is kept for it"

        again = engine.receive_datagram(heard(octets, multicast=False), 2.0)
        assert again.datagrams == by_unicast.datagrams, "RFC 3261 8.2.7: the same octets, tag included"

    @pytest.mark.parametrize(
        ("octets", "name", "value"),
        [
            (altered(Event="presence"), "Allow-Events", "ua-profile"),
            (as_method("INVITE"), "Allow", "SUBSCRIBE, OPTIONS"),
            (altered(Accept="a/b"), "Accept", "application/url"),
            (altered(Require="a,b"), "Unsupported", "a, b"),
            (as_method("OPTIONS", Content_Length="1", Body="x"), "Accept", "application/url"),
        ],
    )
    def test_headers_that_a_status_needs(
        self, engine: Responder, octets: bytes, name: str, value: str
    ) -> None:
        (datagram,) = engine.receive_datagram(heard(octets, multicast=False), 0.0).datagrams
        assert strict.read(datagram.payload).one(name) == value

    @pytest.mark.parametrize(
        ("octets", "start"),
        [
            (altered(From=None), "SIP/2.0 400 Bad Request: no From"),
            (altered(CSeq="x"), "SIP/2.0 400 Bad Request: not a valid CSeq"),
            (altered(X="1\r\nX: 1" * 300), "SIP/2.0 513 Message Too Large: more than 256 header rows"),
            (as_method("INVITE"), "SIP/2.0 405 Method Not Allowed"),
        ],
    )
    def test_reasons(self, engine: Responder, octets: bytes, start: str) -> None:
        (datagram,) = engine.receive_datagram(heard(octets, multicast=False), 0.0).datagrams
        assert strict.read(datagram.payload).start == start

    @pytest.mark.parametrize(
        "octets",
        [
            b"",
            b"\r\n\r\n",
            b" ",
            b"\x00\x01",
            b"GET / HTTP/1.1\r\n\r\n",
            as_method("ACK"),
            as_method("ACK", From=None),
            as_method("ACK", To="nonsense"),
            altered(Via=None),
            altered(Via="nonsense"),
            altered(Call_ID=b"a\x00b"),
            b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx\r\nCSeq: 1 NOTIFY\r\n\r\n",
            b"SIP/2.0 200 OK\r\n\r\n",
        ],
    )
    @pytest.mark.parametrize("multicast", [False, True])
    def test_what_is_dropped(self, engine: Responder, octets: bytes, multicast: bool) -> None:
        output = engine.receive_datagram(heard(octets, multicast=multicast), 0.0)
        assert output.datagrams == ()
        (event,) = output.events
        assert isinstance(event, DatagramDropped)
        assert (event.remote, event.local) == (PHONE, LOCAL)
        assert output.deadline is None

    @pytest.mark.parametrize(
        "octets",
        [
            SUBSCRIBE,
            altered(Max_Forwards="0"),
            altered(Max_Forwards=None),
            altered(Expires="3600"),
            altered(Expires=None),
            altered(Proxy_Require="x"),
            altered(Supported="eventlist"),
            altered(Accept=None),
            altered(Accept="application/*"),
            altered(Event="UA-Profile"),
            altered(Event='ua-profile;profile-type="application"'),
            altered(To="<sip:a@b>;tag="),
            altered(Content_Type="x/y", Content_Length="1", Body="x"),
            altered(start="SUBSCRIBE sips:nobody@nowhere SIP/2.0"),
        ],
    )
    @pytest.mark.parametrize("multicast", [False, True])
    def test_what_is_served(self, engine: Responder, octets: bytes, multicast: bool) -> None:
        output = engine.receive_datagram(heard(octets, multicast=multicast), 0.0)
        assert sent(output) == BOTH
        assert told(output) == OFFERED
        ok, notify = (strict.read(datagram.payload) for datagram in output.datagrams)
        strict.check_200(ok)
        strict.check_notify(notify, URL)

    def test_options(self, engine: Responder) -> None:
        octets = as_method("OPTIONS", Max_Forwards="0", Event=None)
        output = engine.receive_datagram(heard(octets, multicast=False), 0.0)
        assert sent(output) == [f"200 {OK_GOES_TO}"]
        message = strict.read(output.datagrams[0].payload)
        assert message.one("Allow") == "SUBSCRIBE, OPTIONS"
        assert message.one("Allow-Events") == "ua-profile"
        assert message.one("Accept") == "application/url"
        for name in ("Accept-Encoding", "Accept-Language", "Supported"):
            message.one(name)
        assert output.events == ()
        assert sent(engine.receive_datagram(heard(octets), 1.0)) == []

    def test_no_rule_matches(self) -> None:
        engine = responder(refuse)
        output = engine.receive_datagram(heard(SUBSCRIBE), 0.0)
        assert sent(output) == []
        assert told(output) == [EnrollmentDeclined]
        other = engine.receive_datagram(heard(altered(Call_ID="2"), multicast=False), 0.0)
        assert sent(other) == [f"404 {OK_GOES_TO}"]
        (event,) = other.events
        assert isinstance(event, EnrollmentDeclined)
        assert event.status == 404

    @pytest.mark.parametrize("multicast", [False, True])
    def test_a_rule_ignores(self, multicast: bool) -> None:
        engine = responder(lambda _: Decline("the rule says so", "nobody"))
        output = engine.receive_datagram(heard(SUBSCRIBE, multicast=multicast), 0.0)
        assert sent(output) == []
        (event,) = output.events
        assert isinstance(event, EnrollmentDeclined)
        assert (event.decline.rule, event.status) == ("nobody", None)

    @pytest.mark.parametrize("multicast", [False, True])
    @pytest.mark.parametrize("status", [403, 499, 603])
    def test_a_rule_rejects(self, multicast: bool, status: int) -> None:
        """The only way for an error to answer a multicast request."""
        engine = responder(lambda _: Decline("the rule says so", "nobody", status))
        output = engine.receive_datagram(heard(SUBSCRIBE, multicast=multicast), 0.0)
        assert sent(output) == [f"{status} {OK_GOES_TO}"]
        assert (
            strict.read(output.datagrams[0].payload)
            .one("To")
            .startswith("<sip:MAC=00a859112233@224.0.1.75>;tag=")
        )
        (event,) = output.events
        assert isinstance(event, EnrollmentDeclined)
        assert event.status == status

    @pytest.mark.parametrize(("multicast", "out"), [(False, [f"500 {OK_GOES_TO}"]), (True, [])])
    def test_a_notify_that_udp_may_not_carry(self, multicast: bool, out: list[str]) -> None:
        engine = responder(lambda _: Offer("http://" + "x" * 1300, "long"))
        output = engine.receive_datagram(heard(SUBSCRIBE, multicast=multicast), 0.0)
        assert sent(output) == out
        (event,) = output.events
        assert isinstance(event, EnrollmentDeclined)
        assert event.decline.rule == "long"
        assert "1300" in event.decline.reason
        assert run_out(engine, output)[0] == LIFETIME

    def test_the_longest_notify(self) -> None:
        frame = len(responder().receive_datagram(heard(SUBSCRIBE), 0.0).datagrams[1].payload) - len(URL)
        for length, count in ((1299, 2), (1300, 2), (1301, 0)):
            # A length of 100 to 999 octets takes one digit more than URL's.
            engine = responder(always(Offer("x" * (length - frame - 1), "long")))
            output = engine.receive_datagram(heard(SUBSCRIBE), 0.0)
            assert len(output.datagrams) == count
            if count:
                assert len(output.datagrams[1].payload) == length

    @pytest.mark.parametrize("source", ["203.0.113.9", "192.0.2.255", "192.0.2.1", "224.0.1.75", "127.0.0.1"])
    def test_a_source_that_may_not_ask(self, engine: Responder, source: str) -> None:
        remote = SocketAddress(source, 5060)
        for multicast in (False, True):
            output = engine.receive_datagram(heard(SUBSCRIBE, remote=remote, multicast=multicast), 0.0)
            assert output.datagrams == ()
            assert told(output) == [DatagramDropped]


class TestOrderOfTheChecks:
    """RFC 3261 8.2. Each request has all the faults that come later, too; the first one is told."""

    FAULTS: tuple[tuple[int, dict[str, str]], ...] = (
        (400, {"CSeq": "x"}),
        (505, {"version": "SIP/7.0"}),
        (405, {"method": "INVITE"}),
        (416, {"uri": "tel:+1"}),
        (481, {"To": "<sip:a@b>;tag=x"}),
        (420, {"Require": "100rel"}),
        (489, {"Event": "presence"}),
        (406, {"Accept": "text/plain"}),
        (400, {"Contact": "<tel:+1>"}),
    )

    @pytest.mark.parametrize("first", range(len(FAULTS)))
    def test_the_first_fault_is_told(self, first: int) -> None:
        # With Event at fault there is no more to say of its profile-type.
        rows: dict[str, str] = {}
        for _, fault in self.FAULTS[first:]:
            rows |= fault
        method, uri = rows.pop("method", "SUBSCRIBE"), rows.pop("uri", "sip:a@b")
        version = rows.pop("version", "SIP/2.0")
        octets = altered(start=f"{method} {uri} {version}", **({"CSeq": f"1 {method}"} | rows))
        output = responder(refuse).receive_datagram(heard(octets, multicast=False), 0.0)
        assert sent(output) == [f"{self.FAULTS[first][0]} {OK_GOES_TO}"]

    def test_no_fault_comes_before_the_rules(self) -> None:
        assert sent(responder(refuse).receive_datagram(heard(SUBSCRIBE, multicast=False), 0.0)) == [
            f"404 {OK_GOES_TO}"
        ]

    def test_a_repeat_comes_before_everything_but_syntax(self, engine: Responder) -> None:
        engine.receive_datagram(heard(SUBSCRIBE), 0.0)
        octets = altered(Require="100rel", Event="presence")
        assert sent(engine.receive_datagram(heard(octets), 1.0)) == [f"200 {OK_GOES_TO}"]

    def test_the_rules_are_not_asked_about_a_request_with_a_fault(self) -> None:
        asked: list[Enrollment] = []

        def decide(enrollment: Enrollment) -> Decision:
            asked.append(enrollment)
            return Decline("")

        engine = responder(decide)
        for fault in ({"Contact": "<tel:+1>"}, {"Contact": "*"}, {"Accept": "a/b"}, {"Require": "x"}):
            engine.receive_datagram(heard(altered(**fault)), 0.0)
        assert asked == []


class Step(NamedTuple):
    at: float
    octets: bytes
    sent: Iterable[str]
    told: list[type[Event]]
    multicast: bool = True
    remote: SocketAddress = PHONE


def play(engine: Responder, *steps: Step) -> None:
    for step in steps:
        engine.handle_timeout(step.at)
        arrived = heard(step.octets, multicast=step.multicast, remote=step.remote)
        output = engine.receive_datagram(arrived, step.at)
        assert (sent(output), told(output)) == (list(step.sent), step.told), f"at {step.at}"


ONLY_OK = [f"200 {OK_GOES_TO}"]
REPEATED: list[type[Event]] = [RequestRepeated]
REFUSED: list[type[Event]] = [RequestRefused]
DECLINED: list[type[Event]] = [EnrollmentDeclined]
OTHER_BRANCH = altered(Via="SIP/2.0/UDP 192.0.2.45:5060;branch=z9hG4bK-two")


class TestRepeats:
    def test_the_same_request_again(self, engine: Responder) -> None:
        first = engine.receive_datagram(heard(SUBSCRIBE), 0.0)
        for now in (0.5, 1.5, 31.9):
            again = engine.receive_datagram(heard(SUBSCRIBE), now)
            assert again.datagrams == first.datagrams[:1], "the same 200 octets and no second NOTIFY"
            assert told(again) == REPEATED

    def test_script(self, engine: Responder) -> None:
        play(
            engine,
            Step(0.0, SUBSCRIBE, BOTH, OFFERED),
            Step(0.5, SUBSCRIBE, ONLY_OK, REPEATED),
            Step(0.6, SUBSCRIBE, ONLY_OK, REPEATED, multicast=False),
            Step(0.7, OTHER_BRANCH, [], REFUSED),
            Step(0.8, OTHER_BRANCH, [f"482 {OK_GOES_TO}"], REFUSED, multicast=False),
            Step(0.9, altered(CSeq="2 SUBSCRIBE"), BOTH, OFFERED),
            Step(1.0, altered(Call_ID="other"), BOTH, OFFERED),
            Step(1.1, altered(To="<sip:a@b>;tag=x", CSeq="3 SUBSCRIBE"), [], REFUSED),
            Step(31.9, SUBSCRIBE, ONLY_OK, REPEATED),
            Step(32.0, SUBSCRIBE, BOTH, OFFERED),
        )

    def test_no_branch(self, engine: Responder) -> None:
        """RFC 3261 17.2.3: as old phones send it."""
        old = altered(Via="SIP/2.0/UDP 192.0.2.45:5060;rport")
        out = ["200 192.0.2.45:5062", f"NOTIFY {NOTIFY_GOES_TO}"]
        play(
            engine,
            Step(0.0, old, out, OFFERED),
            Step(0.5, old, out[:1], REPEATED),
            Step(1.0, altered(Via="SIP/2.0/UDP 192.0.2.45:5060;rport", CSeq="2 SUBSCRIBE"), out, OFFERED),
        )

    def test_a_declined_one_is_told_once(self) -> None:
        play(
            responder(refuse),
            Step(0.0, SUBSCRIBE, [], DECLINED),
            Step(0.5, SUBSCRIBE, [], REPEATED),
            Step(31.9, SUBSCRIBE, [], REPEATED),
            Step(32.0, SUBSCRIBE, [], DECLINED),
        )

    def test_a_rejected_one(self) -> None:
        out = [f"403 {OK_GOES_TO}"]
        play(
            responder(lambda _: Decline("", "nobody", 403)),
            Step(0.0, SUBSCRIBE, out, DECLINED),
            Step(0.5, SUBSCRIBE, out, REPEATED),
        )

    def test_a_404_by_unicast_is_not_for_the_group(self) -> None:
        play(
            responder(refuse),
            Step(0.0, SUBSCRIBE, [f"404 {OK_GOES_TO}"], DECLINED, multicast=False),
            Step(0.5, SUBSCRIBE, [], REPEATED),
            Step(0.6, SUBSCRIBE, [f"404 {OK_GOES_TO}"], REPEATED, multicast=False),
        )

    def test_two_phones_with_the_same_words(self, engine: Responder) -> None:
        """One cannot have the other's answer, nor silence it."""
        there = ["200 192.0.2.46:5060", "NOTIFY 192.0.2.46:5062"]
        play(
            engine,
            Step(0.0, SUBSCRIBE, BOTH, OFFERED),
            Step(0.1, SUBSCRIBE, there, OFFERED, remote=ANOTHER_PHONE),
            Step(0.2, SUBSCRIBE, there[:1], REPEATED, remote=ANOTHER_PHONE),
        )

    def test_heard_on_two_interfaces(self, engine: Responder) -> None:
        first = engine.receive_datagram(heard(SUBSCRIBE), 0.0)
        echo = engine.receive_datagram(heard(SUBSCRIBE, local=OTHER_LOCAL), 0.05)
        assert echo.datagrams == ()
        late = engine.receive_datagram(heard(SUBSCRIBE, local=OTHER_LOCAL), 0.5)
        assert late.datagrams == first.datagrams[:1], "from where the first answer came"

    def test_cancel(self, engine: Responder) -> None:
        cancel = as_method("CANCEL")
        play(
            engine,
            Step(0.0, cancel, [], REFUSED),
            Step(0.1, cancel, [f"481 {OK_GOES_TO}"], REFUSED, multicast=False),
            Step(0.2, SUBSCRIBE, BOTH, OFFERED),
            Step(0.3, cancel, ONLY_OK, [], multicast=False),
            Step(0.4, cancel, [], REFUSED),
            Step(0.5, SUBSCRIBE, ONLY_OK, REPEATED),
        )


def offered(engine: Responder) -> Datagram:
    """Let the phone ask at 0.0; our NOTIFY."""
    return engine.receive_datagram(heard(SUBSCRIBE), 0.0).datagrams[1]


class TestNotify:
    def test_sendings(self, engine: Responder) -> None:
        notify = offered(engine)
        now, outputs = run_out(engine, engine.handle_timeout(0.0))
        sendings = [datagram for output in outputs for datagram in output.datagrams]
        assert sendings == [notify] * 6, "seven with the first, the same octets each time"
        events = [event for output in outputs for event in output.events]
        assert [type(event) for event in events] == [NotifyTimedOut]
        assert now == LIFETIME

    @pytest.mark.parametrize("attempts", [1, 3, 7])
    def test_number_of_sendings(self, attempts: int) -> None:
        engine = responder(notify_attempts=attempts)
        offered(engine)
        _, outputs = run_out(engine, engine.handle_timeout(0.0))
        (event,) = (event for output in outputs for event in output.events)
        assert isinstance(event, NotifyTimedOut)
        assert event.attempts == attempts
        assert sum(len(output.datagrams) for output in outputs) == attempts - 1

    @pytest.mark.parametrize("status", [200, 202, 302, 404, 481, 489, 500, 503, 603, 699])
    def test_any_final_response_ends_it(self, engine: Responder, status: int) -> None:
        notify = offered(engine)
        reply = answer(notify.payload, f"{status} whatever")
        output = engine.receive_datagram(heard(reply, multicast=False), 0.1)
        assert output.datagrams == ()
        (event,) = output.events
        assert isinstance(event, NotifyAnswered)
        assert (event.status, event.attempts, event.offer.url) == (status, 1, URL)
        assert event.enrollment.device.mac == "00a859112233"
        late = engine.receive_datagram(heard(reply, multicast=False), 0.2)
        assert (late.datagrams, late.events) == ((), ())
        _, outputs = run_out(engine, late)
        assert all(sent_and_told(output) == ((), ()) for output in outputs)

    def test_provisional(self, engine: Responder) -> None:
        notify = offered(engine)
        output = engine.receive_datagram(heard(answer(notify.payload, "100 Trying"), multicast=False), 0.1)
        assert sent_and_told(output) == ((), ())

    def test_from_another_address_and_port(self, engine: Responder) -> None:
        """RFC 3261 17.1.3: the branch decides."""
        notify = offered(engine)
        reply = heard(answer(notify.payload), multicast=False, remote=ANOTHER_PHONE, local=OTHER_LOCAL)
        assert told(engine.receive_datagram(reply, 0.1)) == [NotifyAnswered]

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"branch=z9hG4bK", b"branch=z9hG4bKx"),
            (b"UDP 192.0.2.1:5060", b"UDP 192.0.2.9:5060"),
            (b" NOTIFY", b" SUBSCRIBE"),
            (b"From:", b"Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx\r\nFrom:"),
        ],
    )
    def test_answers_to_somebody_else(self, engine: Responder, old: bytes, new: bytes) -> None:
        notify = offered(engine)
        wrong = answer(notify.payload).replace(old, new)
        output = engine.receive_datagram(heard(wrong, multicast=False), 0.1)
        assert told(output) == [DatagramDropped]
        right = engine.receive_datagram(heard(answer(notify.payload), multicast=False), 0.2)
        assert told(right) == [NotifyAnswered]

    def test_an_answer_to_the_group_counts(self, engine: Responder) -> None:
        """RFC 3261 17.1.3: the branch decides, whatever the socket."""
        notify = offered(engine)
        output = engine.receive_datagram(heard(answer(notify.payload)), 0.1)
        assert told(output) == [NotifyAnswered]

    def test_unreachable(self, engine: Responder) -> None:
        notify = offered(engine)
        engine.handle_timeout(0.5)
        output = engine.receive_unreachable(notify.remote, 0.6)
        (event,) = output.events
        assert isinstance(event, NotifyUndeliverable)
        assert event.attempts == 2
        assert output.datagrams == ()
        _, outputs = run_out(engine, output)
        assert all(sent_and_told(output) == ((), ()) for output in outputs)

    def test_somebody_else_is_unreachable(self, engine: Responder) -> None:
        offered(engine)
        assert sent_and_told(engine.receive_unreachable(ANOTHER_PHONE, 0.1)) == ((), ())
        assert sent_and_told(engine.receive_unreachable(SocketAddress("192.0.2.45", 5060), 0.1)) == ((), ())


class TestTables:
    def test_nothing_is_kept_when_all_is_over(self, engine: Responder) -> None:
        last = engine.handle_timeout(0.0)
        for number in range(50):
            last = engine.receive_datagram(heard(altered(Call_ID=f"c{number}")), number / 10)
        now, _ = run_out(engine, last)
        assert now == pytest.approx(4.9 + LIFETIME)

    def test_a_flood_is_bounded(self) -> None:
        """The oldest go, and are told as timed out; whoever asks now is served."""
        engine = responder(transactions=10)
        outputs = [engine.receive_datagram(heard(altered(Call_ID=f"c{n}")), 0.0) for n in range(100)]
        assert all(sent(output) == BOTH for output in outputs)
        assert sum(isinstance(e, NotifyTimedOut) for output in outputs for e in output.events) == 90
        served = engine.receive_datagram(heard(SUBSCRIBE, remote=ANOTHER_PHONE), 0.1)
        assert told(served)[0] is EnrollmentOffered
        _, rest = run_out(engine, served)
        assert sum(isinstance(e, NotifyTimedOut) for output in rest for e in output.events) == 10

    def test_deadlines_are_never_missed(self, engine: Responder) -> None:
        output = engine.receive_datagram(heard(SUBSCRIBE), 10.0)
        assert output.deadline == 10.5
        output = engine.handle_timeout(10.2)
        assert (*sent_and_told(output), output.deadline) == ((), (), 10.5)


class TestReplacing:
    def test_rules(self, engine: Responder) -> None:
        offered(engine)
        engine.replace_rules(lambda _: Offer("http://other/", "new"))
        again = engine.receive_datagram(heard(SUBSCRIBE), 0.1)
        assert sent(again) == ONLY_OK, "what was decided stays decided"
        notify = engine.receive_datagram(heard(altered(Call_ID="2")), 0.2).datagrams[1]
        strict.check_notify(strict.read(notify.payload), "http://other/")

    def test_admission(self, engine: Responder) -> None:
        engine.replace_admission(Admission({}))
        assert told(engine.receive_datagram(heard(SUBSCRIBE), 0.0)) == [DatagramDropped]


class TestBothMessages:
    """What holds between the 200 and the NOTIFY of one SUBSCRIBE."""

    def test_one_dialog(self, engine: Responder) -> None:
        ok, notify = (
            strict.read(d.payload) for d in engine.receive_datagram(heard(SUBSCRIBE), 0.0).datagrams
        )
        assert notify.one("From") == ok.one("To")
        assert notify.one("To") == ok.one("From")
        assert notify.one("Call-ID") == ok.one("Call-ID")
        assert notify.one("Contact") == ok.one("Contact")
        assert notify.one("Via") != ok.one("Via")

    def test_every_request_has_its_own_tag_and_branch(self, engine: Responder) -> None:
        seen = set()
        for number in range(20):
            ok, notify = engine.receive_datagram(heard(altered(Call_ID=f"c{number}")), 0.0).datagrams
            seen |= {strict.read(ok.payload).one("To"), strict.read(notify.payload).one("Via")}
        assert len(seen) == 40

    def test_both_leave_where_the_request_came_in(self, engine: Responder) -> None:
        output = engine.receive_datagram(heard(SUBSCRIBE, local=OTHER_LOCAL), 0.0)
        assert {datagram.local for datagram in output.datagrams} == {OTHER_LOCAL}
        for datagram in output.datagrams:
            assert strict.read(datagram.payload).one("Contact") == "<sip:192.0.2.2:5060>"

    @pytest.mark.parametrize(
        ("via", "contact", "ok", "notify"),
        [
            ("192.0.2.45:5090", "<sip:192.0.2.45:5064>", 5090, 5064),
            ("192.0.2.45", "<sip:192.0.2.45>", 5060, 5060),
            ("192.0.2.45:5090;rport", "<sip:192.0.2.45:5064>", 5062, 5064),
            ("phone.example:5090", "<sip:phone.example:5064>", 5090, 5062),
            ("198.51.100.9:5090;maddr=198.51.100.9", "<sip:198.51.100.9:5064>", 5090, 5062),
            ("192.0.2.45:5090x", None, 5062, 5062),
            ("192.0.2.45:0", "<sip:192.0.2.45:0>", 5062, 5062),
            ("[2001:db8::1]:5090", "<sip:[2001:db8::1]:5064>", 5090, 5062),
            ("192.0.2.45;maddr=224.0.1.75", "<sip:224.0.1.75>", 5060, 5062),
        ],
    )
    def test_destinations(
        self, engine: Responder, via: str, contact: str | None, ok: int, notify: int
    ) -> None:
        octets = altered(Via=f"SIP/2.0/UDP {via};branch=z9hG4bKx", Contact=contact)
        output = engine.receive_datagram(heard(octets), 0.0)
        assert sent(output) == [f"200 192.0.2.45:{ok}", f"NOTIFY 192.0.2.45:{notify}"]
