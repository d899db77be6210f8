"""Reloads: what is kept of the rules that went."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from pnp_responder.rules import RulesError, RuleSet
from pnp_responder.service.configuration import Configuration, load_configuration, read_configuration
from pnp_responder.service.counters import Counters
from pnp_responder.service.journal import Journal
from pnp_responder.service.log_format import Entry, one_by_one
from pnp_responder.service.reloads import Reload, Reloads
from pnp_responder.service.rules_file import RulesFile
from pnp_responder.service.sd_notify import SdNotify
from pnp_responder.service.status import Status

RULES = "rules:\n" + "".join(
    f"  - match: {{mac: '0200000f{number:04x}'}}\n    url: 'http://prov.example.com/{{{{ mac }}}}-{number}'\n"
    for number in range(1000)
)
BAD = RULES.replace("mac:", "mack:", 20)


@pytest.fixture
def thawed() -> Iterator[None]:
    """A reload freezes what there is, also what other tests have left behind; and they want it back."""
    gc.unfreeze()
    gc.collect()
    yield
    gc.unfreeze()


pytestmark = pytest.mark.skipif(not RuleSet.__weakrefoffset__, reason="there are no weak references to it")


class Made:
    def __init__(self, path: Path = Path("rules.yaml")) -> None:
        self.told: list[Entry] = []
        self.rules: RuleSet | None = None
        first = read_configuration(RULES, "rules.yaml")
        self.status = Status(len(first.rules.rules), Counters(), 0.0)
        self.reloads = Reloads(
            RulesFile(path, load_configuration),
            first,
            Journal(lambda new: self.told.extend(one_by_one(new))),
            self.status,
            SdNotify(),
            self._replace,
            lambda: None,
        )

    def _replace(self, rules: RuleSet) -> None:
        self.rules = rules

    def reload(self, text: str) -> weakref.ref[object]:
        """A reference to what was loaded, or to the problems."""
        self.reloads.reload_began()
        try:
            configuration: Configuration = read_configuration(text, "rules.yaml")
        except RulesError as problems:
            self.reloads.rules_refused(problems)
            return weakref.ref(problems)
        self.reloads.rules_taken(configuration)
        return weakref.ref(configuration.rules)


@pytest.mark.usefixtures("thawed")
def test_memory_stays_flat_over_60_reloads_good_and_bad() -> None:
    """What is frozen at each reload must hold no garbage: nobody would ever look for it again."""
    made = Made()
    for _ in range(3):
        made.reload(RULES)
    frozen = gc.get_freeze_count()
    old = [made.reload(BAD if number % 2 else RULES) for number in range(60)]
    made.told.clear()
    made.reload(RULES)
    assert gc.get_freeze_count() < frozen + 2000, "one thousand rules are 25,000 objects"
    assert [loaded for loaded in old if loaded() is not None] == []
    gc.unfreeze()
    assert gc.collect() < 2000


@pytest.mark.usefixtures("thawed")
def test_the_last_good_rules_decide() -> None:
    made = Made()
    made.reload(RULES)
    taken = made.rules
    assert taken is not None
    made.reload(BAD)
    assert made.rules is taken is made.reloads.configuration.rules
    assert [entry.name for entry in made.told] == ["rules_loaded", "rules_rejected"]
    (rejected,) = (entry.fields for entry in made.told if entry.name == "rules_rejected")
    assert len(rejected["problems"]) == 20


@pytest.mark.usefixtures("thawed")
def test_settings_that_changed_need_a_restart() -> None:
    made = Made()
    made.reload("service: {port: 5062}\n" + RULES)
    assert [entry.name for entry in made.told] == ["rules_loaded", "restart_needed"]
    assert made.status.rules.restart_needed
    made.reload(BAD)
    assert made.status.rules.restart_needed
    made.reload(RULES)
    assert not made.status.rules.restart_needed


@pytest.mark.usefixtures("thawed")
def test_who_waits_for_a_reload_hears_how_it_went(tmp_path: Path) -> None:
    made = Made(tmp_path / "rules.yaml")

    async def main() -> None:
        following = asyncio.create_task(made.reloads.follow())
        path.write_text(RULES.replace("url:", "name: x\n    url:", 1))
        assert await made.reloads.reload() == Reload(True, 1000, 1000, False, ())
        path.write_text(BAD)
        done = await made.reloads.reload()
        assert (done.good, done.before, done.after, len(done.problems)) == (False, 1000, 1000, 20)
        path.write_text("rules: []\n")
        done = await made.reloads.reload()
        assert (done.good, done.before, done.after) == (True, 1000, 0)
        following.cancel()

    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    asyncio.run(main())
