"""A desk phone that asks for its profile, and a judge of the answers (`pnp-responder phone`).

`subscriber` is the other engine on the `sip` floor; `catalogue` are the shapes of phones that exist, as
data; `judge` compares what a server said with the RFCs; `target` tells what a phone would do with the
URL. Knows nothing of rules or of the responder, opens no socket: `phone_edge` does.
"""
