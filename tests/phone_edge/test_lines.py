"""UDP and TCP lines with the engines on both ends, over the loopback."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pnp_responder.datagram import TCP, UDP, Datagram, Local, SocketAddress
from pnp_responder.phone.events import Ended, Outcome, PhoneEvent
from pnp_responder.phone.transcript import Step
from pnp_responder.phone_edge.lines import Line, TcpLine, UdpLine, Unreachable, is_taken
from pnp_responder.phone_edge.player import Player
from tests.phone.wire import subscribe, subscriber

HERE = Local("lo", SocketAddress("127.0.0.1", 0))
URL = "http://127.0.0.1/x"


def answers(request: bytes, sender: str) -> tuple[bytes, bytes]:
    """The 200 and the NOTIFY to a SUBSCRIBE, as simple as can be."""
    head = request.decode().partition("\r\n\r\n")[0].split("\r\n")
    rows = {name: value for name, _, value in (row.partition(": ") for row in head[1:])}
    common = [f"Call-ID: {rows['Call-ID']}"]
    ok = ["SIP/2.0 200 OK", f"Via: {rows['Via']}", f"From: {rows['From']}", f"To: {rows['To']};tag=server"]
    ok += [*common, "CSeq: 1 SUBSCRIBE", "Expires: 0", "Content-Length: 0", "", ""]
    transport = rows["Via"].split("/")[2].split(" ")[0]
    notify = [
        "NOTIFY sip:phone SIP/2.0",
        f"Via: SIP/2.0/{transport} {sender};branch=z9hG4bKserver{rows['Call-ID'].partition('@')[0]}",
        f"From: {rows['To']};tag=server",
        f"To: {rows['From']}",
        *common,
        "CSeq: 1 NOTIFY",
        "Event: ua-profile",
        "Content-Type: application/url",
        f"Content-Length: {len(URL)}",
        "",
        URL,
    ]
    return "\r\n".join(ok).encode(), "\r\n".join(notify).encode()


@contextmanager
def closing(line: Line) -> Iterator[Line]:
    try:
        yield line
    finally:
        line.close()


def play(line: Line, server: SocketAddress, phones: int = 1) -> tuple[list[Ended], list[Step]]:
    """Play phones; TCP by what the line says."""
    events: list[PhoneEvent] = []
    steps: list[Step] = []
    player = Player(
        subscriber(patience=5.0),
        line,
        server,
        publish=lambda at, event: events.append(event),
        observe=steps.append,
    )
    asks = [
        (0.0, subscribe(n, line.local).replace(b"/UDP", b"/" + line.local.transport.encode()))
        for n in range(phones)
    ]
    player.play(asks, 10.0, 0.05)
    return [event for event in events if isinstance(event, Ended)], steps


def test_udp_both_ways() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, closing(UdpLine(HERE, None)) as line:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        address = SocketAddress(*server.getsockname())
        confirmed: list[bytes] = []

        def serve() -> None:
            while len(confirmed) < 50:
                octets, phone = server.recvfrom(65535)
                if octets.startswith(b"SIP/2.0 200"):
                    confirmed.append(octets)
                else:
                    for answer in answers(octets, str(address)):
                        server.sendto(answer, phone)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        ended, steps = play(line, address, phones=50)
        thread.join(5)
    assert [(end.outcome, end.url) for end in ended] == [(Outcome.SERVED, URL)] * 50
    assert line.local.transport == UDP
    assert sum(step.sent for step in steps) == 100


def test_udp_to_nobody() -> None:
    with closing(UdpLine(HERE, None)) as line, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = SocketAddress(*probe.getsockname())
        probe.close()
        ended, _ = play(line, nobody)
    assert [end.outcome for end in ended] == [Outcome.UNREACHABLE]


def test_a_port_is_one_phones() -> None:
    with closing(UdpLine(HERE, None)) as line, pytest.raises(OSError, match="in use") as caught:
        UdpLine(line.local, None)
    assert is_taken(caught.value)


@pytest.mark.parametrize("own_connection", [False, True], ids=["same connection", "a new one to Contact"])
def test_tcp(own_connection: bool) -> None:
    """The NOTIFY comes in pieces, glued to the 200; on the same connection, or on one to the Contact."""
    with socket.create_server(("127.0.0.1", 0)) as server, closing(TcpLine(HERE)) as line:
        server.settimeout(5)
        address = SocketAddress(*server.getsockname())
        confirmed: list[bytes] = []

        def serve() -> None:
            connection, _ = server.accept()
            connection.settimeout(5)
            with connection:
                ok, notify = answers(connection.recv(65535), str(address))
                if own_connection:
                    connection.sendall(ok)
                    with socket.create_connection(line.local.address) as other:
                        other.settimeout(5)
                        other.sendall(notify)
                        confirmed.append(other.recv(65535))
                    return
                both = ok + b"\r\n\r\n" + notify
                for start in range(0, len(both), 100):
                    connection.sendall(both[start : start + 100])
                confirmed.append(connection.recv(65535))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        ended, steps = play(line, address)
        thread.join(5)
    assert [(end.outcome, end.url, end.attempts) for end in ended] == [(Outcome.SERVED, URL, 1)]
    assert line.local.transport == TCP
    assert confirmed[0].startswith(b"SIP/2.0 200 OK\r\n")
    assert [step.datagram.payload[:3] for step in steps] == [b"SUB", b"SIP", b"NOT", b"SIP"]


def test_by_tcp_a_question_does_not_wait_behind_the_answer_before_it() -> None:
    """The kernel of a server that has nothing to say to a 200 acknowledges it after 40 ms."""
    rounds = 25
    with socket.create_server(("127.0.0.1", 0)) as server, closing(TcpLine(HERE)) as line:
        address = SocketAddress(*server.getsockname())
        line.send(Datagram(b"first", address, line.local))
        connection, _ = server.accept()
        with connection:
            connection.settimeout(5)
            began = time.monotonic()
            connection.recv(100)
            for _ in range(rounds):
                connection.sendall(b"NOTIFY")
                line.send(Datagram(b"200", address, line.local))
                line.send(Datagram(b"SUBSCRIBE", address, line.local))
                heard = b""
                while not heard.endswith(b"SUBSCRIBE"):
                    heard += connection.recv(100)
            assert time.monotonic() - began < rounds * 0.040 / 2


def test_tcp_to_nobody() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = SocketAddress(*probe.getsockname())
        with closing(TcpLine(HERE)) as line:
            ended, _ = play(line, nobody)
    assert [end.outcome for end in ended] == [Outcome.UNREACHABLE]


def test_tcp_that_talks_nonsense_is_hung_up_on() -> None:
    with closing(TcpLine(HERE)) as line, socket.create_connection(line.local.address) as stranger:
        stranger.settimeout(5)
        stranger.sendall(b"GET / HTTP/1.0\r\n\r\n")
        heard: list[Datagram | Unreachable] = []
        for _ in range(20):
            heard += line.receive(0.05)
        assert heard == []
        assert stranger.recv(10) == b""


def test_overhears_what_goes_to_another_port() -> None:
    """As from servers that know no port but one. The phone itself does not hear it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            other = int(free.getsockname()[1])
        with closing(UdpLine(HERE, None, other)) as line:
            server.sendto(b"astray", ("127.0.0.1", other))
            server.sendto(b"right", line.local.address)
            heard: list[Datagram | Unreachable] = []
            for _ in range(20):
                heard += line.receive(0.1)
                if len(heard) == 2:
                    break
            sender = SocketAddress(*server.getsockname())
        elsewhere = Local("lo", SocketAddress("127.0.0.1", other))
        expected = {Datagram(b"right", sender, line.local), Datagram(b"astray", sender, elsewhere)}
        assert set(heard) == expected


def test_another_port_that_is_taken_is_done_without() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        with closing(UdpLine(HERE, None, other.getsockname()[1])) as line:
            assert line.receive(0.0) == []
