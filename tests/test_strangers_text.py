"""What Python does to text that a stranger could turn against us stands only where it was looked at.

`int()` takes blanks, signs, underscores and digits of all scripts, and 5,000 of them; `isdigit` is true of
superscripts; looking up a name waits for, and tells, whoever answers for it; and what JSON leaves as it is,
a terminal obeys. Whoever adds one of these says here why it is safe.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "pnp_responder"

# What reads SIP has a table of its own in tests/security/test_t10_numbers.py.
READS_SIP = {
    *("admission.py", "datagram.py", "enrollment.py", "events.py", "express.py", "long_way.py", "mac.py"),
    *("outcomes.py", "responder.py"),
}

INTS_OF_STRANGERS = {
    # Of an IPv4 address out of a packet's header.
    "capture/datagrams.py": {"int(destination.host.partition('.')[0])"},
    # Behind isascii, isdigit and a length.
    "phone/judge_notify.py": {"int(text)"},
    "capture/told.py": {"int(digits)"},  # three octets that are digits
    "phone/judge_response.py": {"int(first)", "int(text)"},  # isascii, isdigit, length
    "doctor/dhcp_leases.py": {"int(named[1])"},  # [0-9]{1,3}
}
# Text of an administrator, or of this host's kernel: a wrong one is no attack.
OUR_OWN = {
    *("cli", "net", "rules", "service"),
    *("doctor/iptables_rules.py", "doctor/read_host.py", "doctor/links.py", "doctor/read_sockets.py"),
    *("doctor/service_options.py", "doctor/finding.py", "doctor/nft_walk.py"),
    "capture/replay.py",  # the address of a packet, which the capture has as four octets
    "phone/render.py",  # digits of a MAC that is one
    "phone_edge/tftp.py",  # what getaddrinfo says
}

LOOK_UPS = {
    *("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo", "getfqdn"),
    *("create_connection", "open_connection", "create_datagram_endpoint", "create_server"),
    *("urlopen", "urlretrieve", "build_opener", "OpenerDirector", "HTTPConnection", "HTTPSConnection"),
    *("FTP", "SMTP", "SysLogHandler"),
}
# All of it for a person who asks on a command line, never for the service.
MAY_LOOK_UP = {
    "cli/phone_setup.py": {"getaddrinfo"},  # --server HOST
    # To the address that was found for it, and at one of our own.
    "phone_edge/lines.py": {"create_connection", "create_server"},
    "phone_edge/fetch.py": {"OpenerDirector", "FTP"},  # --fetch: what the phone would get
    "phone_edge/tftp.py": {"getaddrinfo"},
}


SERVES = {
    "express.py",
    "long_way.py",
    "outcomes.py",
    "responder.py",
    "sip",
    "ua_profile",
    "rules",
    "net",
    "service",
    "capture",
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func).rpartition(".")[2], node


def test_each_int_of_a_strangers_text_was_looked_at() -> None:
    found: dict[str, set[str]] = {}
    for name, tree in modules():
        top = name.split("/")[0]
        if top in READS_SIP | {"sip", "ua_profile"} or top in OUR_OWN or name in OUR_OWN:
            continue
        for function, call in calls(tree):
            if function in ("int", "float") and call.args and not isinstance(call.args[0], ast.Constant):
                found.setdefault(name, set()).add(ast.unparse(call))
    assert found == INTS_OF_STRANGERS


def test_digits_are_ascii_where_text_is_asked_for_them() -> None:
    """Of octets, `isdigit` is true of 0 to 9 alone; of text it is not, so `isascii` stands beside it."""
    octets = {"capture/told.py", "sip/message.py", "sip/stream.py", "sip/head.py"}
    kernel = {"doctor/read_host.py", "doctor/read_sockets.py", "net/ports.py"}
    found = set()
    for name, tree in modules():
        text = ast.unparse(tree)
        for line in text.split("\n"):
            asked = any(f".{word}()" in line for word in ("isdigit", "isdecimal", "isnumeric"))
            if asked and "isascii()" not in line:
                found.add(name)
    assert found <= octets | kernel


def test_no_name_from_the_network_is_looked_up() -> None:
    """No code of the service names a function that resolves one; addresses come from the kernel."""
    found: dict[str, set[str]] = {}
    for name, tree in modules():
        named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        named |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        named |= {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
        }
        if named & LOOK_UPS:
            found[name] = named & LOOK_UPS
    assert found == MAY_LOOK_UP


def test_what_may_look_names_up_is_not_what_serves() -> None:
    for name, tree in modules():
        if name.split("/")[0] not in (
            "net",
            "service",
            "responder.py",
            "sip",
            "ua_profile",
            "rules",
            "capture",
        ):
            continue
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not any(module.startswith("pnp_responder.phone_edge") for module in imported), name


def test_json_goes_to_a_terminal_through_one_function() -> None:
    found = {name for name, tree in modules() for function, _ in calls(tree) if function in ("dumps", "dump")}
    assert {name for name in found if name.startswith("cli/")} == {"cli/console.py"}


def test_these_tests_can_fail() -> None:
    tree = ast.parse("import socket\nsocket.getaddrinfo('h', 1)\nint(text)\njson.dumps(x)")
    assert [function for function, _ in calls(tree)] == ["getaddrinfo", "int", "dumps"]
