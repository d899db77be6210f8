from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import pytest

from pnp_responder.datagram import Datagram, SocketAddress
from pnp_responder.sip import ClientTransactions, Response
from pnp_responder.sip.effects import Answered, ClientEffect, Send, TimedOut, Undeliverable
from pnp_responder.sip.transaction import NEVER
from tests.examples import ANOTHER_PHONE, LOCAL, PHONE, response

BRANCH = "z9hG4bK-ours"
CAPACITY = 64
NOTIFY = Datagram(b"NOTIFY", PHONE, LOCAL)
TIMED_OUT_AT = 32.0
SENDINGS = [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
"""RFC 3261 17.1.2.2, timer E: 500 ms, doubling up to 4 s."""


class Told(NamedTuple):
    """An effect, and how often the request with that branch had been sent by then."""

    kind: type[ClientEffect]
    attempts: int
    branch: str = BRANCH
    status: int | None = None


def told(effects: Iterable[ClientEffect] | None) -> list[Told]:
    assert effects is not None
    seen = []
    for effect in effects:
        request = effect.request
        assert request.datagram in (NOTIFY, NOTIFY._replace(remote=ANOTHER_PHONE))
        assert request.method == "NOTIFY"
        status = effect.status if isinstance(effect, Answered) else None
        seen.append(Told(type(effect), request.attempts, request.branch, status))
    return seen


def answered(status: int, attempts: int, branch: str = BRANCH) -> list[Told]:
    return [Told(Answered, attempts, branch, status)]


def reply(
    status: int = 200, branch: str = BRANCH, sent_by: str = "192.0.2.1:5060", method: str = "NOTIFY"
) -> Response:
    via = f"SIP/2.0/UDP {sent_by};branch={branch};rport=1"
    return response(f"SIP/2.0 {status} x\nVia: {via}\nCSeq: 1 {method}\n\n".encode())


def started(attempts: int = 11, capacity: int = 10) -> ClientTransactions:
    table = ClientTransactions(capacity, attempts)
    assert table.request(BRANCH, "NOTIFY", NOTIFY, 0.0) == ()
    return table


def run(table: ClientTransactions, until: float = float("inf")) -> list[tuple[float, Told]]:
    """What the timers bring, and when."""
    seen: list[tuple[float, Told]] = []
    while (deadline := table.deadline) <= until and deadline != NEVER:
        seen += [(deadline, effect) for effect in told(table.handle_timeout(deadline))]
    return seen


def sendings(seen: Iterable[tuple[float, Told]]) -> list[float]:
    """When it was sent again. Each time it counts one more."""
    again = [(at, effect) for at, effect in seen if effect.kind is Send]
    first = again[0][1].attempts if again else 0
    assert [effect.attempts for _, effect in again] == list(range(first, first + len(again)))
    return [at for at, _ in again]


def test_sendings_until_timer_f() -> None:
    table = started()
    seen = run(table)
    assert sendings(seen) == SENDINGS[1:]
    assert seen[-1] == (TIMED_OUT_AT, Told(TimedOut, 11))
    assert len(seen) == 11
    assert len(table) == 0


@pytest.mark.parametrize("attempts", [1, 2, 7, 10])
def test_number_of_sendings(attempts: int) -> None:
    """Timer F stays where it is, so that a late answer is heard."""
    table = started(attempts)
    seen = run(table)
    assert sendings(seen) == SENDINGS[1:attempts]
    assert seen[-1] == (TIMED_OUT_AT, Told(TimedOut, attempts))
    assert len(table) == 0


def test_more_attempts_than_fit_are_cut_by_timer_f() -> None:
    assert run(started(100))[-1] == (TIMED_OUT_AT, Told(TimedOut, 11))


def test_other_timers() -> None:
    table = ClientTransactions(10, 100, t1=1.0, t2=2.0)
    table.request(BRANCH, "NOTIFY", NOTIFY, 10.0)
    seen = run(table)
    assert [at for at, _ in seen][:4] == [11.0, 13.0, 15.0, 17.0]
    assert seen[-1][0] == 74.0


@pytest.mark.parametrize("status", [200, 202, 302, 404, 481, 500, 603, 699])
def test_any_final_response_ends_it(status: int) -> None:
    table = started()
    assert told(table.receive_response(reply(status), 0.1)) == answered(status, 1)
    assert run(table) == [], "nothing is sent again"
    assert len(table) == 0


def test_counts_the_sendings_before_the_answer() -> None:
    table = started()
    run(table, 3.5)
    assert told(table.receive_response(reply(), 3.6)) == answered(200, 4)


def test_an_answer_after_the_last_sending() -> None:
    table = started(3)
    run(table, 20.0)
    assert told(table.receive_response(reply(), 31.9)) == answered(200, 3)
    assert run(table) == []


def test_timer_k_swallows_further_answers() -> None:
    table = started()
    table.receive_response(reply(), 1.0)
    assert table.receive_response(reply(), 1.0) == ()
    assert table.receive_response(reply(500), 5.9) == ()
    assert table.receive_response(reply(180), 5.9) == ()
    assert len(table) == 1
    run(table, 5.99)
    assert len(table) == 1
    run(table, 6.0)
    assert len(table) == 0
    assert table.receive_response(reply(), 6.1) is None


def test_an_answer_after_timer_f() -> None:
    table = started()
    run(table)
    assert table.receive_response(reply(), TIMED_OUT_AT) is None


@pytest.mark.parametrize("status", [100, 183, 199])
def test_a_provisional_response_means_every_t2(status: int) -> None:
    table = started()
    run(table, 0.5)
    assert table.receive_response(reply(status), 0.6) == ()
    seen = run(table)
    # RFC 3261 17.1.2.2: timer E that runs goes on; each one after it is T2.
    assert sendings(seen) == [
        1.5,
        5.5,
        9.5,
        13.5,
        17.5,
        21.5,
        25.5,
        29.5,
    ]
    assert seen[-1] == (TIMED_OUT_AT, Told(TimedOut, 10))


def test_a_final_response_after_a_provisional_one() -> None:
    table = started()
    assert table.receive_response(reply(100), 0.1) == ()
    assert table.receive_response(reply(100), 0.2) == ()
    assert told(table.receive_response(reply(200), 0.3)) == answered(200, 1)
    assert run(table) == []


@pytest.mark.parametrize(
    "wrong",
    [
        reply(branch="z9hG4bK-other"),
        reply(branch=""),
        reply(method="SUBSCRIBE"),
        reply(method="notify"),
        reply(sent_by="192.0.2.2:5060"),
        reply(sent_by="192.0.2.1:5061"),
        reply(sent_by="192.0.2.1"),
        reply(sent_by="host.example:5060"),
    ],
)
def test_answers_to_somebody_else(wrong: Response) -> None:
    table = started()
    assert table.receive_response(wrong, 0.1) is None
    assert told(table.receive_response(reply(), 0.2)) == answered(200, 1)


def test_unreachable() -> None:
    table = started()
    run(table, 0.5)
    assert told(table.receive_unreachable(PHONE, 0.6)) == [Told(Undeliverable, 2)]
    assert len(table) == 0
    assert run(table) == []
    assert table.receive_unreachable(PHONE, 0.7) == ()
    assert table.receive_response(reply(), 0.8) is None


def test_unreachable_after_a_provisional_response() -> None:
    table = started()
    table.receive_response(reply(100), 0.1)
    assert told(table.receive_unreachable(PHONE, 0.6)) == [Told(Undeliverable, 1)]


@pytest.mark.parametrize("remote", [ANOTHER_PHONE, SocketAddress(PHONE.host, PHONE.port + 1)])
def test_somebody_else_is_unreachable(remote: SocketAddress) -> None:
    table = started()
    assert table.receive_unreachable(remote, 0.1) == ()
    assert len(table) == 1


def test_unreachable_after_the_answer() -> None:
    table = started()
    table.receive_response(reply(), 0.1)
    assert table.receive_unreachable(PHONE, 0.2) == ()
    assert len(table) == 1


def test_several_requests_to_one_unreachable_device() -> None:
    table = ClientTransactions(10, 7)
    for name in ("a", "b", "c"):
        table.request(name, "NOTIFY", NOTIFY, 0.0)
    table.request("d", "NOTIFY", NOTIFY._replace(remote=ANOTHER_PHONE), 0.0)
    table.receive_response(reply(branch="b"), 0.1)
    assert set(told(table.receive_unreachable(PHONE, 0.2))) == {
        Told(Undeliverable, 1, "a"),
        Told(Undeliverable, 1, "c"),
    }
    assert len(table) == 2


def test_capacity() -> None:
    table = ClientTransactions(2, 7)
    table.request("a", "NOTIFY", NOTIFY, 0.0)
    table.request("b", "NOTIFY", NOTIFY, 0.0)
    effects = table.request("c", "NOTIFY", NOTIFY, 1.0)
    assert told(effects) == [Told(TimedOut, 1, "a")]
    assert len(table) == 2
    assert table.receive_response(reply(branch="a"), 1.1) is None
    assert told(table.receive_response(reply(branch="b"), 1.1)) == answered(200, 1, "b")
    # One that is only kept for late answers goes without a word.
    assert table.request("d", "NOTIFY", NOTIFY, 1.2) == ()
    assert len(table) == 2
    run(table)
    assert len(table) == 0


def test_the_same_branch_twice() -> None:
    table = started()
    with pytest.raises(ValueError, match="in use"):
        table.request(BRANCH, "NOTIFY", NOTIFY, 0.1)


@pytest.mark.parametrize("attempts", [0, -1])
def test_no_attempts(attempts: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        ClientTransactions(10, attempts)


def test_waking_early_does_nothing() -> None:
    table = started()
    for now in (0.1, 0.3, 0.49):
        assert table.handle_timeout(now) == ()
    assert told(table.handle_timeout(0.5)) == [Told(Send, 2)]


def test_waking_late_sends_once() -> None:
    """A process that slept does not make up for it with a burst."""
    table = started()
    assert told(table.handle_timeout(5.0)) == [Told(Send, 2)]
    deadline = table.deadline
    assert deadline != NEVER
    assert deadline > 5.0


def test_waking_after_everything() -> None:
    table = started()
    effects = told(table.handle_timeout(1000.0))
    assert effects[-1] in (Told(TimedOut, 1), Told(TimedOut, 2))
    assert len(effects) <= 2
    assert len(table) == 0


def test_a_thousand_at_once_leave_nothing_behind() -> None:
    table = ClientTransactions(1000, 7)
    for number in range(1000):
        table.request(f"b{number}", "NOTIFY", NOTIFY, number / 1000)
    for number in range(0, 1000, 2):
        table.receive_response(reply(branch=f"b{number}"), 2.0)
    seen = run(table)
    assert sum(effect.kind is TimedOut for _, effect in seen) == 500
    assert [at for at, _ in seen] == sorted(at for at, _ in seen)
    assert len(table) == 0
    assert table.deadline == NEVER


def test_late_answers_leave_little_behind() -> None:
    """What is answered at the second sending stands behind one that is never answered, whose timer F is 31 s
    away."""
    table = ClientTransactions(CAPACITY, 7)
    waiting: list[float] = []
    for number in range(20 * CAPACITY):
        branch, now = f"z9hG4bK{number}", float(number)
        waiting = [at for at in waiting if at > now - TIMED_OUT_AT]
        table.request(branch, "NOTIFY", NOTIFY, now)
        table.handle_timeout(now + 0.5)
        if number % 20:
            assert told(table.receive_response(reply(branch=branch), now + 0.6)) == answered(200, 2, branch)
        else:
            waiting.append(now)
        timed = sum(map(len, (table._timer_f, *table._timers_e.values())))
        # Each has two timers.
        assert timed <= 2 * (len(waiting) + 1 + CAPACITY // 8)
