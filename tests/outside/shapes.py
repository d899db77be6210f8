"""SUBSCRIBEs in shapes that phones have been seen to send, or that are one step from it, drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.outside.shape_words import AGENTS_WITH_MAC, AWKWARD, COMPACT, MODELS, PORTS, VENDORS, VERSIONS


@dataclass(frozen=True)
class Shape:
    """One SUBSCRIBE from `port`, what it says, and where the answers belong."""

    octets: bytes
    port: int
    values: dict[str, str]
    call_id: str
    response_port: int
    notify_port: int


def draw_shape(random: Random, number: int, address: str) -> Shape:
    """The `number`-th message of a phone at `address`; MAC and Call-ID are its own."""
    return _Draft(random, number, address).shape()


class _Draft:
    def __init__(self, random: Random, number: int, address: str) -> None:
        self.random = random
        self.number = number
        self.address = address
        self.port = random.choice(PORTS)
        self.mac = f"02{random.getrandbits(16):04x}{number:06x}"

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def shape(self) -> Shape:
        random = self.random
        place = random.choices(
            ("from", "to", "uri", "host", "contact", "agent", "nowhere"), (60, 10, 5, 5, 5, 10, 5)
        )[0]
        spelled = self.spelled_mac()
        # Where the host should stand there is no room for a port's colon.
        host_form = f"MAC%3a{self.mac.upper()}"
        other = random.choice(("512", "00000001", "pnp", "anonymous"))
        host = random.choice(("224.0.1.75", "lan", "local", "intern.example.de", "fake", "224.0.1.75:5060"))
        with_mac = f"sip:{host_form}" if place == "host" else f"sip:{spelled}@{host}"
        without = f"sip:{other}@{host}"
        uri = with_mac if place in ("from", "to", "uri", "host") else without
        if place == "host":
            uri += "@fake"
        to = with_mac if place in ("from", "to", "host") else without
        sender = with_mac if place in ("from", "host") else f"sip:{other}@{self.address}"

        via, response_port = self.via()
        contact, notify_port = self.contact(place)
        event, values = self.event()
        values["mac"] = "" if place == "nowhere" else self.mac

        call_id = self.call_id()
        headers: list[tuple[str, str]] = [
            ("From", self.name_addr(sender, self.from_tag())),
            ("To", self.name_addr(to, "")),
            ("Call-ID", call_id),
            ("CSeq", f"{random.choice((1, 10, 20000, 20264, 2**31 - 1))}{self.blank()}SUBSCRIBE"),
            ("Event", event),
        ]
        if contact:
            headers.append(("Contact", contact))
        if self.chance(0.6):
            headers.append(("Max-Forwards", random.choice(("70", "0", "20", "255"))))
        if agent := self.agent(place):
            headers.append(("User-Agent", agent))
        if self.chance(0.85):
            headers.append(("Expires", random.choice(("0", "0", "0", "3600", "soon"))))
        if self.chance(0.85):
            accept = random.choice(
                (
                    "application/url",
                    "application/url",
                    "*/*",
                    "application/*",
                    "text/plain, application/url;q=0.5",
                )
            )
            headers.append(("Accept", accept))
        if self.chance(0.3):
            headers.append(("Supported", "replaces, path, timer, eventlist"))
        if self.chance(0.3):
            headers.append(("Allow", "INVITE, ACK, OPTIONS, CANCEL, BYE, SUBSCRIBE, NOTIFY"))
        if self.chance(0.15):
            headers.append(("X-Serial-Number", f'"{self.mac}'))
        body = "ignored" if self.chance(0.05) else ""
        if body or self.chance(0.8):
            headers.append(("Content-Length", str(len(body))))
        if self.chance(0.5):
            random.shuffle(headers)
        for value in reversed(via):
            headers.insert(0 if self.chance(0.8) else random.randrange(len(headers) + 1), ("Via", value))
        vias = [value for name, value in headers if name == "Via"]
        if vias != via:
            # The top Via is the first one, wherever it stands.
            positions = [index for index, (name, _) in enumerate(headers) if name == "Via"]
            for index, value in zip(positions, via, strict=True):
                headers[index] = ("Via", value)

        start = f"SUBSCRIBE {uri} SIP/2.0"
        text = "\r\n".join([start, *(self.row(name, value) for name, value in headers)]) + "\r\n"
        octets = self.line_ends(text, body)
        return Shape(octets, self.port, values, call_id, response_port, notify_port)

    def spelled_mac(self) -> str:
        digits = self.random.choice((self.mac, self.mac.upper()))
        separator = self.random.choices(("", ":", "-", "%3a", "%3A"), (12, 2, 2, 1, 1))[0]
        spelled = separator.join(digits[i : i + 2] for i in range(0, 12, 2))
        if self.chance(0.04):
            spelled = ".".join(digits[i : i + 4] for i in range(0, 12, 4))
        return self.random.choice(("MAC%3a", "MAC%3A", "MAC:", "MAC=", "MAC", "mac%3a", "Mac=", "")) + spelled

    def blank(self) -> str:
        return self.random.choices((" ", "  ", "\t", "\r\n "), (20, 1, 1, 1))[0]

    def separator(self, text: str = ";") -> str:
        """A separator, at times with blanks or a fold round it."""
        before = self.random.choices(("", " ", "\t", "\r\n "), (20, 2, 1, 1))[0]
        behind = self.random.choices(("", " ", "\t", "\r\n\t"), (20, 2, 1, 1))[0]
        return before + text + behind

    def row(self, name: str, value: str) -> str:
        if name in COMPACT and self.chance(0.2):
            name = COMPACT[name]
        cases: tuple[Callable[[str], str], ...] = (str, str, str, str.lower, str.upper, str.swapcase)
        colon = self.random.choices((": ", ":", " : ", "\t:", ":\t", ":\r\n "), (20, 4, 1, 1, 1, 1))[0]
        tail = self.random.choices(("", " ", "\t"), (20, 1, 1))[0]
        return self.random.choice(cases)(name) + colon + value + tail

    def name_addr(self, uri: str, tag: str) -> str:
        parameter = self.separator() + tag if tag else ""
        # Without brackets a header parameter may not follow a URI that has separators itself; ours has none.
        if self.chance(0.08):
            return uri + parameter
        display = self.random.choices(
            ("", '"Desk <1>; \\"front\\", hall" ', "Front Desk ", '"" '), (20, 1, 1, 1)
        )[0]
        return f"{display}<{uri}>{parameter}"

    def from_tag(self) -> str:
        tag = self.random.choice(
            (f"{self.random.getrandbits(30)}", "87a5a8-25020d0a-13c4-50029-386d4398", "SIPpTag0")
        )
        return self.random.choices((f"tag={tag}", "", "tag="), (16, 3, 1))[0]

    def call_id(self) -> str:
        host = self.random.choice((f"@{self.address}", "@BJC.BGI.IG.DA", "@fake", ""))
        return f"{self.number}-{self.random.getrandbits(40)}{host}"

    def via(self) -> tuple[list[str], int]:
        """The Via values, top first, and the port that the response belongs to."""
        host = self.random.choices((self.address, "phone.example.com", "203.0.113.9"), (18, 1, 1))[0]
        written = self.port != 5060 or self.chance(0.8)
        colon = self.random.choices((":", " : "), (20, 1))[0]
        sent_by = f"{host}{colon}{self.port}" if written else host
        slash = self.random.choices(("/", " / "), (20, 1))[0]
        branch = self.random.choices(
            (
                f"z9hG4bK{self.number}x{self.random.getrandbits(32)}",
                f"z9hG4bK-a.b~c_{self.number}",
                f"old{self.number}",
                "",
            ),
            (12, 4, 1, 4),
        )[0]
        parameters = [f"branch{self.random.choices(('=', ' = '), (20, 1))[0]}{branch}"] if branch else []
        asks_rport = self.chance(0.5)
        if asks_rport:
            parameters.insert(self.random.randrange(len(parameters) + 1), "rport")
        if self.chance(0.05):
            parameters.append('x-note="a;b,c"')
        top = "".join([f"SIP{slash}2.0{slash}UDP {sent_by}", *(self.separator() + one for one in parameters)])
        below = ["SIP/2.0/TCP 10.0.0.1;branch=z9hG4bK2"] if self.chance(0.1) else []
        if below and self.chance(0.5):
            return [f"{top}{self.separator(',')}{below[0]}"], self.port
        return [top, *below], self.port

    def contact(self, place: str) -> tuple[str, int]:
        """The Contact, or "" for none, and the port that the NOTIFY belongs to."""
        user = self.random.choice(("", "", f"MAC{self.mac}@" if place != "nowhere" else "", "512@"))
        if place == "contact":
            user = f"{self.spelled_mac()}@"
        elif place == "agent":
            user = self.random.choice(("", "512@"))
        form = self.random.choices(("port", "bare", "no port", "none", "elsewhere"), (14, 2, 2, 2, 1))[0]
        if place == "contact" and form == "none":
            form = "port"
        if form == "none":
            return "", self.port
        if form == "elsewhere":
            return f"<sip:{user}203.0.113.9:7777>", self.port
        if form == "bare":
            return f"sip:{user}{self.address}:{self.port}", self.port
        if form == "no port":
            return f"<sip:{user}{self.address}>", 5060
        port = self.random.choice(PORTS) if self.chance(0.1) else self.port
        behind = self.random.choices(("", ";expires=60", ";q=0.5"), (20, 1, 1))[0]
        inside = self.random.choices(("", ";line=x1", ";transport=udp"), (20, 1, 1))[0]
        return f"<sip:{user}{self.address}:{port}{inside}>{behind}", port

    def agent(self, place: str) -> str:
        if place == "agent":
            colons = ":".join(self.mac[i : i + 2] for i in range(0, 12, 2))
            form = self.random.choice(AGENTS_WITH_MAC)
            return form.format(
                mac=self.mac, upper=self.mac.upper(), colons=colons, hyphens=colons.replace(":", "-")
            )
        return self.random.choice(("", "", "voip phone", "AUDC-IPPhone/2.2.2", "Yealink SIP-T21P 34.72.14.6"))

    def event(self) -> tuple[str, dict[str, str]]:
        """The Event value and what it says of vendor, model and version."""
        values = {}
        for name, usual in (("vendor", VENDORS), ("model", MODELS), ("version", VERSIONS)):
            kind = self.random.choices(("usual", "awkward", "mixed", "absent"), (12, 2, 2, 1))[0]
            value = self.random.choice(usual)
            if kind == "awkward":
                value = self.random.choice(AWKWARD)
            elif kind == "mixed":
                value = f"{value} {self.random.choice(AWKWARD)} {self.random.choice(AWKWARD)}"
            values[name] = "" if kind == "absent" else value
        parameters = []
        for name, value in values.items():
            if value or self.chance(0.2):
                parameters.append(self.parameter(name, value))
        if self.chance(0.9):
            kind = self.random.choice(('"device"', '"device"', "device", '"application"', '"Device"'))
            parameters.insert(0, f"{self.spelled('profile-type')}{self.equals()}{kind}")
        if self.chance(0.1):
            parameters.append("effective-by=0")
        if self.chance(0.1):
            parameters.append('x-more="a;vendor=\\"no\\""')
        if self.chance(0.3):
            self.random.shuffle(parameters)
        package = self.random.choices(("ua-profile", "UA-Profile", "UA-PROFILE"), (18, 1, 1))[0]
        return "".join([package, *(self.separator() + one for one in parameters)]), values

    def equals(self) -> str:
        return self.random.choices(("=", " = ", "= ", " ="), (20, 1, 1, 1))[0]

    def spelled(self, name: str) -> str:
        if name == "vendor" and self.chance(0.1):
            name = "vender"
        return self.random.choices((name, name.capitalize(), name.upper()), (18, 1, 1))[0]

    def parameter(self, name: str, value: str) -> str:
        token = (
            value and value.isascii() and value.replace(".", "").replace("-", "").replace("_", "").isalnum()
        )
        if token and self.chance(0.15):
            return f"{self.spelled(name)}{self.equals()}{value}"
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{self.spelled(name)}{self.equals()}"{escaped}"'

    def line_ends(self, text: str, body: str) -> bytes:
        end = "\r\n"
        if not body:
            end = self.random.choices(("\r\n", "", "\n"), (16, 2, 1))[0]
        if self.chance(0.1):
            text, end = text.replace("\r\n", "\n"), end.replace("\r\n", "\n")
        if self.chance(0.05):
            text = "\r\n" * self.random.choice((1, 2)) + text
        return (text + end + body).encode("utf-8")
