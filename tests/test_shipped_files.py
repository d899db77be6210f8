"""The files that are delivered beside the package agree with it."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.enrollment import Decline, Device, Enrollment, Offer
from pnp_responder.mac import Mac
from pnp_responder.service.configuration import Configuration, load_configuration, read_configuration
from pnp_responder.service.control_path import own_path, paths_to_try
from pnp_responder.service.settings import Settings
from tests import command_line
from tests.corpus_reader import PHONES, Phone

ROOT = Path(__file__).parent.parent
UNIT = ROOT / "systemd" / "pnp-responder.service"
SEED = "000810a99948"
LOCAL = Local("eth0", SocketAddress("192.0.2.1", 5060))


@pytest.fixture(scope="module")
def shipped() -> Configuration:
    return load_configuration(ROOT / "rules.yaml")


def enrollment(phone: Phone) -> Enrollment:
    mac = Mac.parse(phone.mac) if phone.mac else None
    device = Device(mac, phone.vendor, phone.model, phone.version)
    return Enrollment(device, phone.profile_type, remote=SocketAddress("192.0.2.9", 5060), local=LOCAL)


class TestRulesYaml:
    """The first answer owns a phone, so the file as delivered answers none but the one that `demo` plays."""

    def test_has_no_problems(self, shipped: Configuration) -> None:
        assert shipped.warnings == ()

    def test_leaves_the_settings_alone(self, shipped: Configuration) -> None:
        assert shipped.settings == Settings()

    def test_answers_the_phone_of_the_demonstration(self, shipped: Configuration) -> None:
        decision = shipped.rules.decide(enrollment(next(phone for phone in PHONES if phone.mac == SEED)))
        assert isinstance(decision, Offer)
        assert decision.url == "http://192.0.2.1/$mac.cfg"

    @pytest.mark.parametrize(
        "phone", [p for p in PHONES if p.answer and p.mac != SEED], ids=lambda phone: phone.name
    )
    def test_answers_no_other(self, shipped: Configuration, phone: Phone) -> None:
        decision = shipped.rules.decide(enrollment(phone))
        assert isinstance(decision, Decline)
        assert decision.rule is None

    def test_what_is_offered_as_example_works_when_it_is_taken(self) -> None:
        """Lines that begin with `#|` are examples: without the mark the file has to load."""
        text = (ROOT / "rules.yaml").read_text(encoding="utf-8")
        assert "#|" in text
        read_configuration(re.sub(r"^#\|", "", text, flags=re.MULTILINE), "rules.yaml")


class TestTheUnit:
    def commands(self) -> list[list[str]]:
        text = UNIT.read_text(encoding="utf-8").replace("\\\n", " ")
        lines = re.findall(r"^Exec\w+=[-@:+!]*(.*)$", text, re.MULTILINE)
        return [argv for line in lines if (argv := command_line.arguments(line)) is not None]

    def test_starts_the_service(self) -> None:
        assert [argv[0] for argv in self.commands()].count("run") == 1

    def test_its_command_lines_are_ones_that_we_take(self) -> None:
        for argv in self.commands():
            command_line.check(argv)

    def test_tells_systemd_when_it_is_ready(self) -> None:
        text = UNIT.read_text(encoding="utf-8")
        assert re.search(r"^Type=notify$", text, re.MULTILINE)
        assert re.search(r"^RestartPreventExitStatus=.*\b78\b", text, re.MULTILINE)

    def test_its_socket_is_where_the_commands_look_for_it(self) -> None:
        (folder,) = re.findall(r"^RuntimeDirectory=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
        assert own_path({"RUNTIME_DIRECTORY": f"/run/{folder}"}) == paths_to_try({})[0]

    def test_reloads_by_the_command_that_waits_for_the_result(self) -> None:
        assert [argv for argv in self.commands() if argv[0] != "run"] == [["reload"]]

    def test_starts_the_program_that_the_readme_installs(self) -> None:
        found = re.search(r"^ExecStart=(\S+)", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
        assert found
        folder = str(Path(found.group(1)).parent)
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        assert found.group(1) in readme or f"{folder}/\n" in readme, f"nothing is installed to {folder}"

    @pytest.mark.skipif(
        shutil.which("systemd-analyze") is None, reason="no `systemd-analyze` (package systemd)"
    )
    def test_systemd_understands_every_word(self, tmp_path: Path) -> None:
        """`verify` ends with 0 for words that it does not know, so any output is a failure."""
        text = re.sub(r"/\S*/pnp-responder(?= )", "/bin/true", UNIT.read_text(encoding="utf-8"))
        unit = tmp_path / UNIT.name
        unit.write_text(text, encoding="utf-8")
        told = subprocess.run(
            ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
        )
        assert (told.returncode, told.stdout + told.stderr) == (0, "")

    @pytest.mark.skipif(
        shutil.which("systemd-analyze") is None, reason="no `systemd-analyze` (package systemd)"
    )
    def test_is_as_shut_in_as_promised(self) -> None:
        """Exposure 1.5 of 10 at most; what is left is the network that the service is for."""
        threshold = ["--offline=true", "--threshold=15"]
        told = subprocess.run(
            ["systemd-analyze", "security", *threshold, str(UNIT)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.returncode == 0, told.stdout + told.stderr


class TestTheDropIn:
    """`receive: packet` needs more than the unit gives, and no more than that."""

    def merged(self, tmp_path: Path) -> Path:
        unit = tmp_path / UNIT.name
        drop_in = (ROOT / "systemd" / "receive-packet.conf").read_text(encoding="utf-8")
        text = re.sub(r"/\S*/pnp-responder(?= )", "/bin/true", UNIT.read_text(encoding="utf-8"))
        # systemd reads a drop-in after the unit; here they are one file, for the tools that take only one.
        unit.write_text(text + "\n" + drop_in, encoding="utf-8")
        return unit

    def test_gives_one_capability(self) -> None:
        text = (ROOT / "systemd" / "receive-packet.conf").read_text(encoding="utf-8")
        assert re.findall(r"^(?:CapabilityBoundingSet|AmbientCapabilities)=(.*)$", text, re.MULTILINE) == [
            "CAP_NET_RAW",
            "CAP_NET_RAW",
        ]

    @pytest.mark.skipif(
        shutil.which("systemd-analyze") is None, reason="no `systemd-analyze` (package systemd)"
    )
    def test_systemd_understands_every_word_and_little_is_opened(self, tmp_path: Path) -> None:
        unit = self.merged(tmp_path)
        for words in (["verify"], ["security", "--offline=true", "--threshold=16", "--no-pager"]):
            told = subprocess.run(
                ["systemd-analyze", *words, str(unit)], capture_output=True, text=True, check=False
            )
            assert told.returncode == 0, told.stdout + told.stderr
            assert words != ["verify"] or told.stdout + told.stderr == ""


class TestPackaging:
    def test_the_entry_point_exists(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        module, _, name = project["scripts"][command_line.PROGRAM].partition(":")
        assert callable(getattr(importlib.import_module(module), name))

    def test_packet_fixtures_stay_octets(self) -> None:
        """A checkout that converts line ends would change what phones say."""
        fixtures = [
            path for path in (ROOT / "tests").rglob("*") if path.suffix in (".subscribe", ".sip", ".notify")
        ]
        fixtures += [path for path in (ROOT / "tests" / "golden").rglob("*") if path.is_file()]
        assert fixtures
        names = [str(path.relative_to(ROOT)) for path in fixtures]
        told = subprocess.run(
            ["git", "check-attr", "-z", "--stdin", "text"],
            cwd=ROOT,
            input="\0".join(names),
            capture_output=True,
            text=True,
            check=False,
        )
        if told.returncode:
            pytest.skip(f"not a git checkout: {told.stderr.strip()}")
        fields = told.stdout.split("\0")
        assert [
            name for name, value in zip(fields[0::3], fields[2::3], strict=False) if value != "unset"
        ] == []

    def test_the_source_archive_holds_what_is_delivered(self) -> None:
        included = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"][
            "build"
        ]
        for path in included["targets"]["sdist"]["include"]:
            assert (ROOT / path.lstrip("/")).exists(), path
