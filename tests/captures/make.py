"""Makes the captures beside it: simulated phones ask a simulated service, and the recorder listens.

    python -m tests.captures.make

Nothing is random and no clock is read, so the files come out the same each time; a test holds that.
The `.table` files are what `replay` prints for them. They are written by `--tables`, and read by whoever
changes them: they are the expectation.
"""

from __future__ import annotations

import heapq
import sys
from ipaddress import IPv4Network
from itertools import count
from pathlib import Path

from pnp_responder.admission import Admission
from pnp_responder.capture.recorder import Recorder
from pnp_responder.capture.recording import RecordedEngine
from pnp_responder.datagram import Datagram, Local, SocketAddress
from pnp_responder.enrollment import Device
from pnp_responder.mac import Mac
from pnp_responder.phone.catalogue import CATALOGUE
from pnp_responder.phone.render import Asking, render
from pnp_responder.phone.subscriber import Subscriber
from pnp_responder.responder import Responder
from pnp_responder.service.configuration import load_configuration
from pnp_responder.sip import Identifiers
from tests.capture import forms
from tests.capture.forms import BIG_NANO, Packet
from tests.examples import numbered

HERE = Path(__file__).parent
RULES = HERE / "rules.yaml"
OTHER_RULES = HERE / "other-rules.yaml"
GROUP = SocketAddress("224.0.1.75", 5060)
SERVER = Local("eth0", SocketAddress("192.0.2.1", 5060))
START = 1_700_000_000 * 10**9
DELAY = 0.002
"""Seconds that a datagram travels."""
PHONES = ("fanvil", "yealink", "snom", "grandstream", "audiocodes", "panasonic")
LOSES_ANSWERS = 1
"""The phone of this number does not hear the first 200 and NOTIFY, and asks again."""


def record(path: Path) -> None:
    """Six phones, a quarter of a second apart, as the service hears and answers them."""
    now = 0.0
    recorder = Recorder(
        str(path), GROUP, _fail, show_secrets=False, clock=lambda: START + round(now * 1e6) * 1000
    )
    lan = IPv4Network("192.0.2.0/24")
    service = RecordedEngine(
        Responder(
            load_configuration(OTHER_RULES).rules.decide,
            identifiers=Identifiers(numbered()),
            admission=Admission({"eth0": [lan]}),
        ),
        recorder,
    )
    identifiers = Identifiers(numbered(1000))
    phones: dict[str, Subscriber] = {}
    numbers = count()
    wire: list[tuple[float, int, str, Datagram]] = []
    to_lose = 2

    def send(host: str, datagrams: tuple[Datagram, ...]) -> None:
        for datagram in datagrams:
            heapq.heappush(wire, (now + DELAY, next(numbers), host, datagram))

    asking = {round(0.25 * number, 3): number for number in range(len(PHONES))}
    ticks = sorted({*asking, *(round(0.5 + 0.25 * number, 3) for number in range(len(PHONES)))})
    while ticks or wire:
        if wire and (not ticks or wire[0][0] <= ticks[0]):
            now, _, host, datagram = heapq.heappop(wire)
            if host == SERVER.address.host:
                local = datagram.local
                heard = Datagram(datagram.payload, local.address, SERVER, datagram.remote == GROUP)
                said = service.receive_datagram(heard, now).datagrams
                for answer in said:
                    if answer.remote.host == _host(LOSES_ANSWERS) and to_lose:
                        to_lose -= 1
                    else:
                        send(answer.remote.host, (answer,))
            else:
                local = Local("eth0", datagram.remote)
                taken = Datagram(datagram.payload, SERVER.address, local)
                send(SERVER.address.host, phones[host].receive_datagram(taken, now).datagrams)
            continue
        now = ticks.pop(0)
        number = asking.get(now)
        if number is not None:
            wire_shape = CATALOGUE[PHONES[number]].wire
            address = SocketAddress(_host(number), wire_shape.port)
            device = Device(
                Mac.parse(f"{wire_shape.oui}0000{number:02x}"), "", wire_shape.model, wire_shape.version
            )
            octets = render(wire_shape, device, Asking(address), identifiers)
            phones[address.host] = Subscriber(identifiers=identifiers)
            local = Local("eth0", address)
            send(SERVER.address.host, phones[address.host].subscribe(octets, GROUP, local, now).datagrams)
        for host, phone in phones.items():
            if number is None and host in (_host(LOSES_ANSWERS), _host(2)):
                send(SERVER.address.host, phone.handle_timeout(now).datagrams)
    recorder.close(10)


def _host(number: int) -> str:
    return f"192.0.2.{10 + number}"


def _fail(reason: str) -> None:
    raise AssertionError(reason)


def make(folder: Path) -> None:
    """Write all captures to `folder`."""
    (folder / "recorded.pcap").unlink(missing_ok=True)  # the recorder would keep it
    record(folder / "recorded.pcap")
    packets = forms.read_packets(folder / "recorded.pcap")
    for link in forms.LINKS:
        if link != "ethernet":
            (folder / f"{link}.pcap").write_bytes(forms.pcap(packets, link))
    (folder / "nanoseconds.pcap").write_bytes(forms.pcap(packets, "ethernet", BIG_NANO))
    (folder / "little.pcapng").write_bytes(forms.pcapng(packets, "ethernet"))
    (folder / "big.pcapng").write_bytes(forms.pcapng(packets, "cooked2", ">", "vlan100"))
    (folder / "cut.pcap").write_bytes(forms.pcap(packets, "ethernet", snap=400))
    (folder / "fragments.pcap").write_bytes(forms.pcap(_in_fragments(packets), "ethernet"))
    subscribe = packets[0].octets[28:].replace(b"\r\n", b"\n    ")
    (folder / "pasted.txt").write_bytes(b"From the wiki:\n\n    " + subscribe.rstrip() + b"\n\nThe end.\n")


def _in_fragments(packets: list[Packet]) -> list[Packet]:
    """Each second packet's in wrong order; of the last request one is missing."""
    requests = [number for number, packet in enumerate(packets) if b"SUBSCRIBE sip" in packet.octets]
    found = []
    for number, packet in enumerate(packets):
        pieces = forms.fragments(packet, 256)
        if number == requests[-1]:
            pieces.pop(1)
        found += pieces[::-1] if number % 2 else pieces
    return found


def captures(folder: Path = HERE) -> list[Path]:
    """The captures that are there."""
    return sorted(path for path in folder.iterdir() if path.suffix in (".pcap", ".pcapng", ".txt"))


def table(path: Path) -> str:
    """What `replay` prints for the capture; the time zone is the caller's matter."""
    from typer.testing import CliRunner

    from pnp_responder.cli.main import app

    arguments = ["replay", "--rules", str(RULES), "--address", "192.0.2.1", str(path)]
    result = CliRunner().invoke(app, arguments)
    return f"{result.stdout}{result.stderr}"


if __name__ == "__main__":
    make(HERE)
    if "--tables" in sys.argv:
        for capture in captures():
            capture.with_suffix(f"{capture.suffix}.table").write_text(table(capture), encoding="utf-8")
