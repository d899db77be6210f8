from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from pnp_responder.phone_edge.fetch import agree, fetch

from .servers import Answer, ftp, tftp, udp, web

AGENT = "voip phone"


def good(path: str, headers: dict[str, str]) -> Answer:
    return 200, {"Content-Type": "text/plain"}, f"{path} {headers['User-Agent']}".encode()


def test_http() -> None:
    with web(good) as port:
        found = fetch(f"http://127.0.0.1:{port}/a b.cfg?x=1", AGENT, 5.0)
    assert (found.found, found.status, found.content_type) == (True, "200 OK", "text/plain")
    assert found.size == len("/a%20b.cfg?x=1 voip phone")
    assert len(found.digest) == 64


def test_a_password_goes_out_as_phones_send_it() -> None:
    def answer(path: str, headers: dict[str, str]) -> Answer:
        return (200, {}, b"in") if headers.get("Authorization") == "Basic dTpwOnc=" else (401, {}, b"")

    with web(answer) as port:
        assert fetch(f"http://u:p%3Aw@127.0.0.1:{port}/", AGENT, 5.0).found
        assert fetch(f"http://127.0.0.1:{port}/", AGENT, 5.0).status == "401 Unauthorized"


def test_what_is_not_there() -> None:
    with web(lambda path, headers: (404, {}, b"")) as port:
        found = fetch(f"http://127.0.0.1:{port}/x", AGENT, 5.0)
    assert (found.found, found.status) == (False, "404 Not Found")


def test_redirections_stay_with_the_web() -> None:
    def answer(path: str, headers: dict[str, str]) -> Answer:
        if path == "/moved":
            return 302, {"Location": "/there"}, b""
        if path == "/out":
            return 302, {"Location": "ftp://127.0.0.1/x"}, b""
        if path == "/file":
            return 302, {"Location": "file:///etc/passwd"}, b""
        return 200, {}, b"there"

    with web(answer) as port:
        moved = fetch(f"http://127.0.0.1:{port}/moved", AGENT, 5.0)
        assert moved.found
        assert moved.remark == f"redirected to http://127.0.0.1:{port}/there"
        for path in ("out", "file"):
            found = fetch(f"http://127.0.0.1:{port}/{path}", AGENT, 5.0)
            assert not found.found
            assert "another scheme" in found.status or "not allowed" in found.status


def test_a_certificate_that_is_not_trusted(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=x"]
        + ["-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with web(good, lambda own: context.wrap_socket(own, server_side=True)) as port:
        found = fetch(f"https://127.0.0.1:{port}/x", AGENT, 5.0)
    assert found.found
    assert found.remark.startswith("the certificate is not trusted here: ")


def test_tftp() -> None:
    with tftp({"a/$mac.cfg": b"config"}) as port:
        assert fetch(f"tftp://127.0.0.1:{port}/a/$mac.cfg", AGENT, 5.0).size == 6
        assert fetch(f"tftp://127.0.0.1:{port}/b", AGENT, 5.0).status == "error 1: File not found"


def test_ftp() -> None:
    with ftp({"a/x.cfg": b"config"}, password="secret") as port:
        found = fetch(f"ftp://u:secret@127.0.0.1:{port}/a/x.cfg", AGENT, 5.0)
        assert (found.found, found.size) == (True, 6)
        assert fetch(f"ftp://u:wrong@127.0.0.1:{port}/a/x.cfg", AGENT, 5.0).status == "530 no"
        assert fetch(f"ftp://u:secret@127.0.0.1:{port}/b", AGENT, 5.0).status == "550 no such file"
        with pytest.raises(ValueError, match="line end"):
            fetch(f"ftp://u:secret@127.0.0.1:{port}/b%0d%0aDELE x", AGENT, 5.0)


def test_nobody_there() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        for scheme in ("http", "ftp"):
            assert fetch(f"{scheme}://127.0.0.1:{port}/x", AGENT, 5.0).status == "Connection refused"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert fetch(f"tftp://127.0.0.1:{port}/x", AGENT, 5.0).status == "Connection refused"
    assert "cannot be resolved" in fetch("http://nowhere.invalid/x", AGENT, 5.0).status


def test_patience_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf, udp(lambda octets, own, client: None) as silent:
        assert "no answer in 0.2 s" in fetch(f"http://127.0.0.1:{deaf.getsockname()[1]}/", AGENT, 0.2).status
        assert "no answer in 0.2 s" in fetch(f"tftp://127.0.0.1:{silent}/x", AGENT, 0.2).status


def test_a_file_that_drips() -> None:
    """Each octet comes in time; the file does not."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
                while not ended.wait(0.05):
                    connection.sendall(b"x")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        found = fetch(f"http://127.0.0.1:{server.getsockname()[1]}/", AGENT, 0.2)
        ended.set()
        thread.join(5)
    assert not found.found
    assert "not the whole file in 1.2 s" in found.status


def test_what_speaks_no_tls() -> None:
    with web(lambda path, headers: (200, {}, b"")) as port:
        found = fetch(f"https://127.0.0.1:{port}/x", AGENT, 5.0)
    assert found.status == "no TLS that works: wrong version number"


def test_what_speaks_no_http() -> None:
    with ftp({}) as port:
        assert fetch(f"http://127.0.0.1:{port}/x", AGENT, 5.0).status == "no HTTP: BadStatusLine"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://h/", "http:///x", "data:,x"])
def test_nothing_else_is_fetched(url: str) -> None:
    with pytest.raises(ValueError, match="nothing to fetch"):
        fetch(url, AGENT, 1.0)


def test_two_fetches_agree_or_not() -> None:
    numbers = count()
    with web(lambda path, headers: (200, {}, b"same" if path == "/same" else b"%d" % next(numbers))) as port:
        same = [fetch(f"http://127.0.0.1:{port}/same", AGENT, 5.0) for _ in range(2)]
        other = [fetch(f"http://127.0.0.1:{port}/other", AGENT, 5.0) for _ in range(2)]
    assert agree(*same)
    assert not agree(*other)
