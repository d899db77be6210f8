"""The server transactions that are alive: one for each SUBSCRIBE, however often it is heard."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from pnp_responder.datagram import UDP, Datagram, Local, SocketAddress
from pnp_responder.sip.message import Request
from pnp_responder.sip.transaction import NEVER, T1

ECHO_WINDOW = 0.1
"""Seconds within which the same octets on a second interface are one multicast heard twice, not a repeat."""

# Room is reckoned in so many octets, for small numbers take none themselves.
_UNIT = 64
_PATH_BITS = (1 << 30) - 1

USUAL_OCTETS = 1_024
"""Octets of a request, for so many of which there is room on the average. Phones send 400 to 700, strangers
up to 65,535; what is held of a request is hardly more than the request was."""


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
            return cls(text, path_of(via.branch, via.host, via.port))
        return cls(text, old_path_of(request.uri, request.to.tag, via.text))


def path_of(branch: str, host: str, port: int | None) -> int:
    """`ServerKey.path` of a unique branch and its sent-by."""
    return hash((branch, host, port)) & _PATH_BITS


def old_path_of(uri: str, to_tag: str | None, via: str) -> int:
    """`ServerKey.path` where there is no branch that is unique: the whole request counts."""
    return hash((uri, to_tag, via)) & _PATH_BITS


def request_text(source: SocketAddress, call_id: str | None, cseq_number: str, from_tag: str | None) -> str:
    """`ServerKey.request`. One text, whose hash is reckoned once; none of its parts can hold a line end."""
    return f"{source[0]}\n{call_id}\n{cseq_number}\n{from_tag or ''}"


class Word(NamedTuple):
    """From `text`, which it gave to `respond`, the user makes the answer anew that left from `local`."""

    text: str
    local: Local


Answer = Datagram | Word
"""What a repeat of a request brings."""


class _ServerTransaction:
    __slots__ = (
        "answer",
        "ends",
        "heard",
        "interface",
        "key",
        "local",
        "multicast",
        "path",
        "proven",
        "rooms",
    )

    def __init__(
        self, key: ServerKey, request: Datagram, answer: Datagram | str | None, heard: float, ends: float
    ) -> None:
        self.key, self.path = key
        payload, _, self.local, self.multicast = request
        self.interface = self.local[0]
        self.rooms = -(-len(payload) // _UNIT)
        self.answer = answer
        self.heard = heard
        self.ends = ends
        self.proven = False


class ServerTransactions:
    """At most `capacity` transactions of USUAL_OCTETS, each held for 64*T1 (timer J) after its answer or
    silence.

    The user answers at once, so all are in Completed (RFC 3261 17.2.2): a repeat brings the answer once
    more, timer J ends it. When there is no room for one more, the oldest goes whose peer is not known to be
    there (see `prove`); if all are, the oldest. A request by TCP is answered and forgotten, for there timer J
    is zero: nobody repeats it.
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
        if datagram.local.interface != transaction.interface and now - transaction.heard < ECHO_WINDOW:
            return ()
        transaction.interface, transaction.heard = datagram.local.interface, now
        answer = transaction.answer
        if answer is None:
            return ()
        return (Word(answer, transaction.local) if isinstance(answer, str) else answer,)

    def is_merged(self, request: str) -> bool:
        """Is it the same request (`ServerKey.request`) on another path, the first being alive (RFC 3261
        8.2.2.2)?"""
        return request in self._alive

    def respond(self, key: ServerKey, request: Datagram, answer: Datagram | str | None, now: float) -> None:
        """A new request has been answered; each repeat of it until timer J brings the same octets.

        For a text each brings a Word: the user can make the octets of it and of the repeat, and they need
        not be held, 400 for each phone of a campus. None is silence, also to each repeat.
        """
        if request[2].transport != UDP:
            return
        alive = self._alive
        earlier = alive.get(key[0])
        if earlier is not None and self._find(key) is not None:
            raise ValueError("the transaction is already there")
        if now != self._made:
            self._made, self._ends = now, now + self._lifetime
        transaction = _ServerTransaction(key, request, answer, now, self._ends)
        rooms = transaction.rooms
        while len(alive) + len(self._by_path) >= self._capacity or (self._room < rooms and len(self)):
            self._evict()
        self._room -= rooms
        if alive.setdefault(key[0], transaction) is not transaction:
            self._by_path[key] = transaction
        self._timer_j.append(transaction)
        if self._ends < self.deadline:
            self.deadline = self._ends

    def prove(self, request: str) -> None:
        """The peer of that transaction (`ServerKey.request`) has answered us, so it is there."""
        transaction = self._alive.get(request)
        if transaction is not None:
            transaction.proven = True

    def handle_timeout(self, now: float) -> None:
        """Forget those whose timer J has fired."""
        for queue in (self._timer_j, self._spared):
            while queue and queue[0].ends <= now:
                self._forget(queue.popleft())
        heads = [queue[0].ends for queue in (self._timer_j, self._spared) if queue]
        self.deadline = min(heads, default=NEVER)

    def _find(self, key: ServerKey) -> _ServerTransaction | None:
        transaction = self._alive.get(key.request)
        if transaction is not None and transaction.path == key.path:
            return transaction
        return self._by_path.get(key) if self._by_path else None

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
