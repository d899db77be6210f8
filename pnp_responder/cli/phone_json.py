"""What `phone --json` prints of one phone: one object at the end."""

from __future__ import annotations

from typing import Any

import typer

from pnp_responder.cli.console import json_text
from pnp_responder.cli.phone_setup import Setup
from pnp_responder.masking import mask_text, mask_url
from pnp_responder.phone.checklist import CHECKLIST
from pnp_responder.phone.judge import Verdict
from pnp_responder.phone.transcript import Step
from pnp_responder.phone_edge.fetch import Fetched, agree


class JsonView:
    """For programs."""

    def __init__(self, show_secrets: bool) -> None:
        self._show_secrets = show_secrets
        self._steps: list[dict[str, Any]] = []
        self._told: dict[str, Any] = {}

    def begin(self, setup: Setup) -> None:
        """See `View`."""
        self._told["phone"] = phone_json(setup)

    def step(self, step: Step) -> None:
        """See `View`."""
        text = step.datagram.payload.decode("utf-8", "backslashreplace")
        if not self._show_secrets:
            text = "\n".join(mask_text(line) for line in text.split("\n"))
        self._steps.append(
            {
                "at": round(step.at, 6),
                "sent": step.sent,
                "heard": step.heard,
                "unreachable": step.unreachable,
                "remote": str(step.datagram.remote),
                "text": text,
            }
        )

    def verdict(self, verdict: Verdict) -> None:
        """See `View`."""

    def fetched(self, attempts: list[tuple[Fetched, Fetched | None]]) -> None:
        """See `View`."""
        self._told["fetched"] = [
            {
                **first._asdict(),
                "url": self._url(first.url),
                "remark": first.remark if self._show_secrets else mask_text(first.remark),
                "agrees": None if second is None else agree(first, second),
            }
            for first, second in attempts
        ]

    def end(self, verdict: Verdict) -> None:
        """See `View`."""
        told = {**self._told, **verdict_json(verdict, self._show_secrets), "exchange": self._steps}
        typer.echo(json_text(told))

    def _url(self, url: str) -> str:
        return url if self._show_secrets else mask_url(url)


def phone_json(setup: Setup) -> dict[str, Any]:
    """The phone, for programs."""
    device = setup.device
    return {
        "like": None if setup.shape is None else setup.shape.name,
        "trust": None if setup.shape is None else setup.shape.wire.trust.name.lower(),
        "mac": device.mac,
        "vendor": device.vendor or None,
        "model": device.model or None,
        "version": device.version or None,
        "address": str(setup.line.local.address),
        "interface": setup.interface or None,
        "asked": str(setup.target),
    }


def verdict_json(verdict: Verdict, show_secrets: bool) -> dict[str, Any]:
    """The verdict, for programs."""

    def url(text: str) -> str:
        return text if show_secrets else mask_url(text)

    def words(text: str) -> str:
        return text if show_secrets else mask_text(text)

    return {
        "outcome": verdict.outcome.name.lower(),
        "refusal": verdict.refusal or None,
        "lenience": verdict.lenience or None,
        "url": url(verdict.url) if verdict.url else None,
        "server": None if verdict.server is None else str(verdict.server),
        "other_servers": [str(other) for other in verdict.others],
        "would_fetch": [] if verdict.target is None else [url(file) for file in verdict.target.files],
        "faults": [
            {
                "item": fault.item,
                "saw": words(fault.saw),
                "expected": words(fault.expected),
                **({"urls": [url(one) for one in fault.urls]} if fault.urls else {}),
                "source": CHECKLIST[fault.item].source,
                "matters": CHECKLIST[fault.item].matters,
            }
            for fault in verdict.faults
        ],
    }
