"""The phones that wait for their NOTIFY, found by Call-ID or by what else a request says."""

from __future__ import annotations

from collections import deque

from pnp_responder.errors import RequestError
from pnp_responder.sip import Request


class Subscription:
    """A phone that has asked. `refusal` is what it answered to a NOTIFY that it could not take, in words."""

    __slots__ = ("attempts", "branch", "call_id", "refusal", "refused_before", "status", "tag", "user")

    def __init__(self, request: Request) -> None:
        self.call_id = request.text("call-id")
        self.branch = request.via.branch
        self.tag = request.from_.tag
        self.user = _user(request.uri)
        self.status: int | None = None
        self.attempts = 1
        self.refusal = ""
        self.refused_before = 0


class Waiting:
    """At most `capacity` phones at once, each for `patience` seconds (timer N, RFC 6665 4.1.2.4)."""

    def __init__(self, capacity: int, patience: float) -> None:
        self._capacity = capacity
        self._patience = patience
        self._by_call_id: dict[str, Subscription] = {}
        # None where several phones ask under one name.
        self._by_user: dict[str, Subscription | None] = {}
        # Timer N is the same for all, so the order of their making is the order of their end.
        self._timer_n: deque[tuple[float, Subscription]] = deque()
        self._refused = 0
        self._last_refusal = ""

    def __len__(self) -> int:
        return len(self._by_call_id)

    @property
    def deadline(self) -> float | None:
        """When the next one may have waited long enough; None if nobody does."""
        return self._timer_n[0][0] if self._timer_n else None

    def add(self, subscription: Subscription, now: float) -> None:
        """Raises ValueError where its Call-ID is in use, or too many wait."""
        if subscription.call_id in self._by_call_id or len(self) >= self._capacity:
            raise ValueError("the Call-ID is in use, or too many phones wait")
        subscription.refused_before = self._refused
        self._by_call_id[subscription.call_id] = subscription
        self._timer_n.append((now + self._patience, subscription))
        if subscription.user:
            self._by_user[subscription.user] = None if subscription.user in self._by_user else subscription

    def get(self, call_id: str) -> Subscription | None:
        """The one that asked under this Call-ID."""
        return self._by_call_id.get(call_id)

    def meant_by(self, request: Request) -> Subscription | None:
        """The one that a request is meant for although it is outside of every dialog: the request names
        it, or no other phone waits."""
        if len(self) == 1:
            return next(iter(self._by_call_id.values()))
        for uri in _named(request):
            found = self._by_user.get(_user(uri))
            if found is not None:
                return found
        return None

    def refused_for_all(self, refusal: str) -> None:
        """A NOTIFY could not be taken, and nobody can tell for which of the phones it was."""
        self._refused += 1
        self._last_refusal = refusal

    def refusal_of(self, subscription: Subscription) -> str:
        """What it answered to a NOTIFY that it could not take, or that may have been its own; "" for none."""
        others = "" if self._refused == subscription.refused_before else self._last_refusal
        return subscription.refusal or others

    def remove(self, subscription: Subscription) -> None:
        """It waits no longer."""
        del self._by_call_id[subscription.call_id]
        if self._by_user.get(subscription.user) is subscription:
            del self._by_user[subscription.user]
        if not self._by_call_id:
            self._by_user.clear()

    def expired(self, now: float) -> list[Subscription]:
        """Those whose patience has ended by now. They are still to be removed."""
        ended = []
        while self._timer_n and self._timer_n[0][0] <= now:
            subscription = self._timer_n.popleft()[1]
            if self._by_call_id.get(subscription.call_id) is subscription:
                ended.append(subscription)
        return ended


def bears_tag(notify: Request, tag: str | None) -> bool:
    """Is the phone's own tag where it may stand? In To by RFC 3261 12.2.1.1; some servers forget to swap,
    or to write it, and phones take that. Raises RequestError 400 where From or To cannot be read."""
    if tag is None:
        return True
    return notify.to.tag in (None, tag) or notify.from_.tag == tag


def _named(request: Request) -> list[str]:
    try:
        return [request.uri, request.to.uri, request.from_.uri]
    except RequestError:
        return [request.uri]


def _user(uri: str) -> str:
    user, at, _ = uri.partition(":")[2].partition("@")
    return user.casefold() if at else ""
