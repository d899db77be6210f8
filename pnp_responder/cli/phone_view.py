"""What `phone` prints of one phone, for people, as it happens."""

from __future__ import annotations

import sys
from typing import Protocol

import typer

from pnp_responder.cli.console import styled
from pnp_responder.cli.phone_setup import Setup
from pnp_responder.datagram import TCP
from pnp_responder.escaping import escape, escape_octets
from pnp_responder.masking import mask_text, mask_url
from pnp_responder.phone.checklist import CHECKLIST, Fault
from pnp_responder.phone.events import Outcome
from pnp_responder.phone.judge import Verdict
from pnp_responder.phone.transcript import Step, is_keep_alive
from pnp_responder.phone_edge.fetch import Fetched, agree


class View(Protocol):
    """Told what happens, in this order."""

    def begin(self, setup: Setup) -> None:
        """The phone is about to ask."""

    def step(self, step: Step) -> None:
        """A datagram went or came."""

    def verdict(self, verdict: Verdict) -> None:
        """The story is over; fetching may find further faults."""

    def fetched(self, attempts: list[tuple[Fetched, Fetched | None]]) -> None:
        """What fetching brought."""

    def end(self, verdict: Verdict) -> None:
        """Nothing more happens: these are all faults."""


class TextView:
    """For people."""

    def __init__(self, show_secrets: bool) -> None:
        self._show_secrets = show_secrets
        self._setup: Setup | None = None
        self._shown: set[bytes] = set()

    def begin(self, setup: Setup) -> None:
        """See `View`."""
        self._setup = setup
        where = f" on {setup.interface}" if setup.interface else ""
        typer.echo(f"A phone at {setup.line.local.address}{where} asks {setup.target}: {who(setup)}.")
        if setup.shape is not None:
            typer.echo(f"Its request is {setup.shape.wire.trust} ({setup.shape.wire.evidence}).")
        if setup.note:
            typer.echo(f"Note: {setup.note}.")
        typer.echo()

    def step(self, step: Step) -> None:
        """See `View`."""
        if step.unreachable:
            typer.echo(
                f"{step.at:7.3f} s  !! the network says that {step.datagram.remote} cannot be reached\n"
            )
            return
        arrow = "->" if step.sent else "<-"
        missed = "" if step.heard else f"  ({self._why_missed(step)})"
        title = f"{step.at:7.3f} s  {arrow} {step.datagram.remote}{missed}"
        typer.echo(styled(title, "bold", sys.stdout))
        if step.datagram.payload in self._shown:
            first = escape_octets(step.datagram.payload.partition(b"\r\n")[0], 60)
            typer.echo(f"    (the same octets again: {first})\n")
            return
        if is_keep_alive(step):
            typer.echo("    (a keep-alive: line ends alone)\n")
            return
        self._shown.add(step.datagram.payload)
        text = step.datagram.payload.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
        for line in text.rstrip("\n").split("\n"):
            shown = line if self._show_secrets else mask_text(line)
            typer.echo(f"    {escape(shown)}".rstrip())
        typer.echo()

    def verdict(self, verdict: Verdict) -> None:
        """See `View`."""
        if verdict.url:
            typer.echo(styled(f"served: {self._url(verdict.url)}", "good", sys.stdout))
        else:
            typer.echo(styled(f"not served: {verdict.outcome.value}", "bad", sys.stdout))
            if verdict.outcome is Outcome.NO_NOTIFY and any(fault.item == "C1" for fault in verdict.faults):
                typer.echo("  the phone was made to miss the first one, and it was not sent again")
            if verdict.refusal:
                typer.echo(f"  the phone answered {escape(verdict.refusal)}")
            assert self._setup is not None
            for hint in hints(verdict.outcome, self._setup):
                typer.echo(f"  {hint}")
        if verdict.target is not None:
            self._print_target(verdict)

    def fetched(self, attempts: list[tuple[Fetched, Fetched | None]]) -> None:
        """See `View`."""
        typer.echo("fetched:" if attempts else "fetched: nothing, for the phone would fetch nothing")
        for first, second in attempts:
            typer.echo(f"  {self._url(first.url)}")
            typer.echo(f"    {escape(told(first))}")
            if first.remark:
                typer.echo(f"    {escape(first.remark if self._show_secrets else mask_text(first.remark))}")
            if second is not None:
                same = "the same again" if agree(first, second) else f"ANOTHER FILE: {told(second)}"
                typer.echo(f"    a second fetch brought {escape(same)}")

    def end(self, verdict: Verdict) -> None:
        """See `View`."""
        if verdict.server is not None or verdict.faults:
            typer.echo(count_faults(len(verdict.faults)))
        for fault in verdict.faults:
            print_fault(fault, self._show_secrets)

    def _why_missed(self, step: Step) -> str:
        assert self._setup is not None
        if step.datagram.local != self._setup.line.local:
            return f"to port {step.datagram.local.address.port}, where this phone does not listen"
        return "the phone is made to miss this"

    def _print_target(self, verdict: Verdict) -> None:
        assert verdict.target is not None
        if verdict.lenience:
            typer.echo(
                f"  the phone: takes this NOTIFY although it is outside of its dialog ({verdict.lenience})"
            )
        for step in verdict.target.steps:
            typer.echo(f"  the phone: {escape(step)}")
        if not verdict.target.files:
            typer.echo("  the phone would fetch nothing")
        for number, url in enumerate(verdict.target.files):
            verb = "would fetch" if number == 0 else "then, if that is not there,"
            typer.echo(f"  the phone {verb} {self._url(url)}")

    def _url(self, url: str) -> str:
        return escape(url if self._show_secrets else mask_url(url))


