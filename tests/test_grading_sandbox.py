"""The sandbox and its supervisor: what code in it can see and do, and that nothing of it is left running."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Event, Timer
from typing import Any

import psutil
import pytest

from enronlib.classroom.grading import sandbox, supervisor
from enronlib.classroom.grading.lessons import solutions_folder
from enronlib.classroom.grading.sandbox import Sandbox, detect_sandbox, visible
from enronlib.classroom.grading.supervisor import Limits, clean_environment, start_process, supervise
from enronlib.processes import default_start_method

KINDS: list[Any] = [kind for kind in ("bwrap", "unshare") if detect_sandbox((kind,)).kind == kind]
PLAIN = Sandbox("plain")


@pytest.fixture(params=KINDS or [pytest.param("none", marks=pytest.mark.skip(reason="no namespaces on this system"))])
def sandboxed(request, tmp_path):
    """Return a function that runs Python code in the sandbox and returns what it prints."""
    home = tmp_path / "home"
    home.mkdir()

    def run(code: str, *hidden: Path) -> str:
        command = detect_sandbox((request.param,)).command([sys.executable, "-c", code], home, hidden)
        environment = clean_environment(home, "token")
        done = subprocess.run(
            command, cwd=home, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert not done.stderr, done.stderr
        return done.stdout.strip()

    return run


def test_there_is_no_network(sandboxed):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port), 5).close()
        code = f"import socket\ntry: socket.create_connection(('127.0.0.1', {port}), 2)\nexcept OSError: print('none')"
        assert sandboxed(code) == "none"


def test_processes_of_a_submission_reach_each_other_by_a_socket(sandboxed):
    code = "import socket\nserver = socket.create_server(('127.0.0.1', 0))\n"
    code += "socket.create_connection(server.getsockname(), 5)"
    assert sandboxed(f"{code}\nprint('reached')") == "reached"


def test_other_submissions_and_the_solutions_cannot_be_seen(sandboxed, tmp_path):
    other = tmp_path / "inbox" / "other.zip"
    other.parent.mkdir()
    other.touch()
    paths = [
        str(path) for path in (other, Path(__file__), solutions_folder() / "template.ipynb", Path.home() / ".bashrc")
    ]
    assert sandboxed(f"import os\nprint([os.path.exists(path) for path in {paths}])", other.parent) == str([False] * 4)


def test_a_hidden_folder_inside_a_visible_one_is_empty(sandboxed):
    folder = Path(sandbox.__file__).parent
    assert sandboxed(f"import os\nprint(os.listdir({str(folder)!r}))", folder) == "[]"


def test_python_and_the_package_are_there_and_cannot_be_written(sandboxed):
    target = Path(sandbox.__file__).parent / "evil.py"
    code = (
        f"import enronlib.classroom, pandas\ntry:\n    open({str(target)!r}, 'w')\nexcept OSError as error: print('no')"
    )
    assert sandboxed(code) == "no"
    assert not target.exists()


def test_it_writes_to_its_own_folder_and_tmp(sandboxed, tmp_path):
    assert sandboxed("open('mine', 'w').write('x'); open('/tmp/x', 'w'); open('/dev/shm/x', 'w'); print('ok')") == "ok"
    assert (tmp_path / "home" / "mine").read_text() == "x"
    assert not Path("/tmp/x").exists() or Path("/tmp/x").stat().st_mtime < time.time() - 60


def test_other_processes_cannot_be_seen(sandboxed):
    assert int(sandboxed("import os\nprint(sum(name.isdigit() for name in os.listdir('/proc')))")) <= 3


def test_the_sandbox_cannot_be_taken_down(sandboxed, tmp_path):
    umount = shutil.which("umount") or "umount"
    code = f"""
import subprocess, os
for command in (['{umount}', '/proc'], ['mount', '-o', 'remount,rw', '/usr'], ['unshare', '-r', 'umount', '/usr']):
    print(subprocess.run(command, capture_output=True).returncode != 0)
