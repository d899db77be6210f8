"""Fuzzing: what a stranger, or a careless administrator, could write, looked for by a machine.

`targets` says what must hold, `seeds` where the search begins, `run` searches (`make fuzz`). What a search
found lies in `regressions/<target>/`; each run of the tests puts the seeds and those through the targets.
"""
