"""The non-INVITE client transaction as a table (RFC 3261 17.1.2), and the timers of both machines.

The table maps (state, input) to (next state, actions). A pair without a row has no effect. It does not
know who runs it: `client_transactions.py` carries the actions out. The server transaction (17.2.2) needs
none: who answers at once is in Completed from the beginning (`server_transactions.py`).
"""

from __future__ import annotations

from enum import IntEnum, auto

T1 = 0.5
"""Seconds; estimate of the round trip (RFC 3261 17.1.1.1)."""

T2 = 4.0
"""Seconds; longest interval between two sendings of a non-INVITE request (RFC 3261 17.1.2.2)."""

T4 = 5.0
"""Seconds; longest time that a message stays in the network (RFC 3261 17.1.2.2)."""

NEVER = float("inf")
"""The time of what does not come."""


def intervals(t1: float, t2: float) -> list[float]:
    """How long timer E may run: T1, doubling up to T2 (RFC 3261 17.1.2.2)."""
    found = [min(t1, t2)]
    while found[-1] < t2:
        found.append(min(found[-1] * 2, t2))
    return [*found, t2]


class State(IntEnum):
    """Trying is where a transaction begins."""

    TRYING = 0
    PROCEEDING = auto()
    COMPLETED = auto()
    TERMINATED = auto()


class Input(IntEnum):
    """What can happen to a transaction."""

    FINAL = 0
    """A final response."""
    PROVISIONAL = auto()
    """A 1xx response."""
    TIMER_E = auto()
    TIMER_F = auto()
    TIMER_K = auto()
    UNREACHABLE = auto()
    """The network cannot deliver the request."""


class Action(IntEnum):
    """What a row wants done, in its order."""

    SEND = auto()
    SET_E = auto()
    SET_K = auto()
    TO_USER = auto()
    TIMED_OUT = auto()
    UNDELIVERABLE = auto()


Row = tuple[State, tuple[Action, ...]]
Table = dict[tuple[State, Input], Row]

CLIENT: Table = {
    # RFC 3261 17.1.2.2
    (State.TRYING, Input.PROVISIONAL): (State.PROCEEDING, ()),
    (State.TRYING, Input.FINAL): (State.COMPLETED, (Action.TO_USER, Action.SET_K)),
    (State.TRYING, Input.TIMER_E): (State.TRYING, (Action.SEND, Action.SET_E)),
    (State.TRYING, Input.TIMER_F): (State.TERMINATED, (Action.TIMED_OUT,)),
    (State.PROCEEDING, Input.PROVISIONAL): (State.PROCEEDING, ()),
    (State.PROCEEDING, Input.FINAL): (State.COMPLETED, (Action.TO_USER, Action.SET_K)),
    (State.PROCEEDING, Input.TIMER_E): (State.PROCEEDING, (Action.SEND, Action.SET_E)),
    (State.PROCEEDING, Input.TIMER_F): (State.TERMINATED, (Action.TIMED_OUT,)),
    (State.COMPLETED, Input.FINAL): (State.COMPLETED, ()),
    (State.COMPLETED, Input.TIMER_K): (State.TERMINATED, ()),
    # RFC 3261 17.1.4, 18.4
    (State.TRYING, Input.UNREACHABLE): (State.TERMINATED, (Action.UNDELIVERABLE,)),
    (State.PROCEEDING, Input.UNREACHABLE): (State.TERMINATED, (Action.UNDELIVERABLE,)),
}


def by_number(table: Table) -> tuple[tuple[Row | None, ...], ...]:
    """`table` as rows of rows: `by_number(table)[state][what]`, None for a pair without an effect."""
    return tuple(tuple(table.get((state, what)) for what in Input) for state in State)
