"""The journal: what happened, one line each, under stable names with stable fields."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable, Sequence
from typing import assert_never

from pnp_responder.datagram import TCP, Local, SocketAddress
from pnp_responder.enrollment import Decline, Defer, Enrollment, Offer
from pnp_responder.escaping import escape_octets
from pnp_responder.events import (
    DatagramDropped,
    EnrollmentDeclined,
    EnrollmentDeferred,
    EnrollmentOffered,
    Event,
    NotifyAnswered,
    NotifyTimedOut,
    NotifyUndeliverable,
    ProbeHeard,
    RequestRefused,
    RequestRepeated,
)
from pnp_responder.net.troubles import (
    ConnectionDropped,
    DatagramsLost,
    EngineFailed,
    ListenFailed,
    ReceiveFailed,
    SendFailed,
    SendPostponed,
    Trouble,
)
from pnp_responder.service.fault import fault_place
from pnp_responder.service.log_format import OFFERED, AnyEntry, Entry, Offers
from pnp_responder.service.phone_fields import Fields, device_fields, end_fields, offer_fields, place_fields
from pnp_responder.service.repeats import RecentlySeen, Repeats
from pnp_responder.service.rule_hint import rule_hint

_INFO = logging.INFO
# Refusals of the same kind: the group is used for other SIP too, and that is nobody's fault.
REFUSALS_TOLD, REFUSALS_WINDOW = 3, 60.0
# Lines about phones. A campus after a power cut stays below; a flood of invented phones does not.
PHONES_TOLD, PHONES_WINDOW = 20_000, 10.0
# Phones that no rule matched are told once, with the rule that would serve them.
UNMATCHED_SEEN, UNMATCHED_AGAIN = 4_096, 600.0
UNMATCHED_TOLD, UNMATCHED_WINDOW = 500, 60.0
# Of a datagram that met a fault of ours.
SHOWN_OCTETS = 2_000
# A device that is perhaps not the one that it says it is.
SUSPICIOUS = "enrollment_suspicious", logging.WARNING


class Journal:
    """Consumes events and troubles; `put` gets the entries for their lines, several at once, in order.

    `level` is the lowest level that is told (a number of `logging`). `clock` gives seconds that
    never go back, `wall` the time of day.
    """

    def __init__(
        self,
        put: Callable[[Sequence[AnyEntry]], None],
        level: int = logging.INFO,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._put = put
        # While events come, their lines gather here.
        self._gathered: list[AnyEntry] | None = None
        self._now = self._when = 0.0
        self._level = level
        self._clock = clock
        self._wall = wall
        self._refusals = Repeats(REFUSALS_TOLD, REFUSALS_WINDOW)
        self._phones = Repeats(PHONES_TOLD, PHONES_WINDOW)
        self._unmatched = Repeats(UNMATCHED_TOLD, UNMATCHED_WINDOW)
        self._unmatched_seen = RecentlySeen(UNMATCHED_SEEN, UNMATCHED_AGAIN)

    def note(self, name: str, level: int = logging.INFO, **fields: object) -> None:
        """A line about the service itself."""
        if level >= self._level:
            self._tell(Entry(self._wall(), level, name, fields))

    def _tell(self, entry: AnyEntry) -> None:
        if self._gathered is None:
            self._put((entry,))
        else:
            self._gathered.append(entry)

    def events(self, events: Sequence[Event]) -> None:
        """What the driver tells: a line each, unless a flood of its like drowns it. Then it is counted."""
        self._now, self._when = self._clock(), self._wall()
        gathered: list[AnyEntry] = []
        self._gathered = gathered
        try:
            offered = [event for event in events if type(event) is EnrollmentOffered]
            if offered:
                self._offered(offered)
            quiet = self._level > logging.DEBUG
            for event in events:
                if type(event) is EnrollmentOffered:
                    continue
                # See `_level_of`: so it is with nearly all of them.
                if type(event) is NotifyAnswered and event.status < 300 and event.attempts == 1 and quiet:
                    continue
                self._event(event)
        finally:
            self._gathered = None
            if gathered:
                self._put(gathered)

    def _event(self, event: Event) -> None:
        match event:
            case NotifyAnswered():
                level = _level_of(event.status, event.attempts)
                if self._level <= level:
                    told = {"status": event.status, "attempts": event.attempts}
                    self._phone("notify_answered", level, event.enrollment, event.offer, **told)
            case EnrollmentOffered():
                pass  # told already, see `_offered`
            case NotifyTimedOut(enrollment, offer, attempts):
                self._phone("notify_timed_out", logging.WARNING, enrollment, offer, attempts=attempts)
            case NotifyUndeliverable(enrollment, offer, attempts):
                self._phone("notify_undeliverable", logging.WARNING, enrollment, offer, attempts=attempts)
            case EnrollmentDeclined():
                self._declined(event)
            case EnrollmentDeferred(enrollment, defer):
                self._deferred(enrollment, defer)
            case RequestRefused(reason, status, remote, local):
                self._refused("request_refused", reason, remote, local, {"status": status})
            case DatagramDropped(reason, remote, local):
                self._refused("datagram_dropped", reason, remote, local, {})
            case ProbeHeard():
                self._probe(event)
            case RequestRepeated(remote, local):
                if self._level <= logging.DEBUG:
                    self.note("request_repeated", logging.DEBUG, **end_fields(remote, local))
            case _:
                assert_never(event)

    def trouble(self, trouble: Trouble) -> None:
        """A line about what went wrong between the sockets and the engine."""
        match trouble:
            case SendFailed():
                self._unsent("send_failed", trouble)
            case SendPostponed():
                self._unsent("send_postponed", trouble)
            case ReceiveFailed(interface, error, times):
                reason = error.strerror or str(error)
                self.note("receive_failed", logging.WARNING, interface=interface, reason=reason, times=times)
            case DatagramsLost(interface, times):
                self.note(
                    "datagrams_lost",
                    logging.WARNING,
                    interface=interface,
                    reason="more arrives than can be answered; the oldest waiting datagrams were dropped",
                    times=times,
                )
            case EngineFailed(error, datagram, times):
                fields: Fields = end_fields(datagram.remote, datagram.local) if datagram else {}
                shown = escape_octets(datagram.payload, SHOWN_OCTETS) if datagram else ""
                self.note(
                    "internal_error",
                    logging.ERROR,
                    reason=f"{type(error).__name__} at {fault_place(error)}; please report this as a bug",
                    **fields,
                    datagram=shown,
                    times=times,
                )
            case ListenFailed(local, reason, remedy):
                fields = {"interface": local.interface, "address": str(local.address)}
                self.note("tcp_unusable", logging.WARNING, **fields, reason=reason, remedy=remedy)
            case ConnectionDropped(interface, reason, remote, times):
                source = str(remote) if remote else None
                fields = {"interface": interface, "source": source, "transport": TCP}
                self.note("connection_dropped", **fields, reason=reason, times=times)
            case _:
                assert_never(trouble)

    def tick(self, *, last: bool = False) -> None:
        """Sum up what a flood drowned. To be called about once a second, and at the end with `last`."""
        now = self._clock()
        for told in (self._refusals, self._phones, self._unmatched):
            for kind, times, sources in told.ended(now, all_of_them=last):
                name, reason = kind
                self.note(f"{name}_repeated", reason=reason, times=times, sources=sources)

    def _offered(self, offered: Sequence[EnrollmentOffered]) -> None:
        if self._level > _INFO:
            return
        sources = ("" if event.remote is None else event.remote[0] for event in offered)
        told = self._phones.tell_some((OFFERED, ""), len(offered), sources, self._now)
        if told:
            self._tell(Offers(self._when, offered[:told]))

    def _phone(self, name: str, level: int, enrollment: Enrollment, offer: Offer, **more: int) -> None:
        if level >= self._level and self._phones.tell((name, ""), _host(enrollment), self._now):
            self.note(name, level, **offer_fields(enrollment, offer.rule, offer.masked), **more)

    def _declined(self, event: EnrollmentDeclined) -> None:
        enrollment, decline, status = event
        now = self._now
        name = "enrollment_declined"
        level = logging.INFO
        if decline.suspicious:
            name, level = SUSPICIOUS
        unmatched = decline.rule is None
        if unmatched:
            device = enrollment.device
            key = device.mac or (device.vendor, device.model, device.version, _host(enrollment))
            if not self._unmatched_seen.is_new(key, now):
                return
        if not (self._unmatched if unmatched else self._phones).tell((name, ""), _host(enrollment), now):
            return
        fields = _withheld(enrollment, decline) | {"status": status}
        if unmatched:
            fields["user_agent"] = enrollment.user_agent
            fields["hint"] = rule_hint(enrollment)
        self.note(name, level, **fields)

    def _deferred(self, enrollment: Enrollment, defer: Defer) -> None:
        name, level = "enrollment_deferred", logging.INFO
        if defer.suspicious:
            name, level = SUSPICIOUS
        if self._phones.tell((name, ""), _host(enrollment), self._now):
            self.note(name, level, **_withheld(enrollment, defer))

    def _unsent(self, name: str, trouble: SendFailed | SendPostponed) -> None:
        interface, error, remote, times = trouble
        reason = _send_reason(error) + ("; it is sent again soon" if name == "send_postponed" else "")
        self.note(name, logging.WARNING, interface=interface, remote=str(remote), reason=reason, times=times)

    def _probe(self, event: ProbeHeard) -> None:
        """Our own at debug level: the administrator who set it off sees what it found."""
        remote, local, _, decision = event
        level = logging.DEBUG if decision is None else logging.INFO
        kind = ("probe_heard", "of this host" if decision is None else "of another host")
        if level >= self._level and self._refusals.tell(kind, remote.host, self._now):
            url = decision.masked if isinstance(decision, Offer) else None
            rule = None if decision is None else decision.rule
            self.note("probe_heard", level, **end_fields(remote, local), reason=kind[1], rule=rule, url=url)

    def _refused(self, name: str, reason: str, remote: SocketAddress, local: Local, more: Fields) -> None:
        if self._refusals.tell((name, reason), remote.host, self._now):
            self.note(name, **end_fields(remote, local), reason=reason, **more)


def _level_of(status: int, attempts: int) -> int:
    """Of a phone's answer to its NOTIFY. Nearly all take the URL at the first try, which goes without saying:
    journald keeps 10,000 lines in half a minute, and the offers to 10,000 phones are as many."""
    if status < 300:
        return logging.DEBUG if attempts == 1 else _INFO
    # 481: the phone took another server's answer (RFC 6080 6.9), which is no fault of anybody.
    return _INFO if status == 481 else logging.WARNING


def _withheld(enrollment: Enrollment, decision: Decline | Defer) -> Fields:
    told = {"rule": decision.rule} | place_fields(enrollment) | {"reason": decision.reason}
    return device_fields(enrollment) | told


def _host(enrollment: Enrollment) -> str:
    return enrollment.remote.host if enrollment.remote else ""


def _send_reason(error: OSError) -> str:
    more = {
        errno.ENOBUFS: "; over 1,000 phones on a link need sysctl net.ipv4.neigh.default.gc_thresh3=16384",
        errno.EPERM: "; a firewall on this host drops what we send",
        errno.ENETUNREACH: "; no route, or our own address is gone",
    }
    return (error.strerror or str(error)) + more.get(error.errno or 0, "")
