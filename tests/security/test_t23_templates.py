"""T23: a template is names and filters: no attribute, index, format or expression, and no endless length."""

from __future__ import annotations

import pytest

from pnp_responder.enrollment import Offer
from pnp_responder.rules import RulesError
from pnp_responder.rules.ruleset import RuleSet
from pnp_responder.ua_profile.notify import MAX_NOTIFY
from tests.examples import altered, heard, responder
from tests.rules.devices import enrollment

HOSTILE = (
    "{{ mac.__class__ }}",
    "{{ mac.__class__.__mro__[1].__subclasses__() }}",
    "{{ mac[0] }}",
    "{{ mac:>1000000000 }}",
    "{{ mac!r }}",
    "{{ mac | format('%1000000000d') }}",
    "{{ mac | attr('__class__') }}",
    "{{ mac * 1000000000 }}",
    "{{ 7*7 }}",
    "{{ ''.join(config) }}",
    "{{ self }}",
    "{{ environ }}",
    "{{ rule.outcome }}",
    "{{ vendor | upper() }}",
    "{{ open('/etc/passwd').read() }}",
    "{{ mac }}{{ {{ mac }} }}",
)
OTHER_LANGUAGES = (
    "{0.__class__}",
    "{mac.__init__.__globals__}",
    "{mac:>1000000000}",
    "%(mac)1000000000s",
    "${mac}",
    "$(id)",
    "`id`",
    "{% for x in y %}",
    "<%= 7*7 %>",
    "#{7*7}",
    "{{{{",
)


def url(path: str) -> str:
    return "rules:\n  - {name: x, url: 'http://192.0.2.1/" + path.replace("'", "''") + "'}\n"


@pytest.mark.parametrize("template", HOSTILE)
def test_is_refused_with_its_place(template: str) -> None:
    with pytest.raises(RulesError) as caught:
        RuleSet.from_text(url(template), "rules.yaml")
    assert all(problem.place.line == 2 for problem in caught.value.problems)


@pytest.mark.parametrize("text", OTHER_LANGUAGES)
def test_other_languages_are_text_or_refused(text: str) -> None:
    """What another engine would run goes to the phone as it stands, where a URL may hold it at all."""
    try:
        rules = RuleSet.from_text(url(text), "rules.yaml")
    except RulesError:
        return
    decision = rules.decide(enrollment(mac="00a859112233"))
    assert decision == Offer(f"http://192.0.2.1/{text}", "x")


@pytest.mark.parametrize("said", ["{{ mac }}", "{{ local_ip }}", "{0}", "%s", "$mac", "{% x %}"])
def test_what_a_phone_says_is_no_template(said: str) -> None:
    """Its own placeholders come out percent-encoded; nothing is filled in a second time."""
    rules = RuleSet.from_text(url("{{ model }}"), "rules.yaml")
    decision = rules.decide(enrollment(mac="00a859112233", model=said))
    assert isinstance(decision, Offer)
    assert not set("{}$ ") & set(decision.url)
    assert "192.0.2.45" not in decision.url


def test_a_long_value_ends_at_the_size_of_a_notify() -> None:
    """4,000 characters, three octets each once encoded: the device is declined and nothing large is sent."""
    rules = RuleSet.from_text(url("{{ model }}" * 8), "rules.yaml")
    event = f'ua-profile;profile-type="device";vendor="A";model="{"é" * 1_900}";version="1"'
    output = responder(rules.decide).receive_datagram(heard(altered(Event=event), multicast=False), 0.0)
    assert all(len(datagram.payload) <= MAX_NOTIFY for datagram in output.datagrams)
    assert [datagram.payload[:11] for datagram in output.datagrams] == [b"SIP/2.0 500"]
