"""Which PnP servers answer on a link, found by asking as a phone (`pnp-responder probe`).

`prober` is the engine: it asks, takes every answer, and tells the servers apart. It opens no socket and
knows nothing of our own service, whose silence to probes is `responder`'s.
"""
