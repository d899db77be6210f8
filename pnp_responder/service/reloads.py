"""What a reload of the rules file does to the service."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable
from typing import NamedTuple

from pnp_responder.errors import ProblemsFound
from pnp_responder.rules import RuleSet
from pnp_responder.rules.problems import Problem
from pnp_responder.service.configuration import Configuration
from pnp_responder.service.journal import Journal
from pnp_responder.service.rules_file import RulesFile
from pnp_responder.service.sd_notify import SdNotify
from pnp_responder.service.status import Status

MOST_PROBLEMS_TOLD = 100


class Reload(NamedTuple):
    """How a reload went that somebody waited for. `before` and `after` are numbers of rules, `problems` all
    that the file has: errors and warnings, or if it is good, warnings."""

    good: bool
    before: int
    after: int
    restart_needed: bool
    problems: tuple[Problem, ...]


class Reloads:
    """A `ReloadListener`: hands good rules to `replace_rules`, and tells the journal and systemd."""

    def __init__(
        self,
        file: RulesFile[Configuration],
        configuration: Configuration,
        journal: Journal,
        status: Status,
        manager: SdNotify,
        replace_rules: Callable[[RuleSet], None],
        shown: Callable[[], None],
    ) -> None:
        self._file = file
        self.configuration = configuration
        """The last good one."""
        self._at_start = configuration.settings
        self._journal = journal
        self._status = status
        self._manager = manager
        self._replace_rules = replace_rules
        self._shown = shown

    async def follow(self) -> None:
        """Read the file whenever it changes, until cancelled."""
        await self._file.follow(self)

    async def reload(self) -> Reload:
        """Read the file now, and say as well how it went. Needs `follow` to run."""
        before = self._status.rules.count
        result = await self._file.read_again()
        rules = self._status.rules
        if isinstance(result, ProblemsFound):
            problems = getattr(result, "problems", ())
            return Reload(False, before, rules.count, rules.restart_needed, problems)
        return Reload(True, before, rules.count, rules.restart_needed, result.warnings)

    def reload_began(self) -> None:
        """Of ReloadListener."""
        self._manager.reloading()

    def rules_taken(self, configuration: Configuration) -> None:
        """Of ReloadListener."""
        restart = configuration.settings != self._at_start
        self.configuration = configuration
        self._replace_rules(configuration.rules)
        self._status.rules_taken(len(configuration.rules.rules), time.time(), restart_needed=restart)
        self.tell_rules(configuration)
        if restart:
            self._journal.note(
                "restart_needed",
                logging.WARNING,
                file=str(self._file.path),
                reason="`service:` is read at start only; the rules are taken",
            )
        gc.freeze()
        self._shown()
        self._manager.ready()

    def rules_refused(self, problems: ProblemsFound) -> None:
        """Of ReloadListener."""
        listed = [str(problem) for problem in getattr(problems, "problems", ())] or [str(problems)]
        self._status.rules_refused(listed, time.time())
        self._journal.note(
            "rules_rejected",
            logging.ERROR,
            file=str(self._file.path),
            reason="the rules loaded before stay in service",
            problems=listed[:MOST_PROBLEMS_TOLD],
            unlisted=max(0, len(listed) - MOST_PROBLEMS_TOLD) or None,
        )
        self._shown()
        self._manager.ready()

    def tell_rules(self, configuration: Configuration) -> None:
        """A line about rules that are in service, and one for each file of theirs that tells secrets."""
        warnings = [str(problem) for problem in configuration.warnings[:MOST_PROBLEMS_TOLD]]
        self._journal.note(
            "rules_loaded",
            file=str(self._file.path),
            rules=len(configuration.rules.rules),
            warnings=warnings,
        )
        for exposure in configuration.exposures:
            fields = {"file": exposure.place.file, "reason": exposure.message, "remedy": exposure.hint}
            self._journal.note("secrets_exposed", logging.WARNING, **fields)
