"""What lesson 11 shows: its modules under every start method, and the programs that it runs."""

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import luigi
import pytest

from enronlib.classroom.authoring.notebook import code_cells
from enronlib.classroom.authoring.rehearsal import inside, solved_lesson
from enronlib.classroom.folders import load, workspace
from enronlib.classroom.pipeline import your_task
from enronlib.sample import write_sample
from enronlib.workflow.runner import build

LESSON = "11_luigi_in_depth"


@pytest.fixture(autouse=True)
def work(tmp_path):
    """Make a folder with the modules of the lesson, the tested pipeline and a small sample the current one."""
    with inside(tmp_path):
        for cell in code_cells(solved_lesson(LESSON)):
            if module := re.match(r"%%writefile (\S+)\n", cell.source):
                Path(module[1]).write_text(cell.source[module.end() :] + "\n", encoding="utf-8", newline="\n")
        your_task("workflow.mailbox")
        your_task("count.mapper")
        work = workspace(LESSON)
        write_sample(work / "sample", messages=100)
        yield work


@pytest.fixture
def mailbox(work):
    """Return the parameters of tasks about one mailbox."""
    return {
        "mailbox_directory": work / "sample" / "maildir" / "inkpenny-b",
        "processed_directory": work / "processed",
        "words_directory": work / "words",
    }


@pytest.mark.parametrize("start_method", ["spawn"] if sys.platform == "win32" else ["fork", "forkserver", "spawn"])
def test_events_and_resources_work_with_every_start_method(work, start_method):
    (work / "sample" / "maildir" / "quillfeather-m" / "inbox" / "9999_").touch()
    watched = load("watched")
    task = watched.Watched(work / "sample" / "maildir", work / "watched")
    assert set(build(task, workers=3, start_method=start_method).failures) == {"quillfeather-m"}
    assert watched.ALERTS.read_text() == "quillfeather-m: quillfeather-m/inbox/9999_ is empty: copy it again\n"

    luigi.configuration.get_config().set("resources", "server", "2")
    server = load("busy_server")
    assert build(server.DownloadAll(), workers=6, start_method=start_method).succeeded
    spans = [tuple(map(float, path.read_text().split())) for path in server.FOLDER.glob("part_*.txt")]
    assert len(spans) == 6
    assert max(sum(start <= moment < end for start, end in spans) for moment, _ in spans) <= 2


def test_the_program_for_windows_sorts_as_sort_does(mailbox):
    task = load("sorted_words").SortedWords(**mailbox)
    assert build(task, workers=1).succeeded
    command = [sys.executable, "program.py", "-k2,2nr", "-k1,1", "-o", "there.txt", task.input().path]
    subprocess.run(command, check=True)
    assert Path("there.txt").read_bytes() == Path(task.output().path).read_bytes()


def test_the_error_of_a_program_shows_nothing_of_its_environment(mailbox, monkeypatch):
    monkeypatch.setenv("ARCHIVE_PASSWORD", "not-a-real-one")
    sorted_words = load("sorted_words")
    sorted_words.SORT[:] = [sys.executable, "-c", "import os; raise SystemExit(os.environ.get('ARCHIVE_PASSWORD'))"]
    [error] = build(sorted_words.SortedWords(**mailbox), workers=1).failures.values()
    assert "return code=1" not in error  # the program has no such variable, so it does not fail
    assert "not-a-real-one" not in error
    sorted_words.SORT[:] = [sys.executable, "-c", "raise SystemExit('no such option')"]
    [error] = build(sorted_words.SortedWords(**mailbox), workers=1).failures.values()
    assert error == "RuntimeError: Program failed with return code=1; no such option"


@pytest.mark.skipif(not (find_spec("pyspark") and which("java")), reason="Spark is not installed")
def test_a_folder_that_spark_wrote_is_complete_once_it_has_its_flag(mailbox):
    task = load("spark_words").SparkWords(**mailbox)
    Path(task.output().path).mkdir(parents=True)
    assert not task.complete()
    assert build(task, workers=1).succeeded
    [part] = Path(task.output().path).glob("part-*.json")
    found = {row["word"] for row in map(json.loads, part.read_text(encoding="utf-8").splitlines())}
    counted = Path(task.input().path).read_text(encoding="utf-8").splitlines()
    assert found == {word for word, _ in (line.split("\t") for line in counted) if len(word) > 9}
