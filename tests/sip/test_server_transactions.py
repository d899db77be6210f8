from __future__ import annotations

import pytest

from pnp_responder.datagram import Datagram, SocketAddress
from pnp_responder.errors import RequestError
from pnp_responder.sip import ServerKey, ServerTransactions
from pnp_responder.sip.server_transactions import ECHO_WINDOW
from pnp_responder.sip.transaction import NEVER
from tests.examples import ANOTHER_PHONE, LIFETIME, LOCAL, OTHER_LOCAL, PHONE, SUBSCRIBE, heard, request

ANSWER = Datagram(b"SIP/2.0 200 OK\r\n\r\n", PHONE, LOCAL)
REQUEST = heard(SUBSCRIBE)


def key(source: SocketAddress = PHONE, /, **rows: str | None) -> ServerKey:
    return ServerKey.of(request(**rows), source)


def numbered_key(number: int) -> ServerKey:
    return key(Via=f"SIP/2.0/UDP 192.0.2.45;branch=z9hG4bK{number}", Call_ID=f"call-{number}")


class TestKey:
    @pytest.mark.parametrize(
        "rows",
        [
            {"Via": "SIP/2.0/UDP 192.0.2.45:5060;branch=z9hG4bK-one;x=1"},
            {"User_Agent": "other"},
            {"Via": "SIP/2.0/UDP 192.0.2.45:5060;branch=z9hG4bK-one, SIP/2.0/UDP more"},
            {"CSeq": "001  SUBSCRIBE"},
            {"start": "SUBSCRIBE sip:other@224.0.1.75 SIP/2.0"},
        ],
    )
    def test_the_same_transaction(self, rows: dict[str, str]) -> None:
        assert key(**rows) == key()

    @pytest.mark.parametrize(
        "rows",
        [
            {"Via": "SIP/2.0/UDP 192.0.2.45:5060;branch=z9hG4bK-two"},
            {"Via": "SIP/2.0/UDP 192.0.2.45:5061;branch=z9hG4bK-one"},
            {"Via": "SIP/2.0/UDP 192.0.2.46:5060;branch=z9hG4bK-one"},
            {"CSeq": "2 SUBSCRIBE"},
            {"Call_ID": "other"},
            {"From": "<sip:a@b>;tag=other"},
        ],
    )
    def test_another_transaction(self, rows: dict[str, str]) -> None:
        assert key(**rows) != key()

    def test_nobody_speaks_for_somebody_else(self) -> None:
        assert key() != key(ANOTHER_PHONE)
        assert key().request != key(ANOTHER_PHONE).request

    def test_another_source_port_is_the_same_phone(self) -> None:
        assert key(SocketAddress(PHONE.host, 1)) == key()

    @pytest.mark.parametrize("branch", ["", ";branch=old-style", ";branch=z9hG4bK", ";branch=Z9HG4BK-one"])
    def test_old_style(self, branch: str) -> None:
        """RFC 3261 17.2.3: without a branch that is unique, the whole request counts."""
        via = f"SIP/2.0/UDP 192.0.2.45:5060{branch}"
        same = key(Via=via)
        assert same == key(Via=via)
        assert same != key(Via=via + ";x")
        assert same != key(Via=via, start="SUBSCRIBE sip:other SIP/2.0")
        assert same != key(Via=via, To="<sip:a@b>;tag=x")
        assert same != key(Via=via, CSeq="2 SUBSCRIBE")
        assert same != key(Via=via, From="<sip:a@b>")

    def test_merged_is_the_request_whatever_its_path(self) -> None:
        assert key(Via="SIP/2.0/UDP other;branch=z9hG4bKx").request == key().request
        assert key(CSeq="2 SUBSCRIBE").request != key().request
        assert key(Call_ID="x").request != key().request
        assert key(From="<sip:a@b>").request != key().request

    def test_from_that_cannot_be_read(self) -> None:
        with pytest.raises(RequestError):
            key(From="nonsense")
        with pytest.raises(RequestError):
            key(Via="SIP/2.0/UDP 192.0.2.45", To="nonsense")


def test_a_new_request() -> None:
    table = ServerTransactions(10)
    assert table.repeat(key(), REQUEST, 0.0) is None
    assert not table.knows(key())
    assert not table.is_merged(key().request)
    assert table.deadline == NEVER
    assert len(table) == 0


def test_each_repeat_brings_the_same_octets() -> None:
    table = ServerTransactions(10)
    table.respond(key(), REQUEST, ANSWER, 0.0)
    for now in (0.0, 0.5, 1.5, 31.9):
        assert table.repeat(key(), REQUEST, now) == (ANSWER,)
    assert table.knows(key())
    assert table.deadline == LIFETIME
    table.handle_timeout(31.9)
    assert len(table) == 1
    table.handle_timeout(LIFETIME)
    assert len(table) == 0
    assert table.deadline == NEVER
    assert not table.knows(key())
    assert not table.is_merged(key().request)
    assert table.repeat(key(), REQUEST, LIFETIME) is None


def test_repeats_do_not_make_it_live_longer() -> None:
    table = ServerTransactions(10)
    table.respond(key(), REQUEST, ANSWER, 0.0)
    table.repeat(key(), REQUEST, 30.0)
    assert table.deadline == LIFETIME


