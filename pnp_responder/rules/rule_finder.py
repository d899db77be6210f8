"""The first rule that matches, found without asking every rule.

Most phones of a site are alike but for MAC and source. What the rules say to a kind of device is found
out once: the rule that matches all of the kind, and those before it that hang on MAC or
source as well (`KindRules`). Rules that are filed under a MAC or a source are looked up for each device.
A rule that stands behind the best one found so far is not asked, so the answer is the one that asking
all rules in order would give.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from pnp_responder.enrollment import Enrollment
from pnp_responder.rules.match import ANYTHING, Condition, Match
from pnp_responder.rules.match_keys import OWN_SLOTS, SLOTS, Facts, read_facts
from pnp_responder.rules.ready_rule import ReadyRule, side_by_side
from pnp_responder.rules.rule_index import Drawer, RuleIndex
from pnp_responder.rules.value_tests import address_number

_MOST_KINDS = 2_048
"""Kinds of devices that are remembered: models and versions, at 1 KiB each. A campus has a few dozen;
strangers may invent any number, and then nothing is lost but 10 µs for each device."""

_MOST_TEXTS = 256
"""Texts that are remembered of each key, such as models."""

_MOST_CHARACTERS = 256
"""A kind that says more is not remembered. Phones say less than 150."""

_MAC, _SOURCE, _INTERFACE = SLOTS["mac"], SLOTS["source"], SLOTS["interface"]

# How a drawer cuts what it looks up.
_WHOLE_MAC, _MAC_BEGINNING, _WHOLE_SOURCE, _OCTETS, _BITS = range(5)

_Found = ReadyRule | tuple[ReadyRule, ...]


class _OwnDrawer(NamedTuple):
    """Rules by MAC or source. `lowest` is the number of the first of them; `size` is what `cut` needs."""

    lowest: int
    cut: int
    size: int
    rules: dict[str | int, _Found]


class KindRules:
    """What the rules say to all devices of a kind, `said` being their facts from vendor to profile-type.

    `rule` is the first that matches all of them, with that `number`, or None with one above all; `left` are
    those before it that hang on MAC or source as well, `drawers` where those are that are filed so.
    """

    __slots__ = ("_beginnings", "_interface", "_left", "_macs", "_number", "_rule", "_said", "_sources")

    def __init__(
        self,
        said: Facts,
        interface: str | None,
        number: int,
        rule: ReadyRule | None,
        left: tuple[tuple[ReadyRule, Match], ...],
        drawers: Iterable[_OwnDrawer],
    ) -> None:
        self._said = said
        self._interface = interface
        self._number = number
        self._rule = rule
        self._left = left
        before = [drawer for drawer in drawers if drawer.lowest < number]
        # There is one at most of whole MACs, and one for each length of their beginnings.
        self._macs = next((drawer.rules for drawer in before if drawer.cut == _WHOLE_MAC), {})
        self._beginnings = [(d.size, d.rules) for d in before if d.cut == _MAC_BEGINNING]
        self._sources = [(d.cut, d.size, d.rules) for d in before if d.cut in (_OCTETS, _WHOLE_SOURCE, _BITS)]

    def find(self, mac: str, host: str | None) -> ReadyRule | None:
        """The first rule that matches the device with that MAC ("" for none) and source."""
        best, number = self._rule, self._number
        found = self._macs.get(mac)
        if found is not None:
            best, number = self._better(found, best, number, mac, host)
        for size, drawer in self._beginnings:
            found = drawer.get(mac[:size])
            if found is not None:
                best, number = self._better(found, best, number, mac, host)
        for cut, size, drawer in self._sources:
            if host is None:
                break
            if cut == _OCTETS:
                found = drawer.get(host.rsplit(".", size)[0])
            else:
                found = drawer.get(host if cut == _WHOLE_SOURCE else address_number(host) >> size)
            if found is not None:
                best, number = self._better(found, best, number, mac, host)
        for candidate, match in self._left:
            if candidate.number >= number:
                break
            if match.holds((mac, *self._said, host, self._interface)):
                return candidate
        return best

    def _better(
        self, found: _Found, best: ReadyRule | None, number: int, mac: str, host: str | None
    ) -> tuple[ReadyRule | None, int]:
        """The first of the rules `found`, in their order, that matches, with its number; or `best` with its
        own, if that comes before."""
        for candidate in found if isinstance(found, tuple) else (found,):
            if candidate.number >= number:
                break
            rest = candidate.rest
            if rest is not None or not mac:
                facts = (mac, *self._said, host, self._interface)
                if not candidate.is_served(facts) or (rest is not None and not rest.holds(facts)):
                    continue
            return candidate, candidate.number
        return best, number

    def offer(self, mac: str, host: str) -> tuple[str, str, str | None] | None:
        """See `enrollment.OfferToKind`."""
        rule = self.find(mac, host)
        if rule is None:
            return None
        around = rule.around
        if around is None or not mac:
            return rule.constant
        before, after = around
        return before + mac + after, rule.name, None


class RuleFinder:
    """Finds among `rules`, which are filed in `index`."""

    def __init__(self, rules: Sequence[ReadyRule], index: RuleIndex) -> None:
        self._rules = rules
        own = (_own_drawer(d, rules) for d in index.drawers if d.slot in OWN_SLOTS)
        self._own = tuple(sorted(own, key=lambda drawer: drawer.lowest))
        self._always, self._shelves = _shelves(rules, index)
        self._kinds: dict[tuple[object, ...], KindRules] = {}
        # Some phones say their MAC there: each would be a kind of its own.
        self._asks_agent = any(rule.match.asks(SLOTS["user_agent"]) for rule in rules)

    def find(self, enrollment: Enrollment) -> ReadyRule | None:
        """The first rule that matches, if one does. Never raises."""
        mac, remote = enrollment.device.mac, enrollment.remote
        return self._kind_of(enrollment).find(mac or "", None if remote is None else remote.host)

    def kind(self, enrollment: Enrollment, agents_differ: bool) -> KindRules | None:
        """What they say to all devices that differ from this one in MAC and source alone, and, where that is
        True, in User-Agent; None if it is not the same."""
        return None if agents_differ and self._asks_agent else self._kind_of(enrollment)

    def _kind_of(self, enrollment: Enrollment) -> KindRules:
        (mac, vendor, model, version), profile_type, agent, _, local = enrollment
        if not self._asks_agent:
            agent = ""
        key = (vendor, model, version, agent, profile_type, local and local.interface, mac is None)
        return self._kinds.get(key) or self._new_kind(key, enrollment)

    def _new_kind(self, key: tuple[object, ...], enrollment: Enrollment) -> KindRules:
        facts = read_facts(enrollment)
        numbers = list(self._always)
        for shelf in self._shelves:
            text = facts[shelf.slot]
            if text is not None:
                numbers += shelf.find(text)
        numbers.sort()
        kind = self._ask(numbers, facts)
        (_, vendor, model, version), profile_type, agent, _, _ = enrollment
        if len(vendor) + len(model) + len(version) + len(profile_type) + len(agent) <= _MOST_CHARACTERS:
            if len(self._kinds) >= _MOST_KINDS:
                self._kinds.clear()
            self._kinds[key] = kind
        return kind

    def _ask(self, numbers: list[int], facts: Facts) -> KindRules:
        """What of these rules, ascending, a kind is left with."""
        said, interface = facts[_MAC + 1 : _SOURCE], facts[_INTERFACE]
        left: list[tuple[ReadyRule, Match]] = []
        for number in numbers:
            rule = self._rules[number]
            match = rule.match.left_open(facts)
            if match is None or not rule.is_served(facts):
                continue
            if match is ANYTHING:
                return KindRules(said, interface, number, rule, tuple(left), self._own)
            left.append((rule, match))
        return KindRules(said, interface, len(self._rules), None, tuple(left), self._own)


class _Shelf:
    """Rules that ask for one key in which a kind is alike: in drawers, and those that no drawer takes."""

    def __init__(self, slot: int) -> None:
        self.slot = slot
        self.drawers: list[Drawer] = []
        self.others: list[tuple[int, Condition]] = []
        self._known: dict[str, tuple[int, ...]] = {}

    def find(self, text: str) -> tuple[int, ...]:
        """Numbers of rules, in no order, among which are all that may match who says `text`."""
        numbers = self._known.get(text)
        if numbers is not None:
            return numbers
        found = [
            number
            for _, kind, size, rules in self.drawers
            for number in rules.get(text if kind == "exact" else text[:size], ())
        ]
        found += (number for number, condition in self.others if condition.fits(text))
        if len(self._known) >= _MOST_TEXTS:
            self._known.clear()
        numbers = tuple(found)
        if len(text) <= _MOST_CHARACTERS:
            self._known[text] = numbers
        return numbers


def _shelves(rules: Sequence[ReadyRule], index: RuleIndex) -> tuple[tuple[int, ...], tuple[_Shelf, ...]]:
    """The rules that are asked about every kind, and the shelves for all others."""
    shelves = {slot: _Shelf(slot) for slot in range(len(SLOTS))}
    always = []
    for number in index.always:
        for condition in rules[number].match.conditions:
            if condition.slot not in OWN_SLOTS:
                shelves[condition.slot].others.append((number, condition))
                break
        else:
            always.append(number)
    for drawer in index.drawers:
        if drawer.slot not in OWN_SLOTS:
            shelves[drawer.slot].drawers.append(drawer)
    return tuple(always), tuple(shelf for shelf in shelves.values() if shelf.drawers or shelf.others)


def _own_drawer(drawer: Drawer, rules: Sequence[ReadyRule]) -> _OwnDrawer:
    cut, size = _cut(drawer)
    for number in chain.from_iterable(drawer.rules.values()):
        rules[number].found_under(drawer.slot)
    named: dict[str | int, _Found] = {}
    for value, numbers in drawer.rules.items():
        if isinstance(value, str):
            text: str | int = side_by_side(value)
        else:
            text = value if cut == _BITS else _octets(value, drawer.size)
        named[text] = rules[numbers[0]] if len(numbers) == 1 else tuple(rules[number] for number in numbers)
    return _OwnDrawer(min(numbers[0] for numbers in drawer.rules.values()), cut, size, named)


def _cut(drawer: Drawer) -> tuple[int, int]:
    """Networks of whole octets are found by how an address begins as a text: it need not be made a number."""
    if drawer.slot == _MAC:
        return (_WHOLE_MAC, 0) if drawer.kind == "exact" else (_MAC_BEGINNING, drawer.size)
    if drawer.size == 32:
        return _WHOLE_SOURCE, 0
    if drawer.size in (8, 16, 24):
        return _OCTETS, 4 - drawer.size // 8
    return _BITS, 32 - drawer.size


def _octets(value: int, size: int) -> str:
    return ".".join(map(str, value.to_bytes(4, "big")[4 - size // 8 :]))
