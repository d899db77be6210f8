from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.masking import mask_source, mask_text, mask_url, mask_values, sounds_secret


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("http://192.0.2.1/a.cfg", "http://192.0.2.1/a.cfg"),
        ("http://user:secret@192.0.2.1/a.cfg", "http://user:***@192.0.2.1/a.cfg"),
        ("ftp://token:@192.0.2.1", "ftp://***@192.0.2.1"),
        ("https://token:x-oauth-basic@192.0.2.1", "https://***@192.0.2.1"),
        ("ftp://:secret@192.0.2.1", "ftp://:***@192.0.2.1"),
        ("ftp://token@192.0.2.1", "ftp://***@192.0.2.1"),
        ("http://@192.0.2.1/", "http://@192.0.2.1/"),
        ("https://h/x?token=a/b?c&mac=1", "https://h/x?token=***&mac=1"),
        ("https://h/x?mac=1&API_Key=s3cret#pw=s3cret", "https://h/x?mac=1&API_Key=***#pw=***"),
        ("https://h/x;jsessionid=s3cret?x", "https://h/x;jsessionid=***"),
        ("https://h/x?%74oken=s3cret", "https://h/x?%74oken=***"),
        ("https://h/x?sig=s3cret&design=flat&token=", "https://h/x?sig=***&design=flat&token="),
        ("<https://h/x?token=s3cret>;tag=1", "<https://h/x?token=***>;tag=1"),
        ("Event: ua-profile;token=1", "Event: ua-profile;token=1"),
        ("http://u:a:b@h/", "http://u:***@h/"),
        ("http://u:%40%3a@h:8080/p@q:r@s", "http://u:***@h:8080/p@q:r@s"),
        ("http://h:80/p?x=a@b", "http://h:80/p?x=a@b"),
        ("http://h/?next=http://u:secret@i/", "http://h/?next=http://u:***@i/"),
        ("", ""),
    ],
)
def test_a_url(url: str, masked: str) -> None:
    assert mask_url(url) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("    url: http://user:secret@192.0.2.1/a.cfg", "    url: http://user:***@192.0.2.1/a.cfg"),
        ("url: http://user:sec ret#1@h/", "url: http://user:***@h/"),
        ("url: http://user:p@ss@h/", "url: http://user:***@h/"),
        ("url: http://{{ user }}:p/w@h/", "url: http://{{ user }}:***@h/"),
        ("url: http://h/", "url: http://h/"),
        ("url: http://token@h/?key=s3cret", "url: http://***@h/?key=***"),
        ("url: http://u:p@h/\nurl: http://u:p@h/", "url: http://u:***@h/\nurl: http://u:***@h/"),
    ],
)
def test_a_line_of_a_file(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("    url: http://user:secret@192.0.2.1/a.cfg", "    url: http://user:***@192.0.2.1/a.cfg"),
        ("url: u:secret@h/x", "url: u:***@h/x"),
        ('url: "http//u:secret@h/x"', 'url: "http//u:***@h/x"'),
        ('url: "https://u:secret"', 'url: "https://u:***"'),
        ('url: "https://u:secret/x"', 'url: "https://u:***/x"'),
        ('url: "https:\\x2f/u:secret@h/"', 'url: "https:***@h/"'),
        ('url: "https://u:secret\\', 'url: "https://u:***'),
        ('  a: "u:secret@h{{"', '  a: "u:***@h{{"'),
        ('  pw: "secret{{ x }}"', "  pw: ***"),
        ("password: [secret]", "password: ***"),
        ("{user: x, api_token: secret}", "{user: x, api_token: ***"),
        ("pw: secret: x", "pw: ***"),
        (
            '{a: "http://u:secret@h", mac: "http://x:secret@h"}',
            '{a: "http://u:***@h", mac: "http://x:***@h"}',
        ),
        ("{a: http://u:secret@h, mac: http://x:secret@h}", "{a: http://u:***@h, mac: http://x:***@h}"),
        ('url: http://u:"secret@h/', "url: http://u:***@h/"),
        # What is no password stays.
        ('match: {mac: "00:a8:59"}, url: "http://h:80/x"', 'match: {mac: "00:a8:59"}, url: "http://h:80/x"'),
        ("url: http://h:8080", "url: http://h:8080"),
        ('url: "https://h/{{ mac }}?token={{ token }}&x={{ y }}"',) * 2,
        ("  token: {file: /run/credentials/token}",) * 2,
        ("vars: {token: {env: TOKEN}, x: y}",) * 2,
        ("vars: {token: {env: TOKEN}, pw: s3cret}", "vars: {token: {env: TOKEN}, pw: ***"),
        ("token: {file: x, value: s3cret}", "token: ***"),
        ('url: "https://h/?token=s3 cret&x=y"', 'url: "https://h/?token=***&x=y"'),
        ("url: h/?token=s3 cret", "url: h/?token=***"),
        ("url: https://token@h/?key=s3cret", "url: https://***@h/?key=***"),
        ("unknown key 'u:secret@h'", "unknown key 'u:***@h'"),
        ("", ""),
    ],
)
def test_a_line_with_mistakes(line: str, masked: str) -> None:
    assert mask_source(line) == masked


@pytest.mark.parametrize("password", ["secret", "s:e", "%40", "s;e", "s=e&f", "'\"<>`"])
def test_no_password_is_left(password: str) -> None:
    url = f"https://user:{password}@192.0.2.1/x"
    assert password not in mask_url(url)
    assert password not in mask_text(f"  url: {url}  # comment")
    assert password not in mask_source(f"  url: {url}  # comment")


@pytest.mark.parametrize(
    "name",
    ["token", "API-Key", "apikey", "user_password", "pw", "db.pw", "x-sig", "PIN", "AuthToken"],
)
def test_names_that_sound_secret(name: str) -> None:
    assert sounds_secret(name)


@pytest.mark.parametrize("name", ["mac", "model", "design", "spin", "pwn", "inside", "base", "v", ""])
def test_names_that_do_not(name: str) -> None:
    assert not sounds_secret(name)


def test_values_that_are_known_go_wherever_they_stand_the_longest_first() -> None:
    assert mask_values("http://abcd/abcdef?abcd", ["abcd", "abcdef"]) == "http://***/***?***"


@given(st.text(st.sampled_from("a:/@?&=;#tokenpw {}\"'<>\n"), max_size=60))
def test_what_is_masked_once_stays_as_it_is(text: str) -> None:
    assert mask_url(mask_url(text)) == mask_url(text)


@pytest.mark.parametrize("piece", ["://", "://a:", "?token=", "://?token", "token: ", "a:", "{{a", "'a:"])
def test_hostile_text_is_read_in_no_time(piece: str) -> None:
    text = piece * (65_536 // len(piece))
    began = process_time()
    mask_url(text)
    mask_text(text)
    assert process_time() - began < 1
