"""The numbers that SECURITY.md promises, where tests can use them."""

MOST_OCTETS_OUT = 10
"""Octets out for each octet in, to a peer that never answers."""