"""
    assert set(sandboxed(code).split()) == {"True"}


def test_a_pool_of_processes_works(sandboxed):
    code = "import multiprocessing as m\nwith m.get_context('fork').Pool(2) as pool: print(pool.map(abs, [-1, -2]))"
    assert sandboxed(code) == "[1, 2]"


def test_the_environment_reveals_nothing_about_the_instructor(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_TOKEN", "x")
    environment = clean_environment(tmp_path, "token", {"ENRONLIB_CORPUS_SEED": "5"})
    assert "SECRET_TOKEN" not in environment
    assert environment["HOME"] == str(tmp_path)
    assert environment["ENRONLIB_CORPUS_SEED"] == "5"
    assert not any(name.startswith("PYTHON") for name in environment.keys() - set(supervisor.FIXED))


def test_only_what_is_needed_is_shown():
    shown = visible()
    assert Path("/") not in shown
    assert Path.home() not in shown
    assert not any(Path.home().is_relative_to(path) for path in shown)


def test_the_instructor_is_warned_where_there_is_no_sandbox(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    detect_sandbox.cache_clear()
    try:
        assert detect_sandbox().kind == "plain"
        assert "network" in detect_sandbox().missing
    finally:
        detect_sandbox.cache_clear()


@pytest.mark.skipif(not KINDS, reason="no namespaces on this system")
def test_a_python_called_by_a_path_that_leads_up_has_a_sandbox_too(tmp_path):
    python = os.path.relpath(sys.executable, tmp_path)
    code = "from enronlib.classroom.grading.sandbox import detect_sandbox; print(detect_sandbox().kind)"
    done = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.strip() in KINDS, done.stderr


def run(folder: Path, code: str, seconds: float = 20, limits: Limits | None = None, stop: Event | None = None) -> str:
    limits = limits or Limits(submission=seconds)
    return supervise(exec, (code,), folder, limits, seconds, log=folder / "log.txt", stop=stop)


def left_by(folder: Path) -> list[psutil.Process]:
    """Return the processes that a run in this folder has left behind."""
    found = []
    for process in psutil.process_iter():
        try:
            started = process.environ().get("HOME") == str(folder)
            if started or Path(process.cwd()).is_relative_to(folder):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


KERNEL_IN_SANDBOX = """
import time
from pathlib import Path
from enronlib.classroom.grading.kernel import KernelLaunch, LessonKernel
from enronlib.classroom.grading.sandbox import PYTHON_ITSELF, detect_sandbox
folder = Path("kernel").absolute()
folder.mkdir()
limits = '{"memory": 4000000000, "file": 1000000, "processes": 99, "watch": []}'
command = [PYTHON_ITSELF, "-m", "enronlib.classroom.grading.launch", limits]
command = detect_sandbox(KINDS).command(command, folder)
kernel = LessonKernel("python3", folder, 60, KernelLaunch(tuple(command), folder, own_network=True))
kernel.execute_cell_input("import re; re.match('(a*)*b', 'a' * 99)")  # holds the kernel's interpreter forever
Path("busy").touch()
time.sleep(300)
"""


@pytest.mark.skipif(not KINDS, reason="no namespaces on this system")
@pytest.mark.parametrize("seconds", [2, 5, None])
def test_nothing_is_left_running_by_a_grader_that_is_killed(tmp_path, seconds):
    task = KERNEL_IN_SANDBOX.replace("KINDS", repr(tuple(KINDS)))
    code = f"""
from pathlib import Path
from enronlib.classroom.grading.supervisor import Limits, supervise
supervise(exec, ({task!r},), Path.cwd(), Limits(), 300, log=Path("log.txt"))
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path) as grader:
        try:
            if seconds:
                time.sleep(Random().uniform(0, seconds))  # anywhere in the start of the grader and of the kernel
            else:
                wait_until((tmp_path / "busy").exists)
        finally:
            grader.kill()
    wait_until(lambda: not left_by(tmp_path))


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_run_within_its_limits_gives_no_reason(tmp_path):
    assert run(tmp_path, "print('done')") == ""
    assert (tmp_path / "log.txt").read_text() == "done\n"


def test_a_run_starts_in_its_home_without_the_instructors_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "x")
    monkeypatch.setattr(sys, "path", ["", "here", *sys.path])
    code = (
        "import os, sys; from pathlib import Path\n"
        "print('SECRET_TOKEN' in os.environ, os.environ['HOME'] == os.getcwd(), sys.stdin.read(),\n"
        "      all(Path(path).is_absolute() for path in sys.path))"
    )
    run(tmp_path, code)
    assert (tmp_path / "log.txt").read_text() == "False True  True\n"


