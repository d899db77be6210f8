"""Whatever is wrong with a file, a secret in it is in nothing that is said about it."""

from __future__ import annotations

import pytest

from pnp_responder.cli.check import problem_as_json
from pnp_responder.rules import Problem, RulesError
from pnp_responder.rules.url_template import BUILTIN_NAMES
from pnp_responder.service.configuration import read_configuration

SECRET = "heim"


def problems(text: str) -> tuple[Problem, ...]:
    """Errors and warnings."""
    try:
        return read_configuration(text, "r").warnings
    except RulesError as error:
        return error.problems


FILES = [
    *(
        f"vars: {{{name}: geheim}}\nrules: []\n"
        for name in (
            '"pass word"',
            '"password[0]"',
            '"token/prod"',
            "$password",
            "my+password",
            "pässword",
            '"token:prod"',
        )
    ),
    "vars:\n  pass word: geheim\nrules: []\n",
    "vars:\n  pass word:\n    - geheim\n    - geheim\nrules: []\n",
    "vars:\n  pass word: >\n    one\n    geheim\nrules: []\n",
    "vars: {'api key!': {geheim: 1}}\nrules: []\n",
    "rules:\n  - url: 'http://u:pa{{geheim}}@h/x'\n",
    "rules:\n  - url: 'http://u:pa{{geheim@h/x'\n",
    "rules:\n  - url: 'http://u:pa{{geheim@h/{{ mac }}'\n",
    "rules:\n  - url: 'http://u:12{{geheim@h/{{ mac }}'\n",
    "rules:\n  - url: 'http://{{geheim}}@h/x'\n",
    "rules:\n  - url: 'http://u:{{ mac | geheim }}@h/x'\n",
    "rules:\n  - url: 'http://u:pa}}{{geheim}}{{@h/x'\n",
    "rules:\n  - url: 'http://h/x?token=ab{{geheim}}'\n",
    "rules:\n  - url: 'http://h/x?token={{ge@heim}}'\n",
    "rules:\n  - url: 'http://h/x?token={{geheim'\n",
    'rules:\n  - url: "http://u:pa{{geheim}}@h/{{ nope }}"\n',
    "vars: {base: 'http://u:'}\nrules:\n  - url: '{{ base }}pa{{geheim}}@h/x'\n",
    "vars: {base: 'http://u:'}\nrules:\n" + 2 * "  - {url: '{{ base }}geheim@h/x', nope: 1}\n",
    "vars: {base: 'http://u:pa{{geheim}}@h'}\nrules: []\n",
    "vars: {base: 'http://u:pa{{geheim@h'}\nrules: []\n",
    "rules:\n  - url: http://u:pa{{geheim}}@h/x # c\n",
    "rules:\n  - url: 'http://u:pa {{ geheim heim }}@h/x'\n",
    "defaults: {url: 'http://u:pa{{geheim}}@h/x'}\nrules: [{}]\n",
    "rules:\n  - url: 'http://u:pa{{geheim|}}@h/x'\n",
    "rules:\n  - url: 'http://u:geheim{{ mac | | geheim }}@h/x'\n",
    "vars: {pw: 'geheim'}\nrules:\n  - url: 'http://u:{{ pw | geheim }}@h/x'\n",
    "rules:\n  - url: 'http://u:{{ pw1 }}geheim@h/x'\n",
    "rules:\n  - url: 'u:pa{{geheim}}@h/x'\n",
    "rules:\n  - url: 'http:/u:pa{{geheim}}@h/x'\n",
    "rules:\n  - url: 'http://u:pa{{geheim}}h/x'\n",
    "rules:\n  - url: 'http://u:pa/{{geheim}}@h/x'\n",
    "rules:\n  - url: 'http://h/x?a=b&password={{geheim }}x'\n",
    "rules:\n  - url: 'http://u:p\"a{{geheim}}@h/x'\n",
    "rules:\n  - url: http://u:{{geheim}}:x: y@h/x\n",
    "rules:\n  - match: {vendor: fanvil}\n    url: 'http://u:pa$geheim@h/x'\n",
    "rules:\n  - match: {vendor: fanvil}\n    url: 'http://u:pa{geheim}@h/x'\n",
    "rules:\n  - match: {vendor: fanvil}\n    url: 'http://h/x?token=$geheim'\n",
    "vars:\n  password:\n    geheim: x\nrules: []\n",
    "vars:\n  password:\n    geheim {{ x\nrules: []\n",
    "vars: {password: {geheim}}\nrules: []\n",
    "vars: {password: !geheim}\nrules: []\n",
    "vars: {password: &geheim }\nrules: []\n",
    "vars: {password: *geheim }\nrules: []\n",
    "vars:\n  password: !geheim\nrules: []\n",
    "vars:\n  password: &geheim\nrules: []\n",
    "vars:\n  password: *geheim\nrules: []\n",
    "vars:\n  password: @geheim\nrules: []\n",
    "vars:\n  password: %geheim\nrules: []\n",
    "vars:\n  password: [geheim]\nrules: []\n",
    "vars:\n  password: {geheim: 1, geheim: 2}\nrules: []\n",
    "vars:\n  password: geheim: x\nrules: []\n",
    "vars:\n  password: 'geheim\nrules: []\n",
    'vars:\n  password: "ge\\iheim geheim"\nrules: []\n',
    "vars:\n  password:\n    geheim: x: y\nrules: []\n",
    'vars:\n  password: {env: "geheim=1"}\nrules: []\n',
    "vars:\n  password:\n    - geheim\nrules: []\n",
    "vars:\n  password: >\n    geheim\n   x: [\nrules: []\n",
    "vars:\n  password: |\n    geheim\n    geheim\nrules: []\n",
    "vars:\n  password: 'x\n    geheim'\nrules: []\n",
    "vars:\n  password:\n    ? geheim\nrules: []\n",
    "vars:\n  password:\n    !geheim x\nrules: []\n",
    "vars:\n  password:\n    *geheim\nrules: []\n",
    "vars:\n  password:\n    {geheim}\nrules: []\n",
    "vars:\n  password: geheim\n   bad: [\nrules: []\n",
    "vars:\n  password: x\n    geheim: y\nrules: []\n",
    "vars:\n  password: `geheim\nrules: []\n",
    "vars:\n  password: {geheim\nrules: []\n",
    "vars:\n  password: |geheim\nrules: []\n",
    "vars:\n  password: \tgeheim\nrules: []\n",
    "vars:\n  password:\n  \tgeheim\nrules: []\n",
    'vars:\n  password: "geheim" geheim\nrules: []\n',
    "vars:\n  password: [geheim\nrules: []\n",
    "vars:\n  password: 'geheim' : x\nrules: []\n",
    "vars:\n  password: geheim\n  password: geheim\nrules: []\n",
    "vars:\n  'password': geheim\n  'password': geheim\nrules: []\n",
    'vars: {"password":"geheim","password":"geheim"}\nrules: []\n',
    '{"vars":{"password":{"geheim":1}},"rules":[]}',
    '{"vars":{"password":["geheim"]},"rules":[]}',
    "vars: {password : {geheim}}\nrules: []\n",
    "vars:\n  password: x\ty\n  password: geheim\nrules: []\n",
    "vars:\n  ? password\n  : !geheim\nrules: []\n",
    "rules:\n  - password: !geheim\n",
    "rules:\n  - match: {vendor: x}\n    token: {geheim}\n    ignore: true\n",
    "vars:\n  password: geheim\x07\nrules: []\n",
    "vars:\n  password: gehei\u00a0{{m\n  x: {{\nrules: []\n",
    "rules:\n  - 'http://u:geheim@h': x\n    ignore: true\n",
    "rules:\n  - match: {mac: 'http://u:geheim@h/" + "x" * 99 + "'}\n    ignore: true\n",
    "rules:\n  - reject: 'http://u:12geheim" + "y" * 80 + "@h/'\n",
    "rules: 'http://u:12geheim" + "y" * 80 + "@h/'\n",
    "rules:\n  - url: 'http://u:12345geheim" + "y" * 120 + "@h:x/{{ rule }}'\n",
    "rules: [{name: 'http://u:geheim@h', ignore: true}, {name: 'http://u:geheim@h', ignore: true}]",
    "rules:\n  - url: http://u:geheim@h/\n   bad: x\n",
    "rules:\n  - {url: http://u:geheim@h/, url: 'http://u:geheim@h'}\n",
    "rules:\n  - url: !http://u:geheim@h/\n",
    "rules:\n  - url: *http://u:geheim@h/\n",
    "rules:\n  - url: &http://u:geheim@h/\n",
    "rules:\n  - url:\n    - http://u:geheim@h/\n",
    "rules:\n  - url: {http://u:geheim@h/: x}\n",
    "rules:\n  - url: {http://u:geheim@h/}\n",
    "service: {interfaces: 'http://u:geheim@h/['}\nrules: []\n",
    "service: {group: 'http://u:geheim@h/'}\nrules: []\n",
    "rules: []\ntests: [{device: {mac: 'http://u:geheim@h/'}, expect: {url: 'http://u:{{geheim}}@h'}}]",
    "rules: []\ntests:\n - device: {}\n   expect:\n     token: !geheim\n",
]


