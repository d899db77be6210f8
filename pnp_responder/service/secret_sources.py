"""Edge: the values of variables that stand in a file of their own or in the environment."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from pnp_responder.rules.variables import SecretReference, SecretUnavailable

MOST_OCTETS = 4096
"""Of one secret. A URL has no room for more."""
CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""Where systemd puts what the unit names with LoadCredential=; a path may begin with `$` and this name."""


class SecretSources:
    """A `Resolve`. Relative paths count from `folder`, that of the rules file.

    `missing` says in words what could not be had, `files` names the files that were read.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] = os.environ) -> None:
        self._folder = folder
        self._environment = environment
        self.missing: list[str] = []
        self.files: list[Path] = []

    def __call__(self, reference: SecretReference) -> str:
        """Of Resolve."""
        try:
            if reference.source == "env":
                return self._variable(reference.name)
            return self._content(self._path(reference.name))
        except SecretUnavailable as error:
            self.missing.append(error.reason)
            raise

    def _variable(self, name: str) -> str:
        value = self._environment.get(name)
        if value is None:
            hint = "Environment= or EnvironmentFile= of the unit sets it"
            raise SecretUnavailable(f"the environment variable {name} is not set", hint, elsewhere=True)
        return value

    def _path(self, name: str) -> Path:
        prefix = f"${CREDENTIALS}/"
        if not name.startswith(prefix):
            return self._folder / name
        folder = self._environment.get(CREDENTIALS)
        if not folder:
            credential = name.removeprefix(prefix)
            hint = f"LoadCredential={credential}:PATH of the unit sets it"
            raise SecretUnavailable(f"${CREDENTIALS} is not set", hint, elsewhere=True)
        return Path(folder) / name.removeprefix(prefix)

    def _content(self, path: Path) -> str:
        hint = ""
        try:
            # Without O_NONBLOCK, opening a pipe that nobody writes would wait for ever.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(descriptor, "rb") as file:
                regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
                octets = file.read(MOST_OCTETS + 1) if regular else b""
        except OSError as error:
            if isinstance(error, PermissionError):
                hint = "who runs this must be allowed to read it; LoadCredential= of the unit also works"
            raise SecretUnavailable(f"{path} cannot be read: {error.strerror or error}", hint) from None
        if not regular:
            raise SecretUnavailable(f"{path} is no regular file")
        if len(octets) > MOST_OCTETS:
            raise SecretUnavailable(f"{path} is larger than {MOST_OCTETS} octets")
        self.files.append(path)
        text = octets.decode("ascii", "replace")  # check_secret refuses the replacement
        return text.removesuffix("\n").removesuffix("\r")