def test_no_module_in_the_current_folder_is_run(tmp_path):
    (tmp_path / "pdb.py").write_text("1 / 0")
    (tmp_path / "home").mkdir()
    code = (
        "import os, sys; from pathlib import Path; from enronlib.classroom.grading.supervisor import run_task\n"
        "sys.path[:0] = [os.getcwd(), os.getcwd()]\n"
        "run_task(Path('home'), {}, Path('log.txt'), exec, ('import pdb, enronlib; print(hasattr(pdb, \"Pdb\"))',))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)
    assert (tmp_path / "home" / "log.txt").read_text() == "True\n"


def test_a_run_that_takes_too_long_is_ended(tmp_path):
    assert run(tmp_path, "import time; time.sleep(300)", seconds=1) == "the submission took longer than 1 seconds"


def test_a_run_can_be_stopped(tmp_path):
    stop = Event()
    Timer(0.5, stop.set).start()
    assert run(tmp_path, "import time; time.sleep(300)", stop=stop)


@pytest.mark.skipif(default_start_method() != "forkserver", reason="no fork server on this system")
def test_a_run_outlives_the_fork_server_and_the_next_has_another(tmp_path):
    for code in ("import os, time; os.kill(os.getppid(), 9); time.sleep(1); print('done')", "print('done')"):
        assert run(tmp_path, code) == ""
    assert (tmp_path / "log.txt").read_text() == "done\ndone\n"


@pytest.mark.skipif(default_start_method() != "forkserver", reason="no fork server on this system")
def test_a_run_whose_fork_server_is_dead_is_still_ended_in_time(tmp_path):
    code = "import os, time; os.kill(os.getppid(), 9); time.sleep(300)"
    assert "longer than" in run(tmp_path, code, seconds=1)
    assert left_by(tmp_path) == []


@pytest.mark.parametrize("error", [EOFError, BrokenPipeError, ConnectionRefusedError])
def test_a_process_that_could_not_be_started_is_started_once_more(monkeypatch, error):
    class Process:
        starts = 0

        def start(self) -> None:
            self.starts += 1
            if self.starts < 2:
                raise error

    process = Process()
    monkeypatch.setattr(time, "sleep", lambda _: None)
    start_process(process)
    assert process.starts == 2


def test_children_in_their_own_sessions_are_ended_with_the_run(tmp_path):
    code = "import subprocess\nfor _ in range(3): subprocess.Popen(['sleep', '300'], start_new_session=True)"
    run(tmp_path, code)
    assert left_by(tmp_path) == []


@pytest.mark.parametrize(
    ("child", "limits", "reason"),
    [
        ("x = bytearray(300_000_000)", Limits(memory=200_000_000), "more than 0.2 GB of memory"),
        (
            "import subprocess; [subprocess.Popen(['sleep', '300']) for _ in range(30)]",
            Limits(processes=20),
            "20 processes",
        ),
    ],
)
def test_children_that_take_too_much_are_ended_and_the_run_continues(tmp_path, child, limits, reason):
    child += "; import time; time.sleep(300)"
    code = f"import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', {child!r}]).returncode)"
    assert reason in run(tmp_path, code, 30, limits)
    assert int((tmp_path / "log.txt").read_text()) < 0


def test_limits_are_set_in_the_process_itself(tmp_path):
    pytest.importorskip("resource")
    code = (
        "from enronlib.classroom.grading.launch import set_limits\nset_limits(10**9, 10**6, 100)\n"
        "try: bytearray(2 * 10**9)\nexcept MemoryError: print('memory')\n"
        "try: open('big', 'wb').write(bytes(2 * 10**6))\nexcept OSError: print('file')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["memory", "file"], done.stderr


def test_no_module_needs_what_only_unix_has():
    source = "\n".join(path.read_text(encoding="utf-8") for path in Path(sandbox.__file__).parent.glob("*.py"))
    lines = [line for line in source.splitlines() if line.startswith(("import ", "from "))]
    assert not any(name in line.split() for line in lines for name in ("resource", "fcntl", "pwd", "grp", "pty"))
