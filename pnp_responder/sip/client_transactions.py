"""The client transactions that are alive: one for each request that waits for its answer."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from pnp_responder.datagram import TCP, UDP, Datagram, PlainAddress, SocketAddress
from pnp_responder.sip.client_transaction import ClientTransaction
from pnp_responder.sip.effects import Answered, ClientEffect, Send, TimedOut, Undeliverable
from pnp_responder.sip.message import Response
from pnp_responder.sip.transaction import (
    CLIENT,
    NEVER,
    T1,
    T2,
    T4,
    Action,
    Input,
    State,
    by_number,
    intervals,
)

_ROWS = by_number(CLIENT)
# As names of this module: looking a member up in its class costs three times as much.
_SEND, _SET_E, _SET_K, _TO_USER, _TIMED_OUT, _ = Action
_FINAL, _PROVISIONAL, _TIMER_E, _TIMER_F, _TIMER_K, _UNREACHABLE = Input
# Up to Proceeding it waits.
_TRYING, _PROCEEDING, _COMPLETED, _TERMINATED = State

_Queue = deque[ClientTransaction]
_There = dict[PlainAddress, ClientTransaction | dict[str, ClientTransaction]]


class ClientTransactions:
    """At most `capacity` requests. When one more is sent, the oldest goes: of those that are answered, or,
    where none is, of those that wait (it times out).

    Each is sent at 0, T1, 3*T1, 7*T1 ... (timer E, doubling to T2), at most `attempts` times, and
    waited for until 64*T1 (timer F). By TCP it is sent once, and an answered one is forgotten at
    once (RFC 3261 17.1.2.2: neither timer E nor K).
    """

    def __init__(self, capacity: int, attempts: int, t1: float = T1, t2: float = T2, t4: float = T4) -> None:
        if attempts < 1:
            raise ValueError("attempts must be at least 1")
        self._capacity = capacity
        self._attempts = attempts
        self._t1, self._t2, self._t4 = t1, t2, t4
        # Those that wait, by branch.
        self._alive: dict[str, ClientTransaction] = {}
        # The others, which are in Completed: method, and when timer K fires. In the order of that.
        self._completed: dict[str, tuple[str, float]] = {}
        self._timer_k: deque[str] = deque()
        # By transport and remote: the one that waits there, or all by their branches.
        self._there: dict[str, _There] = {UDP: {}, TCP: {}}
        # Timers run for one of a few durations. In a queue of those of one duration the first is the next.
        # All begin in the first queue of timer E; those that still wait when they leave it, and no others,
        # stand in the queue of timer F.
        self._intervals = intervals(t1, t2)
        self._timers_e: dict[float, _Queue] = {duration: deque() for duration in self._intervals}
        self._first = self._timers_e[self._intervals[0]]
        self._timer_f: _Queue = deque()
        # Answered ones are left in these queues till they surface, but for so many.
        self._stale, self._most_stale = 0, capacity // 8
        # What begins at one time is timed by the same floats.
        self._now = self._first_e = self._ends = NEVER
        self._late = ("", NEVER)
        self.deadline: float = NEVER
        """When the next timer fires, NEVER if none runs; perhaps earlier, never later."""

    def __len__(self) -> int:
        return len(self._alive) + len(self._completed)

    def request(
        self, branch: str, method: str, datagram: Datagram, now: float, attempts: int | None = None
    ) -> tuple[ClientEffect, ...]:
        """`add` a transaction of these parts. ValueError if that branch is in use, or was until lately."""
        if branch in self._completed:
            raise ValueError("the branch is in use")
        transaction = ClientTransaction()
        transaction.branch, transaction.method = branch, method
        transaction.octets, transaction.remote, transaction.local, _ = datagram
        return self.add(transaction, now, attempts)

    def add(
        self, transaction: ClientTransaction, now: float, attempts: int | None = None
    ) -> tuple[ClientEffect, ...]:
        """A new request, whose top Via has that branch, used by no other, and which the caller sends now.

        `attempts` may be fewer than usual. Gives what becomes of another one that has to go for it.
        """
        alive, completed, branch = self._alive, self._completed, transaction.branch
        if branch in alive:
            raise ValueError("the branch is in use")
        effects: tuple[ClientEffect, ...] = ()
        if len(alive) + len(completed) >= self._capacity:
            if self._timer_k:
                del completed[self._timer_k.popleft()]
            else:
                effects = self._give_up_the_oldest(now)
        if now != self._now:
            self._begin(now)
        transport, most = transaction.local[2], self._attempts
        if attempts is not None and attempts < most:
            most = attempts
        if transport != UDP:
            most = 1
        transaction.state, transaction.attempts, transaction.most = _TRYING, 1, most
        transaction.wakes, transaction.ends = self._first_e, self._ends
        alive[branch] = transaction
        self._first.append(transaction)
        by_remote = self._there[transport]
        there = by_remote.setdefault(transaction.remote, transaction)
        if there is not transaction:
            if isinstance(there, dict):
                there[branch] = transaction
            else:
                by_remote[transaction.remote] = {there.branch: there, branch: transaction}
        if self._first_e < self.deadline:
            self.deadline = self._first_e
        return effects

    def find(self, branch: str) -> ClientTransaction | None:
        """The request with that branch, if it waits."""
        return self._alive.get(branch)

    def complete(self, transaction: ClientTransaction, now: float) -> None:
        """Its answer has come: as `receive_response`, for a user who knows that it waits."""
        transaction.state = _COMPLETED
        self._leave(transaction)
        # RFC 3261 17.1.2.2: timer K is zero for reliable transports.
        if transaction.local[2] != UDP:
            return
        if now != self._now:
            self._begin(now)
        late = self._late
        if late[0] != transaction.method:
            self._late = late = transaction.method, late[1]
        self._completed[transaction.branch] = late
        self._timer_k.append(transaction.branch)
        if late[1] < self.deadline:
            self.deadline = late[1]

    def receive_response(
        self, response: Response, now: float, name: str | None = None
    ) -> tuple[ClientEffect, ...] | None:
        """None if it is no answer to a request of ours (RFC 3261 17.1.3, 18.1.2).

        `name` is what `request` was given as the branch, where that is not the Via's: some phones
        write none.
        """
        via = response.via
        branch = via.branch if name is None else name
        transaction = self._alive.get(branch)
        if transaction is None:
            method, _ = self._completed.get(branch, ("", NEVER))
            return () if method == response.cseq_method else None
        # RFC 3261 18.1.2: sent-by must be ours.
        ours = transaction.local.address
        if transaction.method != response.cseq_method or (via.host, via.port) != ours:
            return None
        if response.status < 200:
            return self._run(transaction, _PROVISIONAL, now)
        return self._run(transaction, _FINAL, now, response.status)

    def receive_unreachable(
        self, remote: SocketAddress, now: float, transport: str = UDP
    ) -> tuple[ClientEffect, ...]:
        """End all requests to `remote` by that transport (RFC 3261 18.4)."""
        there = self._there[transport].get(remote)
        if there is None:
            return ()
        waiting = list(there.values()) if isinstance(there, dict) else [there]
        return tuple(effect for one in waiting for effect in self._run(one, _UNREACHABLE, now))

    def attempts(self, branch: str) -> int:
        """How often the request with that branch has been sent; 0 if it does not wait."""
        transaction = self._alive.get(branch)
        return 0 if transaction is None else transaction.attempts

    def handle_timeout(self, now: float) -> tuple[ClientEffect, ...]:
        """Let all timers fire that are due."""
        effects: list[ClientEffect] = []
        for queue in self._timers_e.values():
            while queue and (queue[0].state > _PROCEEDING or queue[0].wakes <= now):
                transaction = queue.popleft()
                if transaction.state > _PROCEEDING:
                    continue
                if queue is self._first:
                    self._timer_f.append(transaction)
                if transaction.attempts < transaction.most:
                    effects += self._run(transaction, _TIMER_E, now)
        for transaction in self._due_at_f(now):
            effects += self._run(transaction, _TIMER_F, now)
        while self._timer_k and self._completed[self._timer_k[0]][1] <= now:
            del self._completed[self._timer_k.popleft()]
        heads = [queue[0].wakes for queue in self._timers_e.values() if queue]
        heads += [self._timer_f[0].ends] if self._timer_f else []
        heads += [self._completed[self._timer_k[0]][1]] if self._timer_k else []
        self.deadline = min(heads, default=NEVER)
        return tuple(effects)

    def _due_at_f(self, now: float) -> Iterable[ClientTransaction]:
        queue = self._timer_f
        while queue and (queue[0].state > _PROCEEDING or queue[0].ends <= now):
            transaction = queue.popleft()
            if transaction.state <= _PROCEEDING:
                yield transaction

    def _run(
        self, transaction: ClientTransaction, what: Input, now: float, status: int = 0
    ) -> tuple[ClientEffect, ...]:
        row = _ROWS[transaction.state][what]
        if row is None:
            return ()
        transaction.state, actions = row
        effects: tuple[ClientEffect, ...] = ()
        for action in actions:
            if action is _SEND:
                transaction.attempts += 1
                effects += (Send(transaction),)
            elif action is _SET_E:
                self._set_e(transaction, now)
            elif action is _SET_K:
                self.complete(transaction, now)
            elif action is _TO_USER:
                effects += (Answered(transaction, status),)
            elif action is _TIMED_OUT:
                effects += (TimedOut(transaction),)
            else:  # UNDELIVERABLE
                effects += (Undeliverable(transaction),)
        if transaction.state is _TERMINATED:
            self._leave(transaction)
        return effects

    def _begin(self, now: float) -> None:
        self._now, self._first_e, self._ends = now, now + self._intervals[0], now + 64 * self._t1
        self._late = (self._late[0], now + self._t4)

    def _set_e(self, transaction: ClientTransaction, now: float) -> None:
        if transaction.attempts >= transaction.most:
            return
        if transaction.state is _PROCEEDING or transaction.attempts > len(self._intervals):
            interval = self._t2
        else:
            interval = self._intervals[transaction.attempts - 1]
        transaction.wakes = now + interval
        if transaction.wakes < transaction.ends:
            self._timers_e[interval].append(transaction)
            if transaction.wakes < self.deadline:
                self.deadline = transaction.wakes

    def _leave(self, transaction: ClientTransaction) -> None:
        """It waits no longer."""
        del self._alive[transaction.branch]
        by_remote = self._there[transaction.local[2]]
        there = by_remote.pop(transaction.remote)
        if there is not transaction:
            assert isinstance(there, dict)
            del there[transaction.branch]
            if there:
                by_remote[transaction.remote] = there
        first = self._first
        if first and first[0] is transaction:  # as it nearly always is
            first.popleft()
            while first and first[0].state > _PROCEEDING:
                first.popleft()
                self._stale -= 1
            return
        # A flood that pushes them out would leave as many as come in half a minute.
        self._stale += 1
        if self._stale > self._most_stale:
            self._stale = 0
            # In place: `handle_timeout` may be at work on one of them.
            for queue in (*self._timers_e.values(), self._timer_f):
                waiting = [transaction for transaction in queue if transaction.state <= _PROCEEDING]
                queue.clear()
                queue.extend(waiting)

    def _give_up_the_oldest(self, now: float) -> tuple[ClientEffect, ...]:
        for queue in (self._timer_f, self._first):
            while queue:
                oldest = queue.popleft()
                if oldest.state <= _PROCEEDING:
                    return self._run(oldest, _TIMER_F, now)
        raise AssertionError("each that waits is in one of these queues")
