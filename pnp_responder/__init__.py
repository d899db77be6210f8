"""Tells a desk phone, fresh from its box, where its configuration lives (SIP PnP, RFC 6080).

The floor plan; a unit may import only from the floors above its own line, and
`tests/test_floors.py` holds the exact table:

    0  values    errors, datagram, mac, enrollment, engine, masking    pure
    1  wire      sip                                          pure: RFC 3261 messages and transactions
    2  meaning   ua_profile, rules, events                    pure: what phones say; what they get
    3  engine    responder                                    pure: (datagram, now) -> datagrams, events, deadline
    4  edges     net                                          sockets and the one timer
    5  service   service                                      settings, rules file, journal, life cycle
    6  cli       cli                                          what an administrator types
"""

__version__ = "0.1.0"
