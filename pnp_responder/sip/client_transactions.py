"""The client transactions that are alive: one for each request that waits for its answer."""

from __future__ import annotations

from collections import deque
from heapq import heapify, heappop, heappush

from pnp_responder.datagram import TCP, UDP, Datagram, SocketAddress
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
_TRYING, _PROCEEDING, _COMPLETED, _TERMINATED = State

_Queue = deque[ClientTransaction]
_Waiting = dict[SocketAddress, ClientTransaction | dict[str, ClientTransaction]]


class ClientTransactions:
    """At most `capacity` requests; when one more is sent, the oldest is given up (it times out).

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
        self._alive: dict[str, ClientTransaction] = {}
        # As they were made; the dead go when there are many, or when they come to the front.
        self._in_order: _Queue = deque()
        # How many entries here and there may be of transactions that do not need them.
        self._slack = capacity // 8
        # By transport and remote: the one that waits there, or all by their branches.
        self._waiting: dict[str, _Waiting] = {UDP: {}, TCP: {}}
        # Timers run for one of a few durations. In a queue of those of one duration the first is the next.
        self._intervals = intervals(t1, t2)
        self._timers_e: dict[float, _Queue] = {duration: deque() for duration in self._intervals}
        self._timers_k: dict[float, _Queue] = {duration: deque() for duration in (t4, 0.0)}
        self._queues = (*self._timers_e.values(), *self._timers_k.values())
        # Timer F, for those that are not sent again: it ends when the transaction is old enough.
        self._timer_f: list[tuple[float, str]] = []
        # How many of all those entries may be of transactions that no longer wait for them.
        self._stale = 0
        # Those made at one time are timed by the same floats.
        self._first = min(t1, t2)
        self._first_queue = self._timers_e[self._first]
        self._made = self._first_e = self._ends = NEVER
        self.deadline: float = NEVER
        """When the next timer fires, NEVER if none runs; perhaps earlier, never later."""

    def __len__(self) -> int:
        return len(self._alive)

    def request(
        self,
        branch: str,
        method: str,
        datagram: Datagram,
        now: float,
        about: object = None,
        attempts: int | None = None,
        recipe: str | None = None,
    ) -> tuple[ClientEffect, ...]:
        """A new request, whose top Via has that branch, used by no other, and which the caller sends now.

        `about` comes back with what becomes of it; `attempts` may be fewer than usual. With a `recipe`, that
        is held, and comes back, in place of the octets: 400 fewer for each phone of a campus. Gives what
        becomes of another one that has to go for it.
        """
        alive = self._alive
        if branch in alive:
            raise ValueError("the branch is in use")
        effects = () if len(alive) < self._capacity else self._give_up_the_oldest(now)
        if now != self._made:
            self._made, self._first_e, self._ends = now, now + self._first, now + 64 * self._t1
        most = self._attempts if attempts is None or attempts > self._attempts else attempts
        transport = datagram[2].transport
        if transport != UDP:
            most = 1
        transaction = ClientTransaction(branch, method, datagram, recipe, about, most, self._ends)
        alive[branch] = transaction
        self._in_order.append(transaction)
        if len(self._in_order) > len(alive) + self._slack:
            self._in_order = deque(alive.values())
        remote = datagram[1]
        by_remote = self._waiting[transport]
        there = by_remote.setdefault(remote, transaction)
        if there is not transaction:
            if isinstance(there, dict):
                there[branch] = transaction
            else:
                by_remote[remote] = {there.branch: there, branch: transaction}
        if most > 1:
            transaction.wakes, transaction.queue = self._first_e, self._first_queue
            self._first_queue.append(transaction)
            if self._first_e < self.deadline:
                self.deadline = self._first_e
        else:
            self._set_f(transaction)
        return effects

    def find(self, branch: str) -> ClientTransaction | None:
        """The request with that branch, if it is alive."""
        return self._alive.get(branch)

    def complete(self, transaction: ClientTransaction, now: float) -> None:
        """Its answer has come: as `receive_response`, for a user who knows that it was waited for."""
        transaction.state = _COMPLETED
        self._set_k(transaction, now)

    def receive_response(
        self, response: Response, now: float, name: str | None = None
    ) -> tuple[ClientEffect, ...] | None:
        """None if it is no answer to a request of ours (RFC 3261 17.1.3, 18.1.2).

        `name` is what `request` was given as the branch, where that is not the Via's: some phones
        write none.
        """
        via = response.via
        transaction = self._alive.get(via.branch if name is None else name)
        if transaction is None or transaction.method != response.cseq_method:
            return None
        # RFC 3261 18.1.2: sent-by must be ours.
        if transaction.octets is not None:
            ours = transaction.local.address
            if via.host != ours.host or via.port != ours.port:
                return None
        if response.status < 200:
            return self._run(transaction, _PROVISIONAL, now)
        return self._run(transaction, _FINAL, now, response.status)

    def receive_unreachable(
        self, remote: SocketAddress, now: float, transport: str = UDP
    ) -> tuple[ClientEffect, ...]:
        """End all requests to `remote` by that transport (RFC 3261 18.4)."""
        there = self._waiting[transport].get(remote)
        if there is None:
            return ()
        waiting = list(there.values()) if isinstance(there, dict) else [there]
        return tuple(effect for one in waiting for effect in self._run(one, _UNREACHABLE, now))

    def attempts(self, branch: str) -> int:
        """How often the request with that branch has been sent; 0 if it is not alive."""
        transaction = self._alive.get(branch)
        return 0 if transaction is None else transaction.attempts

    def handle_timeout(self, now: float) -> tuple[ClientEffect, ...]:
        """Let all timers fire that are due."""
        effects: list[ClientEffect] = []
        for queue in self._queues:
            while queue:
                transaction = queue[0]
                # One that no longer waits here is left in the queue till it surfaces.
                if transaction.queue is not queue:
                    queue.popleft()
                    continue
                if transaction.wakes > now:
                    break
                queue.popleft()
                transaction.queue = None
                completed = transaction.state is _COMPLETED
                effects += self._run(transaction, _TIMER_K if completed else _TIMER_E, now)
        while self._timer_f and self._timer_f[0][0] <= now:
            wakes, branch = heappop(self._timer_f)
            late = self._alive.get(branch)
            if late is not None and late.wakes == wakes:
                effects += self._run(late, _TIMER_F, now)
        heads = [queue[0].wakes for queue in self._queues if queue]
        heads += [self._timer_f[0][0]] if self._timer_f else []
        self.deadline = min(heads, default=NEVER)
        return tuple(effects)

    def _run(
        self, transaction: ClientTransaction, what: Input, now: float, status: int = 0
    ) -> tuple[ClientEffect, ...]:
        row = _ROWS[transaction.state][what]
        if row is None:
            return ()
        transaction.state, actions = row
        effects: tuple[ClientEffect, ...] = ()
        about = transaction.about
        for action in actions:
            if action is _SEND:
                transaction.attempts += 1
                effects += (Send(transaction.request, about),)
            elif action is _SET_E:
                self._set_e(transaction, now)
            elif action is _SET_K:
                self._set_k(transaction, now)
            elif action is _TO_USER:
                effects += (Answered(transaction.request, status, transaction.attempts, about),)
            elif action is _TIMED_OUT:
                effects += (TimedOut(transaction.request, transaction.attempts, about),)
            else:  # UNDELIVERABLE
                effects += (Undeliverable(transaction.request, transaction.attempts, about),)
        if transaction.state is _TERMINATED:
            if transaction.octets is not None:
                self._stop_waiting(transaction)
            self._leave(transaction, now)
            transaction.wakes = NEVER
            del self._alive[transaction.branch]
        return effects

    def _leave(self, transaction: ClientTransaction, now: float) -> None:
        """It waits for its timer no longer. Of entries that are left behind there are never more than an
        eighth of what may be alive: a flood that evicts would leave as many as come in half a minute."""
        queue, transaction.queue = transaction.queue, None
        if queue and queue[0] is transaction:
            queue.popleft()  # as it nearly always is
            return
        if transaction.wakes <= now:
            return
        self._stale += 1
        if self._stale <= self._slack:
            return
        self._stale = 0
        # In place: `handle_timeout` may be at work on one of them.
        for queue in self._queues:
            awaited = [transaction for transaction in queue if transaction.queue is queue]
            queue.clear()
            queue.extend(awaited)
        alive = self._alive
        self._timer_f = [(at, branch) for at, branch in self._timer_f if branch in alive]
        heapify(self._timer_f)

    def _give_up_the_oldest(self, now: float) -> tuple[ClientEffect, ...]:
        while self._in_order[0].state is _TERMINATED:
            self._in_order.popleft()
        oldest = self._in_order.popleft()
        completed = oldest.state is _COMPLETED
        return self._run(oldest, _TIMER_K if completed else _TIMER_F, now)

    def _stop_waiting(self, transaction: ClientTransaction) -> None:
        """Forget what is needed only while the answer is out."""
        transaction.octets = transaction.about = None
        by_remote = self._waiting[transaction.local.transport]
        there = by_remote.pop(transaction.remote)
        if there is not transaction:
            assert isinstance(there, dict)
            del there[transaction.branch]
            if there:
                by_remote[transaction.remote] = there

    def _set_e(self, transaction: ClientTransaction, now: float) -> None:
        if transaction.attempts < transaction.most:
            if transaction.state is _PROCEEDING or transaction.attempts > len(self._intervals):
                interval = self._t2
            else:
                interval = self._intervals[transaction.attempts - 1]
            if now + interval < transaction.timer_f:
                self._queue(transaction, self._timers_e[interval], now + interval)
                return
        self._set_f(transaction)

    def _set_f(self, transaction: ClientTransaction) -> None:
        transaction.wakes = wakes = transaction.timer_f
        heappush(self._timer_f, (wakes, transaction.branch))
        if wakes < self.deadline:
            self.deadline = wakes

    def _set_k(self, transaction: ClientTransaction, now: float) -> None:
        self._leave(transaction, now)
        duration = self._t4 if transaction.local.transport == UDP else 0.0
        self._queue(transaction, self._timers_k[duration], now + duration)
        self._stop_waiting(transaction)

    def _queue(self, transaction: ClientTransaction, queue: _Queue, wakes: float) -> None:
        transaction.wakes, transaction.queue = wakes, queue
        queue.append(transaction)
        if wakes < self.deadline:
            self.deadline = wakes
