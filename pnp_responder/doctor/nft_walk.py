"""What a firewall does to one packet: a walk through nftables' rules, as `nft -j list ruleset` prints them.

Three-valued: a rule with something in it that is not understood may hold or not, and the walk says so
instead of guessing. Nothing is counted, and limits may be used up, so they may hold or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from pnp_responder.doctor.iptables_rules import objects_of
from pnp_responder.doctor.nft_devices import devices_of
from pnp_responder.doctor.nft_values import Json, Packet, Sets, compares, fits
from pnp_responder.doctor.nft_values import field as field_of

# Who is asked at a hook. Those at a device see a packet before IP takes it in, and after IP has let it go.
_AT_IP = ("ip", "inet")
_AT_DEVICE = {"ingress": ("netdev", "inet"), "egress": ("netdev",)}
_MOST_JUMPS = 16
# Statements that neither stop a packet nor change what we look at.
_HARMLESS = {"counter", "log", "comment", "notrack", "flow", "ct helper", "ct timeout", "meter", "set"}


class Walk(NamedTuple):
    """`passes`: True, False, or None if it depends on what is not understood. `place` names the chain or the
    rule that stops it, or may; "" if none does. `packet` as it leaves the last chain."""

    passes: bool | None
    place: str
    packet: Packet


@dataclass(frozen=True, slots=True)
class Ruleset:
    """The chains and sets of `nft -j list ruleset`. `opaque`: some rules are iptables', told in no words that
    can be followed. `by_iptables`: they were read from iptables itself. `devices`: where chains of hook
    ingress and egress sit; one that is not among them may sit anywhere."""

    chains: Mapping[tuple[str, str, str], Json] = field(default_factory=dict)
    rules: Mapping[tuple[str, str, str], Sequence[Json]] = field(default_factory=dict)
    sets: Sets = field(default_factory=dict)
    opaque: bool = False
    by_iptables: bool = False
    devices: Mapping[tuple[str, str, str], Sequence[str]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, document: Json) -> Ruleset:
        """ValueError if it is not what nft prints."""
        objects = document.get("nftables") if isinstance(document, dict) else None
        if not isinstance(objects, list):
            raise ValueError("no list of nftables objects")
        chains: dict[tuple[str, str, str], Json] = {}
        rules: dict[tuple[str, str, str], list[Json]] = {}
        sets: dict[tuple[str, str, str], list[Json]] = {}
        for one in objects:
            for kind, it in one.items() if isinstance(one, dict) else ():
                if kind == "chain":
                    chains[it["family"], it["table"], it["name"]] = it
                elif kind == "rule":
                    rules.setdefault((it["family"], it["table"], it["chain"]), []).append(it)
                elif kind in ("set", "map"):
                    sets[it["family"], it["table"], it["name"]] = it.get("elem", [])
        opaque = any(
            "xt" in statement
            for listed in rules.values()
            for it in listed
            for statement in it.get("expr", ())
        )
        devices = {key: _listed(it["dev"]) for key, it in chains.items() if it.get("dev")}
        return cls(chains, rules, sets, opaque, devices=devices)

    @property
    def lacks_devices(self) -> bool:
        """Is there a chain whose device is not told? Up to nft 1.0.8 the JSON keeps it back."""
        return any(
            it.get("hook") in _AT_DEVICE and key not in self.devices for key, it in self.chains.items()
        )

    def with_devices(self, text: str) -> Ruleset:
        """The same with the devices that `text`, of `nft list chains`, has."""
        return replace(self, devices={**self.devices, **devices_of(text)})

    def with_iptables(self, text: str) -> Ruleset:
        """The same with iptables' own tables as `text`, of `iptables-save`, has them."""
        read = Ruleset.from_json({"nftables": list(objects_of(text))})
        told = {key[:2] for key in read.chains}
        return replace(
            self,
            chains={key: it for key, it in self.chains.items() if key[:2] not in told} | dict(read.chains),
            rules={key: it for key, it in self.rules.items() if key[:2] not in told} | dict(read.rules),
            by_iptables=True,
        )

    def walk(self, hooks: Sequence[str], packet: Packet, families: Sequence[str] = _AT_IP) -> Walk:
        """Through all base chains of these hooks, in the kernel's order. `families`: whose, where the hook
        is not one at a device."""
        doubt = ""
        for hook in hooks:
            device = packet.incoming if hook == "ingress" else packet.outgoing
            for key in self._based(hook, device, families):
                chain = _Chain(self, packet, sure=hook not in _AT_DEVICE or key in self.devices)
                end = chain.run(key, 0)
                packet = chain.packet
                if end in ("drop", "reject") or (
                    end != "accept" and self.chains[key].get("policy") == "drop"
                ):
                    place = chain.place or f"the policy of chain {' '.join(key)}"
                    if not chain.sure:
                        doubt = doubt or place
                    elif chain.may_pass:
                        doubt = doubt or f"{place}, unless {chain.may_pass} lets it through"
                    else:
                        return Walk(False, place, packet)
                elif chain.may_stop:
                    doubt = doubt or chain.may_stop
        return Walk(None if doubt else True, doubt, packet)

    def _based(self, hook: str, device: str | None, families: Sequence[str]) -> list[tuple[str, str, str]]:
        """The base chains that see the packet at this hook, in the kernel's order."""
        families = _AT_DEVICE.get(hook, families)
        based = [
            key
            for key, chain in self.chains.items()
            if key[0] in families
            and chain.get("hook") == hook
            and (hook not in _AT_DEVICE or device in self.devices.get(key, (device,)))
        ]
        return sorted(based, key=lambda key: int(self.chains[key].get("prio", 0)))


