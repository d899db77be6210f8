"""The sockets of `pnp-responder phone`: a phone's UDP port or TCP connections, and the fetching of what
its URL names. Knows nothing of rules or of the service.
"""