def test_timer_j_is_64_times_t1() -> None:
    table = ServerTransactions(10, t1=0.1)
    table.respond(key(), REQUEST, ANSWER, 1.0)
    assert table.deadline == pytest.approx(7.4)


def test_silence_lasts_as_long_as_an_answer() -> None:
    table = ServerTransactions(10)
    table.respond(key(), REQUEST, None, 0.0)
    assert table.repeat(key(), REQUEST, 4.0) == ()
    assert table.is_merged(key().request)
    assert table.deadline == LIFETIME
    table.handle_timeout(LIFETIME)
    assert table.repeat(key(), REQUEST, LIFETIME) is None
    assert len(table) == 0


def test_merged_request() -> None:
    table = ServerTransactions(10)
    table.respond(key(), REQUEST, ANSWER, 0.0)
    other_path = key(Via="SIP/2.0/UDP 192.0.2.45;branch=z9hG4bK-two")
    assert table.repeat(other_path, REQUEST, 0.1) is None
    assert table.is_merged(other_path.request)
    assert not table.is_merged(key(CSeq="2 SUBSCRIBE").request)


def test_a_merged_request_that_is_answered_all_the_same() -> None:
    """The first one's end is not the end of the second."""
    table = ServerTransactions(10)
    other_path = key(Via="SIP/2.0/UDP 192.0.2.45;branch=z9hG4bK-two")
    table.respond(key(), REQUEST, ANSWER, 0.0)
    table.respond(other_path, REQUEST, ANSWER, 1.0)
    table.handle_timeout(LIFETIME)
    assert table.knows(other_path)
    table.handle_timeout(1.0 + LIFETIME)
    assert len(table) == 0


def test_an_error_told_by_unicast_is_not_for_the_group() -> None:
    table = ServerTransactions(10)
    table.respond(key(), heard(SUBSCRIBE, multicast=False), ANSWER, 0.0)
    assert table.repeat(key(), heard(SUBSCRIBE, multicast=True), 1.0) == ()
    assert table.repeat(key(), heard(SUBSCRIBE, multicast=False), 1.0) == (ANSWER,)


def test_a_multicast_answer_may_be_asked_for_by_unicast() -> None:
    table = ServerTransactions(10)
    table.respond(key(), heard(SUBSCRIBE, multicast=True), ANSWER, 0.0)
    assert table.repeat(key(), heard(SUBSCRIBE, multicast=False), 1.0) == (ANSWER,)


def test_one_multicast_heard_on_two_interfaces() -> None:
    table = ServerTransactions(10)
    table.respond(key(), REQUEST, ANSWER, 0.0)
    echo = heard(SUBSCRIBE, local=OTHER_LOCAL)
    assert table.repeat(key(), echo, 0.0) == ()
    assert table.repeat(key(), echo, ECHO_WINDOW - 0.01) == ()
    assert table.repeat(key(), REQUEST, 0.01) == (ANSWER,), "a repeat on the first interface"
    assert table.repeat(key(), echo, ECHO_WINDOW) == (), "the repeat, heard on the second"
    assert table.repeat(key(), echo, 1.0) == (ANSWER,), "the next repeat, first heard on the second"
    assert table.repeat(key(), REQUEST, 1.01) == (), "and then on the first"


def test_capacity() -> None:
    """The oldest goes; nothing is left of it."""
    table = ServerTransactions(3)
    for number in range(10):
        table.respond(numbered_key(number), REQUEST, ANSWER, float(number))
        assert len(table) == min(number + 1, 3)
    assert [table.knows(numbered_key(number)) for number in range(10)] == [False] * 7 + [True] * 3
    assert not table.is_merged(numbered_key(6).request)
    assert table.is_merged(numbered_key(7).request)
    assert table.deadline <= 7 + LIFETIME
    table.handle_timeout(9 + LIFETIME)
    assert len(table) == 0
    assert table.deadline == NEVER


def test_silent_ones_count_too() -> None:
    table = ServerTransactions(2)
    for number in range(5):
        table.respond(numbered_key(number), REQUEST, None, 0.0)
    assert len(table) == 2


def test_the_oldest_can_come_again_after_it_went() -> None:
    table = ServerTransactions(1)
    table.respond(numbered_key(1), REQUEST, ANSWER, 0.0)
    table.respond(numbered_key(2), REQUEST, ANSWER, 1.0)
    assert table.repeat(numbered_key(1), REQUEST, 2.0) is None
    table.respond(numbered_key(1), REQUEST, ANSWER, 2.0)
    table.handle_timeout(1.0 + LIFETIME)
    assert table.knows(numbered_key(1)), "the timer of its first life must not end its second"
    table.handle_timeout(2.0 + LIFETIME)
    assert len(table) == 0


def test_misuse() -> None:
    table = ServerTransactions(10)
    table.respond(key(), REQUEST, ANSWER, 0.0)
    with pytest.raises(ValueError, match="already there"):
        table.respond(key(), REQUEST, ANSWER, 0.0)
    with pytest.raises(ValueError, match="already there"):
        table.respond(key(), REQUEST, None, 0.0)
