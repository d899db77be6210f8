"""rules.yaml's text becomes a `RuleSet`, and a `RuleSet` turns an enrollment into a decision.

Knows: YAML with places, match keys, URL templates, vendors' habits as tables of data.
Must not know: SIP, files, the clock, the network.

Why no validation library: each problem needs the line and column of the offending key or value,
and all of a file's problems come in one run, also where two entries stand against each other. A
model library reports paths, stops at the first wrong level, and triples the start-up time of
`check`; the tables here (`match_keys`, `rule_reader`) are shorter and feed the JSON Schema as well.
"""

from pnp_responder.rules.problems import Place, Problem, RulesError
from pnp_responder.rules.ruleset import Rule, RuleSet, Verdict

__all__ = ["Place", "Problem", "Rule", "RuleSet", "RulesError", "Verdict"]
