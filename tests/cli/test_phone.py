"""`phone` as an administrator uses it: against the real service, and against servers that do it wrong."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from pnp_responder.phone.catalogue import CATALOGUE
from tests.phone_edge.servers import web

from .faulty_server import Manners, faulty_server
from .program import PATIENCE, PROGRAM, Running, call, free_port, running, side_by_side

RULES = """\
service: {tcp: true, limits: {rate: 100000, burst: 100000}}
rules:
  - {name: gs, match: {vendor: grandstream}, url: "https://{{ local_ip }}/gs/"}
  - {name: nobody, match: {mac: "00:a8:59:00:00:0f"}, ignore: true}
  - {name: refused, match: {mac: "00:a8:59:00:00:0e"}, reject: 403}
  - {name: one-model, match: {model: snom320}, url: "http://{{ local_ip }}/snom320.cfg"}
  - {name: all, url: "http://{{ local_ip }}/x.cfg"}
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("phone")
    rules = folder / "rules.yaml"
    rules.write_text(RULES)
    with running(folder, rules, "--interface", "lo") as it:
        it.hear("READY=1")
        yield it


def play(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and what --json says."""
    done = call("phone", "--json", *arguments)
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert isinstance(told, dict)
    return done.returncode, told


def play_and_show(*arguments: str) -> tuple[int, dict[str, Any], subprocess.CompletedProcess[str]]:
    """Two phones at once: exit code and JSON of one, and what a person reads of the other."""
    as_json, shown = side_by_side(
        *(partial(call, "phone", *form, *arguments) for form in (["--json"], [])),
    )
    assert as_json.stderr == ""
    return as_json.returncode, json.loads(as_json.stdout), shown


def play_against(
    all_manners: Iterable[Manners], *arguments: str
) -> dict[Manners, tuple[int, dict[str, Any]]]:
    """Exit code and JSON of a phone for each of these servers; all at once."""

    def one(manners: Manners) -> tuple[Manners, tuple[int, dict[str, Any]]]:
        with faulty_server(manners) as address:
            return manners, play(*arguments, "--server", str(address))

    return dict(side_by_side(*(partial(one, manners) for manners in all_manners)))


def items(told: dict[str, Any]) -> list[str]:
    """The items of the faults, but for an answer that came late: this machine may be busy."""
    return [fault["item"] for fault in told["faults"] if fault["item"] != "S5"]


def judged(told: dict[str, Any]) -> int:
    """The exit code for a phone that was served."""
    return 2 if told["faults"] else 0


class TestAgainstTheService:
    # The others are judged without sockets, in tests/phone/test_judge.py.
    @pytest.mark.parametrize("name", ["fanvil", "snom", "audiocodes", "yealink"])
    def test_phones_are_served_without_fault(self, service: Running, name: str) -> None:
        code, told = play("--like", name, "--interface", "lo", "--port", str(service.port))
        assert (told["outcome"], items(told)) == ("served", [])
        assert code == judged(told)
        assert told["phone"]["like"] == name
        assert told["would_fetch"]
        assert [step["text"][:3] for step in told["exchange"]] == ["SUB", "SIP", "NOT", "SIP"]

    def test_repeats_what_the_phone_missed(self, service: Running) -> None:
        code, told = play("--thorough", "--interface", "lo", "--port", str(service.port))
        assert (code, items(told)) == (judged(told), [])
        assert [step["heard"] for step in told["exchange"][:3]] == [True, True, False]
        notifies = [step["text"] for step in told["exchange"] if step["text"].startswith("NOTIFY")]
        assert len(notifies) >= 2
        assert len(set(notifies)) == 1

    def test_as_a_person_reads_it(self, service: Running) -> None:
        done = call("phone", "--like", "grandstream", "--interface", "lo", "--port", str(service.port))
        assert done.returncode in (0, 2)
        assert done.stderr == ""
        assert "Grandstream GRP2612W 1.0.5.67, MAC c0:74:ad:00:00:01." in done.stdout
        assert "\nserved: https://127.0.0.1/gs/\n" in done.stdout
        assert "would fetch https://127.0.0.1/gs/cfgc074ad000001.xml" in done.stdout

    def test_by_unicast(self, service: Running) -> None:
        code, told = play("--server", f"127.0.0.1:{service.reply_port}")
        assert (code, told["outcome"], items(told)) == (judged(told), "served", [])

    def test_by_tcp(self, service: Running) -> None:
        at = ("--server", f"127.0.0.1:{service.reply_port}", "--transport", "tcp")
        code, told = play("--like", "snom", *at)
        assert (code, told["outcome"], items(told)) == (judged(told), "served", [])
        assert all("SIP/2.0/TCP" in step["text"] for step in told["exchange"])
        code, told = play("--count", "50", "--within", "0.1", *at)
        assert (code, told["served"], told["asked_again"]) == (judged(told["first"]), 50, 0)

    def test_refused_by_a_rule(self, service: Running) -> None:
        at = ("--server", f"127.0.0.1:{service.reply_port}")
        code, told = play("--mac", "00a85900000e", *at)
        assert (code, told["outcome"], told["url"]) == (1, "refused", None)

    def test_silence(self, service: Running) -> None:
        at = ("--interface", "lo", "--port", str(service.port), "--timeout", "1")
        code, told, done = play_and_show("--mac", "00a85900000f", *at)
        assert (code, told["outcome"], items(told)) == (1, "silence", [])
        assert done.returncode == 1
        assert "not served: nobody answered" in done.stdout
        assert "the same octets again: SUBSCRIBE" in done.stdout

    def test_a_kept_message(self, service: Running) -> None:
        kept = Path(__file__).parents[1] / "corpus/snom/snom370_8.7.5.48.subscribe"
        at = ("--interface", "lo", "--port", str(service.port))
        code, told = play("--from", str(kept), "--model", "snom320", *at)
        assert (code, told["url"]) == (judged(told), "http://127.0.0.1/snom320.cfg")
        assert told["phone"]["vendor"] == "snom"
        assert told["phone"]["mac"] == "0004132e08b4"

    def test_a_campus(self, service: Running) -> None:
        at = ("--interface", "lo", "--port", str(service.port), "--count", "300", "--within", "0.3")
        code, told = play(*at)
        assert (code, told["served"]) == (judged(told["first"]), 300)
        assert told["statuses"] == {"200": 300}
        assert items(told["first"]) == []
        assert 0 < told["percentiles"]["50"] <= told["longest"]
        done = call("phone", *at, "--like", "yealink")
        assert done.returncode in (0, 2)
        assert "served                300  100.00 %" in done.stdout
        assert "from the request to the URL:" in done.stdout
        assert "#" in done.stdout

    def test_a_campus_that_is_refused(self, service: Running) -> None:
        at = ("--server", f"127.0.0.1:{service.reply_port}")
        code, told = play("--mac", "00a85900000e", "--count", "2", "--within", "0", "--timeout", "1", *at)
        assert (code, told["statuses"]) == (1, {"403": 1})
        assert told["outcomes"]["refused"] == told["outcomes"]["silence"] == 1


WITH_FOLDER = Manners(url="http://192.0.2.1/")
FAULTS: list[tuple[Manners, list[str]]] = [
    (WITH_FOLDER, []),
    (WITH_FOLDER._replace(status="202 Accepted subscription"), ["S1"]),
    (WITH_FOLDER._replace(phones_via=True), ["N6"]),
    (WITH_FOLDER._replace(swapped=False), ["N2", "N3"]),
    (WITH_FOLDER._replace(contact=False), ["R5", "N8"]),
    (WITH_FOLDER._replace(state=""), ["N10"]),
    (WITH_FOLDER._replace(state="terminated;reason=noresource"), ["N10"]),
    (WITH_FOLDER._replace(body_end="\r\n"), ["U5"]),
    (WITH_FOLDER._replace(notify_first=True), ["N15"]),
    (WITH_FOLDER._replace(rport=False), ["T5", "T5"]),
    (Manners(url="http://192.0.2.1/cfg"), ["U2"]),
    (Manners(url="ftp://u:p@192.0.2.1/"), ["P12"]),
    (Manners(url="192.0.2.1"), ["U1"]),
]


@cache
def faults_played() -> dict[Manners, tuple[int, dict[str, Any]]]:
    return play_against((manners for manners, _ in FAULTS), "--like", "grandstream")


@pytest.mark.parametrize(("manners", "expected"), FAULTS)
def test_faults_are_named(manners: Manners, expected: list[str]) -> None:
    code, told = faults_played()[manners]
    assert told["outcome"] == "served"
    assert items(told) == expected
    assert code == judged(told)


def test_what_is_lost_is_repeated() -> None:
    cases = {
        Manners(): ("served", []),
        Manners(same_again=False): ("served", ["X2"]),
        Manners(repeats=False): ("no_notify", ["C1"]),
    }
    played = play_against(cases, "--thorough", "--timeout", "1")
    for manners, (code, told) in played.items():
        assert (told["outcome"], list(dict.fromkeys(items(told)))) == cases[manners], manners
        assert code == {"no_notify": 1, "served": judged(told)}[told["outcome"]]


def test_many_phones_see_more_than_one() -> None:
    """The server's tag is the same for every phone."""
    with faulty_server() as address:
        code, told = play("--count", "3", "--within", "0", "--server", str(address))
    assert (code, told["served"]) == (2, 3)
    assert items(told["first"]) == ["R3"]


def test_200_and_nothing_more() -> None:
    with faulty_server(Manners(notify=False)) as address:
        code, told = play("--timeout", "1", "--server", str(address))
    assert (code, told["outcome"], items(told)) == (1, "no_notify", ["S10"])


def test_a_verdict_as_a_person_reads_it() -> None:
    with faulty_server(Manners(phones_via=True, url="http://u:secret@192.0.2.1/x\x1b[2J")) as address:
        done = call("phone", "--server", str(address))
    assert done.returncode == 2
    assert "\nserved: http://u:***@192.0.2.1/x\\x1b[2J\n" in done.stdout
    assert "N6   NOTIFY with the phone's own Via: SIP/2.0/UDP 127.0.0.1" in done.stdout
    assert "expected: a Via of the server, a new branch" in done.stdout
    assert "RFC 3261 8.1.1.7: " in done.stdout
    assert "secret" not in done.stdout
    assert "\x1b" not in done.stdout


def test_secrets_on_request() -> None:
    with faulty_server(Manners(url="http://u:secret@192.0.2.1/x")) as address:
        _, told = play("--server", str(address), "--show-secrets")
    assert told["url"] == "http://u:secret@192.0.2.1/x"


def test_fetches_what_the_phone_would() -> None:
    with web(
        lambda path, headers: (200, {}, path.encode()) if path == "/cfg.xml" else (404, {}, b"")
    ) as port:
        with faulty_server(Manners(url=f"http://127.0.0.1:{port}/")) as address:
            code, told, done = play_and_show("--like", "grandstream", "--fetch", "--server", str(address))
        assert code == judged(told)
        assert [found["status"] for found in told["fetched"]] == ["404 Not Found"] * 2 + ["200 OK"]
        assert told["fetched"][-1]["agrees"] is True
        assert f"  http://127.0.0.1:{port}/cfg.xml\n    200 OK, 8 octets" in done.stdout
        assert "a second fetch brought the same again" in done.stdout


def test_a_file_that_is_not_there() -> None:
    with (
        web(lambda path, headers: (404, {}, b"")) as port,
        faulty_server(Manners(url=f"http://127.0.0.1:{port}/x")) as address,
    ):
        code, told, done = play_and_show("--fetch", "--server", str(address))
    assert (code, told["outcome"], items(told)) == (2, "served", ["U6"])
    assert done.returncode == 2
    assert "\nfetched:\n" in done.stdout
    assert "\n1 fault:\n  U6   the file does not come: 404 Not Found\n" in done.stdout
    assert "no fault" not in done.stdout


def test_another_file_each_time() -> None:
    bodies = iter(range(100))
    with (
        web(lambda path, headers: (200, {}, str(next(bodies)).encode())) as port,
        faulty_server(Manners(url=f"http://127.0.0.1:{port}/x")) as address,
    ):
        code, told = play("--fetch", "--server", str(address))
    assert (code, items(told), told["fetched"][0]["agrees"]) == (2, ["U7"], False)


class TestOneNotifyForAllPhones:
    """With the Call-ID and the tags of nobody, and no response."""

    def test_some_phones_take_it(self) -> None:
        with faulty_server(Manners(canned=True)) as address:
            code, told, done = play_and_show("--like", "akuvox", "--server", str(address))
        assert (code, told["outcome"], told["url"]) == (2, "served", Manners().url)
        assert {"S10", "N1", "N3", "N4", "M21"} <= set(items(told))
        assert "test tool" in told["lenience"]
        assert "takes this NOTIFY although it is outside of its dialog" in done.stdout

    def test_others_answer_481(self) -> None:
        with faulty_server(Manners(canned=True)) as address:
            code, told, done = play_and_show("--timeout", "1", "--server", str(address))
        assert (code, told["outcome"]) == (1, "notify_refused")
        assert {"N1", "N3", "N4"} <= set(items(told))
        assert done.returncode == 1
        assert "\nnot served: a NOTIFY came that this phone cannot take\n" in done.stdout
        assert "\n  the phone answered 481, a NOTIFY for no subscription of this phone\n" in done.stdout
        assert "NOTIFY with Call-ID: 1147221869" in done.stdout
        assert "nobody" not in done.stdout

    def test_a_campus_of_phones_that_take_it_is_not_without_fault(self) -> None:
        with faulty_server(Manners(canned=True)) as address:
            code, told = play("--like", "akuvox", "--count", "2", "--within", "0.3", "--server", str(address))
        assert {"N3", "N4"} <= set(items(told["first"]))
        assert (code, told["served"]) == (2, 2)

    def test_a_campus_of_phones_that_do_not(self) -> None:
        with faulty_server(Manners(canned=True)) as address:
            more = ("--count", "3", "--within", "0", "--timeout", "1")
            code, told = play(*more, "--server", str(address))
        assert (code, told["outcomes"]["notify_refused"], told["outcomes"]["silence"]) == (1, 3, 0)
        assert {"N3", "N4"} <= set(items(told["first"]))


def test_two_urls_for_one_phone() -> None:
    manners = Manners(url="http://u:secret@192.0.2.1/a", second_url="http://u:secret@192.0.2.1/b")
    with faulty_server(manners) as address:
        code, told, done = play_and_show("--server", str(address))
    (fault,) = (fault for fault in told["faults"] if fault["item"] == "X2")
    assert code == 2
    assert fault["saw"] == "2 NOTIFYs for one SUBSCRIBE, with 2 different URLs"
    assert fault["urls"] == ["http://u:***@192.0.2.1/a", "http://u:***@192.0.2.1/b"]
    assert (
        "different URLs\n         http://u:***@192.0.2.1/a\n         http://u:***@192.0.2.1/b\n"
        in done.stdout
    )
    assert "secret" not in done.stdout


def test_an_output_that_is_full_is_not_the_networks_fault() -> None:
    with faulty_server() as address, open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [*PROGRAM, "phone", "--server", str(address)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert done.returncode == 74
    assert done.stderr == "pnp-responder: No space left on device\n"


def test_nobody_listens() -> None:
    at = ("--server", f"127.0.0.1:{free_port()}")
    for code, told in side_by_side(partial(play, *at), partial(play, *at, "--transport", "tcp")):
        assert (code, told["outcome"]) == (1, "unreachable")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--like", "nokia"), 64, "there are: fanvil"),
        (("--mac", "1"), 64, "MAC"),
        (("--model", 'a"b', "--server", "127.0.0.1"), 64, "without quotes"),
        (("--transport", "tcp"), 64, "name the server"),
        (("--transport", "tcp", "--server", "127.0.0.1", "--thorough"), 64, "nothing is lost"),
        (("--server", "127.0.0.1:x"), 64, "HOST"),
        (("--server", "127.0.0.1:70000"), 64, "65535"),
        (("--server", "nowhere.invalid"), 69, "nowhere.invalid"),
        (("--server", "127.0.0.1", "--interface", "lo"), 64, "unicast"),
        (("--interface", "nothing0"), 69, "nothing0"),
        (("--group", "x", "--interface", "lo"), 64, "IPv4"),
        (("--from", "/nonexistent"), 74, "No such file"),
        (("--from", "/dev/null", "--server", "127.0.0.1"), 64, "not a SUBSCRIBE"),
        (("--from", "x", "--count", "2"), 64, "one phone"),
        (("--from", "x", "--like", "snom"), 64, "either"),
        (("--count", "0"), 64, "--count"),
    ],
)
def test_wrong_use(arguments: tuple[str, ...], code: int, said: str) -> None:
    done = call("phone", *arguments)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_the_list() -> None:
    done = call("phone", "--list")
    assert done.returncode == 0
    for name, shape in CATALOGUE.items():
        assert f"\n{name} " in done.stdout
        assert (f"\n  {name}: {shape.habits.outside_dialog}\n" in done.stdout) == bool(
            shape.habits.outside_dialog
        )


def test_a_port_that_is_taken_is_said() -> None:
    with faulty_server() as address, faulty_server() as other:
        done = call("phone", "--server", str(address), "--source-port", str(other.port))
        assert done.returncode == 69
        assert f"cannot use port {other.port} of 127.0.0.1" in done.stderr
