"""Compiles the path that a phone takes through the program, where there is a C compiler to do it.

mypyc makes C of the same sources. The modules that are left out would gain little. `PNP_RESPONDER_COMPILE=0`
leaves all in Python, as an editable installation does; with `PNP_RESPONDER_COMPILE=1` it is an error if it
cannot be done.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "pnp_responder"

COMPILED = (
    *("admission", "engine", "events", "express", "limits", "long_way", "outcomes", "responder"),
    *("net/driver", "net/sender"),
    *("rules/ready_rule", "rules/rule_finder", "rules/ruleset"),
    *("service/counters", "service/journal", "service/log_format", "service/phone_fields"),
    *("service/recent_problems", "service/repeats"),
    *("sip/client_transaction", "sip/client_transactions", "sip/effects", "sip/identifiers"),
    *("sip/server_transactions", "ua_profile/kind", "ua_profile/kinds", "ua_profile/notify"),
    *("ua_profile/notify_taken", "ua_profile/reply", "ua_profile/sample", "ua_profile/spans"),
    *("ua_profile/template", "ua_profile/values"),
)
"""Modules of the package. No class of the others may inherit from one of theirs. None of them runs in a
thread of its own: what is compiled lets others in only where it calls something that is not."""

_NEEDS = ["mypy>=1.14,<3", "setuptools>=77", "types-PyYAML>=6.0.12,<7"]

# What they import is not there when a wheel is made, and need not be.
_SETUP = """
import sys
from mypyc.build import mypycify
from setuptools import setup
name, *modules = sys.argv[1:]
made = mypycify(["--config-file=", "--ignore-missing-imports", *modules], group_name=name)
setup(name=name, packages=[], py_modules=[], ext_modules=made, script_args=["build_ext", "--inplace"])
"""


class Wish(Enum):
    """Shall it be compiled?"""

    NEVER = "never"
    IF_IT_CAN = "if it can"
    ALWAYS = "always"


class CompileHook(BuildHookInterface[Any]):
    """The hook of hatchling's `custom` kind."""

    def dependencies(self) -> list[str]:
        """What it needs beside hatchling."""
        return [] if _wish() is Wish.NEVER else _NEEDS

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the compiled modules to a wheel. RuntimeError if they are asked for and cannot be made."""
        wish = _wish()
        if version == "editable" or wish is Wish.NEVER:
            return
        # Not in the sources: what is compiled there would hide each later change of them.
        self._folder = TemporaryDirectory()
        folder = Path(self._folder.name)
        shutil.copytree(Path(self.root, PACKAGE), folder / PACKAGE)
        modules = [f"{PACKAGE}/{module}.py" for module in COMPILED]
        command = [sys.executable, "-c", _SETUP, PACKAGE, *modules]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            reason = (
                f"{PACKAGE} cannot be compiled; it needs a C compiler and Python's headers (Debian: apt-get "
                f"install gcc python3-dev), and without build isolation also {', '.join(_NEEDS)}. "
                f"With PNP_RESPONDER_COMPILE=0 it is not tried.\n\n"
                f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            )
            if wish is Wish.ALWAYS:
                raise RuntimeError(reason)
            self.app.display_warning(reason)
            return
        made = [*folder.glob("*.so"), *folder.glob(f"{PACKAGE}/**/*.so")]
        build_data["force_include"].update({str(file): str(file.relative_to(folder)) for file in made})
        build_data["pure_python"], build_data["infer_tag"] = False, True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """The wheel is written."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()


def _wish() -> Wish:
    told = os.environ.get("PNP_RESPONDER_COMPILE", "").lower()
    if told:
        return Wish.NEVER if told in ("0", "no", "off", "false") else Wish.ALWAYS
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    headers = Path(sysconfig.get_path("include"), "Python.h")
    return Wish.IF_IT_CAN if shutil.which(compiler) and headers.exists() else Wish.NEVER
