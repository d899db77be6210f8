"""A small SIP PnP server of plain sockets that does what it is told to do wrong."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pnp_responder.datagram import SocketAddress


class Manners(NamedTuple):
    """What is wrong with the server; as it stands, nothing is."""

    status: str = "200 OK"
    phones_via: bool = False
    swapped: bool = True
    contact: bool = True
    state: str = "terminated;reason=timeout"
    body_end: str = ""
    url: str = "http://192.0.2.1/x.cfg"
    notify_first: bool = False
    notify: bool = True
    same_again: bool = True
    repeats: bool = True
    rport: bool = True
    canned: bool = False
    second_url: str = ""


@contextmanager
def faulty_server(manners: Manners = Manners()) -> Iterator[SocketAddress]:  # noqa: B008
    """Serves unicast SUBSCRIBEs on the loopback until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))
        own.settimeout(0.05)
        address = SocketAddress(*own.getsockname())
        end = threading.Event()
        thread = threading.Thread(target=_serve, args=(own, manners, address, end), daemon=True)
        thread.start()
        try:
            yield address
        finally:
            end.set()
            thread.join(5)


def _serve(own: socket.socket, manners: Manners, address: SocketAddress, end: threading.Event) -> None:
    stories: dict[str, int] = {}
    unconfirmed: dict[str, tuple[list[bytes], tuple[str, int]]] = {}
    while not end.is_set():
        try:
            octets, phone = own.recvfrom(65535)
        except TimeoutError:
            # A NOTIFY without its answer goes out again every now and then.
            for messages, phone in unconfirmed.values() if manners.repeats else ():
                own.sendto(messages[-1], phone)
            continue
        head = octets.decode().partition("\r\n\r\n")[0].split("\r\n")
        rows = {name.lower(): value for name, _, value in (row.partition(":") for row in head[1:])}
        rows = {name: value.strip() for name, value in rows.items()}
        call_id = rows["call-id"]
        if head[0].startswith("SIP/2.0"):
            unconfirmed.pop(call_id, None)
            continue
        number = stories.get(call_id, 0) if manners.same_again else len(stories)
        stories.setdefault(call_id, number)
        if not manners.same_again:
            stories[f"{call_id} {number}"] = number
        if manners.canned:
            name = head[0].partition("sip:")[2].partition("@")[0]
            own.sendto(_canned(manners.url, address, name), phone)
            continue
        messages = _answers(rows, manners, address, phone, number)
        if manners.notify:
            unconfirmed.setdefault(call_id, (messages, phone))
        for message in messages:
            own.sendto(message, phone)


def _answers(
    rows: dict[str, str], manners: Manners, address: SocketAddress, phone: tuple[str, int], number: int
) -> list[bytes]:
    tag = f"servers-tag-{number}"
    via = rows["via"].replace(
        ";rport", f";rport={phone[1]};received={phone[0]}" if manners.rport else ";rport"
    )
    contact = [f"Contact: <sip:{address}>"] if manners.contact else []
    ok = [f"SIP/2.0 {manners.status}", f"Via: {via}", f"From: {rows['from']}", f"To: {rows['to']};tag={tag}"]
    ok += [f"Call-ID: {rows['call-id']}", f"CSeq: {rows['cseq']}", *contact, "Expires: 0"]
    ends = (f"{rows['to']};tag={tag}", rows["from"])
    from_, to = ends if manners.swapped else (ends[1], ends[0])
    own_via = f"SIP/2.0/UDP {address};branch=z9hG4bKserver{number}{rows['call-id'][:12]};rport"
    body = manners.url + manners.body_end
    notify = [
        f"NOTIFY {rows['contact'].strip('<>')} SIP/2.0",
        f"Via: {rows['via'] if manners.phones_via else own_via}",
        "Max-Forwards: 70",
        f"From: {from_}",
        f"To: {to}",
        f"Call-ID: {rows['call-id']}",
        "CSeq: 1 NOTIFY",
        *contact,
        "Event: ua-profile",
        *([f"Subscription-State: {manners.state}"] if manners.state else []),
        "Content-Type: application/url",
        f"Content-Length: {len(body)}",
        "",
        body,
    ]
    messages = ["\r\n".join([*ok, "Content-Length: 0", "", ""]).encode()]
    if manners.notify:
        messages.append("\r\n".join(notify).encode())
    if manners.second_url:
        other = manners._replace(url=manners.second_url, second_url="")
        again = _answers(rows, other, address, phone, number)[1]
        messages.append(again.replace(b"bKserver", b"bKother"))
    return messages[::-1] if manners.notify_first else messages


def _canned(url: str, address: SocketAddress, name: str) -> bytes:
    """One NOTIFY for all phones but for their names, with the Call-ID and the tags of nobody, and LF."""
    rows = [
        f"NOTIFY sip:{name}@192.0.2.7:5060 SIP/2.0",
        f"Via: SIP/2.0/UDP {address};rport;branch=z9hG4bKcanned",
        f"To: <sip:{name}@224.0.1.75>;tag=325885303",
        f"From: <sip:{name}@224.0.1.75>;tag=1411974",
        "CSeq: 869 NOTIFY",
        "Call-ID: 1147221869",
        f"Contact: <sip:{address}>",
        "Content-Type: application/url",
        "Max-Forwards: 70",
        "Event: ua-profile",
        "Subscription-State: terminated;reason=timeout",
        f"Content-Length: {len(url)}",
        "",
        f"{url}",
    ]
    return "\n".join(rows).encode()
