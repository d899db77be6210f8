"""Gets the file that a phone would get, and says what came. Never another scheme than the URL's own."""

from __future__ import annotations

import base64
import ftplib
import hashlib
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException, HTTPMessage
from typing import IO, NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlsplit

from pnp_responder.phone_edge.tftp import read_tftp

MOST = 64 * 1024 * 1024
"""Octets of a file that are read; a configuration has some 100,000, a firmware 60 million."""

_BLOCK = 65_536
# A file may take so many times as long as the server may take for a word.
_LONGEST = 6
_PORTS = {"http": 80, "https": 443, "ftp": 21, "tftp": 69}


class Fetched(NamedTuple):
    """What one fetch brought.

    `status` is what the server said, in words ("200 OK", "error 1: File not found"); `found` tells
    whether a file came; `remark` is what else the administrator should know, "" in most cases.
    """

    url: str
    found: bool
    status: str
    size: int = 0
    content_type: str = ""
    digest: str = ""
    remark: str = ""


def fetch(url: str, agent: str, seconds: float) -> Fetched:
    """Get `url` (http, https, ftp, tftp). `agent` goes out as User-Agent. Raises nothing for what the
    network or the server does; ValueError for another scheme."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"nothing to fetch by: {scheme}")
    try:
        if scheme == "tftp":
            return _of_body(url, "sent", read_tftp(*_endpoint(parts), _path(parts)[1:], seconds, MOST))
        if scheme == "ftp":
            return _of_body(url, "sent", _read_ftp(parts, seconds))
        return _fetch_http(url, parts, agent, seconds)
    except TimeoutError:
        return Fetched(
            url, False, f"no answer in {seconds:g} s, or not the whole file in {_LONGEST * seconds:g} s"
        )
    except socket.gaierror:
        return Fetched(url, False, f"the name {parts.hostname} cannot be resolved")
    except (OSError, EOFError, ftplib.Error) as error:
        return Fetched(url, False, _words(error))


def agree(first: Fetched, second: Fetched) -> bool:
    """Did two fetches bring the same?"""
    return (first.found, first.digest, first.size) == (second.found, second.digest, second.size)


def _endpoint(parts: SplitResult) -> tuple[str, int]:
    return parts.hostname or "", parts.port or _PORTS[parts.scheme.lower()]


def _path(parts: SplitResult) -> str:
    return unquote(parts.path) or "/"


def _of_body(url: str, status: str, body: bytes, content_type: str = "", remark: str = "") -> Fetched:
    return Fetched(url, True, status, len(body), content_type, hashlib.sha256(body).hexdigest(), remark)


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return f"no TLS that works: {error.reason.replace('_', ' ').lower()}"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).partition("\n")[0]


def _read_ftp(parts: SplitResult, seconds: float) -> bytes:
    with ftplib.FTP(timeout=seconds) as server:  # noqa: S321  (phones do)
        server.connect(*_endpoint(parts))
        server.login(unquote(parts.username or "anonymous"), unquote(parts.password or ""))
        path = _path(parts)[1:]
        if "\r" in path or "\n" in path:
            raise ValueError("a line end in the path of an FTP URL")
        server.voidcmd("TYPE I")
        with server.transfercmd(f"RETR {path}") as data:
            body = _read_all(data.recv, seconds)
    return body


def _read_all(read: Callable[[int], bytes], seconds: float) -> bytes:
    """MOST octets at most. Raises TimeoutError where a file drips in for longer than anybody waits."""
    body = bytearray()
    deadline = time.monotonic() + _LONGEST * seconds
    while len(body) < MOST and (block := read(_BLOCK)):
        body += block
        if time.monotonic() > deadline:
            raise TimeoutError
    return bytes(body)


class _SameScheme(urllib.request.HTTPRedirectHandler):
    """Follows a redirection within http and https: phones follow these, and nothing else is safe."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme.lower() not in ("http", "https"):
            raise urllib.error.HTTPError(newurl, code, "redirects to another scheme", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _fetch_http(url: str, parts: SplitResult, agent: str, seconds: float) -> Fetched:
    try:
        return _ask_http(url, parts, agent, seconds, ssl.create_default_context())
    except urllib.error.URLError as error:
        if not isinstance(error.reason, ssl.SSLCertVerificationError):
            raise
        remark = f"the certificate is not trusted here: {error.reason.verify_message}; a phone may refuse it"
    careless = ssl.create_default_context()
    careless.check_hostname = False
    careless.verify_mode = ssl.CERT_NONE
    return _ask_http(url, parts, agent, seconds, careless)._replace(remark=remark)


def _ask_http(url: str, parts: SplitResult, agent: str, seconds: float, trust: ssl.SSLContext) -> Fetched:
    host, port = _endpoint(parts)
    bare = parts._replace(
        netloc=f"{host}:{port}", path=quote(parts.path, safe="/%:=&$,;@+!*'()~"), fragment=""
    )
    asked = urllib.request.Request(bare.geturl(), headers={"User-Agent": agent})  # noqa: S310
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        asked.add_unredirected_header("Authorization", f"Basic {base64.b64encode(pair).decode()}")
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=trust),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _SameScheme(),
    ):
        opener.add_handler(handler)
    try:
        with opener.open(asked, timeout=seconds) as answer:
            body = _read_all(answer.read1, seconds)
            moved = "" if answer.url == asked.full_url else f"redirected to {answer.url}"
            status = f"{answer.status} {answer.reason}".strip()
            return _of_body(url, status, body, answer.headers.get("Content-Type", ""), moved)
    except urllib.error.HTTPError as error:
        with error:
            return Fetched(url, False, f"{error.code} {error.reason}".strip())
    except HTTPException as error:
        return Fetched(url, False, f"no HTTP: {type(error).__name__}")
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise
        if isinstance(error.reason, OSError):
            raise error.reason from None
        return Fetched(url, False, str(error.reason))
