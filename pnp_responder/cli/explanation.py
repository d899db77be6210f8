"""What `explain` says, for people and for programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import typer

from pnp_responder.circumstances import NOTHING_KNOWN, Circumstances
from pnp_responder.cli.console import json_text
from pnp_responder.datagram import Datagram, Local, SocketAddress
from pnp_responder.enrollment import Decision, Decline, Defer, Enrollment, Offer
from pnp_responder.escaping import escape_controls
from pnp_responder.masking import mask_url
from pnp_responder.rehearsal import STAND_IN_LOCAL, STAND_IN_REMOTE, rehearse
from pnp_responder.rules import RuleSet, Verdict
from pnp_responder.sip import Identifiers
from pnp_responder.ua_profile.subscribe import OTHERS_PROFILES

_OPTION_FOR = {
    "source": "--source",
    "source_ip": "--source",
    "interface": "--interface",
    "local_ip": "--interface",
    "neighbour": "--neighbour",
    "window": "--window",
    "once": "--offered",
}
_SERVICE_KNOWS = ("neighbour", "window", "once")


class Explanation(NamedTuple):
    """All that `explain` knows about one device.

    `decision` is None where there is no enrollment to decide about, and then `refusal` says why.
    `unknown` names facts that nobody gave and that made, or might have made, a difference.
    `datagrams` are the answers to a message; `by_unicast` is the status line that a message gets if
    it is not multicast, where that differs. `mask` takes the secrets of the rules out of a text.
    """

    enrollment: Enrollment | None
    decision: Decision | None
    verdicts: tuple[Verdict, ...] = ()
    unknown: tuple[str, ...] = ()
    refusal: str | None = None
    datagrams: tuple[Datagram, ...] | None = None
    by_unicast: str = ""
    mask: Callable[[str], str] = mask_url

    @property
    def winner(self) -> Verdict | None:
        """The verdict of the rule that decides."""
        return next((verdict for verdict in self.verdicts if verdict.matched), None)

    @property
    def outcome(self) -> str:
        """`url`, `ignore`, `reject`, `defer` or `none`. A URL that is kept back counts as `ignore`."""
        if isinstance(self.decision, Offer):
            return "url"
        if isinstance(self.decision, Defer):
            return "defer"
        if self.decision is None or self.decision.rule is None:
            return "none"
        return "ignore" if self.decision.status is None else "reject"


def explain_enrollment(
    rules: RuleSet, enrollment: Enrollment, circumstances: Circumstances = NOTHING_KNOWN
) -> Explanation:
    """What `rules` say to a device that says this."""
    if enrollment.profile_type.lower() in OTHERS_PROFILES:
        refusal = f"a request for the profile-type '{enrollment.profile_type}' never reaches the rules"
        return Explanation(enrollment, None, refusal=refusal)
    verdicts = rules.explain(enrollment, circumstances)
    unknown: dict[str, None] = {}
    for verdict in verdicts:
        unknown.update(dict.fromkeys(verdict.unknown))
        if verdict.matched:
            bound = verdict.rule.bound
            unknown.update(dict.fromkeys(() if bound is None else bound.unknown(enrollment)))
            break
    decision = rules.decide(enrollment, circumstances)
    return Explanation(enrollment, decision, verdicts, tuple(unknown), mask=rules.mask)


def explain_message(
    rules: RuleSet,
    payload: bytes,
    remote: SocketAddress | None,
    local: Local | None,
    circumstances: Circumstances = NOTHING_KNOWN,
) -> Explanation:
    """What the responder would answer to this SUBSCRIBE."""

    def known(enrollment: Enrollment) -> Enrollment:
        return enrollment._replace(remote=remote, local=local)

    def decide(enrollment: Enrollment) -> Decision:
        asked = known(enrollment)
        decision = rules.decide(asked, circumstances)
        bound = next((rule.bound for rule in rules.rules if rule.name == decision.rule), None)
        if not isinstance(decision, Offer) or bound is None or not bound.unknown(asked):
            return decision
        # No NOTIFY can carry `{{ local_ip }}`: in it, an address for documentation stands for ours.
        complete = asked._replace(remote=remote or STAND_IN_REMOTE, local=end or STAND_IN_LOCAL)
        return bound.offer(complete)

    # An interface that this host has not got is known by its name alone; no answer can come from it.
    end = local if local is not None and local.address.host else None
    identifiers = Identifiers(os.urandom)
    rehearsal = rehearse(payload, decide, identifiers=identifiers, remote=remote, local=end)
    by_unicast = ""
    if not rehearsal.datagrams:
        alone = rehearse(payload, decide, identifiers=identifiers, remote=remote, local=end, multicast=False)
        by_unicast = "".join(_text(datagram).partition("\r\n")[0] for datagram in alone.datagrams)
    if rehearsal.enrollment is None:
        explanation = Explanation(None, None, refusal=rehearsal.refusal)
    else:
        explanation = explain_enrollment(rules, known(rehearsal.enrollment), circumstances)
    explanation = explanation._replace(datagrams=rehearsal.datagrams, by_unicast=by_unicast, mask=rules.mask)
    if rehearsal.datagrams and end is None and "local_ip" not in explanation.unknown:
        # The rules need not know our address, but what we send holds it.
        explanation = explanation._replace(unknown=(*explanation.unknown, "local_ip"))
    if isinstance(rehearsal.decision, Decline):
        # The engine declines also where a rule offers a URL that no NOTIFY can carry.
        return explanation._replace(decision=rehearsal.decision)
    return explanation


def print_json(answer: Explanation, show_secrets: bool) -> None:
    """One JSON object on stdout. The README names its keys."""
    typer.echo(json_text(as_json(answer, show_secrets)))


def as_json(answer: Explanation, show_secrets: bool) -> dict[str, Any]:
    """What `print_json` prints."""
    winner = answer.winner
    decision = answer.decision
    place = None if winner is None else winner.rule.place
    shown: dict[str, Any] = {
        "outcome": answer.outcome,
        "rule": None if decision is None else decision.rule,
        "file": None if place is None else place.file,
        "line": None if place is None else place.line,
        "column": None if place is None else place.column,
        "url": _url(decision, show_secrets) if isinstance(decision, Offer) else None,
        "status": decision.status if isinstance(decision, Decline) else None,
        "reason": answer.refusal if decision is None or isinstance(decision, Offer) else decision.reason,
        "device": _device(answer.enrollment),
        "unknown": list(answer.unknown),
        "verdicts": [_verdict(verdict) for verdict in answer.verdicts],
    }
    if answer.datagrams is not None:
        shown["by_unicast"] = answer.by_unicast or None
        shown["datagrams"] = [_masked(answer, datagram, show_secrets) for datagram in answer.datagrams]
    return shown


def print_text(answer: Explanation, with_all: bool, show_secrets: bool) -> None:
    """Words on stdout: the answer first, then why."""
    for line in text_lines(answer, with_all, show_secrets):
        typer.echo(line)


def text_lines(answer: Explanation, with_all: bool, show_secrets: bool) -> list[str]:
    """The lines that `print_text` prints, fit for a terminal."""
    lines = _lines(answer, with_all, show_secrets)
    return [escape_controls(line) for line in lines]


def _lines(answer: Explanation, with_all: bool, show_secrets: bool) -> list[str]:
    if answer.enrollment is None or answer.decision is None:
        return [f"no enrollment: {answer.refusal}", *_exchange(answer, show_secrets)]
    winner = answer.winner
    lines = [f"{name:<12} {value}" for name, value in _facts(answer.enrollment)]
    lines += ["", *_answer(answer, show_secrets)]
    if winner is not None:
        lines.append(f"rule         {winner.rule.name} ({winner.rule.place})")
    lines += [f"unknown      {name}: {_how_to_know(name)}" for name in answer.unknown]
    position = len(answer.verdicts) if winner is None else answer.verdicts.index(winner)
    lines += _why("rules before it:" if winner else "rules asked:", answer.verdicts[:position])
    if with_all and winner is not None:
        lines += _why("rules after it, not asked:", answer.verdicts[position + 1 :])
    return lines + _exchange(answer, show_secrets)


def _how_to_know(name: str) -> str:
    decides = "the service decides; here, " if name in _SERVICE_KNOWS else ""
    return f"{decides}give {_OPTION_FOR[name]}"


def _answer(answer: Explanation, show_secrets: bool) -> list[str]:
    decision = answer.decision
    if isinstance(decision, Offer):
        return [f"url          {_url(decision, show_secrets)}"]
    if answer.outcome == "reject" and decision is not None:
        return [f"reject       {decision.status}"]
    if answer.outcome == "ignore" and decision is not None:
        return [f"ignore       silence: {decision.reason}"]
    if isinstance(decision, Defer):
        return [f"defer        no answer yet: {decision.reason}"]
    return ["none         no rule matches: silence to a multicast request, 404 to a unicast one"]


def _why(title: str, verdicts: Sequence[Verdict]) -> list[str]:
    if not verdicts:
        return []
    return ["", title, *(f"  {v.rule.place}: {v.rule.name}: {v.reason}" for v in verdicts)]


def _exchange(answer: Explanation, show_secrets: bool) -> list[str]:
    if answer.datagrams is None:
        return []
    if isinstance(answer.decision, Defer):
        return ["", "what would be sent: a keep-alive of four octets, CR LF CR LF, to the source"]
    lines = ["", "what would be sent:" if answer.datagrams else "nothing would be sent"]
    if answer.by_unicast:
        lines[-1] += f"; a request by unicast would get: {answer.by_unicast}"
    if answer.datagrams and any(datagram.local == STAND_IN_LOCAL for datagram in answer.datagrams):
        lines.append(f"  ({STAND_IN_LOCAL.address.host} stands for our address: give --interface)")
    for datagram in answer.datagrams:
        text = _masked(answer, datagram, show_secrets).replace("\r\n", "\n").rstrip("\n")
        lines += ["", *(f"  {line}".rstrip() for line in text.split("\n"))]
    return lines


def _facts(enrollment: Enrollment) -> list[tuple[str, str]]:
    device = _device(enrollment)
    assert device is not None
    named = [(name, value) for name, value in device.items() if value is not None]
    return named or [("device", "gave neither MAC, vendor, model nor version")]


def _device(enrollment: Enrollment | None) -> dict[str, str | None] | None:
    if enrollment is None:
        return None
    device = enrollment.device
    return {
        "mac": device.mac or None,
        "vendor": device.vendor or None,
        "model": device.model or None,
        "version": device.version or None,
        "user_agent": enrollment.user_agent or None,
        "profile_type": enrollment.profile_type or None,
        "source": None if enrollment.remote is None else enrollment.remote.host,
        "interface": None if enrollment.local is None else enrollment.local.interface,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "rule": verdict.rule.name,
        "line": verdict.rule.place.line,
        "column": verdict.rule.place.column,
        "matched": verdict.matched,
        "key": verdict.key,
        "wanted": verdict.wanted or None,
        "got": verdict.got or None,
        "reason": verdict.reason,
        "unknown": list(verdict.unknown),
    }


def _text(datagram: Datagram) -> str:
    return datagram.payload.decode("utf-8", "backslashreplace")


def _url(offer: Offer, show_secrets: bool) -> str:
    return offer.url if show_secrets else offer.masked


def _masked(answer: Explanation, datagram: Datagram, show_secrets: bool) -> str:
    """The message; its Content-Length stays the true one."""
    text = _text(datagram)
    if show_secrets:
        return text
    head, blank, body = text.partition("\r\n\r\n")
    return mask_url(head) + blank + answer.mask(body)
