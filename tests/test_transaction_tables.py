"""The two machines as data: each pair of state and input is a row, or is known to be none."""

from __future__ import annotations

from itertools import product

import pytest

from pnp_responder.sip.transaction import CLIENT, SERVER, Action, Input, State, Table

I, S = Input, State  # noqa: E741

SERVER_INPUTS = {I.REQUEST, I.FINAL, I.ABSORB, I.TIMER_J}
CLIENT_INPUTS = {I.FINAL, I.PROVISIONAL, I.TIMER_E, I.TIMER_F, I.TIMER_K, I.UNREACHABLE}

# Pairs that bring nothing: either they cannot happen, or RFC 3261 says to do nothing.
SERVER_IGNORED = {
    (S.TRYING, I.TIMER_J),  # not yet set
    (S.COMPLETED, I.FINAL),  # 17.2.2: any other final response is discarded
    (S.COMPLETED, I.ABSORB),  # decided already
}
CLIENT_IGNORED = {
    (S.TRYING, I.TIMER_K),  # not yet set
    (S.PROCEEDING, I.TIMER_K),  # not yet set
    (S.COMPLETED, I.PROVISIONAL),  # late
    (S.COMPLETED, I.TIMER_E),  # stopped
    (S.COMPLETED, I.TIMER_F),  # stopped
    (S.COMPLETED, I.UNREACHABLE),  # it was reached
}

SERVER_DIAGRAM = """\
TRYING --ABSORB [SET_J]--> COMPLETED
TRYING --FINAL [SEND, SET_J]--> COMPLETED
TRYING --REQUEST []--> TRYING
COMPLETED --REQUEST [SEND]--> COMPLETED
COMPLETED --TIMER_J []--> TERMINATED
"""
CLIENT_DIAGRAM = """\
TRYING --FINAL [TO_USER, SET_K]--> COMPLETED
TRYING --PROVISIONAL []--> PROCEEDING
TRYING --TIMER_E [SEND, SET_E]--> TRYING
TRYING --TIMER_F [TIMED_OUT]--> TERMINATED
TRYING --UNREACHABLE [UNDELIVERABLE]--> TERMINATED
PROCEEDING --FINAL [TO_USER, SET_K]--> COMPLETED
PROCEEDING --PROVISIONAL []--> PROCEEDING
PROCEEDING --TIMER_E [SEND, SET_E]--> PROCEEDING
PROCEEDING --TIMER_F [TIMED_OUT]--> TERMINATED
PROCEEDING --UNREACHABLE [UNDELIVERABLE]--> TERMINATED
COMPLETED --FINAL []--> COMPLETED
COMPLETED --TIMER_K []--> TERMINATED
"""


def diagram(table: Table) -> str:
    """One line for each row, in the order of the states and the names of the inputs."""
    rows = sorted(table.items(), key=lambda row: (row[0][0], row[0][1].name))
    return "".join(
        f"{state.name} --{what.name} [{', '.join(a.name for a in actions)}]--> {after.name}\n"
        for (state, what), (after, actions) in rows
    )


@pytest.mark.parametrize(
    ("table", "states", "inputs", "ignored"),
    [
        (SERVER, {S.TRYING, S.COMPLETED}, SERVER_INPUTS, SERVER_IGNORED),
        (CLIENT, {S.TRYING, S.PROCEEDING, S.COMPLETED}, CLIENT_INPUTS, CLIENT_IGNORED),
    ],
    ids=["server", "client"],
)
def test_every_pair_is_thought_of(
    table: Table, states: set[State], inputs: set[Input], ignored: set[tuple[State, Input]]
) -> None:
    assert set(table) | ignored == set(product(states, inputs))
    assert not set(table) & ignored


def test_every_input_is_somebodys() -> None:
    assert set(Input) == SERVER_INPUTS | CLIENT_INPUTS


@pytest.mark.parametrize(("table", "drawn"), [(SERVER, SERVER_DIAGRAM), (CLIENT, CLIENT_DIAGRAM)])
def test_diagram(table: Table, drawn: str) -> None:
    assert diagram(table) == drawn


@pytest.mark.parametrize("table", [SERVER, CLIENT])
def test_every_state_is_reached_and_left(table: Table) -> None:
    reached = {S.TRYING}
    while more := {after for (state, _), (after, _) in table.items() if state in reached} - reached:
        reached |= more
    assert S.TERMINATED in reached
    assert reached - {S.TERMINATED} == {state for state, _ in table}
    assert all(state is not S.TERMINATED for state, _ in table)
    for state in reached - {S.TERMINATED}:
        assert any(after is not state for (before, _), (after, _) in table.items() if before is state)


@pytest.mark.parametrize("table", [SERVER, CLIENT])
def test_whoever_is_completed_has_a_timer_to_end_by(table: Table) -> None:
    for (state, _), (after, actions) in table.items():
        if after is S.COMPLETED and state is not S.COMPLETED:
            assert {Action.SET_J, Action.SET_K} & set(actions)
