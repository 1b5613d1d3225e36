"""The command line, as a user meets it: real processes, exit statuses, one clear line for a mistake."""

import argparse
import getpass
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from enronlib.__main__ import make_parser

MESSAGE = "From: ada@enron.example\nDate: Thu, 7 Jun 2001 11:05:33 -0700 (PDT)\n\n{}\n"


RESULTS = [
    "processed/ada-a.parquet",
    "processed/bo-b.parquet",
    "results/count.txt",
    "results/distinctive_words.png",
    "results/top_words.png",
    "results/words/ada-a.txt",
    "results/words/bo-b.txt",
]


@pytest.fixture
def enronlib(tmp_path):
    """Run a command in an empty folder and return the finished process."""

    def run(*arguments, **environment):
        return subprocess.run(
            [sys.executable, "-m", "enronlib", *map(str, arguments)],
            cwd=tmp_path,
            env={**{k: v for k, v in os.environ.items() if k != "ENRON_MAILDIR"}, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def maildir(tmp_path):
    """A maildir of two mailboxes."""
    for name, text in {"ada-a/inbox/1.": "gas gas pipeline", "ada-a/2.": "gas", "bo-b/sent/1.": "power gas"}.items():
        path = tmp_path / "mail" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(MESSAGE.format(text), encoding="utf-8")
    return tmp_path / "mail"


def files(folder):
    """Return the visible files below a folder."""
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return sorted(path.as_posix() for path in paths if not any(part.startswith(".") for part in path.parts))


def test_run_writes_every_result(enronlib, maildir, tmp_path):
    done = enronlib("run", "mail")
    assert done.returncode == 0, done.stderr
    assert files(tmp_path / "out") == RESULTS
    assert (tmp_path / "out/results/count.txt").read_bytes() == b"gas\t4\npipeline\t1\npower\t1\n"


def test_an_engine_writes_the_same_files(enronlib, maildir, tmp_path):
    pytest.importorskip("dask.bag")
    done = enronlib("run", "mail", "--engine", "dask")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("mail: mail, 2 mailboxes\nout/processed\n")
    assert files(tmp_path / "out") == RESULTS
    assert (tmp_path / "out/results/count.txt").read_bytes() == b"gas\t4\npipeline\t1\npower\t1\n"


def test_a_second_run_does_nothing(enronlib, maildir, tmp_path):
    enronlib("run", "mail", "--out", "results here")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "results here").rglob("*") if path.is_file()}
    assert enronlib("run", "mail", "--out", "results here").returncode == 0
    assert before == {
        path: path.stat().st_mtime_ns for path in (tmp_path / "results here").rglob("*") if path.is_file()
    }


def test_a_failed_mailbox_is_named_and_costs_only_itself(enronlib, maildir, tmp_path):
    broken = maildir / "bo-b/sent/1."
    whole = broken.read_bytes()
    broken.write_bytes(b"")
    failed = enronlib("run", "mail")
    assert failed.returncode == 1
    assert "bo-b" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert "processed/ada-a.parquet" in files(tmp_path / "out")
    assert "results/count.txt" not in files(tmp_path / "out")
    broken.write_bytes(whole)
    assert enronlib("run", "mail").returncode == 0
    assert (tmp_path / "out/results/count.txt").read_bytes() == b"gas\t4\npipeline\t1\npower\t1\n"


def test_the_maildir_may_come_from_the_environment(enronlib, maildir, tmp_path):
    assert enronlib("run", ENRON_MAILDIR=str(maildir)).returncode == 0
    assert (tmp_path / "out/results/count.txt").exists()


def test_without_a_maildir_the_sample_is_counted(enronlib, tmp_path):
    done = enronlib("run", XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    assert "built-in sample" in done.stdout


def test_nothing_printed_names_the_computer_the_user_or_a_path(enronlib, maildir, tmp_path):
    done = enronlib("run", maildir, "--out", tmp_path / "out")
    for secret in (str(tmp_path), socket.gethostname(), f"@{getpass.getuser()}", f"user={getpass.getuser()}"):
        assert secret not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["run", "nowhere"], "there is no folder nowhere"),
        (["run", "mail/ada-a/inbox"], "holds no mailbox"),
        (["run", "mail", "--workers", "0"], "0 is not a whole number above 0"),
        (["run", "mail", "--top", "many"], "many is not a whole number"),
        (["run", "mail", "--scheduler-url", "http://127.0.0.1:9"], "127.0.0.1:9"),
        (["sample", "mail"], "mail"),
        (["sample", "new", "--messages", "1"], "messages"),
        (["download", "x", "--first", "1", "--mailboxes", "a"], "not allowed with"),
        (["download", "x", "--url", "http://127.0.0.1:9/a.tar.gz"], "127.0.0.1"),
        (["run", "mail", "--engine", "abacus"], "invalid choice: 'abacus'"),
        (["start", "mail/ada-a/inbox/1."], "is a file"),
        (["start", "mail/ada-a/inbox/1./mine"], "cannot write to mail/ada-a/inbox/1./mine: "),
        (["build"], "no notebooks/source"),
        (["nonsense"], "invalid choice"),
        ([], "COMMAND"),
    ],
)
def test_a_mistake_is_one_clear_line(enronlib, maildir, arguments, names):
    done = enronlib(*arguments)
    assert done.returncode == 2
    assert names in done.stderr
    assert "Traceback" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("enronlib")]) == 1


