"""The engines of `notebooks/other_engines`: their environments, and how to run the workflow on each."""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from enronlib.files import cache_folder, locked

__all__ = ["ENGINES", "FILES", "Engine", "NoEnvironmentError", "make_environment", "run"]

ROOT = Path(__file__).parents[2]
FILES = ROOT / "notebooks/other_engines"
SCRIPTS = "Scripts" if os.name == "nt" else "bin"
LONGEST_INSTALL = 900  # seconds
LONGEST_RUN = 600  # seconds, on a busy machine
UNTIL = "2026-11-20"  # no package newer than this: the engines bring some 400, and one that changes must break no test


@dataclass(frozen=True)
class Engine:
    """A workflow engine."""

    name: str
    file: str  # the workflow, in notebooks/other_engines
    packages: tuple[str, ...] = ()


ENGINES = {
    engine.name: engine
    for engine in (
        Engine("luigi", "luigi_workflow.py", ("luigi==3.8.1",)),
        Engine("make", "Makefile"),
        Engine("snakemake", "Snakefile", ("snakemake==9.27.1",)),
        Engine("airflow", "airflow_dag.py", ("apache-airflow-core==3.3.2",)),
        # Prefect 3.8.8 does not start with a newer FastAPI: Body() has lost an argument that it uses.
        Engine("prefect", "prefect_flow.py", ("prefect==3.8.8", "fastapi<0.140")),
        Engine("dagster", "dagster_assets.py", ("dagster==1.13.27", "dagster-webserver==1.13.27")),
    )
}


class NoEnvironmentError(Exception):
    """An engine cannot be installed here; the message says why."""


def make_environment(engine: Engine) -> Path:
    """Return the environment of an engine: what our steps need, and the engine. It is made once and kept in the cache.

    Raises NoEnvironmentError.
    """
    if engine.name == "make" and not shutil.which("make"):
        raise NoEnvironmentError("there is no GNU make on this machine")
    if engine.name in ("make", "airflow") and os.name == "nt":
        raise NoEnvironmentError("the Makefile needs the command find, and Airflow does not run on Windows")
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    packages = [*(text for text in dependencies if not text.startswith("luigi")), *engine.packages]
    recipe = "\n".join([sys.version, UNTIL, *packages])
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    environment = cache_folder() / "engines" / f"{engine.name}-{digest}"
    complete = environment / "complete"
    with locked(environment.with_name(f"{environment.name}.lock")):
        if not complete.exists():
            shutil.rmtree(environment, ignore_errors=True)
            uv("venv", "--python", sys.executable, str(environment))
            python = environment / SCRIPTS / "python"
            uv("pip", "install", "--python", str(python), "--exclude-newer", UNTIL, *packages)
            complete.touch()
    return environment


def uv(*arguments: str) -> None:
    """Run uv. Raises NoEnvironmentError if it fails or is not installed."""
    if not find_spec("uv"):
        raise NoEnvironmentError("uv is not installed: python -m pip install 'enronlib[engines]'")
    command = [sys.executable, "-m", "uv", "--quiet", *arguments]
    try:
        subprocess.run(command, capture_output=True, text=True, check=True, timeout=LONGEST_INSTALL)
    except subprocess.TimeoutExpired:
        raise NoEnvironmentError(f"uv did not finish in {LONGEST_INSTALL} seconds") from None
    except subprocess.CalledProcessError as error:
        raise NoEnvironmentError(error.stderr.strip() or "uv failed") from None


def run(engine: Engine, environment: Path, maildir: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Run the workflow on an engine. What the engine remembers is kept in a folder beside `out`."""
    home = out.with_name(f"{out.name}-{engine.name}")
    settings = prepare(engine, environment, home) | {"ENRON_MAILDIR": str(maildir), "OUT": str(out)}
    return call(environment, settings, *command(engine, environment, maildir, out))


def command(engine: Engine, environment: Path, maildir: Path, out: Path) -> list[str]:
    """Return the command that runs the workflow."""
    file = str(FILES / engine.file)
    python = str(environment / SCRIPTS / "python")
    return {
        "luigi": [
            *("luigi", "--module", "luigi_workflow", "TopWords", "--maildir", str(maildir), "--out", str(out)),
            *("--local-scheduler", "--workers", "2", "--retcode-task-failed", "1"),
        ],
        "make": ["make", "-f", file, "--jobs=2", "--keep-going", f"MAILDIR={maildir}", f"OUT={out}"],
        "snakemake": [
            *("snakemake", "--snakefile", file, "--directory", str(out), "--cores", "2", "--keep-going"),
            *("--config", f"maildir={maildir}"),
        ],
        "airflow": ["airflow", "dags", "test", "enron_words"],
        "prefect": [python, file, str(maildir), str(out)],
        "dagster": [python, file],
    }[engine.name]


def prepare(engine: Engine, environment: Path, home: Path) -> dict[str, str]:
    """Create what an engine needs before its first run; return its environment variables. None of them calls home."""
    first = not home.exists()
    home.mkdir(parents=True, exist_ok=True)
    settings = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "DO_NOT_TRACK": "1"}
    if engine.name == "airflow":
        settings |= {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        }
        if first:
            (home / "dags").mkdir()
            shutil.copy2(FILES / engine.file, home / "dags")
            call(environment, settings, "airflow", "db", "migrate").check_returncode()
    if engine.name == "prefect":
        settings |= {
            "PREFECT_HOME": str(home),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "200",  # the default of 20 is short on a busy machine
        }
    if engine.name == "dagster":
        settings["DAGSTER_HOME"] = str(home)
        (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n", encoding="utf-8")
    return settings


def call(environment: Path, settings: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command with the programs of an environment first in the path, and this checkout of `enronlib`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ENRON", "PYTEST"))}
    path = os.pathsep.join([str(environment / SCRIPTS), os.environ["PATH"]])
    return subprocess.run(
        command,
        env=inherited | {"PATH": path, "PYTHONPATH": os.pathsep.join([str(ROOT), str(FILES)])} | settings,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=LONGEST_RUN,
        check=False,
    )
