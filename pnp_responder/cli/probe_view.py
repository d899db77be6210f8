"""What `probe` found, for people and for programs."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from pnp_responder.cli.console import styled, table
from pnp_responder.datagram import SocketAddress
from pnp_responder.escaping import escape
from pnp_responder.masking import mask_text
from pnp_responder.probe.prober import Answer
from pnp_responder.service.probing import Probed

_NO_NOTIFY = "- (no NOTIFY came)"
_NO_URL = "- (the NOTIFY has none)"


class View:
    """`own` are the addresses of this host, `listeners` the programs on it that hear the group."""

    def __init__(
        self, group: SocketAddress, own: Collection[str], listeners: Sequence[str], show_secrets: bool
    ) -> None:
        self._group = group
        self._own = own
        self._listeners = listeners
        self._show_secrets = show_secrets

    def lines(self, found: Iterable[Probed]) -> Iterator[str]:
        """A table for each interface, then what it means."""
        firsts = []
        for probed in found:
            asked = f"{probed.interface}, asked from {probed.address.host} as {probed.mac.joined(':')}"
            if not probed.answers:
                yield f"{asked}: no server answered"
                continue
            firsts.append(f"on {probed.interface} that of {probed.answers[0].address.host}")
            yield f"{asked}:"
            rows = [["", "SERVER", "DELAY", "STATUS", "URL"]]
            rows += [self._row(number, answer) for number, answer in enumerate(probed.answers, 1)]
            for line in table(rows):
                yield f"  {line}".rstrip()
        yield ""
        if self._listeners:
            yield f"Listening on this host: {escape(', '.join(self._listeners))}"
            yield "(pnp-responder itself stays silent to a probe of its own host.)"
        else:
            yield f"Listening on this host: nothing on {self._group}"
        if firsts:
            yield styled("Other servers answer phones here.", "bad", sys.stdout)
            yield f"A phone takes the answer that comes first: {', '.join(firsts)}."
            yield "Switch PnP off there, or have it leave alone the phones that this host serves."
        else:
            yield styled("No other server answers phones here.", "good", sys.stdout)

    def as_json(self, found: Iterable[Probed]) -> dict[str, Any]:
        """The same as one object."""
        return {
            "group": str(self._group),
            "interfaces": [
                {
                    "name": probed.interface,
                    "address": probed.address.host,
                    "mac": probed.mac,
                    "servers": [
                        {
                            "address": answer.address.host,
                            "port": answer.address.port,
                            "this_host": answer.address.host in self._own,
                            "first": number == 0,
                            "delay_ms": round(answer.delay * 1000, 3),
                            "status": answer.status,
                            "url": None if answer.url is None else self._url(answer.url),
                        }
                        for number, answer in enumerate(probed.answers)
                    ],
                }
                for probed in found
            ],
            "listeners": list(self._listeners),
        }

    def _row(self, number: int, answer: Answer) -> list[str]:
        here = " (this host)" if answer.address.host in self._own else ""
        url = _NO_NOTIFY if answer.url is None else self._url(answer.url) or _NO_URL
        status = "-" if answer.status is None else str(answer.status)
        delay = f"{answer.delay * 1000:.1f} ms"
        return ["first" if number == 1 else "", f"{answer.address}{here}", delay, status, url]

    def _url(self, url: str) -> str:
        return url if self._show_secrets else mask_text(url)
