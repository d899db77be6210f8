"""The doctor: looks at this host as the phones would want it, and says what to change.

Modules named `read_*` and `self_test` are the edge: they look at /proc, /sys, netlink and files, and send
one datagram. All others are pure: facts in, a `Finding` out, so every judgement is tested by a table.
`examination.py` names all checks. It changes nothing on the host and needs no privilege; what this user may
not see is `unknown`, beside the command that would show it.
"""
