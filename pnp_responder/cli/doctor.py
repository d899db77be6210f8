"""`pnp-responder doctor`: what on this host keeps phones from being answered, and what mends it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pnp_responder.cli.console import UNAVAILABLE, Outcome, json_text, say, styled
from pnp_responder.escaping import escape

if TYPE_CHECKING:
    from pnp_responder.doctor.finding import Finding

_FLEETING = ("sudo sysctl", "sudo ip ", "sudo nft ")
# Commands that show more; what is to be done stands in the evidence.
_SHOWING = (
    *("ip ", "cat ", "journalctl ", "sysctl net", "systemctl status", "sudo ss ", "sudo nft -a list "),
    *("pnp-responder ", "sudo pnp-responder "),
)
_STYLE_OF = {"pass": "good", "warn": "bold", "fail": "bad", "unknown": "dim"}


def doctor(
    interface: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="a name or a glob; may be repeated [default: as the service]"),
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="default: that of the running service, else that of `run`", readable=False
        ),
    ] = None,
    phones: Annotated[
        int, typer.Option(min=1, max=1_000_000, metavar="N", help="how many may ask at once")
    ] = 500,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Look for what keeps phones from being answered: interface, group, ports, buffer, firewall, rules, …

    Changes nothing; sends one multicast that everybody stays silent to. Sees most as root. Exit 0: all
    pass or unknown, 1: warnings, 2: failures, 64: usage, 69: this host does not tell its interfaces.
    """
    from pnp_responder.doctor.examination import Wanted, examine
    from pnp_responder.doctor.finding import exit_code

    findings: list[Finding] = []
    for finding in _examined(examine(Wanted(tuple(interface or ()), rules, phones))):
        findings.append(finding)
        if not json:
            _show(finding)
    if json:
        typer.echo(json_text(_as_json(findings)))
    else:
        _show_end(findings)
    raise Outcome(exit_code(findings))


def _examined(findings: Iterator[Finding]) -> Iterator[Finding]:
    """The same; where the host cannot be examined, the end with 69. Our own output may fail otherwise."""
    while True:
        try:
            finding = next(findings, None)
        except OSError as error:
            say(f"pnp-responder: cannot examine this host: {error.strerror or error}")
            raise typer.Exit(UNAVAILABLE) from None
        if finding is None:
            return
        yield finding


def _show(finding: Finding) -> None:
    verdict = f"{finding.verdict:<7}"
    where = f" ({finding.interface})" if finding.interface else ""
    words = escape(f"{finding.check}{where}: {finding.evidence}")
    typer.echo(f"{styled(verdict, _STYLE_OF[finding.verdict], sys.stdout)}  {words}")
    if finding.remedy:
        shows = finding.verdict == "unknown" or finding.remedy.startswith(_SHOWING)
        label = "see" if shows else "mend"
        typer.echo(f"         {label}: {escape(finding.remedy)}")


def _show_end(findings: Sequence[Finding]) -> None:
    counts = Counter(finding.verdict.value for finding in findings)
    typer.echo(f"\n{', '.join(f'{counts[verdict]} {verdict}' for verdict in _STYLE_OF if counts[verdict])}")
    from pnp_responder.doctor.phones import HINTS

    if any(finding.remedy.startswith(_FLEETING) for finding in findings):
        typer.echo(
            "\nWhat sysctl, ip and nft change is gone after a restart of this host. To keep it, write it to"
            "\n/etc/sysctl.d, the configuration of your network, /etc/nftables.conf."
        )
    typer.echo("\nIf all is well here and a phone still gets nothing:")
    for hint in HINTS:
        typer.echo(f"  {hint}")


def _as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    from pnp_responder.doctor.finding import exit_code

    return {
        "verdict": ("pass", "warn", "fail")[exit_code(findings)],
        "findings": [
            {
                "check": finding.check,
                "interface": finding.interface or None,
                "verdict": finding.verdict.value,
                "evidence": finding.evidence,
                "remedy": finding.remedy or None,
            }
            for finding in findings
        ],
    }