class _Chain:
    """One base chain and what it jumps to. `sure`: is it known that the packet comes by it?"""

    def __init__(self, ruleset: Ruleset, packet: Packet, sure: bool) -> None:
        self._ruleset = ruleset
        self.sure = sure
        self.packet = packet
        self.place = self.may_pass = self.may_stop = ""

    def run(self, key: tuple[str, str, str], depth: int) -> str:
        """How it ends: accept, drop, reject; "return" at its end."""
        if depth > _MOST_JUMPS:
            return "return"
        for rule in self._ruleset.rules.get(key, ()):
            end = self._rule(rule, key, depth)
            if end:
                return end
        return "return"

    def _rule(self, rule: Json, key: tuple[str, str, str], depth: int) -> str:
        sure = True
        for statement in rule.get("expr", ()):
            ((kind, what),) = statement.items()
            if kind == "match":
                holds = self._holds(what, key)
                if holds is False:
                    return ""
                sure = sure and holds is True
            elif kind in _HARMLESS:
                continue
            elif kind == "mangle":
                self._mangle(what, sure)
            elif kind == "vmap":
                ended = self._verdict_map(what, key, depth, sure, rule)
                if ended:
                    return ended
            elif kind in ("accept", "drop", "reject", "return", "jump", "goto", "continue"):
                return self._verdict(kind, what, key, depth, sure, rule)
            else:  # limit, xt, quota, redirect, queue, ...: may hold or not
                sure = False
                if kind in ("queue", "redirect", "dnat", "tproxy"):
                    self.may_stop = self.may_stop or _place(rule)
        return ""

    def _holds(self, match: Json, key: tuple[str, str, str]) -> bool | None:
        value = field_of(match.get("left"), self.packet)
        return compares(value, match.get("op", "=="), match.get("right"), self._ruleset.sets, key[:2])

    def _verdict(
        self, kind: str, what: Json, key: tuple[str, str, str], depth: int, sure: bool, rule: Json
    ) -> str:
        if kind == "continue":
            return ""
        if kind in ("jump", "goto"):
            place, passing, stopping = self.place, self.may_pass, self.may_stop
            end = self.run((key[0], key[1], what.get("target", "")), depth + 1)
            if sure:
                return end if end != "return" or kind == "goto" else ""
            ended_at = self.place
            self.place, self.may_pass, self.may_stop = place, passing, stopping
            return self._unsure(end, ended_at or _place(rule))
        if not sure:
            return self._unsure(kind, _place(rule))
        if kind in ("drop", "reject"):
            self.place = _place(rule)
        return kind

    def _unsure(self, kind: str, place: str) -> str:
        if kind == "accept":
            self.may_pass = self.may_pass or place
        elif kind in ("drop", "reject"):
            self.may_stop = self.may_stop or place
        return ""

    def _verdict_map(self, what: Json, key: tuple[str, str, str], depth: int, sure: bool, rule: Json) -> str:
        value = field_of(what.get("key"), self.packet)
        data = what.get("data")
        rows = (
            data.get("set", [])
            if isinstance(data, dict)
            else self._ruleset.sets.get((*key[:2], str(data)[1:]), [])
        )
        for wanted, verdict in rows:
            holds = fits(value, wanted, self._ruleset.sets, key[:2])
            if holds is False:
                continue
            ((kind, target),) = verdict.items()
            end = self._verdict(kind, target, key, depth, sure and holds is True, rule)
            if end:
                return end
        return ""

    def _mangle(self, what: Json, sure: bool) -> None:
        """Only what we care for: another port, as the rule for life beside a PBX sets it."""
        target, value = what.get("key", {}).get("payload", {}), what.get("value")
        if sure and target.get("field") == "dport" and isinstance(value, int):
            self.packet = self.packet._replace(destination_port=value)


def _listed(value: Json) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _place(rule: Json) -> str:
    return f"rule {rule.get('handle')} of chain {rule['family']} {rule['table']} {rule['chain']}"
