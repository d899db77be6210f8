"""The engine over recorded datagrams, script style: what was captured, what rows come out."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.capture.datagrams import CUT, FRAGMENTS, Captured
from pnp_responder.capture.phone_row import Outcome, PhoneRow, Told
from pnp_responder.capture.replay import GROUP, STAND_IN_LOCAL, STAND_IN_REMOTE, Replay
from pnp_responder.datagram import SocketAddress
from pnp_responder.enrollment import Decide, Decline, Enrollment, Offer
from pnp_responder.limits import Limits
from pnp_responder.sip import Identifiers
from tests import examples
from tests.examples import ANOTHER_PHONE, PHONE, SUBSCRIBE, altered

SECOND = 10**9
START = 1_700_000_000 * SECOND
SERVER = SocketAddress("192.0.2.9", 5060)
MAC = "00a859112233"

Written = tuple[int, SocketAddress, SocketAddress, bytes, str]


def captured(
    payload: bytes = SUBSCRIBE,
    at: float = 0.0,
    source: SocketAddress | None = PHONE,
    destination: SocketAddress | None = GROUP,
) -> Captured:
    return Captured(START + round(at * SECOND), source, destination, payload)


def replay(
    *datagrams: Captured,
    decide: Decide = examples.offer,
    most_phones: int = 100,
    written: list[Written] | None = None,
) -> list[PhoneRow]:
    def write(*datagram: object) -> None:
        if written is not None:
            written.append(datagram)  # type: ignore[arg-type]

    engine = Replay(
        decide, identifiers=Identifiers(examples.numbered()), write=write, most_phones=most_phones
    )
    rows = [row for datagram in datagrams for row in engine.feed(datagram)]
    return [*rows, *engine.end()]


def notify(url: bytes = b"http://192.0.2.9/other.cfg", call_id: bytes = b"call-1@192.0.2.45") -> bytes:
    return (
        b"NOTIFY sip:192.0.2.45:5064 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK-theirs\r\n"
        b"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=phone\r\nCall-ID: " + call_id + b"\r\nCSeq: 1 NOTIFY\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(url), url)
    )


def response(status: bytes, method: bytes) -> bytes:
    return (
        b"SIP/2.0 "
        + status
        + b" X\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK-theirs\r\nFrom: <sip:a@b>;tag=1\r\n"
        b"To: <sip:a@b>;tag=2\r\nCall-ID: call-1@192.0.2.45\r\nCSeq: 1 " + method + b"\r\n\r\n"
    )


def only(rows: Iterable[PhoneRow]) -> PhoneRow:
    (row,) = rows
    return row


class TestRows:
    def test_a_phone_is_one_row(self) -> None:
        row = only(replay(captured()))
        assert row.enrollment is not None
        assert row.enrollment.device.mac == MAC
        assert (row.outcome, row.source, row.when) == (Outcome.URL, PHONE, START)
        assert row.decision == Offer(examples.URL, "everyone")

    def test_a_repeat_is_counted_and_a_new_request_too(self) -> None:
        again = altered(Call_ID="another", Via="SIP/2.0/UDP 192.0.2.45:5060;branch=z9hG4bK-two")
        row = only(replay(captured(), captured(at=0.5), captured(again, at=60)))
        assert (row.asked, row.repeated) == (2, 1)

    def test_a_phone_that_got_new_firmware_is_another_row(self) -> None:
        event = 'ua-profile;profile-type="device";vendor="Acme";model="Phone 1";version="2"'
        assert len(replay(captured(), captured(altered(Event=event, Call_ID="another"), at=60))) == 2

    def test_without_a_mac_the_address_tells_phones_apart(self) -> None:
        nameless = altered(start="SUBSCRIBE sip:x@224.0.1.75 SIP/2.0", From="<sip:x@y>;tag=1", To="<sip:x@y>")
        rows = replay(captured(nameless), captured(nameless, source=ANOTHER_PHONE))
        assert [row.source for row in rows] == [PHONE, ANOTHER_PHONE]

    @pytest.mark.parametrize(
        ("decision", "outcome"),
        [
            (Decline("no rule matches"), Outcome.NONE),
            (Decline("ignored", "a"), Outcome.IGNORE),
            (Decline("rejected", "a", 403), Outcome.REJECT),
        ],
    )
    def test_outcomes(self, decision: Decline, outcome: Outcome) -> None:
        row = only(replay(captured(), decide=lambda enrollment: decision))
        assert (row.outcome, row.why) == (outcome, decision.reason)

    def test_what_is_no_enrollment_has_a_reason(self) -> None:
        row = only(replay(captured(altered(Accept="text/plain"))))
        assert (row.outcome, row.why) == (Outcome.REFUSED, "Accept does not take application/url")

    @pytest.mark.parametrize(
        ("missing", "words"),
        [(CUT, "cut by the snap length after 100 of 400"), (FRAGMENTS, "IP fragments are missing")],
    )
    def test_what_is_not_whole_is_named(self, missing: str, words: str) -> None:
        row = only(replay(captured(SUBSCRIBE[:100])._replace(missing=missing, whole=400)))
        assert row.outcome is Outcome.REFUSED
        assert row.why.startswith(words)

    def test_other_subscriptions_between_phone_and_pbx_are_none_of_ours(self) -> None:
        presence = captured(altered(Event="presence"), destination=SERVER)
        assert replay(presence) == []
        assert len(replay(presence._replace(destination=GROUP))) == 1

    def test_a_unicast_request_is_answered_from_where_it_went(self) -> None:
        seen: list[Enrollment] = []

        def decide(enrollment: Enrollment) -> Offer:
            seen.append(enrollment)
            return Offer(examples.URL, "r")

        replay(captured(destination=SERVER), decide=decide)
        local = seen[0].local
        assert local is not None
        assert (local.interface, local.address) == ("?", SERVER)

    def test_a_text_tells_neither_end(self) -> None:
        written: list[Written] = []
        row = only(replay(Captured(0, None, None, SUBSCRIBE), written=written))
        assert (row.source, row.when) == (None, 0)
        assert [(source, destination) for _, source, destination, *_ in written] == [
            (STAND_IN_REMOTE, GROUP),
            (STAND_IN_LOCAL, STAND_IN_REMOTE),
            (STAND_IN_LOCAL, STAND_IN_REMOTE),
        ]

    def test_rows_over_the_limit_come_out_early_the_oldest_first(self) -> None:
        macs = [f"00a8591122{number:02x}" for number in range(5)]
        asked = [
            captured(
                altered(
                    start=f"SUBSCRIBE sip:MAC={mac}@224.0.1.75 SIP/2.0",
                    From=f"<sip:{mac}@x>;tag=1",
                    Call_ID=mac,
                )
            )
            for mac in macs
        ]
        engine = Replay(examples.offer, identifiers=Identifiers(examples.numbered()), most_phones=3)
        early = [row for datagram in asked for row in engine.feed(datagram)]
        assert len(early) == 2
        found = [row.enrollment.device.mac for row in [*early, *engine.end()] if row.enrollment]
        assert found == macs


class TestWhatTheCaptureSays:
    def test_another_servers_url_and_status(self) -> None:
        row = only(
            replay(
                captured(),
                captured(response(b"200", b"SUBSCRIBE"), 0.1, SERVER, PHONE),
                captured(notify(), 0.1, SERVER, PHONE),
            )
        )
        assert row.told == {SERVER: Told(200, "http://192.0.2.9/other.cfg")}

    def test_a_notify_that_was_cut_tells_no_url(self) -> None:
        cut = captured(notify()[:-5], 0.1, SERVER, PHONE)._replace(missing=CUT)
        assert only(replay(captured(), cut)).told == {SERVER: Told(None, None)}

    def test_a_notify_of_another_call_is_not_told(self) -> None:
        row = only(replay(captured(), captured(notify(call_id=b"other"), 0.1, SERVER, PHONE)))
        assert row.told == {}

    def test_a_notify_outside_the_dialog_is_told_of_the_phone_at_that_address(self) -> None:
        canned = notify(call_id=b"canned").replace(b"CSeq:", b"Event: ua-profile\r\nCSeq:")
        answer = response(b"481", b"NOTIFY").replace(b"call-1@192.0.2.45", b"canned")
        heard = [captured(canned, 0.1, SERVER, PHONE), captured(answer, 0.2, PHONE, SERVER)]
        row = only(replay(captured(), *heard))
        assert row.told == {SERVER: Told(None, "http://192.0.2.9/other.cfg")}
        assert row.confirmed == 481
        assert only(replay(captured(), heard[1])).confirmed is None
        elsewhere = captured(canned, 0.1, SERVER, ANOTHER_PHONE)
        assert only(replay(captured(), elsewhere)).told == {}
        second = SUBSCRIBE.replace(MAC.encode(), b"00a859112234").replace(b"call-1@", b"call-2@")
        second = second.replace(b"branch=z9hG4bK", b"branch=z9hG4bKx")
        rows = replay(captured(), captured(second, 0.05), *heard)
        assert [row.told for row in rows] == [{}, {}]
        late = [captured(canned, 40.1, SERVER, PHONE)]
        rows = replay(captured(), captured(second, 40.0), *late)
        assert [list(row.told) for row in rows] == [[], [SERVER]]

    def test_four_servers_are_told_of(self) -> None:
        servers = [SocketAddress(f"192.0.2.{number}", 5060) for number in range(100, 110)]
        row = only(replay(captured(), *(captured(notify(), 0.1, server, PHONE) for server in servers)))
        assert list(row.told) == servers[:4]

    @pytest.mark.parametrize("status", [200, 481])
    def test_what_the_phone_answered_there_it_answers_to_us(self, status: int) -> None:
        written: list[Written] = []
        answer = captured(response(str(status).encode(), b"NOTIFY"), 0.2, PHONE, SERVER)
        row = only(replay(captured(), captured(notify(), 0.1, SERVER, PHONE), answer, written=written))
        assert row.confirmed == status
        when, source, destination, payload, _ = written[-1]
        assert (when, source.host, destination) == (START + SECOND // 5, PHONE.host, STAND_IN_LOCAL)
        assert payload.startswith(b"SIP/2.0 %d " % status)
        ours = written[2][3]
        assert ours.startswith(b"NOTIFY ")
        assert payload.split(b"\r\n")[1] == ours.split(b"\r\n")[1], "the Via is that of our NOTIFY"

    def test_a_provisional_answer_confirms_nothing(self) -> None:
        answer = captured(response(b"100", b"NOTIFY"), 0.2, PHONE, SERVER)
        assert only(replay(captured(), answer)).confirmed is None

    def test_nobody_else_can_confirm(self) -> None:
        answer = captured(response(b"200", b"NOTIFY"), 0.2, ANOTHER_PHONE, SERVER)
        assert only(replay(captured(), answer)).confirmed is None

    @pytest.mark.parametrize(
        "payload",
        [b"", b"SIP/2.0", b"SIP/2.0 2000 OK\r\nCall-ID: call-1@192.0.2.45\r\n\r\n", b"\xff SIP/2.0\r\n\r\n"],
    )
    def test_rubbish_changes_nothing(self, payload: bytes) -> None:
        row = only(replay(captured(), captured(payload, 0.1, SERVER, PHONE)))
        assert (row.told, row.confirmed) == ({}, None)


@given(
    payloads=st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from(
                [SUBSCRIBE, notify(), response(b"200", b"NOTIFY"), response(b"481", b"SUBSCRIBE")]
            ),
        ),
        max_size=8,
    ),
    missing=st.sampled_from(["", CUT, FRAGMENTS]),
)
def test_nothing_in_a_capture_raises(payloads: list[bytes], missing: str) -> None:
    ends = [(PHONE, GROUP), (SERVER, PHONE), (PHONE, SERVER)]
    datagrams = [
        captured(payload, number / 10, *ends[number % 3])._replace(missing=missing)
        for number, payload in enumerate(payloads)
    ]
    for row in replay(*datagrams):
        assert row.outcome in Outcome
        assert bool(row.why) == (row.outcome is not Outcome.URL)


class TestTime:
    def test_the_exchange_has_the_times_of_the_capture(self) -> None:
        written: list[Written] = []
        replay(captured(at=3.25), written=written)
        assert [when for when, *_ in written] == [START + 13 * SECOND // 4] * 3
        assert [payload.split(b" ")[0] for *_, payload, _ in written] == [b"SUBSCRIBE", b"SIP/2.0", b"NOTIFY"]

    def test_nothing_is_sent_twice(self) -> None:
        written: list[Written] = []
        other = altered(Call_ID="another", start="SUBSCRIBE sip:MAC=00a859112234@224.0.1.75 SIP/2.0")
        replay(captured(), captured(other, at=100), written=written)
        assert len(written) == 6

    def test_a_clock_that_goes_back_stands_still(self) -> None:
        assert only(replay(captured(at=10), captured(at=5))).repeated == 1


def test_a_source_may_ask_as_fast_as_the_service_lets_it() -> None:
    def phones(limits: Limits) -> list[Outcome]:
        engine = Replay(examples.offer, identifiers=Identifiers(examples.numbered()), limits=limits)
        for number in range(9):
            mac = b"00a8591122%02x" % number
            call = b"call-%d" % number
            octets = SUBSCRIBE.replace(MAC.encode(), mac).replace(b"call-1", call).replace(b"-one", call)
            list(engine.feed(captured(octets)))
        return [row.outcome for row in engine.end()]

    assert Outcome.REFUSED in phones(Limits(rate=1, burst=2))
    assert phones(Limits(rate=1, burst=9)) == [Outcome.URL] * 9
