"""Little servers on the loopback, each in a thread of its own: http, ftp and tftp, good and bad."""

from __future__ import annotations

import http.server
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])  # type: ignore[index]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


Answer = tuple[int, dict[str, str], bytes]


@contextmanager
def web(
    answer: Callable[[str, dict[str, str]], Answer],
    wrap: Callable[[socket.socket], socket.socket] | None = None,
) -> Iterator[int]:
    """An HTTP server that answers each GET as `answer(path, headers)` says."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answer(self.path, dict(self.headers.items()))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if wrap is not None:
        server.socket = wrap(server.socket)
    with serving(server) as port:
        yield port


@contextmanager
def udp(answer: Callable[[bytes, socket.socket, tuple[str, int]], None]) -> Iterator[int]:
    """A UDP server that gives each datagram to `answer(octets, socket, sender)`."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            octets, own = self.request
            answer(octets, own, self.client_address)

    with serving(socketserver.UDPServer(("127.0.0.1", 0), Handler)) as port:
        yield port


@contextmanager
def tftp(files: dict[str, bytes], lose: int = 0, repeat: bool = False) -> Iterator[int]:
    """A TFTP server that loses the first `lose` datagrams it hears, and sends each block twice if wanted."""
    heard = 0

    def transfer(name: str, client: tuple[str, int]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.bind(("127.0.0.1", 0))
            own.settimeout(5)
            if name not in files:
                own.sendto(b"\0\5\0\1File not found\0", client)
                return
            body = files[name]
            for number in range(len(body) // 512 + 1):
                block = (3).to_bytes(2, "big") + ((number + 1) & 0xFFFF).to_bytes(2, "big")
                block += body[512 * number : 512 * number + 512]
                acknowledged = b""
                while acknowledged[2:4] != block[2:4]:
                    for _ in range(2 if repeat else 1):
                        own.sendto(block, client)
                    try:
                        acknowledged = own.recv(100)
                    except TimeoutError:  # the client has what it wants
                        return

    def answer(octets: bytes, _: socket.socket, client: tuple[str, int]) -> None:
        nonlocal heard
        heard += 1
        if heard > lose:
            assert octets[:2] == b"\0\1"
            name, mode, _rest = octets[2:].split(b"\0", 2)
            assert mode == b"octet"
            threading.Thread(target=transfer, args=(name.decode(), client), daemon=True).start()

    with udp(answer) as port:
        yield port


@contextmanager
def ftp(files: dict[str, bytes], password: str = "") -> Iterator[int]:
    """As little of an FTP server as a phone needs: passive mode, RETR."""

    class Handler(socketserver.StreamRequestHandler):
        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def handle(self) -> None:
            self.say("220 here")
            listener = socket.create_server(("127.0.0.1", 0))
            with listener:
                while line := self.rfile.readline():
                    command, _, argument = line.decode().strip().partition(" ")
                    if command == "USER":
                        self.say("331 password" if password else "230 in")
                    elif command == "PASS":
                        self.say("230 in" if argument == password else "530 no")
                    elif command == "EPSV":
                        self.say(f"229 passive (|||{listener.getsockname()[1]}|)")
                    elif command == "PASV":
                        port = listener.getsockname()[1]
                        self.say(f"227 passive (127,0,0,1,{port // 256},{port % 256})")
                    elif command == "TYPE":
                        self.say("200 ok")
                    elif command == "RETR" and argument in files:
                        self.say("150 coming")
                        data, _ = listener.accept()
                        with data:
                            data.sendall(files[argument])
                        self.say("226 done")
                    elif command == "RETR":
                        self.say("550 no such file")
                    else:
                        self.say("221 bye" if command == "QUIT" else "500 what")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with serving(Server(("127.0.0.1", 0), Handler)) as port:
        yield port
