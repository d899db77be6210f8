"""The server transactions that are alive: one for each SUBSCRIBE, however often it is heard."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable

from pnp_responder.datagram import UDP, Datagram, SocketAddress
from pnp_responder.sip.message import Request
from pnp_responder.sip.transaction import SERVER, T1, Action, Input, State

ECHO_WINDOW = 0.1
"""Seconds within which the same octets on a second interface are one multicast heard twice, not a repeat."""


class ServerKey:
    """Which transaction a request belongs to (RFC 3261 17.2.3), and which request it is (8.2.2.2)."""

    __slots__ = ("merged", "transaction")

    def __init__(self, request: Request, source: SocketAddress) -> None:
        """`source` is part of both, so that nobody answers for, or silences, somebody else.

        Call-ID and CSeq are part of the key even where the branch would do: a phone that forgets
        how to make branches unique is then served all the same, and a true repeat has them equal.
        Raises RequestError if From or To cannot be read.
        """
        via = request.via
        call_id = request.headers.get("call-id")
        from_tag = request.from_.tag
        self.merged: Hashable = (source.host, call_id, request.cseq_number, from_tag)
        if via.has_unique_branch:
            self.transaction: Hashable = (self.merged, via.branch, via.host, via.port)
        else:
            self.transaction = (self.merged, request.uri, request.to.tag, via.text)


class _ServerTransaction:
    __slots__ = ("heard", "interface", "key", "multicast", "response", "state")

    def __init__(self, key: ServerKey, request: Datagram, now: float) -> None:
        self.key = key
        self.interface = request.local.interface
        self.multicast = request.multicast
        self.heard = now
        self.state = State.TRYING
        self.response: Datagram | None = None


class ServerTransactions:
    """At most `capacity` transactions, each held for 64*T1 (timer J) after its answer or silence.

    When one more comes, the oldest goes: its phone has most likely had its answer. A request by TCP
    is answered and forgotten, for there timer J is zero (RFC 3261 17.2.2): nobody repeats it.
    """

    def __init__(self, capacity: int, t1: float = T1) -> None:
        self._capacity = capacity
        self._lifetime = 64 * t1
        self._alive: dict[Hashable, _ServerTransaction] = {}
        self._first_of: dict[Hashable, Hashable] = {}
        # Timer J is the same for all, so the order of their making is the order of their end.
        self._timer_j: deque[tuple[float, _ServerTransaction]] = deque()

    def __len__(self) -> int:
        return len(self._alive)

    def knows(self, key: ServerKey) -> bool:
        """Is the transaction alive? (RFC 3261 9.2: what a CANCEL asks)"""
        return key.transaction in self._alive

    def repeat(self, key: ServerKey, datagram: Datagram, now: float) -> tuple[Datagram, ...] | None:
        """None if the request is new; else what to send again: the stored response, or nothing."""
        if datagram.local.transport != UDP:
            return None
        transaction = self._alive.get(key.transaction)
        if transaction is None:
            return None
        # An error that a unicast request was told is not for the group to hear.
        if datagram.multicast and not transaction.multicast:
            return ()
        if datagram.local.interface != transaction.interface and now - transaction.heard < ECHO_WINDOW:
            return ()
        transaction.interface, transaction.heard = datagram.local.interface, now
        return self._run(transaction, Input.REQUEST, now)

    def is_merged(self, key: ServerKey) -> bool:
        """Is it the same request on another path, the first being alive (RFC 3261 8.2.2.2)?"""
        return key.merged in self._first_of

    def respond(
        self, key: ServerKey, request: Datagram, response: Datagram, now: float
    ) -> tuple[Datagram, ...]:
        """Answer a new request; each repeat of it until timer J brings the same octets."""
        if request.local.transport != UDP:
            return (response,)
        transaction = self._open(key, request, now)
        transaction.response = response
        return self._run(transaction, Input.FINAL, now)

    def absorb(self, key: ServerKey, request: Datagram, now: float) -> None:
        """Stay silent to a new request and, until timer J, to each repeat of it."""
        if request.local.transport != UDP:
            return
        self._run(self._open(key, request, now), Input.ABSORB, now)

    @property
    def deadline(self) -> float | None:
        """When timer J of the oldest one fires."""
        return self._timer_j[0][0] if self._timer_j else None

    def handle_timeout(self, now: float) -> None:
        """Forget those whose timer J has fired."""
        while self._timer_j and self._timer_j[0][0] <= now:
            self._run(self._timer_j.popleft()[1], Input.TIMER_J, now)

    def _open(self, key: ServerKey, request: Datagram, now: float) -> _ServerTransaction:
        if key.transaction in self._alive:
            raise ValueError("the transaction is already there")
        if len(self._alive) >= self._capacity:
            self._forget(self._timer_j.popleft()[1])
        transaction = _ServerTransaction(key, request, now)
        self._alive[key.transaction] = transaction
        self._first_of.setdefault(key.merged, key.transaction)
        return transaction

    def _run(self, transaction: _ServerTransaction, what: Input, now: float) -> tuple[Datagram, ...]:
        transaction.state, actions = SERVER[transaction.state, what]
        sent: tuple[Datagram, ...] = ()
        for action in actions:
            if action is Action.SEND:
                sent = () if transaction.response is None else (transaction.response,)
            else:  # SET_J
                self._timer_j.append((now + self._lifetime, transaction))
        if transaction.state is State.TERMINATED:
            self._forget(transaction)
        return sent

    def _forget(self, transaction: _ServerTransaction) -> None:
        key = transaction.key
        del self._alive[key.transaction]
        if self._first_of.get(key.merged) == key.transaction:
            del self._first_of[key.merged]