@pytest.mark.parametrize("text", FILES)
def test_a_secret_is_in_no_problem(text: str) -> None:
    for problem in problems(text):
        for shown in (str(problem), problem.render(), str(problem_as_json(problem))):
            assert SECRET not in shown
            assert "gehei" not in shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "rules:\n  - url: 'http://u:pa{{geheim}}@h/{{ mca }}'\n",
            [
                f"r:2:10: unknown placeholder '***' (known are {', '.join(BUILTIN_NAMES)})",
                "r:2:10: unknown placeholder 'mca' (did you mean 'mac'?)",
            ],
        ),
        ("rules:\n  - url: 'http://u:pa{{geheim@h/x'\n", ["r:2:10: '{{' is not closed by '}}'"]),
        (
            "rules:\n  - url: 'http://u:{{ mac | geheim }}@h/x'\n",
            ["r:2:10: unknown filter '***' ('mac' takes upper, colon, hyphen)"],
        ),
        (
            "vars:\n  password: !geheim\nrules: []\n",
            ["r:2:13: tag '***' is not allowed (leave it out)"],
        ),
        (
            "vars:\n  password: {fiel: geheim}\nrules: []\n",
            ["r:2:14: unknown key '***' (did you mean 'file'?)"],
        ),
        (
            "vars: {base: 'http://h'}\nrules: [{url: '{{ bse }}/{{ mac | uper }}?token={{ tok }}'}]\n",
            [
                "r:2:15: unknown filter 'uper' (did you mean 'upper'?)",
                "r:2:15: unknown placeholder 'bse' (did you mean 'base'?)",
                f"r:2:15: unknown placeholder 'tok' (known are {', '.join(BUILTIN_NAMES)}, base)",
            ],
        ),
        (
            "rules:\n  - match: {vendor: fanvil}\n    url: 'https://u:pa$geheim@h/$mca'\n",
            [
                "r:3:10: warning: rule 'rule-1' sends '$mca' to fanvil phones, which do not replace it "
                "(they know $input, $mac)"
            ],
        ),
    ],
)
def test_what_is_said_instead(text: str, expected: list[str]) -> None:
    assert sorted(map(str, problems(text))) == expected


