"""The server transactions that are alive: one for each SUBSCRIBE, however often it is heard."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from pnp_responder.datagram import UDP, Datagram, Local, SocketAddress
from pnp_responder.sip.message import Request
from pnp_responder.sip.transaction import NEVER, SERVER, T1, Action, Input, State, by_number
from pnp_responder.sip.via import Via

ECHO_WINDOW = 0.1
"""Seconds within which the same octets on a second interface are one multicast heard twice, not a repeat."""

# Room is reckoned in so many octets, for small numbers take none themselves.
_UNIT = 64

USUAL_OCTETS = 1_024
"""Octets of a request, for so many of which there is room on the average. Phones send 400 to 700, strangers
up to 65,535; what is held of a request is hardly more than the request was."""

_ROWS = by_number(SERVER)
# As names of this module: looking a member up in its class costs three times as much.
_ACTION_SEND = Action.SEND
_INPUT_ABSORB = Input.ABSORB
_INPUT_FINAL = Input.FINAL
_INPUT_REQUEST = Input.REQUEST
_INPUT_TIMER_J = Input.TIMER_J
_STATE_TERMINATED = State.TERMINATED
_STATE_TRYING = State.TRYING


class ServerKey:
    """Which request it is (RFC 3261 8.2.2.2), and by which path it came (17.2.3)."""

    __slots__ = ("path", "request")

    def __init__(self, request: Request, source: SocketAddress) -> None:
        """`source` is part of it, so that nobody answers for, or silences, somebody else.

        Call-ID and CSeq count even where the branch would do: a phone that forgets how to make
        branches unique is then served all the same, and a true repeat has them equal. Raises
        RequestError if From or To cannot be read.
        """
        via = request.via
        self.request = _request_text(
            source, request.headers.get("call-id"), request.cseq_number, request.from_.tag
        )
        if via.has_unique_branch:
            self.path = _path(via)
        else:
            self.path = hash((request.uri, request.to.tag, via.text))

    @classmethod
    def of(
        cls, source: SocketAddress, call_id: str, cseq_number: str, from_tag: str | None, via: Via
    ) -> ServerKey:
        """As for a request that says so. The branch of `via` has to be unique."""
        key = cls.__new__(cls)
        key.request = _request_text(source, call_id, cseq_number, from_tag)
        key.path = _path(via)
        return key


def _path(via: Via) -> int:
    # Its hash, which nobody outside can reckon, takes a fifth of the octets.
    return hash((via.branch, via.host, via.port))


def _request_text(source: SocketAddress, call_id: str | None, cseq_number: str, from_tag: str | None) -> str:
    # One text, whose hash is reckoned once; none of its parts can hold a line end.
    return f"{source.host}\n{call_id}\n{cseq_number}\n{from_tag or ''}"


class Word(NamedTuple):
    """From `text`, which it gave to `respond`, the user makes the answer anew that left from `local`."""

    text: str
    local: Local


Answer = Datagram | Word
"""What a repeat of a request brings."""


class _ServerTransaction:
    __slots__ = (
        *("answer", "ends", "heard", "interface", "key", "local", "multicast", "path", "proven", "rooms"),
        "state",
    )

    def __init__(self, key: ServerKey, request: Datagram, now: float) -> None:
        self.key = key.request
        self.path = key.path
        self.interface = request.local.interface
        self.multicast = request.multicast
        self.rooms = -(-len(request.payload) // _UNIT)
        self.heard = now
        self.state = _STATE_TRYING
        self.local = request.local
        self.answer: Datagram | str | None = None
        self.ends = NEVER
        self.proven = False


class ServerTransactions:
    """At most `capacity` transactions of USUAL_OCTETS, each held for 64*T1 (timer J) after its answer or
    silence.

    When there is no room for one more, the oldest goes whose peer is not known to be there (see
    `prove`); if all are, the oldest. A request by TCP is answered and forgotten, for there timer J is
    zero (RFC 3261 17.2.2): nobody repeats it.
    """

    def __init__(self, capacity: int, t1: float = T1) -> None:
        self._capacity = capacity
        self._room = capacity * USUAL_OCTETS // _UNIT
        self._lifetime = 64 * t1
        # By request alone, since hardly ever one comes by two paths; the others stand in `_by_path`.
        self._alive: dict[str, _ServerTransaction] = {}
        self._by_path: dict[tuple[str, int], _ServerTransaction] = {}
        # Timer J is the same for all, so the order of their making is the order of their end.
        self._timer_j: deque[_ServerTransaction] = deque()
        # The proven ones that eviction has come across.
        self._spared: deque[_ServerTransaction] = deque()
        self.deadline: float = NEVER
        """When timer J of the oldest one fires, NEVER if there is none; perhaps earlier, never later."""

    def __len__(self) -> int:
        return len(self._alive) + len(self._by_path)

    def knows(self, key: ServerKey) -> bool:
        """Is the transaction alive? (RFC 3261 9.2: what a CANCEL asks)"""
        return self._find(key) is not None

    def repeat(self, key: ServerKey, datagram: Datagram, now: float) -> tuple[Answer, ...] | None:
        """None if the request is new; else what to send again: the stored answer, or nothing."""
        transaction = self._find(key)
        if transaction is None or datagram.local.transport != UDP:
            return None
        # An error that a unicast request was told is not for the group to hear.
        if datagram.multicast and not transaction.multicast:
            return ()
        if datagram.local.interface != transaction.interface and now - transaction.heard < ECHO_WINDOW:
            return ()
        transaction.interface, transaction.heard = datagram.local.interface, now
        return self._run(transaction, _INPUT_REQUEST, now)

    def is_merged(self, key: ServerKey) -> bool:
        """Is it the same request on another path, the first being alive (RFC 3261 8.2.2.2)?"""
        return key.request in self._alive

    def respond(
        self, key: ServerKey, request: Datagram, response: Datagram, now: float, word: str | None = None
    ) -> tuple[Datagram, ...]:
        """Answer a new request; each repeat of it until timer J brings the same octets.

        With a `word`, each brings that: the user can make the octets of it and of the repeat, and they need
        not be held, 400 for each phone of a campus.
        """
        if request.local.transport == UDP:
            transaction = self._open(key, request, now)
            transaction.answer = response if word is None else word
            self._run(transaction, _INPUT_FINAL, now)
        return (response,)

    def absorb(self, key: ServerKey, request: Datagram, now: float) -> None:
        """Stay silent to a new request and, until timer J, to each repeat of it."""
        if request.local.transport != UDP:
            return
        self._run(self._open(key, request, now), _INPUT_ABSORB, now)

    def prove(self, request: str) -> None:
        """The peer of that transaction (`ServerKey.request`) has answered us, so it is there."""
        transaction = self._alive.get(request)
        if transaction is not None:
            transaction.proven = True

    def handle_timeout(self, now: float) -> None:
        """Forget those whose timer J has fired."""
        for queue in (self._timer_j, self._spared):
            while queue and queue[0].ends <= now:
                self._run(queue.popleft(), _INPUT_TIMER_J, now)
        heads = [queue[0].ends for queue in (self._timer_j, self._spared) if queue]
        self.deadline = min(heads, default=NEVER)

    def _open(self, key: ServerKey, request: Datagram, now: float) -> _ServerTransaction:
        if self._find(key) is not None:
            raise ValueError("the transaction is already there")
        transaction = _ServerTransaction(key, request, now)
        while len(self) >= self._capacity or (self._room < transaction.rooms and len(self)):
            self._evict()
        self._room -= transaction.rooms
        if self._alive.setdefault(key.request, transaction) is not transaction:
            self._by_path[key.request, key.path] = transaction
        return transaction

    def _find(self, key: ServerKey) -> _ServerTransaction | None:
        transaction = self._alive.get(key.request)
        if transaction is not None and transaction.path == key.path:
            return transaction
        return self._by_path.get((key.request, key.path)) if self._by_path else None

    def _forget(self, transaction: _ServerTransaction) -> None:
        self._room += transaction.rooms
        if self._alive.get(transaction.key) is transaction:
            del self._alive[transaction.key]
        else:
            del self._by_path[transaction.key, transaction.path]

    def _evict(self) -> None:
        queue = self._timer_j
        while queue:
            oldest = queue.popleft()
            if not oldest.proven:
                self._forget(oldest)
                return
            # Once each: the order of their end is kept, and all the others come later.
            self._spared.append(oldest)
        self._forget(self._spared.popleft())

    def _run(self, transaction: _ServerTransaction, what: Input, now: float) -> tuple[Answer, ...]:
        row = _ROWS[transaction.state][what]
        assert row is not None  # each pair that can come here has one
        transaction.state, actions = row
        sent: tuple[Answer, ...] = ()
        for action in actions:
            if action is _ACTION_SEND:
                answer = transaction.answer
                if answer is not None:
                    sent = (Word(answer, transaction.local) if isinstance(answer, str) else answer,)
            else:  # SET_J
                transaction.ends = ends = now + self._lifetime
                self._timer_j.append(transaction)
                if ends < self.deadline:
                    self.deadline = ends
        if transaction.state is _STATE_TERMINATED:
            self._forget(transaction)
        return sent
