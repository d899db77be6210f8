"""What one exchange costs: `make bench`, or `python -m tests.benchmarks --help`.

One exchange is SUBSCRIBE in, 200 and NOTIFY out, 200 in. Measured are the engine alone (octets in, octets
out) and the whole service over the loopback, each beside floors that do less than the job: the plainest
reading of a head, and canned answers from a plain socket. CPU time is measured, not the clock on the wall;
all subjects take turns in short rounds, and only ratios within a round are compared, so other work on the
machine does little harm. It needs neither root nor namespaces, and nothing leaves the loopback.
"""
