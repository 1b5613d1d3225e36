"""The Java programs that no Python package brings: Kafka, Presto, and what connects Spark to Kafka and S3.

`jars.txt` pins each file: its set, its Maven coordinates (group:artifact:version), its SHA-256, and its type. Maven
fetches them where `mvn` is on the PATH, so that a site's settings hold; otherwise Ivy does, which PySpark brings. They
are kept in the cache folder, and nothing is fetched twice.
"""

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from xml.sax.saxutils import quoteattr

from enronlib import UserError, require
from enronlib.files import cache_folder, locked

__all__ = ["Jar", "check_java", "fetch", "pinned", "pyspark"]

OLDEST_JAVA = 17
PATIENCE = 1800  # seconds to fetch what is missing


@dataclass(frozen=True)
class Jar:
    """One pinned file: where Maven Central has it, and the SHA-256 of its bytes."""

    group: str
    artifact: str
    version: str
    sha256: str
    kind: str = "jar"

    @property
    def path(self) -> Path:
        """Where the file is kept."""
        return cache_folder() / "jars" / f"{self.artifact}-{self.version}.{self.kind}"

    def is_there(self) -> bool:
        """Return whether the file is in the cache, with the right bytes."""
        return self.path.is_file() and _digest(self.path) == self.sha256


def pinned(name: str) -> list[Jar]:
    """Return the files of a set: "kafka", "spark-kafka" for Spark's connector, "s3a" for Spark's S3, or "presto"."""
    lines = (Path(__file__).parent / "jars.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.replace(":", " ").split() for line in lines if line.startswith(f"{name} ")]
    return [Jar(*row[1:]) for row in rows]


@cache
def fetch(name: str) -> list[Path]:
    """Return the paths of the files of a set, after fetching those that are missing.

    Raises UserError if there is no Java, and if a file cannot be fetched or is not the pinned one.
    """
    check_java()
    jars = pinned(name)
    if not all(jar.is_there() for jar in jars):
        with locked(cache_folder() / "jars"):
            _download([jar for jar in jars if not jar.is_there()])
    return [jar.path for jar in jars]


@cache
def check_java() -> str:
    """Return the path of Java. Raises UserError if there is none, or an old one."""
    java = shutil.which("java")
    if not java:
        raise UserError(f"Java is not installed: Kafka and Spark need Java {OLDEST_JAVA} or newer on the PATH")
    shown = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', shown)
    if not version or int(version[1]) < OLDEST_JAVA:
        raise UserError(f"this Java is too old: Kafka and Spark need Java {OLDEST_JAVA} or newer on the PATH")
    return java


def pyspark() -> Path:
    """Return the folder of PySpark, which has Spark's own jars. Raises UserError if it is not installed."""
    require("events", "pyspark")
    return Path(str(files("pyspark")))


def _download(missing: Iterable[Jar]) -> None:
    with tempfile.TemporaryDirectory(dir=cache_folder() / "jars") as name:
        folder = Path(name)
        _run(_maven(missing, folder) if shutil.which("mvn") else _ivy(missing, folder))
        for jar in missing:
            fetched = folder / jar.path.name
            if not fetched.is_file():
                raise UserError(f"Maven Central did not give {jar.path.name}: try again")
            if _digest(fetched) != jar.sha256:
                raise UserError(f"{jar.path.name} is not the pinned file: its SHA-256 differs")
            fetched.replace(jar.path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _maven(missing: Iterable[Jar], folder: Path) -> list[str]:
    """Return the command by which Maven copies exactly these files to a folder."""
    wanted = "".join(
        f"<dependency><groupId>{jar.group}</groupId><artifactId>{jar.artifact}</artifactId>"
        f"<version>{jar.version}</version><type>{jar.kind}</type>"
        "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>"
        for jar in missing
    )
    (folder / "pom.xml").write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>enronlib</groupId><artifactId>jars</artifactId>"
        f"<version>1</version><dependencies>{wanted}</dependencies></project>",
        encoding="utf-8",
    )
    return [
        str(shutil.which("mvn")), "--batch-mode", "--quiet", f"--file={folder / 'pom.xml'}",
        "dependency:copy-dependencies", f"-DoutputDirectory={folder}",
    ]  # fmt: skip


def _ivy(missing: Iterable[Jar], folder: Path) -> list[str]:
    """Return the command by which Ivy copies exactly these files to a folder."""
    program = next((pyspark() / "jars").glob("ivy-*.jar"))
    wanted = "".join(
        f"<dependency org={quoteattr(jar.group)} name={quoteattr(jar.artifact)} rev={quoteattr(jar.version)}"
        f' transitive="false" conf="default->master"><artifact name={quoteattr(jar.artifact)}'
        f" type={quoteattr(jar.kind)}/></dependency>"
        for jar in missing
    )
    (folder / "ivy.xml").write_text(
        '<ivy-module version="2.0"><info organisation="enronlib" module="jars"/><configurations><conf name="default"/>'
        f"</configurations><dependencies>{wanted}</dependencies></ivy-module>",
        encoding="utf-8",
    )
    return [
        check_java(), "-jar", str(program), "-warn", "-ivy", str(folder / "ivy.xml"), "-cache", str(folder / "ivy"),
        "-retrieve", f"{folder}/[artifact]-[revision].[ext]",
    ]  # fmt: skip


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise UserError(f"Maven Central did not answer within {PATIENCE // 60} minutes: try again") from error
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        reason = next((line for line in lines if "ERROR" in line or "UNRESOLVED" in line), "no reason given")
        raise UserError(f"cannot fetch what is needed from Maven Central: {reason[:200]}")
