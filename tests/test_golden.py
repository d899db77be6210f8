"""The exact octets of the 200 and the NOTIFY for messages that once were trouble. See `golden/README.md`."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from pnp_responder.admission import Admission
from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.enrollment import Offer
from pnp_responder.responder import Responder
from tests.corpus_reader import CORPUS
from tests.examples import heard, identifiers

GOLDEN = Path(__file__).parent / "golden"
TAG, BRANCH = b"6f1c9ab2d4e7", b"z9hG4bK9c41e07b5d"
LOCAL = Local("eth0", SocketAddress("192.168.1.118", 5060))
URL = "http://192.168.1.118/$mac.cfg"

# name of the golden files: message in the corpus, source of the datagram
MESSAGES = {
    "fanvil": ("fanvil/voip-phone_v2.0.114.51.subscribe", "192.168.1.45:5060"),
    "snom-without-branch": ("snom/snom370_8.7.5.48.subscribe", "192.168.12.155:1053"),
    "snom-m700": ("snom/snomm700_03.23.0005.subscribe", "192.0.2.70:5060"),
    "yealink": ("yealink/t21d_34.72.14.6.subscribe", "172.16.32.148:5059"),
    "grandstream-rport": ("grandstream/grp2612w_1.0.5.67.subscribe", "192.168.1.2:5080"),
    "audiocodes": ("audiocodes/440hd_2.2.2.subscribe", "10.13.2.38:5060"),
    "record-route-loose": ("hostile/record-route.sip", "192.168.1.45:5060"),
    "record-route-strict": ("golden/record-route-strict.subscribe", "192.168.1.45:5060"),
    "contact-missing": ("hostile/contact-missing.sip", "192.168.1.45:5062"),
    "folded": ("hostile/folded-everywhere.sip", "192.168.1.45:5060"),
    "quoted": ("hostile/separators-in-quotes.sip", "192.168.1.45:5060"),
    "two-vias": ("hostile/two-vias.sip", "192.168.1.45:5060"),
    "compact": ("hostile/compact-names.sip", "192.168.1.45:5060"),
}


def octets_of(name: str) -> bytes:
    folder = GOLDEN.parent if name.startswith("golden/") else CORPUS
    return (folder / name).read_bytes()


def answers(message: str, source: str) -> tuple[bytes, bytes]:
    host, _, port = source.partition(":")
    engine = Responder(
        lambda _: Offer(URL, "everyone"),
        identifiers=identifiers(),
        admission=Admission({"eth0": []}, allow=[IPv4Network("0.0.0.0/0")]),
    )
    remote = SocketAddress(host, int(port))
    output = engine.receive_datagram(heard(octets_of(message), remote=remote, local=LOCAL), 0.0)
    ok, notify = (datagram.payload for datagram in output.datagrams)
    (tag,) = re.findall(rb"\r\nFrom: [^\r\n]*;tag=([0-9a-f]{12})\r\n", notify)
    (branch,) = re.findall(rb"\r\nVia: [^\r\n]*;branch=(z9hG4bK[0-9a-f]{20});rport\r\n", notify)
    assert ok.count(tag) == notify.count(tag) == 1
    assert notify.count(branch) == 1
    return ok.replace(tag, TAG), notify.replace(tag, TAG).replace(branch, BRANCH)


@pytest.mark.parametrize("name", MESSAGES)
def test_answers(name: str) -> None:
    ok, notify = answers(*MESSAGES[name])
    assert ok.split(b"\r\n") == (GOLDEN / f"{name}.200").read_bytes().split(b"\r\n")
    assert notify.split(b"\r\n") == (GOLDEN / f"{name}.notify").read_bytes().split(b"\r\n")


def test_every_file_is_compared() -> None:
    wanted = {f"{name}.{kind}" for name in MESSAGES for kind in ("200", "notify")}
    theirs = {
        message.removeprefix("golden/") for message, _ in MESSAGES.values() if message.startswith("golden/")
    }
    assert {path.name for path in GOLDEN.iterdir()} == wanted | theirs | {"README.md"}


@pytest.mark.parametrize(
    "path", sorted(GOLDEN.glob("*.200")) + sorted(GOLDEN.glob("*.notify")), ids=lambda p: p.name
)
def test_files_have_kept_their_line_ends(path: Path) -> None:
    octets = path.read_bytes()
    assert octets.count(b"\r\n") == octets.count(b"\n") == octets.count(b"\r") >= 8
