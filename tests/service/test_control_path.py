"""Where service and client meet when nobody says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from pnp_responder.service.control_path import own_path, paths_to_try

UNIT = {"RUNTIME_DIRECTORY": "/run/pnp-responder"}
USER = {"XDG_RUNTIME_DIR": "/run/user/1000"}


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        (UNIT, "/run/pnp-responder/control"),
        (UNIT | USER, "/run/pnp-responder/control"),
        ({"RUNTIME_DIRECTORY": "/run/one:/run/two"}, "/run/one/control"),
        (USER, "/run/user/1000/pnp-responder.control"),
    ],
)
def test_of_the_service(environment: dict[str, str], path: str) -> None:
    assert own_path(environment) == Path(path)
    assert Path(path) in paths_to_try(environment)


@pytest.mark.parametrize(
    "environment", [{}, {"RUNTIME_DIRECTORY": "", "XDG_RUNTIME_DIR": ""}, {"XDG_RUNTIME_DIR": "run"}]
)
def test_without_a_folder_of_its_own_there_is_none(environment: dict[str, str]) -> None:
    assert own_path(environment) is None
    assert paths_to_try(environment) == [Path("/run/pnp-responder/control")]


def test_a_client_looks_for_the_service_of_the_system_first() -> None:
    system, personal = Path("/run/pnp-responder/control"), Path("/run/user/1000/pnp-responder.control")
    assert paths_to_try(USER) == [system, personal]
    assert paths_to_try(UNIT | USER) == [system, personal]
    assert paths_to_try({"RUNTIME_DIRECTORY": "/run/other"} | USER) == [Path("/run/other/control"), personal]
