"""Rules of iptables, as `iptables-save` prints them, put into the words of nftables' JSON. Pure.

nftables lists what iptables wrote only as opaque `xt` statements; read from its own tool it can be followed.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from pnp_responder.doctor.nft_values import Json

# linux/netfilter_ipv4.h: the order of the tables at a hook.
_PRIORITIES = {"raw": -300, "mangle": -150, "nat": -100, "filter": 0, "security": 50}
_HOOKS = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}
_VERDICTS = {"ACCEPT": "accept", "DROP": "drop", "REJECT": "reject", "RETURN": "return"}
# Targets that change nothing that we look at, and those that take the packet elsewhere.
_HARMLESS = {
    "LOG",
    "NFLOG",
    "ULOG",
    "AUDIT",
    "TRACE",
    "MARK",
    "CONNMARK",
    "CT",
    "NOTRACK",
    "SET",
    "DSCP",
    "TOS",
}
_ELSEWHERE = {"QUEUE", "NFQUEUE", "REDIRECT", "DNAT", "SNAT", "MASQUERADE", "TPROXY", "NETMAP"}
# Modules whose options are all understood below.
_UNDERSTOOD = {"udp", "tcp", "comment", "conntrack", "state", "multiport", "addrtype", "pkttype", "iprange"}

_META = {"-i": "iifname", "-o": "oifname", "-p": "l4proto", "--pkt-type": "pkttype"}
_ADDRESS = {"-s": "saddr", "-d": "daddr", "--src-range": "saddr", "--dst-range": "daddr"}
_PORT = {"--sport": "sport", "--sports": "sport", "--dport": "dport", "--dports": "dport"}


def objects_of(text: str) -> Iterator[Json]:
    """The objects that `nft -j list ruleset` would have for the tables in `text`."""
    table = ""
    numbers: dict[str, int] = {}
    for line in text.split("\n"):
        if line.startswith("*"):
            table, numbers = line[1:].strip(), {}
        elif line.startswith(":"):
            name, policy, *_ = [*line[1:].split(), "-"]
            chain: Json = {"family": "ip", "table": table, "name": name}
            if name in _HOOKS:
                chain |= {"hook": name.lower(), "prio": _PRIORITIES.get(table, 0), "policy": policy.lower()}
            yield {"chain": chain}
        elif line.startswith("-A "):
            words = shlex.split(line)
            numbers[words[1]] = numbers.get(words[1], 0) + 1
            yield {
                "rule": {
                    "family": "ip",
                    "table": table,
                    "chain": words[1],
                    "handle": numbers[words[1]],
                    "expr": list(_statements(words[2:])),
                }
            }


def _statements(words: list[str]) -> Iterator[Json]:
    at = 0
    while at < len(words):
        operator = "=="
        if words[at] == "!":
            operator, at = "!=", at + 1
        option, value = words[at], words[at + 1] if at + 1 < len(words) else ""
        if option in ("-j", "-g"):
            yield _target(value, option == "-g")
            return  # what follows are the target's own options
        at += 2
        if option in ("-m", "--comment"):
            if option == "-m" and value not in _UNDERSTOOD:
                yield {"xt": value}
            continue
        statement = _match(option, value, operator)
        yield statement
        if "xt" in statement:
            # Of an option that is not known we do not know how many values it has.
            at -= 1 if value.startswith("-") or value == "!" else 0
            while at < len(words) and not words[at].startswith(("-", "!")):
                at += 1


def _match(option: str, value: str, operator: str) -> Json:
    left: Json
    right: Json
    if option in _META:
        left = {"meta": {"key": _META[option]}}
        right = value.lower() if option == "--pkt-type" else value.replace("+", "*")
    elif option in _ADDRESS:
        left = {"payload": {"protocol": "ip", "field": _ADDRESS[option]}}
        address, _, length = value.partition("/")
        low, dash, high = value.partition("-")
        right = {"range": [low, high]} if dash else {"prefix": {"addr": address, "len": length or "32"}}
    elif option in _PORT:
        left = {"payload": {"protocol": "th", "field": _PORT[option]}}
        right = {"set": [_port(part) for part in value.split(",")]}
    elif option in ("--ctstate", "--state"):
        left, right = {"ct": {"key": "state"}}, value.lower().split(",")
    elif option == "--dst-type":
        left, right = {"fib": {"result": "type", "flags": "daddr"}}, value.lower()
    else:
        return {"xt": option}
    return {"match": {"op": operator, "left": left, "right": right}}


def _port(text: str) -> Json:
    low, colon, high = text.partition(":")
    numbers = [int(part) for part in (low, high) if part.isascii() and part.isdigit()]
    if not colon:
        return numbers[0] if numbers else text
    return {"range": [numbers[0], numbers[-1]]} if len(numbers) == 2 else text


def _target(name: str, goto: bool) -> Json:
    if name in _VERDICTS:
        return {_VERDICTS[name]: None}
    if name in _HARMLESS:
        return {"log": None}
    if name in _ELSEWHERE:
        return {"queue": None}
    return {"goto" if goto else "jump": {"target": name}}
