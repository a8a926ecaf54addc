"""The walls: what a document's reader may take, and that nothing of it is left."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import msgspec
import psutil
import pytest

from docvault.errors import DocumentError
from docvault.settings import Settings, load_settings
from ingestion.extract.document import Reading
from ingestion.extract.reader import Reader
from tests.ingestion.extract.conftest import HOSTILE, MAX_TOKENS, TOKENIZER


async def read(reader: Reader, what: str, folder: Path, filename: str = "") -> Reading:
    path = folder / "document"
    path.touch()
    return await reader.read(path, filename=filename or folder.name, content_type=f"test/{what}")


async def failure(reader: Reader, what: str, folder: Path) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        await read(reader, what, folder)
    assert caught.value.detail.endswith(".")
    return caught.value


async def gone(process: int, seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(process).status() != psutil.STATUS_ZOMBIE:
                await asyncio.sleep(0.02)
                continue
        return True
    return False


async def born(name: str, folder: str | Path | None = None, seconds: float = 20.0) -> tuple[int, Path]:
    """The process that a hostile reader named in its own folder, and that folder."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for path in Path(folder or tempfile.gettempdir()).glob(f"docvault-read-*/*/{name}.pid"):
            if number := path.read_text():
                return int(number), path.parent
        await asyncio.sleep(0.02)
    raise AssertionError(f"no reader of {name} was born")


@pytest.mark.parametrize(
    ("what", "code", "permanent"),
    [
        ("memory_hog", "too_much_memory", True),
        ("hidden_memory_hog", "too_much_memory", True),
        ("cpu_burner", "too_slow", True),
        ("segfault", "crashed", True),
        ("leaver", "crashed", True),
        ("chatterbox", "too_much_text", True),
    ],
)
async def test_every_way_of_dying_has_its_reason(
    hostile_reader: Reader, tmp_path: Path, what: str, code: str, permanent: bool
) -> None:
    error = await failure(hostile_reader, what, tmp_path)
    assert (error.code, error.permanent) == (code, permanent)
    assert error.hint


async def test_an_unforeseen_error_says_nothing_of_the_document(hostile_reader: Reader, tmp_path: Path) -> None:
    error = await failure(hostile_reader, "odd_error", tmp_path)
    assert (error.code, error.detail) == ("crashed", "The document could not be read (KeyError).")


async def test_one_that_only_waits_is_killed_after_its_time(limits: Settings, tmp_path: Path) -> None:
    reader = Reader(msgspec.structs.replace(limits, extract_seconds=0.7), TOKENIZER, MAX_TOKENS, extractors=HOSTILE)
    try:
        task = asyncio.create_task(failure(reader, "sleeper", tmp_path))
        process, _ = await born(tmp_path.name)
        assert (await task).code == "too_slow"
        assert await gone(process)
    finally:
        await reader.close()


async def test_there_is_no_network(hostile_reader: Reader, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        reading = await read(hostile_reader, "network", tmp_path, str(server.getsockname()[1]))
    kernel = "closed" if sys.platform == "linux" else "open"
    assert reading.extracted.pages[0].text == f"python closed, kernel {kernel}"


async def test_no_program_is_started(hostile_reader: Reader, tmp_path: Path) -> None:
    assert (await read(hostile_reader, "program", tmp_path)).extracted.pages[0].text == "refused"


async def test_no_secrets_no_open_files_and_a_folder_that_goes(
    hostile_reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: Settings
) -> None:
    monkeypatch.setenv("DOCVAULT_SECRET_KEY", "very secret")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    reader = Reader(limits, TOKENIZER, MAX_TOKENS, extractors=HOSTILE)
    try:
        names, folder, loose, _ = (await read(reader, "surroundings", tmp_path)).extracted.pages[0].text.split("\n")
        assert "SECRET" not in names
        assert "OPENAI" not in names
        assert loose == "1"  # the pipe for the answer
        assert Path(folder).is_relative_to(tempfile.gettempdir())
        until = time.monotonic() + 5
        while Path(folder).exists() and time.monotonic() < until:
            await asyncio.sleep(0.02)
        assert not Path(folder).exists()
    finally:
        await reader.close()
    assert not Path(folder).parent.exists()


async def test_progress_is_heard_and_cancelling_kills(hostile_reader: Reader, tmp_path: Path) -> None:
    path, heard = tmp_path / "document", list[tuple[int, int]]()
    path.touch()

    def hear(done: int, pages: int) -> None:
        heard.append((done, pages))

    task = asyncio.create_task(
        hostile_reader.read(path, filename=tmp_path.name, content_type="test/sleeper", on_progress=hear)
    )
    process, _ = await born(tmp_path.name)
    while not heard:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await gone(process)
    assert all(0 <= done <= pages for done, pages in heard)


async def test_what_a_child_started_goes_with_it(hostile_reader: Reader, tmp_path: Path) -> None:
    task = asyncio.create_task(read(hostile_reader, "grandchild", tmp_path))
    process, _ = await born(tmp_path.name)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await gone(process)


@pytest.mark.parametrize("without", [(), ("processes",)], ids=["namespace", "adopted"])
async def test_no_daemon_outlives_its_document(limits: Settings, tmp_path: Path, without: tuple[str, ...]) -> None:
    reader = Reader(limits, TOKENIZER, MAX_TOKENS, extractors=HOSTILE, without=without)
    try:
        task = asyncio.create_task(read(reader, "daemon", tmp_path))
        process, folder = await born(tmp_path.name)
        assert not await gone(process, 0.2)
        (folder / "born").unlink()
        assert (await task).extracted.pages[0].text == "well"
        assert await gone(process)

        task = asyncio.create_task(read(reader, "daemon", tmp_path))
        process, _ = await born(tmp_path.name)
        task.cancel()
        assert await gone(process)
        # And the zygote goes on as before.
        assert (await failure(reader, "segfault", tmp_path)).code == "crashed"
    finally:
        await reader.close()


async def test_killing_the_zygote_ends_daemons_too(limits: Settings, tmp_path: Path) -> None:
    reader = Reader(limits, TOKENIZER, MAX_TOKENS, extractors=HOSTILE)
    try:
        task = asyncio.create_task(read(reader, "daemon", tmp_path))
        process, _ = await born(tmp_path.name)
        zygotes = [child for child in psutil.Process().children() if "zygote" in " ".join(child.cmdline())]
        (zygote,) = [child for child in zygotes if process in {each.pid for each in child.children(recursive=True)}]
        task.cancel()
        zygote.kill()
        if sys.platform == "linux":
            assert await gone(process)
    finally:
        await reader.close()


async def test_one_that_makes_no_progress_is_ended(limits: Settings, tmp_path: Path) -> None:
    quiet = msgspec.structs.replace(limits, extract_silence=1.0)
    reader = Reader(quiet, TOKENIZER, MAX_TOKENS, extractors=HOSTILE)
    try:
        task = asyncio.create_task(failure(reader, "silent", tmp_path))
        process, _ = await born(tmp_path.name)
        error = await task
        assert (error.code, error.detail) == ("too_slow", "Reading the document stopped making progress.")
        assert "DOCVAULT_EXTRACT_SILENCE" in (error.hint or "")
        assert await gone(process)
        # One that says that it goes on is left alone for all of its time.
        task = asyncio.create_task(read(reader, "sleeper", tmp_path))
        await born(tmp_path.name)
        await asyncio.sleep(2.0)
        assert not task.done()
        task.cancel()
    finally:
        await reader.close()


# --- files ------------------------------------------------------------------------------------------------------------


async def answers(reader: Reader, folder: Path, lines: list[str]) -> str:
    return (await read(reader, "touch", folder, "\n".join(lines))).extracted.pages[0].text


async def test_other_files_can_neither_be_read_nor_written(hostile_reader: Reader, tmp_path: Path) -> None:
    other = tmp_path / "secrets.json"
    other.write_text("secret")
    lines = [f"{how} {what} {other}" for how in "cp" for what in "rw"]
    lines += [f"c w {tmp_path}/new", f"p w {tmp_path}/new", f"c r /proc/{os.getpid()}/cmdline", "c w /dev/shm/x"]
    lines += [
        f"c r /proc/{os.getpid()}/environ",
        f"c r {tempfile.gettempdir()}",
        "c r /etc/shadow",
        "c r /etc/hostname",
    ]
    said = await answers(hostile_reader, tmp_path, lines)
    assert said == " ".join(["closed"] * len(lines))
    assert other.read_text() == "secret"
    assert {path.name for path in tmp_path.iterdir()} == {"secrets.json", "document"}


async def test_the_document_the_system_and_its_own_folder_are_open(hostile_reader: Reader, tmp_path: Path) -> None:
    lines = [f"c r {tmp_path / 'document'}", f"c r {os.__file__}", "c w own.txt", "p w own.txt", "c r own.txt"]
    lines += ["c r /dev/urandom", "c w /dev/null", "c r /proc/self/status", f"c r {msgspec.__file__}"]
    assert await answers(hostile_reader, tmp_path, lines) == " ".join(["open"] * len(lines))
    assert await answers(hostile_reader, tmp_path, [f"c w {tmp_path / 'document'}"]) == "closed"


@pytest.mark.parametrize("without", [(), ("landlock",)], ids=["kernel", "python"])
async def test_nothing_is_changed_outside_its_own_folder(
    limits: Settings, tmp_path: Path, without: tuple[str, ...]
) -> None:
    """Where the kernel has no such wall, Python's refusal stands alone."""
    other = tmp_path / "other"
    other.write_text("as it was")
    other.chmod(0o600)
    reader = Reader(limits, TOKENIZER, MAX_TOKENS, extractors=HOSTILE, without=without)
    try:
        assert (await read(reader, "changes", tmp_path, str(other))).extracted.pages[0].text == "done:"
        assert await answers(reader, tmp_path, [f"p w {other}", f"p w {tmp_path / 'new'}"]) == "closed closed"
    finally:
        await reader.close()
    assert other.read_text() == "as it was"
    assert other.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"other", "document"}


async def test_calls_that_no_reader_needs_are_refused(hostile_reader: Reader, tmp_path: Path) -> None:
    said = (await read(hostile_reader, "calls", tmp_path)).extracted.pages[0].text.split("\n")
    assert sys.platform != "linux" or said == [
        *("ptrace EPERM", "unshare EPERM", "mount EPERM", "chroot EPERM"),
        *("inet EAFNOSUPPORT", "netlink EAFNOSUPPORT", "unix EPERM", "pair 0"),
    ]


# --- programs ---------------------------------------------------------------------------------------------------------


async def test_office_and_character_recognition_run_within_the_walls(
    reader: Reader, corpus: Path, tmp_path: Path
) -> None:
    settings = load_settings({}, home=tmp_path)
    inside = Reader(settings, TOKENIZER, MAX_TOKENS, extractors=HOSTILE)
    convert = ["LibreOffice", "-env:UserInstallation=file://HERE/profile", "--headless", "--norestore"]
    convert += ["--convert-to", "txt:Text", "--outdir", "HERE", str(tmp_path / "document")]
    shutil.copy(corpus / "handbook.docx", tmp_path / "document")
    try:
        said = (await read(inside, "program_inside", tmp_path, "\n".join(convert))).extracted.pages[0].text
        assert "A yellow flag asks for a pilot." in said
        languages = (await read(inside, "program_inside", tmp_path, "Tesseract\n--list-langs")).extracted
        assert "eng" in languages.pages[0].text
    finally:
        await inside.close()


async def test_reads_run_at_the_same_time_and_do_not_disturb_each_other(
    hostile_reader: Reader, tmp_path: Path, corpus: Path
) -> None:
    def good() -> asyncio.Task[Reading]:
        return asyncio.create_task(
            hostile_reader.read(corpus / "report.pdf", filename="report.pdf", content_type="application/pdf")
        )

    bad = asyncio.create_task(failure(hostile_reader, "segfault", tmp_path))
    readings = await asyncio.gather(*(good() for _ in range(8)))
    assert {len(reading.extracted.pages) for reading in readings} == {3}
    assert (await bad).code == "crashed"


async def test_after_the_zygote_dies_the_next_read_starts_another(limits: Settings, corpus: Path) -> None:
    reader = Reader(limits, TOKENIZER, MAX_TOKENS)
    me = psutil.Process()
    try:
        for _ in range(2):
            before = {child.pid for child in me.children()}
            await reader.read(corpus / "log.txt", filename="log.txt", content_type="text/plain")
            (zygote,) = [child for child in me.children() if child.pid not in before] or [None]
            if zygote is not None:
                zygote.kill()
        await reader.read(corpus / "log.txt", filename="log.txt", content_type="text/plain")
    finally:
        await reader.close()


async def test_a_read_whose_zygote_dies_is_tried_again_and_then_given_back(limits: Settings, tmp_path: Path) -> None:
    reader = Reader(limits, TOKENIZER, MAX_TOKENS, extractors=HOSTILE)
    try:
        task = asyncio.create_task(read(reader, "sleeper", tmp_path))
        for _ in range(2):
            process, folder = await born(tmp_path.name)
            zygote = psutil.Process(process).parent()
            assert zygote is not None
            (folder / f"{tmp_path.name}.pid").unlink()
            zygote.kill()
            if sys.platform == "linux":
                assert await gone(process)
        with pytest.raises(DocumentError) as caught:
            await task
        assert (caught.value.code, caught.value.permanent) == ("crashed", False)
    finally:
        await reader.close()


async def test_kinds_of_files_without_a_reader_are_refused(reader: Reader, corpus: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        await reader.read(corpus / "pixel.pdf", filename="pixel.pdf", content_type="video/mp4")
    assert caught.value.code == "unsupported_type"
    assert "PDF" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/pdf", "text/csv", "text/html", "application/x-empty"]
)
async def test_an_empty_file_is_called_empty(reader: Reader, corpus: Path, content_type: str) -> None:
    with pytest.raises(DocumentError) as caught:
        await reader.read(corpus / "empty.txt", filename="empty.txt", content_type=content_type)
    assert (caught.value.code, caught.value.hint) == ("empty", "Check the original and upload it again.")


async def test_a_reading_has_language_title_and_passages(reader: Reader, corpus: Path) -> None:
    reading = await reader.read(corpus / "report.pdf", filename="harbour_1887.pdf", content_type="application/pdf")
    assert (reading.extracted.language, reading.extracted.title) == ("en", "Report of the Harbour Board")
    assert {chunk.page for chunk in reading.chunks} == {1, 2, 3}
    accounts = next(chunk for chunk in reading.chunks if "Harbour dues" in chunk.text)
    assert accounts.section[-1] == "2. Accounts"
    assert accounts.context.startswith("harbour 1887: Report of the Harbour Board")
    assert accounts.boxes


WORKER = """
    import asyncio, sys
    from pathlib import Path
    from docvault.settings import load_settings
    from ingestion.extract.reader import Reader

    async def main():
        reader = Reader(load_settings({}, home=Path(sys.argv[1])), None, 256, extractors={
            "test/sleeper": "tests.ingestion.extract.hostile:sleeper"})
        await reader.read(Path(sys.argv[1]) / "document", filename="x", content_type="test/sleeper")

    asyncio.run(main())
"""


async def test_killing_the_worker_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    (tmp_path / "document").touch()
    (tmp_path / "temporary").mkdir()
    environment = os.environ | {"TMPDIR": str(tmp_path / "temporary")}
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(WORKER), str(tmp_path), env=environment, cwd=Path(__file__).parents[3]
    )
    process, _ = await born("x", tmp_path / "temporary")
    zygote = psutil.Process(process).ppid()
    assert list((tmp_path / "temporary").iterdir())
    worker.kill()
    await worker.wait()
    assert await gone(process)
    assert await gone(zygote)
    assert not list((tmp_path / "temporary").iterdir())


async def test_a_process_that_could_not_be_made_is_made_the_next_time(
    hostile_reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hostile_reader.close()

    async def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError("no more processes")

    with monkeypatch.context() as patched:
        patched.setattr(asyncio, "create_subprocess_exec", refuse)
        with pytest.raises(BlockingIOError):
            await read(hostile_reader, "surroundings", tmp_path)
    assert await read(hostile_reader, "surroundings", tmp_path)
