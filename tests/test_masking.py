from __future__ import annotations

import pytest

from pnp_responder.masking import mask_source, mask_text, mask_url


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("http://192.0.2.1/a.cfg", "http://192.0.2.1/a.cfg"),
        ("http://user:secret@192.0.2.1/a.cfg", "http://user:***@192.0.2.1/a.cfg"),
        ("ftp://user:@192.0.2.1", "ftp://user:***@192.0.2.1"),
        ("ftp://:secret@192.0.2.1", "ftp://:***@192.0.2.1"),
        ("ftp://user@192.0.2.1", "ftp://user@192.0.2.1"),
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
        ("url: http://user@h/", "url: http://user@h/"),
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
        ("url: http://user@h/", "url: http://user@h/"),
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
