"""What `replay` prints: a table for people, one object for programs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import Any

import typer

from pnp_responder.capture.phone_row import UNANSWERED, Outcome, PhoneRow
from pnp_responder.cli.capture_input import CaptureInput
from pnp_responder.cli.console import json_text, table
from pnp_responder.datagram import SocketAddress
from pnp_responder.enrollment import Device, Offer
from pnp_responder.escaping import escape
from pnp_responder.masking import mask_url

_SECOND = 1_000_000_000
_NOTHING = "-"
MOST_ROWS = 50_000
"""Rows that wait for the others, so that the columns fit all of them; then they are printed."""
MOST_HOSTS = 200_000
"""Addresses that are told apart; what comes from others counts for itself."""


class View(ABC):
    """Takes rows with `add`, prints with `end`. `unanswered` counts phones, told apart by their address."""

    def __init__(self, show_secrets: bool) -> None:
        self.show_secrets = show_secrets
        self.interfaces_known = False
        self.packets = 0
        self._outcomes = dict.fromkeys(Outcome, 0)
        self._unanswered: set[str] = set()
        self._answered: set[str] = set()
        self._more_unanswered = 0

    def add(self, row: PhoneRow) -> None:
        """One more row."""
        host = row.source.host if row.source else repr(row.key)
        self._outcomes[row.outcome] += 1
        unanswered = row.outcome in UNANSWERED
        hosts = self._unanswered if unanswered else self._answered
        if len(hosts) < MOST_HOSTS:
            hosts.add(host)
        elif unanswered and host not in hosts:
            self._more_unanswered += 1
        self.interfaces_known = self.interfaces_known or bool(row.interface)
        self.put(row)

    @abstractmethod
    def put(self, row: PhoneRow) -> None:
        """Show a row, now or in the end."""

    @abstractmethod
    def end(self, source: CaptureInput) -> None:
        """All rows are there."""

    @property
    def unanswered(self) -> int:
        """A phone that asks for several profiles, of which one is served, is answered."""
        return len(self._unanswered - self._answered) + self._more_unanswered

    def summary(self) -> str:
        """One line for people."""
        rows = sum(self._outcomes.values())
        packets = f"{self.packets:,} packet{'' if self.packets == 1 else 's'}"
        if not rows:
            return f"no phone asks in {packets}"
        words = {
            Outcome.URL: "told a URL",
            Outcome.REJECT: "rejected",
            Outcome.IGNORE: "ignored by a rule",
            Outcome.NONE: "matched by no rule",
            Outcome.REFUSED: "not served",
        }
        parts = ", ".join(f"{self._outcomes[o]:,} {word}" for o, word in words.items() if self._outcomes[o])
        return f"{rows:,} phone{'' if rows == 1 else 's'} in {packets}: {parts}"

    def shown(self, url: str) -> str:
        return url if self.show_secrets else mask_url(url)

    def _offered(self, offer: Offer) -> str:
        return offer.url if self.show_secrets else offer.masked


class TableView(View):
    """Rows wait until the end, for the columns fit all of them; more than MOST_ROWS make several tables."""

    def __init__(self, show_secrets: bool) -> None:
        super().__init__(show_secrets)
        self._rows: list[PhoneRow] = []

    def put(self, row: PhoneRow) -> None:
        self._rows.append(row)
        if len(self._rows) >= MOST_ROWS:
            self._print()

    def end(self, source: CaptureInput) -> None:
        self.packets = source.reader.packets
        self._print()
        for kind, times in source.reader.unread.items():
            typer.echo(f"not read: {times:,} {kind}", err=True)

    def _print(self) -> None:
        if not self._rows:
            return
        confirmed = any(row.confirmed is not None for row in self._rows)
        recorded = any(row.told for row in self._rows)
        head = ["TIME", "SOURCE", "MAC", "VENDOR", "MODEL", "VERSION", "RULE", "URL OR REASON"]
        head += ["CONFIRMED"] * confirmed + ["RECORDED ANSWER"] * recorded
        rows = [self._cells(row, confirmed, recorded) for row in self._rows]
        for line in table([head, *rows]):
            typer.echo(line)
        self._rows.clear()

    def _cells(self, row: PhoneRow, confirmed: bool, recorded: bool) -> list[str]:
        device = row.enrollment.device if row.enrollment else Device()
        rule = row.decision.rule if row.decision else None
        cells = [
            _local_time(row.when),
            str(row.source or _NOTHING),
            device.mac.joined(":") if device.mac else _NOTHING,
            device.vendor or _NOTHING,
            device.model or _NOTHING,
            device.version or _NOTHING,
            rule or _NOTHING,
            self._offered(row.decision) if isinstance(row.decision, Offer) else row.why,
        ]
        if confirmed:
            cells.append(_NOTHING if row.confirmed is None else str(row.confirmed))
        if recorded:
            # A server that answers from a new port each time says the same several times.
            said = dict.fromkeys(self._told(row, server) for server in row.told)
            cells.append(", ".join(said) or _NOTHING)
        return cells

    def _told(self, row: PhoneRow, server: SocketAddress) -> str:
        status, url = row.told[server]
        if url is None:
            return f"{server.host}: {_NOTHING if status is None else status}"
        if isinstance(row.decision, Offer) and url in (row.decision.url, row.decision.masked):
            return f"{server.host}: the same"
        return f"{server.host}: {self.shown(url)}"


class JsonView(View):
    """Rows go out as they come."""

    def __init__(self, show_secrets: bool) -> None:
        super().__init__(show_secrets)
        self._first = True

    def put(self, row: PhoneRow) -> None:
        typer.echo('{"phones": [' if self._first else ", ", nl=False)
        self._first = False
        typer.echo(json_text(self._object(row)), nl=False)

    def end(self, source: CaptureInput) -> None:
        self.packets = source.reader.packets
        rest = {
            "packets": self.packets,
            "unanswered": self.unanswered,
            "not_read": dict(source.reader.unread),
            "problems": source.problems,
        }
        typer.echo(('{"phones": [' if self._first else "") + "], " + json_text(rest)[1:])

    def _object(self, row: PhoneRow) -> dict[str, Any]:
        enrollment, decision = row.enrollment, row.decision
        device = enrollment.device if enrollment else Device()
        return {
            "time": _utc(row.when),
            "source": str(row.source) if row.source else None,
            "interface": row.interface or None,
            "mac": device.mac,
            "vendor": device.vendor or None,
            "model": device.model or None,
            "version": device.version or None,
            "user_agent": (enrollment.user_agent if enrollment else "") or None,
            "outcome": row.outcome.value,
            "rule": decision.rule if decision else None,
            "url": self._offered(decision) if isinstance(decision, Offer) else None,
            "status": None if decision is None or isinstance(decision, Offer) else decision.status,
            "reason": row.why or None,
            "asked": row.asked,
            "repeated": row.repeated,
            "confirmed": row.confirmed,
            "recorded": [
                {
                    "server": str(server),
                    "status": told.status,
                    "url": told.url and self.shown(escape(told.url)),
                }
                for server, told in row.told.items()
            ],
        }


def _local_time(when: int) -> str:
    if not when:
        return _NOTHING
    return f"{datetime.fromtimestamp(when // _SECOND):%Y-%m-%d %H:%M:%S}.{when // 1_000_000 % 1000:03}"


def _utc(when: int) -> str | None:
    if not when:
        return None
    return f"{datetime.fromtimestamp(when // _SECOND, UTC):%Y-%m-%dT%H:%M:%S}.{when // 1_000_000 % 1000:03}Z"
