"""The same workflow on five other engines, each in its own environment: all count alike, and lose only what is broken.

Skipped where an environment cannot be made, for example without a network.
"""

import json
import shutil
from pathlib import Path

import pytest

from enronlib import corpus
from enronlib.sample import write_sample
from enronlib.workflow import run_workflow
from tests.benchmarks.bench_engines import lines
from tests.other_engines import ENGINES, FILES, NoEnvironmentError, make_environment, run


@pytest.fixture(scope="module")
def maildir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three mailboxes of the sample."""
    folder = tmp_path_factory.mktemp("mail") / "maildir"
    for mailbox in corpus.mailboxes(write_sample(folder.with_name("sample"), messages=100))[:3]:
        shutil.copytree(mailbox, folder / mailbox.name)
    return folder


@pytest.fixture(scope="module")
def expected(maildir: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The count of our own workflow."""
    out = tmp_path_factory.mktemp("out")
    assert run_workflow(maildir, out, workers=1, progress=False).succeeded
    return (out / "results/count.txt").read_bytes()


def made(out: Path) -> dict[str, int]:
    """Return the outputs and when each was written."""
    files = [*out.glob("processed/*.parquet"), *out.glob("results/*.*"), *out.glob("results/words/*.txt")]
    return {file.relative_to(out).as_posix(): file.stat().st_mtime_ns for file in files}


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_counts_as_we_do_and_loses_only_what_is_broken(name, maildir, expected, tmp_path):
    try:
        environment = make_environment(ENGINES[name])
    except NoEnvironmentError as error:
        pytest.skip(str(error))
    out = tmp_path / "out"
    broken, *others = corpus.mailboxes(maildir)
    message = corpus.message_files(broken)[0]
    whole = message.read_bytes()

    message.write_bytes(b"")
    try:
        failed = run(ENGINES[name], environment, maildir, out)
    finally:
        message.write_bytes(whole)
    first = made(out)
    kept = {file for box in others for file in (f"processed/{box.name}.parquet", f"results/words/{box.name}.txt")}
    assert first.keys() == kept, failed.stderr[-2000:]
    assert failed.returncode != 0

    repaired = run(ENGINES[name], environment, maildir, out)
    assert repaired.returncode == 0, repaired.stderr[-2000:]
    assert (out / "results/count.txt").read_bytes() == expected
    second = made(out)
    again = {file for file in kept if second[file] != first[file]}
    assert again == (kept if name == "airflow" else set())  # `airflow dags test` starts over; the others go on

    if name != "airflow":
        assert run(ENGINES[name], environment, maildir, out).returncode == 0
        assert made(out) == second


@pytest.mark.parametrize("text", ["other_engines/README.md", "source/11_luigi_in_depth.md"])
def test_the_comparison_quotes_what_was_measured(text):
    measured = json.loads((FILES / "measured.json").read_text(encoding="utf-8"))
    assert measured.keys() == ENGINES.keys()
    rows = (FILES.parent / text).read_text(encoding="utf-8").splitlines()
    for name, found in measured.items():
        [row] = [row for row in rows if f"`{ENGINES[name].file}`" in row]
        figures = [found["lines"], found["mb"], round(found["first"]), round(found["nothing"])]
        assert row.split(" | ")[1:5] == list(map(str, figures))
        assert ("| yes |" in row) == found["sees_change"]
        assert found["lines"] == lines(FILES / ENGINES[name].file)
