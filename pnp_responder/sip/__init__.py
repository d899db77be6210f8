"""SIP messages and non-INVITE transactions (RFC 3261), Via with rport (RFC 3581), Event (RFC 6665).

Knows nothing of phones, of rules, or of input and output: octets and the time come in, octets go
out.
"""

from pnp_responder.sip.client_transactions import ClientTransactions
from pnp_responder.sip.event import Event
from pnp_responder.sip.identifiers import Identifiers
from pnp_responder.sip.message import Request, Response
from pnp_responder.sip.parser import parse_message
from pnp_responder.sip.response import render_response
from pnp_responder.sip.server_transactions import (
    ServerKey,
    ServerTransactions,
    old_path_of,
    path_of,
    request_text,
)
from pnp_responder.sip.via import Via, response_destination

__all__ = [
    "ClientTransactions",
    "Event",
    "Identifiers",
    "Request",
    "Response",
    "ServerKey",
    "ServerTransactions",
    "Via",
    "old_path_of",
    "parse_message",
    "path_of",
    "render_response",
    "request_text",
    "response_destination",
]
