"""One entry, one line; nothing a stranger says makes two of it."""

from __future__ import annotations

import json
import logging
import re

from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.datagram import TCP, Local, SocketAddress
from pnp_responder.enrollment import Device, Enrollment, Offer
from pnp_responder.events import EnrollmentOffered
from pnp_responder.mac import Mac
from pnp_responder.service.log_format import Entry, Offers, line_renderer
from pnp_responder.service.phone_fields import offer_fields

CONSOLE = line_renderer("console")
JSON = line_renderer("json")
ANYTHING = st.text(st.characters(), max_size=30)


def entry(**fields: object) -> Entry:
    return Entry(1_700_000_000.123, logging.INFO, "enrollment_offered", fields)


def test_a_line_of_json() -> None:
    line = JSON(entry(mac="00a859112233", model="VOIP PHONE", status=None, attempts=2, problems=["a", "b"]))
    assert json.loads(line) == {
        "timestamp": "2023-11-14T22:13:20.123Z",
        "level": "info",
        "event": "enrollment_offered",
        "mac": "00a859112233",
        "model": "VOIP PHONE",
        "status": None,
        "attempts": 2,
        "problems": ["a", "b"],
    }


def test_a_line_for_a_terminal_leaves_out_what_is_not_given() -> None:
    line = CONSOLE(entry(mac="00a859112233", vendor="", model="VOIP PHONE", status=None, attempts=2))
    when, shown = line[:23], line[24:]
    assert re.fullmatch(r"[0-9-]{10} [0-9:]{8}\.123", when)
    assert shown == 'info     enrollment_offered   mac=00a859112233 model="VOIP PHONE" attempts=2'


def test_quotes_are_unambiguous() -> None:
    line = CONSOLE(entry(a='say "x"', b="it's", c="both ' and \"", d="k=v", e="back\\slash"))
    assert line.endswith(r"""a='say "x"' b="it's" c="both ' and \"" d="k=v" e=back\\slash""")


def test_colour_marks_the_level_alone() -> None:
    line = line_renderer("console", colour=True)(entry(mac="00a859112233")._replace(level=logging.ERROR))
    assert "\x1b[31merror   \x1b[0m" in line
    assert line.count("\x1b") == 2


@given(ANYTHING, ANYTHING)
def test_strangers_cannot_break_a_line(one: str, other: str) -> None:
    for render in (CONSOLE, JSON):
        assert render(entry(model=one, hint=[other])).isprintable()


@given(st.dictionaries(st.sampled_from(["mac", "vendor", "model", "url"]), ANYTHING, min_size=1))
def test_a_terminal_line_can_be_taken_apart_again(fields: dict[str, str]) -> None:
    rest = CONSOLE(entry(**fields)).partition("enrollment_offered")[2].strip()
    pair = re.compile(r"""(\w+)=(?:'([^']*)'|"((?:\\.|[^"\\])*)"|([^\s"'=]+))(?: |$)""")
    found = {}
    while rest:
        match = pair.match(rest)
        assert match, rest
        found[match[1]] = match[2] or (match[3] or match[4] or "").replace('\\"', '"')
        rest = rest[match.end() :]
    expected = {key: json.loads(JSON(entry(**{key: value})))[key] for key, value in fields.items() if value}
    assert found == expected


@given(ANYTHING)
def test_json_holds_the_same_text_as_the_terminal(text: str) -> None:
    assert json.loads(JSON(entry(model=text)))["model"].isprintable()


LOCAL = Local("eth1", SocketAddress("192.0.2.1", 5060))
ENROLLMENTS = st.builds(
    Enrollment,
    st.builds(Device, st.sampled_from([None, Mac("00a859112233")]), ANYTHING, ANYTHING, ANYTHING),
    st.sampled_from(["device", "user", ""]),
    ANYTHING,
    st.sampled_from([None, SocketAddress("192.0.2.45", 5062)]),
    st.none()
    | st.builds(Local, ANYTHING, st.just(SocketAddress("192.0.2.1", 5060)), st.sampled_from(["UDP", TCP])),
)


OFFERS = st.lists(
    st.builds(EnrollmentOffered.of, ENROLLMENTS, st.builds(Offer, ANYTHING, ANYTHING, st.none() | ANYTHING)),
    min_size=1,
    max_size=4,
)


@given(OFFERS)
def test_the_lines_about_phones_are_those_of_their_fields(offered: list[EnrollmentOffered]) -> None:
    when = 1_700_000_000.123
    for render in (CONSOLE, JSON):
        lines = render(Offers(when, offered)).split("\n")
        for event, line in zip(offered, lines, strict=True):
            fields = offer_fields(event.enrollment, event.rule, event.masked)
            assert line == render(Entry(when, logging.INFO, "enrollment_offered", fields))


def test_a_secret_in_one_url_of_many_is_masked() -> None:
    phone = Enrollment(Device(Mac("00a859112233")), "device", "", SocketAddress("192.0.2.45", 5062), LOCAL)
    urls = ["http://h/x", "http://user:opensesame@h/x", 'http://h/"quoted"\\', "http://h/?token=opensesame"]
    offered = [EnrollmentOffered.of(phone, Offer(url, "r")) for url in urls]
    told = [json.loads(line)["url"] for line in JSON(Offers(1.0, offered)).split("\n")]
    masked = ["http://h/x", "http://user:***@h/x", 'http://h/"quoted"\\\\', "http://h/?token=***"]
    assert told == masked