def who(setup: Setup) -> str:
    """The phone, in words."""
    device = setup.device
    name = " ".join(text for text in (device.vendor, device.model, device.version) if text)
    mac = f"MAC {device.mac.joined(':')}" if device.mac else "the MAC of the message"
    return f"{escape(name) or 'a phone without a name'}, {mac}"


def told(fetched: Fetched) -> str:
    """One fetch, in words."""
    if not fetched.found:
        return fetched.status
    kind = f", {fetched.content_type}" if fetched.content_type else ""
    octets = "octet" if fetched.size == 1 else "octets"
    return f"{fetched.status}, {fetched.size:,} {octets}{kind}, SHA-256 {fetched.digest[:16]}..."


def print_fault(fault: Fault, show_secrets: bool) -> None:
    """What, expected, why; the URLs, where it is about several."""
    item = CHECKLIST[fault.item]

    def shown(text: str) -> str:
        return escape(text if show_secrets else mask_text(text))

    typer.echo(f"  {styled(f'{fault.item:<4}', 'bad', sys.stdout)} {shown(fault.saw)}")
    for url in fault.urls:
        typer.echo(f"         {escape(url if show_secrets else mask_url(url))}")
    typer.echo(f"       expected: {shown(fault.expected)}")
    typer.echo(f"       {item.source}: {item.matters}")


def hints(outcome: Outcome, setup: Setup) -> list[str]:
    """What to look at when a phone was not served."""
    if outcome is Outcome.SILENCE and setup.multicast:
        lines = [
            f"Does the server hear {setup.target} on this LAN, and has it a rule for this phone?",
            "Phones that no rule serves get silence.",
        ]
        if setup.interface != "lo":
            lines.append(
                "A pnp-responder on this very host takes our address for a forgery: ask from another "
                "host, or both on lo."
            )
        return lines
    if outcome is Outcome.SILENCE:
        return [f"Does anything listen at {setup.target}, and does a firewall let it in?"]
    if outcome is Outcome.UNREACHABLE:
        lines = [f"Nothing listens at {setup.target} by {setup.asking.transport}."]
        if setup.asking.transport == TCP:
            lines.append("A pnp-responder takes TCP only where `service:` says `tcp: true`.")
        return lines
    return []


def count_faults(faults: int) -> str:
    """The heading of the list."""
    if not faults:
        return "no fault found"
    return f"{faults} fault{'' if faults == 1 else 's'}:"
