"""The rules file under all the ways in which files change. Real files, real watching."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pnp_responder.errors import ProblemsFound
from pnp_responder.service.rules_file import RulesFile, content_digest


def load(path: Path) -> str:
    """A stand-in for the loader: a good file ends with a line `end`."""
    try:
        text = path.read_text()
    except OSError as error:
        raise ProblemsFound(error.strerror) from None
    if not text.endswith("end\n"):
        raise ProblemsFound(f"bad: {text!r}")
    return text.removesuffix("end\n")


class Listener:
    def __init__(self) -> None:
        self.told: list[str] = []
        self.began = 0

    def reload_began(self) -> None:
        self.began += 1

    def rules_taken(self, configuration: str) -> None:
        self.told.append(f"taken {configuration}")

    def rules_refused(self, problems: ProblemsFound) -> None:
        self.told.append(f"refused {problems}")

    async def hears(self, *told: str) -> None:
        """Until exactly this was told since the last time."""
        try:
            async with asyncio.timeout(8):
                while len(self.told) < len(told):  # noqa: ASYNC110  (the listener is what is tested)
                    await asyncio.sleep(0.005)
        except TimeoutError:
            pass
        heard, self.told = self.told, []
        assert heard == list(told)


@asynccontextmanager
async def followed(
    path: Path, loader: Callable[[Path], str] = load
) -> AsyncIterator[tuple[RulesFile[str], Listener]]:
    file = RulesFile(path, loader)
    assert file.load_first() == "one"
    listener = Listener()
    task = asyncio.create_task(file.follow(listener))
    try:
        yield file, listener
        assert listener.told == []
    finally:
        task.cancel()


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await test()

    asyncio.run(main())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "etc"
    folder.mkdir()
    path = folder / "rules.yaml"
    path.write_text("oneend\n")
    return path


def write(path: Path, text: str) -> None:
    path.write_text(text)


def remove(path: Path) -> None:
    path.unlink()


def replace(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)


def test_an_atomic_rename_and_a_save_in_place(path: Path) -> None:
    async def test() -> None:
        async with followed(path) as (_, listener):
            replace(path, "twoend\n")
            await listener.hears("taken two")
            write(path, "threeend\n")
            await listener.hears("taken three")
            replace(path, "fourend\n")
            await listener.hears("taken four")

    run(test)


def test_a_bad_file_is_told_once_and_the_good_one_again(path: Path) -> None:
    async def test() -> None:
        async with followed(path) as (_, listener):
            write(path, "ba")
            await listener.hears("refused bad: 'ba'")
            write(path, "ba")  # the same content again
            write(path, "")
            await listener.hears("refused bad: ''")
            remove(path)
            await listener.hears("refused No such file or directory")
            write(path, "oneend\n")
            await listener.hears("taken one")

    run(test)


def test_a_slow_writer_is_waited_for(path: Path) -> None:
    async def test() -> None:
        async with followed(path) as (_, listener):
            with path.open("w") as file:
                for piece in ("t", "w", "o", "end\n"):
                    file.write(piece)
                    file.flush()
                    await asyncio.sleep(0.02)
            await listener.hears("taken two")

    run(test)


def test_a_symlink_that_is_swapped(tmp_path: Path, path: Path) -> None:
    """As Kubernetes does: rules.yaml -> ..data/rules.yaml, and ..data -> another folder."""

    async def test() -> None:
        mount = tmp_path / "mount"
        mount.mkdir()
        for name, text in (("v1", "oneend\n"), ("v2", "twoend\n")):
            (mount / name).mkdir()
            (mount / name / "rules.yaml").write_text(text)
        (mount / "..data").symlink_to("v1")
        link = mount / "rules.yaml"
        link.symlink_to("..data/rules.yaml")
        async with followed(link) as (_, listener):
            (mount / "..tmp").symlink_to("v2")
            os.replace(mount / "..tmp", mount / "..data")
            await listener.hears("taken two")
            (mount / "v2" / "rules.yaml").write_text("threeend\n")
            await listener.hears("taken three")

    run(test)


def test_the_target_of_a_symlink_changes(tmp_path: Path, path: Path) -> None:
    async def test() -> None:
        link = tmp_path / "link.yaml"
        link.symlink_to(path)
        async with followed(link) as (_, listener):
            replace(path, "twoend\n")
            await listener.hears("taken two")

    run(test)


def test_the_folder_goes_and_comes_back(tmp_path: Path, path: Path) -> None:
    async def test() -> None:
        async with followed(path) as (_, listener):
            path.parent.rename(tmp_path / "away")
            await listener.hears("refused No such file or directory")
            path.parent.mkdir()
            write(path, "twoend\n")
            await listener.hears("taken two")
            replace(path, "threeend\n")
            await listener.hears("taken three")

    run(test)


def test_other_files_of_the_folder_are_nothing_to_us(path: Path) -> None:
    async def test() -> None:
        async with followed(path) as (_, listener):
            for number in range(20):
                (path.parent / f"other-{number}").write_text("x")
            os.utime(path)
            replace(path, "oneend\n")  # the same content
            replace(path, "twoend\n")
            await listener.hears("taken two")
            assert listener.began == 1

    run(test)


def test_on_request_it_is_read_even_if_unchanged(path: Path) -> None:
    async def test() -> None:
        async with followed(path) as (file, listener):
            file.ask()
            await listener.hears("taken one")

    run(test)


def test_a_hundred_requests_are_one(path: Path) -> None:
    async def test() -> None:
        async with followed(path) as (file, listener):
            for _ in range(100):
                file.ask()
            await listener.hears("taken one")

    run(test)


def test_a_request_during_a_reload_brings_one_more(path: Path) -> None:
    async def test() -> None:
        entered, go_on = threading.Event(), threading.Event()

        def slow(path: Path) -> str:
            entered.set()
            assert go_on.wait(5)
            return load(path)

        go_on.set()
        async with followed(path, slow) as (file, listener):
            entered.clear()
            go_on.clear()
            file.ask()
            async with asyncio.timeout(5):
                while not entered.is_set():  # noqa: ASYNC110  (a flag of another thread)
                    await asyncio.sleep(0.005)
            file.ask()
            file.ask()
            assert listener.told == [], "serving goes on while the file is read"
            go_on.set()
            await listener.hears("taken one", "taken one")

    run(test)


def test_who_waits_gets_what_was_read_after_the_question(path: Path) -> None:
    async def test() -> None:
        async with followed(path) as (file, listener):
            assert await file.read_again() == "one"
            write(path, "twoend\n")
            first, second = await asyncio.gather(file.read_again(), file.read_again())
            assert (first, second) == ("two", "two")
            write(path, "bad")
            assert isinstance(await file.read_again(), ProblemsFound)
            await listener.hears("taken one", "taken two", "refused bad: 'bad'")

    run(test)


def test_who_no_longer_waits_is_no_trouble(path: Path) -> None:
    async def test() -> None:
        async with followed(path) as (file, listener):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await file.read_again()
            await listener.hears("taken one")
            assert await file.read_again() == "one"
            await listener.hears("taken one")

    run(test)


def test_who_waits_hears_of_a_fault_of_ours(path: Path) -> None:
    async def test() -> None:
        file = RulesFile(path, load)
        file.load_first()
        following = asyncio.create_task(file.follow(Faulty()))
        with pytest.raises(ZeroDivisionError):
            await file.read_again()
        with pytest.raises(ZeroDivisionError):
            await following

    class Faulty(Listener):
        def rules_taken(self, configuration: str) -> None:
            raise ZeroDivisionError

    run(test)


def test_a_change_between_the_first_reading_and_the_watch_counts(path: Path) -> None:
    async def test() -> None:
        file = RulesFile(path, load)
        assert file.load_first() == "one"
        write(path, "twoend\n")
        listener = Listener()
        task = asyncio.create_task(file.follow(listener))
        await listener.hears("taken two")
        task.cancel()

    run(test)


def test_what_is_told_belongs_to_what_is_there_last(path: Path) -> None:
    """The file changes while it is read."""
    changes = iter(["twoend\n", "threeend\n"])

    def restless(path: Path) -> str:
        text = load(path)
        if change := next(changes, None):
            write(path, change)
        return text

    assert RulesFile(path, restless).load_first() == "three"


def test_a_file_that_there_is_no_memory_for_is_refused(path: Path) -> None:
    """What was loaded before stays; the next file is tried."""

    def starved(path: Path) -> str:
        if path.read_text().startswith("huge"):
            raise MemoryError
        return load(path)

    async def test() -> None:
        async with followed(path, starved) as (_, listener):
            write(path, "huge")
            await listener.hears("refused there is not enough memory for so large a file")
            write(path, "twoend\n")
            await listener.hears("taken two")

    run(test)


def test_a_bad_file_at_the_start(path: Path) -> None:
    path.write_text("ba")
    with pytest.raises(ProblemsFound, match="bad: 'ba'"):
        RulesFile(path, load).load_first()


def test_contents_are_told_apart_without_ever_waiting(tmp_path: Path, path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    digests = [content_digest(p) for p in (path, fifo, tmp_path / "missing", tmp_path)]
    assert len(set(digests[:3])) == 3
    path.write_text("twoend\n")
    assert content_digest(path) != digests[0]
