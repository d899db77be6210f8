"""The server transactions that are alive: one for each SUBSCRIBE, however often it is heard."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from pnp_responder.datagram import UDP, Datagram, Local, PlainAddress, PlainDatagram, SocketAddress
from pnp_responder.sip.message import Request
from pnp_responder.sip.transaction import NEVER, T1

ECHO_WINDOW = 0.1
"""Seconds within which the same octets on a second interface are one multicast heard twice, not a repeat."""

_PATH_BITS = (1 << 30) - 1

USUAL_OCTETS = 1_024
"""Octets of a request that takes the room of one. Phones send 400 to 700, strangers up to 65,535; what is
held of a request is hardly more than the request was."""


class ServerKey(NamedTuple):
    """Which request it is (RFC 3261 8.2.2.2), and by which path it came (17.2.3).

    `path` is a hash that nobody outside can reckon, of 30 bits; so it takes a fifth of the octets.
    """

    request: str
    path: int

    @classmethod
    def of(cls, request: Request, source: SocketAddress) -> ServerKey:
        """`source` is part of it, so that nobody answers for, or silences, somebody else.

        Call-ID and CSeq count even where the branch would do: a phone that forgets how to make
        branches unique is then served all the same, and a true repeat has them equal. Raises
        RequestError if From or To cannot be read.
        """
        via, call_id = request.via, request.headers.get("call-id")
        text = request_text(source, call_id, request.cseq_number, request.from_.tag)
        if via.has_unique_branch:
            return cls(text, path_of(via.sent_by, via.branch))
        return cls(text, old_path_of(request.uri, request.to.tag, via.text))


def path_of(sent_by: str, branch: str) -> int:
    """`ServerKey.path` of a unique branch and its sent-by (`Via.sent_by`)."""
    return hash(f"{sent_by};{branch}") & _PATH_BITS


def old_path_of(uri: str, to_tag: str | None, via: str) -> int:
    """`ServerKey.path` where there is no branch that is unique: the whole request counts."""
    return hash((uri, to_tag, via)) & _PATH_BITS


def request_text(
    source: PlainAddress, call_id: str | None, cseq_number: str | None, from_tag: str | None
) -> str:
    """`ServerKey.request`. One text, whose hash is reckoned once; none of its parts can hold a line end."""
    return f"{source[0]}\n{call_id}\n{cseq_number}\n{from_tag or ''}"


class Word(NamedTuple):
    """From `text`, which it gave to `respond`, the user makes the answer anew that left from `local`."""

    text: str
    local: Local


Answer = Datagram | Word
"""What a repeat of a request brings."""


class ServerTransaction:
    """One SUBSCRIBE that has been answered, and is held for its repeats.

    It has no constructor, for that would cost as much again as all of this.
    """

    __slots__ = (
        *("answer", "ends", "local", "made", "multicast", "path", "proven", "repeated", "request", "room"),
    )

    proven: bool
    """Is the peer known to be there? So it is once it has answered us; whoever hears that sets it."""

    request: str
    path: int
    answer: Datagram | str | None
    local: Local
    multicast: bool
    room: int
    made: float
    ends: float
    """When timer J fires."""
    repeated: tuple[str, float] | None
    """The interface where it was heard last, and when; None while it was heard once."""


class ServerTransactions:
    """At most `capacity` transactions, or fewer where one takes the room of several (USUAL_OCTETS), each held
    for 64*T1 (timer J) after its answer or silence.

    The user answers at once, so all are in Completed (RFC 3261 17.2.2): a repeat brings the answer once
    more, timer J ends it. When there is no room for one more, the oldest goes whose peer is not known to be
    there; if all are, the oldest. A request by TCP is answered and forgotten, for there timer J
    is zero: nobody repeats it.
    """

    def __init__(self, capacity: int, t1: float = T1) -> None:
        self._room = self._capacity = capacity
        self._lifetime = 64 * t1
        # By request alone, since hardly ever one comes by two paths; the others stand in `_by_path`.
        self._alive: dict[str, ServerTransaction] = {}
        self._by_path: dict[tuple[str, int], ServerTransaction] = {}
        # Timer J is the same for all, so the order of their making is the order of their end.
        self._timer_j: deque[ServerTransaction] = deque()
        # The proven ones that eviction has come across.
        self._spared: deque[ServerTransaction] = deque()
        # Those made at one time end at one time, and need but one float.
        self._made, self._ends = NEVER, NEVER
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
        interface, heard = transaction.repeated or (transaction.local.interface, transaction.made)
        if datagram.local.interface != interface and now - heard < ECHO_WINDOW:
            return ()
        transaction.repeated = datagram.local.interface, now
        answer = transaction.answer
        if answer is None:
            return ()
        return (Word(answer, transaction.local) if isinstance(answer, str) else answer,)

    def is_merged(self, request: str) -> bool:
        """Is it the same request (`ServerKey.request`) on another path, the first being alive (RFC 3261
        8.2.2.2)?"""
        return request in self._alive

    def respond(
        self, key: ServerKey, datagram: PlainDatagram, answer: Datagram | str | None, now: float
    ) -> ServerTransaction:
        """A new request has been answered; each repeat of it until timer J brings the same octets.

        For a text each brings a Word: the user can make the octets of it and of the repeat, and they need
        not be held, 400 for each phone of a campus. None is silence, also to each repeat.
        """
        return self.add(*key, datagram, answer, now)

    def add(
        self, request: str, path: int, datagram: PlainDatagram, answer: Datagram | str | None, now: float
    ) -> ServerTransaction:
        """As `respond`, the key in its parts."""
        payload, _, local, multicast = datagram
        if now != self._made:
            self._made, self._ends = now, now + self._lifetime
        transaction = ServerTransaction()
        transaction.request, transaction.path, transaction.answer = request, path, answer
        transaction.local, transaction.multicast, transaction.repeated = local, multicast, None
        transaction.made, transaction.ends, transaction.proven = now, self._ends, False
        if local[2] != UDP:
            return transaction
        transaction.room = room = 1 if len(payload) <= USUAL_OCTETS else -(-len(payload) // USUAL_OCTETS)
        while self._room < room and self._room < self._capacity:
            self._evict()
        there = self._alive.setdefault(request, transaction)
        if there is not transaction:
            if there.path == path or (request, path) in self._by_path:
                raise ValueError("the transaction is already there")
            self._by_path[request, path] = transaction
        self._room -= room
        self._timer_j.append(transaction)
        if self._ends < self.deadline:
            self.deadline = self._ends
        return transaction

    def handle_timeout(self, now: float) -> None:
        """Forget those whose timer J has fired."""
        for queue in (self._timer_j, self._spared):
            while queue and queue[0].ends <= now:
                self._forget(queue.popleft())
        heads = [queue[0].ends for queue in (self._timer_j, self._spared) if queue]
        self.deadline = min(heads, default=NEVER)

    def _find(self, key: ServerKey) -> ServerTransaction | None:
        transaction = self._alive.get(key.request)
        if transaction is not None and transaction.path == key.path:
            return transaction
        return self._by_path.get(key) if self._by_path else None

    def _forget(self, transaction: ServerTransaction) -> None:
        self._room += transaction.room
        request = transaction.request
        there = self._alive.pop(request, None)
        if there is not transaction:
            if there is not None:
                self._alive[request] = there
            del self._by_path[request, transaction.path]

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
