"""The machine as data: each pair of state and input is a row, or is known to be none."""

from __future__ import annotations

from itertools import product

from pnp_responder.sip.transaction import CLIENT, Action, Input, State, Table

I, S = Input, State  # noqa: E741

INPUTS = {I.FINAL, I.PROVISIONAL, I.TIMER_E, I.TIMER_F, I.TIMER_K, I.UNREACHABLE}

# Pairs that bring nothing: either they cannot happen, or RFC 3261 says to do nothing.
IGNORED = {
    (S.TRYING, I.TIMER_K),  # not yet set
    (S.PROCEEDING, I.TIMER_K),  # not yet set
    (S.COMPLETED, I.PROVISIONAL),  # late
    (S.COMPLETED, I.TIMER_E),  # stopped
    (S.COMPLETED, I.TIMER_F),  # stopped
    (S.COMPLETED, I.UNREACHABLE),  # it was reached
}

DIAGRAM = """\
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


def test_every_pair_is_thought_of() -> None:
    assert set(CLIENT) | IGNORED == set(product({S.TRYING, S.PROCEEDING, S.COMPLETED}, INPUTS))
    assert not set(CLIENT) & IGNORED


def test_every_input_is_in_it() -> None:
    assert set(Input) == INPUTS


def test_diagram() -> None:
    assert diagram(CLIENT) == DIAGRAM


def test_every_state_is_reached_and_left() -> None:
    reached = {S.TRYING}
    while more := {after for (state, _), (after, _) in CLIENT.items() if state in reached} - reached:
        reached |= more
    assert S.TERMINATED in reached
    assert reached - {S.TERMINATED} == {state for state, _ in CLIENT}
    assert all(state is not S.TERMINATED for state, _ in CLIENT)
    for state in reached - {S.TERMINATED}:
        assert any(after is not state for (before, _), (after, _) in CLIENT.items() if before is state)


def test_whoever_is_completed_has_a_timer_to_end_by() -> None:
    for (state, _), (after, actions) in CLIENT.items():
        if after is S.COMPLETED and state is not S.COMPLETED:
            assert Action.SET_K in actions


def test_what_is_completed_by_a_shorter_way_is_completed_as_the_table_says() -> None:
    """`ClientTransactions.complete` does what these rows say, but for the word to the user."""
    for state in (S.TRYING, S.PROCEEDING):
        assert CLIENT[state, I.FINAL] == (S.COMPLETED, (Action.TO_USER, Action.SET_K))
