"""The same workflow on each engine: what it costs to install and to run, and what one broken mailbox costs.

    python -m tests.benchmarks.bench_engines [ENGINE…]

Writes notebooks/other_engines/measured.json, which lesson 11 quotes. Times are seconds of processor time, of all
processes together, so that other work on the machine hardly counts.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from enronlib import corpus
from enronlib.sample import sample_maildir
from tests.other_engines import ENGINES, FILES, Engine, make_environment, run

OUTPUTS = ("processed/*.parquet", "results/words/*.txt", "results/count.txt", "results/top_words.png")


def made(out: Path) -> dict[str, int]:
    """Return the outputs and when each was written."""
    return {path.relative_to(out).as_posix(): path.stat().st_mtime_ns for each in OUTPUTS for path in out.glob(each)}


def measure(engine: Engine, folder: Path) -> dict[str, Any]:
    """Run the workflow on the sample five times, each time after something happened to the mail."""
    import resource  # not on Windows, where this file is imported by a test

    environment = make_environment(engine)
    maildir = Path(shutil.copytree(sample_maildir(), folder / "maildir"))
    message = corpus.message_files(corpus.mailboxes(maildir)[0])[0]
    whole = message.read_bytes()

    def processor_seconds(out: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = run(engine, environment, maildir, folder / out)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(f"{engine.name}: exit status {done.returncode}", file=sys.stderr)
        return round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1)

    found: dict[str, Any] = {"lines": lines(FILES / engine.file), "mb": megabytes(environment)}
    found["first"] = processor_seconds("first")
    everything = made(folder / "first")

    out = folder / "out"
    message.write_bytes(b"")
    processor_seconds("out")
    broken = made(out)
    found["lost"] = sorted(everything.keys() - broken.keys())
    message.write_bytes(whole)
    processor_seconds("out")
    repaired = made(out)
    found["complete"] = repaired.keys() == everything.keys()
    found["made_again"] = sum(repaired[path] != broken[path] for path in broken)
    found["nothing"] = processor_seconds("out")
    found["made_for_nothing"] = sum(time != repaired[path] for path, time in made(out).items())
    message.write_bytes(whole + b"\nenronlibenronlib\n")
    processor_seconds("out")
    found["sees_change"] = b"enronlibenronlib" in (out / "results/count.txt").read_bytes()
    return found


def lines(file: Path) -> int:
    """Return the number of lines that are not empty."""
    return sum(bool(line.strip()) for line in file.read_text(encoding="utf-8").splitlines())


def megabytes(folder: Path) -> int:
    """Return the size of the files in a folder, without what Python compiles as it goes."""
    return round(
        sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc") / 1e6
    )


def main() -> int:
    """Measure every engine, or those that are named."""
    file = FILES / "measured.json"
    found = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    plain = megabytes(make_environment(ENGINES["make"]))
    for name in sys.argv[1:] or ENGINES:
        with tempfile.TemporaryDirectory() as folder:
            found[name] = measure(ENGINES[name], Path(folder))
        found[name]["mb"] -= plain  # what the engine adds to what our steps need
        print(name, found[name], flush=True)
        file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
