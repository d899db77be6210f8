"""Sends one kind of flood from the namespace that it is started in: `python -m tests.floods.sender --help`.

Raw frames, so that a source may be any address. Says on standard output how many it sent.
"""

from __future__ import annotations

import argparse
import random
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count

from tests.corpus_reader import HOSTILE
from tests.outside.phone import plain_subscribe

SERVER = "10.0.0.1"
GROUP = "224.0.1.75"
GROUP_MAC = "01005e00014b"
MOST_PAYLOAD = 1_400
STEP = 0.005


def address(number: int) -> str:
    return socket.inet_ntoa(struct.pack("!I", number))


def frame(to_mac: bytes, from_mac: bytes, source: str, to: str, payload: bytes) -> bytes:
    """An Ethernet frame with a UDP datagram from port 5060 to port 5060."""
    length = 28 + len(payload)
    first = struct.pack("!BBHHHBBH", 0x45, 0, length, 0, 0, 64, 17, 0)
    head = first + socket.inet_aton(source) + socket.inet_aton(to)
    words: tuple[int, ...] = struct.unpack("!10H", head)
    total = sum(words)
    total = (total & 0xFFFF) + (total >> 16)
    checksum = ~(total + (total >> 16)) & 0xFFFF
    head = head[:10] + struct.pack("!H", checksum) + head[12:]
    udp = struct.pack("!HHHH", 5060, 5060, 8 + len(payload), 0)
    return b"".join((to_mac, from_mac, b"\x08\x00", head, udp, payload))


def garbage(hosts: int) -> Iterator[tuple[str, bytes]]:
    """What no phone says: the hostile corpus, random octets, cut SUBSCRIBEs, and SIP that is not for us.

    From `hosts` addresses of the link that nobody has, and as many that are on no link.
    """
    chance = random.Random(4)
    pool = [message.octets for message in HOSTILE if 0 < len(message.octets) <= MOST_PAYLOAD]
    good = plain_subscribe("10.0.2.1", 5060, "02aa00000001", "garbage")
    pool += [chance.randbytes(chance.randrange(1, 600)) for _ in range(200)]
    pool += [good[: chance.randrange(len(good))] for _ in range(100)]
    pool += [good.replace(b"SUBSCRIBE", method) for method in (b"REGISTER", b"INVITE", b"OPTIONS", b"NOTIFY")]
    while True:
        first = chance.choice((0x0A000200, 0xC6336400))
        yield address(first + chance.randrange(hosts)), chance.choice(pool)


def distinct() -> Iterator[tuple[str, bytes]]:
    """Good SUBSCRIBEs, each of another phone: another address, MAC, Call-ID, branch and tag."""
    for number in count():
        source = address(0x64400000 + number)
        yield source, plain_subscribe(source, 5060, f"02{number:010x}", f"distinct-{number}@flood")


def spoof(victim: str) -> Iterator[tuple[str, bytes]]:
    """Good SUBSCRIBEs in the name of one phone, each of them new."""
    for number in count():
        yield victim, plain_subscribe(victim, 5060, f"02{number:010x}", f"spoofed-{number}@flood")


def main() -> None:
    """Flood."""
    options = _options()
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    out.bind((options.link, 0))
    from_mac = out.getsockname()[4]
    to = GROUP if options.multicast else SERVER
    to_mac = bytes.fromhex(GROUP_MAC if options.multicast else options.mac)
    kinds: dict[str, Callable[[], Iterator[tuple[str, bytes]]]] = {
        "garbage": lambda: garbage(options.hosts),
        "distinct": distinct,
        "spoof": lambda: spoof(options.victim),
    }
    messages = kinds[options.kind]()
    made = (frame(to_mac, from_mac, source, to, octets) for source, octets in messages)
    if options.kind == "garbage":  # building them would be the limit
        ready = [next(made) for _ in range(20_000)]
        made = (ready[number % len(ready)] for number in count())
    sent, began = 0, time.monotonic()
    while (now := time.monotonic() - began) < options.seconds and sent < options.count:
        due = min(int(now * options.rate), options.count)
        while sent < due:
            try:
                out.send(next(made))
            except OSError:  # the link's queue is full
                break
            sent += 1
        time.sleep(STEP)
    took = time.monotonic() - began
    sys.stdout.write(f"{sent} sent in {took:.1f} s, {sent / took:.0f} a second\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.floods.sender", description=__doc__)
    parser.add_argument("kind", choices=["garbage", "distinct", "spoof"])
    parser.add_argument("--link", default="eth0")
    parser.add_argument("--mac", required=True, help="the server's hardware address")
    parser.add_argument("--rate", type=int, default=20_000, help="datagrams a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--count", type=int, default=1 << 62)
    parser.add_argument(
        "--hosts", type=int, default=200, help="addresses of the link that garbage comes from"
    )
    parser.add_argument("--multicast", action="store_true", help="to the group")
    parser.add_argument("--victim", default="10.0.1.1", help="in whose name spoofed ones come")
    return parser.parse_args()


if __name__ == "__main__":
    main()
