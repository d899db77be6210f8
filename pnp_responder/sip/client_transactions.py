"""The client transactions that are alive: one for each request that waits for its answer."""

from __future__ import annotations

from collections import OrderedDict
from heapq import heappop, heappush

from pnp_responder.datagram import UDP, Datagram, SocketAddress
from pnp_responder.sip.effects import Answered, ClientEffect, Send, TimedOut, Undeliverable
from pnp_responder.sip.message import Response
from pnp_responder.sip.transaction import CLIENT, T1, T2, T4, Action, Input, State

_NEVER = float("inf")


class _ClientTransaction:
    __slots__ = (
        "attempts",
        "branch",
        "datagram",
        "interval",
        "method",
        "state",
        "timer_e",
        "timer_f",
        "wakes",
    )

    def __init__(self, branch: str, method: str, datagram: Datagram) -> None:
        self.branch = branch
        self.method = method
        self.datagram: Datagram | None = datagram
        self.state = State.TRYING
        self.attempts = 1
        self.interval = 0.0
        self.timer_e = _NEVER
        self.timer_f = _NEVER  # timer K, once completed
        self.wakes = _NEVER


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
        self._alive: OrderedDict[str, _ClientTransaction] = OrderedDict()
        self._waiting_for: dict[tuple[SocketAddress, str], dict[str, None]] = {}
        self._heap: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._alive)

    def request(self, branch: str, method: str, datagram: Datagram, now: float) -> tuple[ClientEffect, ...]:
        """Send a new request, whose top Via has that branch, used by no other."""
        if branch in self._alive:
            raise ValueError("the branch is in use")
        effects: tuple[ClientEffect, ...] = (Send(datagram),)
        if len(self._alive) >= self._capacity:
            oldest = next(iter(self._alive.values()))
            effects += self._run(oldest, Input.TIMER_F, now) or self._run(oldest, Input.TIMER_K, now)
        transaction = _ClientTransaction(branch, method, datagram)
        transaction.timer_f = now + 64 * self._t1
        self._alive[branch] = transaction
        self._waiting_for.setdefault((datagram.remote, datagram.local.transport), {})[branch] = None
        self._set_e(transaction, now)
        self._wake(transaction)
        return effects

    def receive_response(
        self, response: Response, now: float, name: str | None = None
    ) -> tuple[ClientEffect, ...] | None:
        """None if it is no answer to a request of ours (RFC 3261 17.1.3, 18.1.2).

        `name` is what `request` was given as the branch, where that is not the Via's: some phones
        write none.
        """
        transaction = self._alive.get(response.via.branch if name is None else name)
        if transaction is None or transaction.method != response.cseq_method:
            return None
        # RFC 3261 18.1.2: sent-by must be ours.
        if transaction.datagram is not None:
            ours = transaction.datagram.local.address
            if response.via.host != ours.host or response.via.port != ours.port:
                return None
        if response.status < 200:
            return self._run(transaction, Input.PROVISIONAL, now)
        return self._run(transaction, Input.FINAL, now, response.status)

    def receive_unreachable(
        self, remote: SocketAddress, now: float, transport: str = UDP
    ) -> tuple[ClientEffect, ...]:
        """End all requests to `remote` by that transport (RFC 3261 18.4)."""
        branches = tuple(self._waiting_for.get((remote, transport), ()))
        return tuple(
            effect for branch in branches for effect in self._run(self._alive[branch], Input.UNREACHABLE, now)
        )

    def attempts(self, branch: str) -> int:
        """How often the request with that branch has been sent; 0 if it is not alive."""
        transaction = self._alive.get(branch)
        return 0 if transaction is None else transaction.attempts

    @property
    def deadline(self) -> float | None:
        """When the next timer fires; perhaps earlier, never later."""
        return self._heap[0][0] if self._heap else None

    def handle_timeout(self, now: float) -> tuple[ClientEffect, ...]:
        """Let all timers fire that are due."""
        effects: list[ClientEffect] = []
        heap = self._heap
        while heap and heap[0][0] <= now:
            wakes, branch = heappop(heap)
            transaction = self._alive.get(branch)
            # An entry that the transaction no longer waits for is left in the heap till it surfaces.
            if transaction is None or transaction.wakes != wakes:
                continue
            if transaction.timer_e <= now and transaction.timer_e < transaction.timer_f:
                effects += self._run(transaction, Input.TIMER_E, now)
            else:
                completed = transaction.state is State.COMPLETED
                effects += self._run(transaction, Input.TIMER_K if completed else Input.TIMER_F, now)
            if transaction.state is not State.TERMINATED:
                self._wake(transaction)
        return tuple(effects)

    def _run(
        self, transaction: _ClientTransaction, what: Input, now: float, status: int = 0
    ) -> tuple[ClientEffect, ...]:
        row = CLIENT.get((transaction.state, what))
        if row is None:
            return ()
        transaction.state, actions = row
        effects: tuple[ClientEffect, ...] = ()
        for action in actions:
            if action is Action.SEND:
                assert transaction.datagram is not None
                transaction.attempts += 1
                effects += (Send(transaction.datagram),)
            elif action is Action.SET_E:
                self._set_e(transaction, now)
            elif action is Action.SET_K:
                t4 = self._t4 if _is_repeated(transaction) else 0.0
                transaction.timer_e, transaction.timer_f = _NEVER, now + t4
                self._stop_waiting(transaction)
                self._wake(transaction)
            elif action is Action.TO_USER:
                effects += (Answered(transaction.branch, status, transaction.attempts),)
            elif action is Action.TIMED_OUT:
                effects += (TimedOut(transaction.branch, transaction.attempts),)
            else:  # UNDELIVERABLE
                effects += (Undeliverable(transaction.branch, transaction.attempts),)
        if transaction.state is State.TERMINATED:
            self._stop_waiting(transaction)
            del self._alive[transaction.branch]
        return effects

    def _stop_waiting(self, transaction: _ClientTransaction) -> None:
        if transaction.datagram is None:
            return
        end = transaction.datagram.remote, transaction.datagram.local.transport
        branches = self._waiting_for[end]
        del branches[transaction.branch]
        if not branches:
            del self._waiting_for[end]
        transaction.datagram = None

    def _set_e(self, transaction: _ClientTransaction, now: float) -> None:
        if transaction.attempts >= self._attempts or not _is_repeated(transaction):
            transaction.timer_e = _NEVER
            return
        if transaction.state is State.PROCEEDING:
            transaction.interval = self._t2
        else:
            transaction.interval = min(transaction.interval * 2 or self._t1, self._t2)
        transaction.timer_e = now + transaction.interval

    def _wake(self, transaction: _ClientTransaction) -> None:
        transaction.wakes = min(transaction.timer_e, transaction.timer_f)
        heappush(self._heap, (transaction.wakes, transaction.branch))


def _is_repeated(transaction: _ClientTransaction) -> bool:
    return transaction.datagram is not None and transaction.datagram.local.transport == UDP
