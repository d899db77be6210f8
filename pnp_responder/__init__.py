"""Tells a desk phone, fresh from its box, where its configuration lives (SIP PnP, RFC 6080).

The floor plan; a unit may import only from the floors above its own line, and
`tests/test_floors.py` holds the exact table:

    0  values   pure  errors, datagram, mac, enrollment, circumstances, engine, admission, limits,
                      escaping, masking
    1  wire     pure  sip: RFC 3261 messages and transactions
    2  meaning  pure  ua_profile, rules, events: what phones say, what they get
    3  engines  pure  responder, express, long_way, tables, deferral, responses, outcomes, phone, probe:
                      (datagram, now) -> datagrams, events, deadline
    4  edges          net, phone_edge, capture, writer_thread: sockets and files; the one timer
    5  service        settings, rules file, journal, control socket, life cycle; doctor, which examines it
    6  cli            what an administrator types
"""

__version__ = "0.1.0"
