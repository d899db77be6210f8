"""T10: a number is ASCII digits and not many. What `int()` takes beside them is no number of SIP."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pnp_responder.sip import Request, parse_message
from tests.examples import altered, heard, responder

PACKAGE = Path(__file__).parents[2] / "pnp_responder"

TRICKS = {
    "underscore": "1_0",
    "plus": "+1",
    "minus": "-1",
    "blank inside": "1 0",
    "no-break blank": "\u00a01",
    "Arabic-Indic": "\u0661",
    "fullwidth": "\uff11",
    "mathematical": "\U0001d7cf",
    "superscript": "\u00b9",
    "hexadecimal": "0x1",
    "exponent": "1e0",
    "fraction": "1.0",
    "5,000 digits": "1" * 5_000,
    "nothing": "",
}
TAKEN_BY_INT = {"underscore", "plus", "minus", "no-break blank", "Arabic-Indic", "fullwidth", "mathematical"}


def test_int_takes_what_sip_does_not() -> None:
    def takes(text: str) -> bool:
        try:
            int(text)
        except ValueError:
            return False
        return True

    assert {name for name, text in TRICKS.items() if takes(text)} == TAKEN_BY_INT


@pytest.mark.parametrize("text", TRICKS.values(), ids=TRICKS)
class TestEachTrick:
    def test_is_no_cseq(self, text: str) -> None:
        message = parse_message(altered(CSeq=f"{text} SUBSCRIBE"))
        assert isinstance(message, Request)
        assert message.fault is not None
        assert message.fault.status in (400, 513)

    def test_is_no_content_length(self, text: str) -> None:
        message = parse_message(altered(Content_Length=text or "x", body="body"))
        assert isinstance(message, Request)
        assert message.fault is not None
        assert message.fault.status in (400, 413)

    def test_is_no_port_of_an_answer(self, text: str) -> None:
        """A sent-by whose port is none is answered at the source; a Contact's is, too, or is refused."""
        via = f"SIP/2.0/UDP 192.0.2.45:{text};branch=z9hG4bK-t10"
        output = responder().receive_datagram(heard(altered(Via=via), multicast=False), 0.0)
        assert {datagram.remote.port for datagram in output.datagrams} <= {5062, 5064}
        contact = f"<sip:192.0.2.45:{text}>"
        output = responder().receive_datagram(heard(altered(Contact=contact), multicast=False), 0.0)
        assert {datagram.remote.port for datagram in output.datagrams} <= {5060, 5062}

    def test_is_no_expires_that_counts(self, text: str) -> None:
        output = responder().receive_datagram(heard(altered(Expires=text), multicast=False), 0.0)
        assert len(output.datagrams) in (1, 2)


def test_each_int_of_the_package_was_looked_at() -> None:
    """On the floors that a stranger's text reaches, `int()` stands only where the digits were checked.

    Whoever adds one says here how it is guarded.
    """
    guarded = {
        "admission.py": {  # dotted quads of the kernel's making, and networks of the administrator's
            *("int(first)", "int(second)", "int(third)", "int(fourth)"),
            *("int(network.network_address)", "int(network.netmask)"),
            "int(IPv4Address(network.broadcast_address))",
        },
        "sip/address.py": {"int(text)"},  # isascii, isdigit, at most five
        "sip/head.py": {"int(length)"},  # octets: isdigit is ASCII only; their number is bounded
        "sip/parser.py": {"int(cseq[0])", "int(status)"},  # [0-9]{1,10}; three octets
        "sip/stream.py": {"int(length)"},  # octets, as in head.py
    }
    found: dict[str, set[str]] = {}
    for unit in (
        "admission.py",
        "datagram.py",
        "enrollment.py",
        "events.py",
        "express.py",
        "long_way.py",
        "mac.py",
        "outcomes.py",
        "responder.py",
        "sip",
        "ua_profile",
    ):
        path = PACKAGE / unit
        for module in [path] if path.is_file() else sorted(path.rglob("*.py")):
            for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "int":
                    found.setdefault(str(module.relative_to(PACKAGE)), set()).add(ast.unparse(node))
    assert found == guarded
