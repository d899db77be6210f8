"""Can a template give a URL? What is said of it holds nothing of its secrets."""

from __future__ import annotations

from pnp_responder.rules.url_check import UrlProblem, check_characters, check_url
from pnp_responder.rules.url_template import Template


def check_template(template: Template, masked: str) -> UrlProblem | None:
    """What is wrong with the URL that a made-up device gets. `masked` is the template's masked sample.

    Where a secret in it is not known, only the characters of the rest are looked at: the secret may be its
    host, or its scheme.
    """
    if not template.is_known:
        return check_characters(masked)
    wrong = check_url(template.sample() if template.secrets else masked)
    if wrong is None or not template.secrets:
        return wrong
    without = check_url(masked)
    if without is not None and without.message == wrong.message:
        return without
    names = ", ".join(dict.fromkeys(f"'{secret.name}'" for secret in template.secrets))
    return UrlProblem(f"no URL that a phone can fetch, once {names} is put in", "its text is not shown here")
