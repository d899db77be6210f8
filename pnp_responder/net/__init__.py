"""Sockets, interfaces and the one timer: the only floor that opens sockets or reads the loop's clock.

Knows an `Engine` by its shape and datagrams as values; knows nothing of SIP, phones or rules.
"""
