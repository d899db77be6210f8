"""Floods, measured: `make flood`, or `python -m tests.floods --help`. Needs root: it makes a LAN of its own.

Not part of the tests, for it takes minutes: strangers send as fast as is promised to be borne while ten
phones ask; told is at which try each phone was served, and how much memory the service took.
"""
