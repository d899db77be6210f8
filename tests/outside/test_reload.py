"""New rules while phones are being answered: everybody gets an answer, and none is half old, half new."""

from __future__ import annotations

import re
import signal
import time

from tests.outside.conftest import PHONE, SERVER, Lan
from tests.outside.phone import Phone, plain_subscribe
from tests.outside.rules_for_all import NO_LIMITS
from tests.outside.server import Server

PHONES = 1400
SECONDS = 4.2
EVERY = 0.2
ANSWER = re.compile(r"http://192\.168\.1\.118/generation-([0-9]+)/([0-9a-f]{12})/generation-([0-9]+)\.cfg")


def rules(generation: int) -> str:
    """Long enough that a half-written or half-taken file would show."""
    rows = [f"service: {NO_LIMITS}", "vars:", f"  generation: generation-{generation}", "rules:"]
    for number in range(300):
        rows.append(f"  - {{name: other-{number}, match: {{mac: 'fe0000{number:06x}'}}, ignore: true}}")
    rows.append("  - name: everyone")
    rows.append('    url: "http://{{ local_ip }}/{{ generation }}/{{ mac }}/{{ generation }}.cfg"')
    return "\n".join(rows) + "\n"


BROKEN = (
    "rules:\n  - {name: broken, match: {vendr: x}, url: 'http://x/'}\n",
    "",
    "rules: [",
    rules(99)[:-20],
)


def test_rules_replaced_many_times_under_fire(lan: Lan) -> None:
    with Server(lan.server, rules(0)) as server, Phone(lan.phones, PHONE) as phone:
        waiting: dict[str, str] = {}
        offered: dict[str, int] = {}
        began = time.monotonic()
        sent = generation = replaced = 0
        while len(offered) < PHONES and time.monotonic() - began < SECONDS + 20.0:
            elapsed = time.monotonic() - began
            if elapsed > replaced * EVERY and sent < PHONES:
                replaced += 1
                if replaced % 5 == 0:
                    server.replace_rules(BROKEN[replaced // 5 % len(BROKEN)])
                else:
                    generation += 1
                    server.replace_rules(rules(generation))
            while sent < PHONES and sent < elapsed / SECONDS * PHONES:
                mac, call_id = f"020000{sent:06x}", f"fire-{sent}@phone"
                waiting[call_id] = mac
                phone.send(plain_subscribe(PHONE, 5060, mac, call_id))
                sent += 1
            arrival = phone.hear(0.002)
            if arrival is not None and arrival.message.method == "NOTIFY":
                call_id = arrival.message.one("Call-ID")
                url = ANSWER.fullmatch(arrival.message.body.decode())
                assert url, arrival.message.body
                assert url.group(2) == waiting[call_id]
                assert url.group(1) == url.group(3)
                assert int(url.group(1)) <= generation
                offered[call_id] = int(url.group(1))
        assert len(offered) == PHONES, f"{PHONES - len(offered)} phones without an answer"
        assert len(set(offered.values())) > 3, "hardly any reload was taken"
        assert next(server.events("rules_rejected"), None) is not None

        server.replace_rules(rules(1000))
        deadline = time.monotonic() + 5.0
        number = 0
        while time.monotonic() < deadline:
            number += 1
            phone.send(plain_subscribe(PHONE, 5060, f"0200ff{number:06x}", f"last-{number}@phone"))
            _, notify = phone.hear_exchange()
            if b"/generation-1000/" in notify.message.body:
                break
            time.sleep(0.02)
        else:
            raise AssertionError("the last rules were not taken within 5 s")


def test_a_bad_file_keeps_the_old_rules(lan: Lan) -> None:
    with Server(lan.server, rules(1)) as server, Phone(lan.phones, PHONE) as phone:
        server.replace_rules(BROKEN[0])
        rejected = server.wait_for_event("rules_rejected")
        assert "vendr" in str(rejected)
        phone.send(plain_subscribe(PHONE, 5060, "020000aaaaaa", "kept@phone"))
        _, notify = phone.hear_exchange()
        assert notify.message.body.decode() == f"http://{SERVER}/generation-1/020000aaaaaa/generation-1.cfg"


def test_sighup_is_told_to_systemd_from_begin_to_end(lan: Lan) -> None:
    with Server(lan.server, rules(1)) as server:
        server.process.send_signal(signal.SIGHUP)
        reloading = server.wait_for_notice("RELOADING=1")
        assert re.search(r"^MONOTONIC_USEC=[0-9]+$", reloading, re.MULTILINE)
        server.wait_for_notice("READY=1")


def test_a_file_that_may_no_longer_be_read_keeps_the_old_rules(lan: Lan) -> None:
    with Server(lan.server, rules(1)) as server, Phone(lan.phones, PHONE) as phone:
        server.rules.chmod(0o600)
        rejected = server.wait_for_event("rules_rejected")
        assert "cannot be read: Permission denied" in str(rejected["problems"])
        phone.send(plain_subscribe(PHONE, 5060, "020000aaaaab", "unreadable@phone"))
        _, notify = phone.hear_exchange()
        assert notify.message.body.decode().startswith(f"http://{SERVER}/generation-1/020000aaaaab/")
        server.rules.chmod(0o644)
        server.wait_for_notice("STATUS=serving")


def test_a_secret_that_changes_is_taken_at_the_next_reload(
    lan: Lan,
) -> None:
    text = "vars: {token: {file: token.txt}}\nrules: [{url: 'http://{{ local_ip }}/{{ token }}'}]\n"
    server = Server(lan.server, text)
    secret = server.folder / "token.txt"
    secret.write_text("one")
    with server, Phone(lan.phones, PHONE) as phone:

        def told(number: int) -> str:
            phone.send(plain_subscribe(PHONE, 5060, f"020000aaaa{number:02x}", f"secret-{number}@phone"))
            return phone.hear_exchange()[1].message.body.decode()

        assert told(1) == f"http://{SERVER}/one"
        secret.write_text("two")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for_notice("RELOADING=1")
        server.wait_for_notice("READY=1")
        assert told(2) == f"http://{SERVER}/two"
        secret.unlink()
        server.process.send_signal(signal.SIGHUP)
        rejected = server.wait_for_event("rules_rejected")
        assert "'token' has no value" in str(rejected["problems"])
        assert told(3) == f"http://{SERVER}/two"
        assert "/two" not in server.log()