@pytest.mark.parametrize(
    ("text", "column", "shown"),
    [
        ("vars:\n  password:\n    geheim {{ x\nrules: []\n", 5, "    ***"),
        ("vars:\n  password:\n  - geheim\nrules: []\n", 3, "  ***"),
        ("vars:\n  ? password\n  : !geheim\nrules: []\n", 5, "  ***"),
        ("vars:\n  password: x\n  base: [a]\nrules: []\n", 9, "  base: [a]"),
        ("vars:\n  password:\n    flie: x\nrules: []\n", 5, "    ***"),
        (
            "rules:\n  - name: x\n    token: y\n    match: {mca: x}\n    ignore: true\n",
            13,
            "    match: {mca: x}",
        ),
        ("rules:\n  - token: y\n    match: {mca: x}\n    ignore: true\n", 13, "    match: {mca: x}"),
    ],
)
def test_a_line_that_belongs_to_a_secret_above_it_is_not_shown(text: str, column: int, shown: str) -> None:
    problem = next(problem for problem in problems(text) if problem.place.column == column)
    _, line, caret = problem.render().split("\n")
    assert line == f"    {shown}"
    assert len(caret) <= 4 + column


def test_a_password_that_a_variable_begins_is_not_shown() -> None:
    """The line alone does not tell."""
    for url in ("{{ base }}geheim@h/x y", "{{ base }}geheim@h/{{ mca }}", "{{ base }}geheim@h/"):
        found = problems(f"vars: {{base: 'http://u:'}}\nrules:\n  - url: '{url}'\n")
        assert [problem.place.line for problem in found] == [3]
        assert SECRET not in found[0].render()
    found = problems("vars: {base: 'http://h/'}\nrules:\n  - url: '{{ base }}a@b/{{ mca }}'\n")
    assert "a@b" in found[0].render()