def test_results_that_cannot_be_written_are_one_clear_line(enronlib, maildir, tmp_path):
    (tmp_path / "out").write_text("a file where the folder should be", encoding="utf-8")
    done = enronlib("run", "mail")
    assert done.returncode in (1, 2)
    assert "out" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("engine", ["luigi", "dask"])
def test_results_are_never_written_into_the_mail(enronlib, maildir, engine):
    done = enronlib("run", "mail", "--out", "mail/out", "--engine", engine)
    assert (done.returncode, "is inside the mail" in done.stderr) == (2, True)
    assert sorted(path.name for path in maildir.iterdir()) == ["ada-a", "bo-b"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork server and no limit on the names of sockets")
def test_a_temporary_folder_with_too_long_a_name_is_one_clear_line(enronlib, maildir, tmp_path):
    long = tmp_path / ("x" * 100)
    long.mkdir()
    done = enronlib("run", "mail", "--workers", "2", TMPDIR=str(long))
    assert (done.returncode, "set TMPDIR" in done.stderr, str(tmp_path) in done.stderr) == (2, True, False)


def test_characters_that_the_terminal_cannot_show_are_escaped(enronlib, maildir):
    maildir.joinpath("ada-a").rename(maildir / "Ωda-a")
    (maildir / "Ωda-a/3.").write_bytes(b"")
    done = enronlib("run", "mail", PYTHONIOENCODING="cp1252")
    assert (done.returncode, r"failed: \u03a9da-a" in done.stderr) == (1, True)


def start_a_run(folder):
    """Start a run in a new process group, with its output in pipes."""
    command = [sys.executable, "-m", "enronlib", "run", "mail", "--workers", "2"]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell's pipes")
def test_a_closed_pipe_causes_no_error_message(maildir, tmp_path):
    with start_a_run(tmp_path) as process:
        process.stdout.close()
        assert process.stderr.read() == ""


def test_files_in_the_current_folder_are_not_imported(maildir, tmp_path):
    for name in ("random", "email", "luigi", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not mine')", encoding="utf-8")
    script = tmp_path / "bin/enronlib"  # like the one that is installed
    script.parent.mkdir()
    script.write_text("import sys; from enronlib.__main__ import main; sys.exit(main())", encoding="utf-8")
    command = [sys.executable, script, "run", "mail", "--workers", "2"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs process groups")
@pytest.mark.parametrize("seen", [None, "processed/ada-a.parquet", "results/words/ada-a.txt"])
def test_an_interrupt_at_any_moment_is_one_line(maildir, tmp_path, seen):
    for number in range(3000):  # enough that this mailbox takes longer than the other one
        (maildir / f"bo-b/sent/{number}.").write_text(MESSAGE.format("gas " * 500), encoding="utf-8")
    process = start_a_run(tmp_path)
    process.stdout.readline()  # it has started
    while seen and process.poll() is None and not (tmp_path / "out" / seen).exists():
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    line = "enronlib: stopped; finished results are kept; the next run continues from there\n"
    # Python ends by the signal itself if it came while code in a string ran, as in a dataclass: also 130 in a shell.
    assert (process.returncode, errors) in [(130, line), (-signal.SIGINT, line)]


def subcommands(parser):
    """Return the parsers of a parser's commands by name, and what its help says about each."""
    [action] = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return action.choices, {choice.dest: choice.help for choice in action._choices_actions}


COMMANDS, SUMMARIES = subcommands(make_parser())


def test_help_lists_every_command_with_its_summary(enronlib):
    done = enronlib("--help", COLUMNS="1000")
    assert done.returncode == 0
    assert COMMANDS.keys() >= {"run", "sample", "download", "start", "build", "submit", "grade"}
    for name in COMMANDS:
        assert re.search(rf"^ +{name} +{re.escape(SUMMARIES[name])}$", done.stdout, re.MULTILINE), name


def lowest(commands, before=()):
    """Yield the words and the parser of each command that has no commands of its own."""
    for name, parser in commands.items():
        if any(isinstance(action, argparse._SubParsersAction) for action in parser._actions):
            yield from lowest(subcommands(parser)[0], (*before, name))
        else:
            yield (*before, name), parser


@pytest.mark.parametrize(
    ("words", "parser"), list(lowest(COMMANDS)), ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_help_explains_every_option(enronlib, words, parser):
    done = enronlib(*words, "--help", COLUMNS="1000")
    assert done.returncode == 0
    assert f"usage: enronlib {' '.join(words)}" in done.stdout
    assert parser.description in done.stdout
    for action in parser._actions:
        [name] = action.option_strings[-1:] or [action.metavar]
        assert action.help, f"{name} is not explained"
        explained = rf"^ +(-\w, )?{re.escape(name)}(?!\w).*\s+{re.escape(action.help % vars(action))}$"
        assert re.search(explained, done.stdout, re.MULTILINE), name


def test_sample_writes_the_number_of_messages_asked_for(enronlib, tmp_path):
    done = enronlib("sample", "mail", "--messages", "400", "--seed", "7")
    assert done.returncode == 0, done.stderr
    assert sum(path.is_file() for path in (tmp_path / "mail/maildir").rglob("*")) == 400
    again = enronlib("sample", "other", "--messages", "400", "--seed", "7")
    assert again.returncode == 0
    assert files(tmp_path / "mail") == files(tmp_path / "other")


def test_start_copies_the_lessons_and_keeps_existing_files(enronlib, tmp_path):
    assert enronlib("start", "mine").returncode == 0
    lesson = tmp_path / "mine/01_look_at_the_mail.ipynb"
    lesson.write_text("my work", encoding="utf-8")
    (tmp_path / "mine/02_parse_one_email.ipynb").unlink()
    again = enronlib("start", "mine")
    assert again.returncode == 0
    assert re.match(r"\d+ files already there, left unchanged\.\n1 file copied", again.stdout)
    assert lesson.read_text(encoding="utf-8") == "my work"


def test_options_are_not_abbreviated(enronlib, maildir):
    done = enronlib("run", "mail", "--schedule", "http://127.0.0.1:8082")
    assert done.returncode == 2
    assert "unrecognized arguments: --schedule" in done.stderr


@pytest.mark.parametrize(
    ("engine", "option", "advice"),
    [
        ("dask", ["--scheduler-url", "http://127.0.0.1:8082"], "leave out --engine dask"),
        ("spark", ["--verbose"], "leave out --engine spark"),
        ("dask", ["--master", "local[2]"], "add --engine spark"),
        ("luigi", ["--scheduler", "tcp://127.0.0.1:8786"], "add --engine dask"),
    ],
)
def test_an_option_that_the_engine_does_not_use_is_refused(enronlib, maildir, engine, option, advice):
    done = enronlib("run", "mail", "--engine", engine, *option)
    assert (done.returncode, done.stdout) == (2, "")
    owner = {"--master": "Spark", "--scheduler": "Dask"}.get(option[0], "Luigi")
    assert done.stderr == f"enronlib: {option[0]} works only with {owner}: leave it out, or {advice}\n"


def test_a_number_of_workers_is_refused_where_a_cluster_has_its_own(enronlib, maildir):
    done = enronlib("run", "mail", "--engine", "dask", "--scheduler", "tcp://127.0.0.1:8786", "--workers", "2")
    assert (done.returncode, "--workers works only on one machine" in done.stderr) == (2, True)


def test_mail_furniture_is_counted_and_drawn_only_on_request(enronlib, maildir, tmp_path):
    (maildir / "ada-a/inbox/3.").write_text("Subject: x\n\nwww www www www\n", encoding="utf-8")
    charts = []
    for option in ([], ["--keep-furniture"]):
        assert enronlib("run", "mail", *option).returncode == 0
        assert b"www\t4\n" in (tmp_path / "out/results/count.txt").read_bytes()
        charts.append((tmp_path / "out/results/top_words.png").read_bytes())
    assert charts[0] != charts[1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not send these signals")
@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP"])
def test_a_termination_signal_is_one_line_and_leaves_no_temporary_file(maildir, tmp_path, number):
    for message in range(3, 600):
        (maildir / f"ada-a/inbox/{message}.").write_text("Subject: x\n\n" + "gas power " * 200, encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="t") as scratch:  # tmp_path may be too long for the name of a socket
        process = subprocess.Popen(
            [sys.executable, "-m", "enronlib", "run", "mail", "--workers", "2"],
            cwd=tmp_path,
            env=os.environ | {"TMPDIR": scratch},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while process.poll() is None and not (tmp_path / "out/processed/bo-b.parquet").exists():
            time.sleep(0.01)
        process.send_signal(getattr(signal, number))
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 130
        assert errors == "enronlib: stopped; finished results are kept; the next run continues from there\n"
        assert list(Path(scratch).iterdir()) == []
