"""What less than the job costs: the plainest reading of a head, and answers that are always the same.

`python -m tests.benchmarks.floors PORT canned|parse` is a server that does no more: plain sockets, no loop.
"""

from __future__ import annotations

import socket
import struct
import sys

from tests.benchmarks.workload import GROUP

_HEAD = (
    "Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK00000000;rport\r\n"
    "From: <sip:MAC%3a00a859000000@224.0.1.75>;tag=t0\r\n"
    "To: <sip:MAC%3a00a859000000@224.0.1.75>;tag=1\r\n"
    "Call-ID: 00000000-91b2@127.0.0.1\r\n"
)
OK = (
    f"SIP/2.0 200 OK\r\n{_HEAD}CSeq: 1 SUBSCRIBE\r\nContact: <sip:127.0.0.1:5060>\r\n"
    "Expires: 0\r\nContent-Length: 0\r\n\r\n"
).encode()
NOTIFY = (
    f"NOTIFY sip:00a859000000@127.0.0.1:5060 SIP/2.0\r\n{_HEAD}Max-Forwards: 70\r\nCSeq: 1 NOTIFY\r\n"
    "Contact: <sip:127.0.0.1:5060>\r\nEvent: ua-profile\r\nSubscription-State: terminated;reason=timeout\r\n"
    "Content-Type: application/url\r\nContent-Length: 38\r\n\r\nhttp://192.0.2.10/cfg/00a859000000.cfg"
).encode()


def plain_parse(message: bytes) -> tuple[list[bytes], dict[bytes, bytes], bytes]:
    """Start line, header fields by name, body. Neither checked nor understood."""
    head, _, body = message.partition(b"\r\n\r\n")
    start, *rows = head.split(b"\r\n")
    fields: dict[bytes, bytes] = {}
    for row in rows:
        name, _, value = row.partition(b":")
        fields[name.strip().lower()] = value.strip()
    return start.split(b" ", 2), fields, body


def serve(port: int, parse: bool) -> None:
    """Two canned datagrams for each SUBSCRIBE on the loopback, until killed. Says its pid when it listens."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    listening.bind(("", port))
    member = struct.pack("=4s4si", socket.inet_aton(GROUP), bytes(4), socket.if_nametoindex("lo"))
    listening.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    receive, send = listening.recvfrom, listening.sendto
    while True:
        payload, remote = receive(65_535)
        if parse:
            plain_parse(payload)
        if payload.startswith(b"SUBSCRIBE"):
            send(OK, remote)
            send(NOTIFY, remote)


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2] == "parse")
