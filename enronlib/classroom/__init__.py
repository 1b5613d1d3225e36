"""The teaching machinery: exercises with automatic checks, and the tools that build, hand out and grade lessons.

A lesson's cells use only the names in `__all__`:

    from enronlib.classroom import check, first_look, hint, load, predict, progress, real_corpus, workspace, yours

What runs in a student's kernel:

    session        check, yours, hint, predict, progress: what cells call, and what the kernel remembers
    opening        first_look: the whole workflow in one cell
    aggregates     real_corpus: numbers from the real corpus, to show beside those of the sample
    solutions      the kit's own answers: what `yours` falls back on
    exercise       an exercise: its points, hints, check and known wrong answers
    exercises/     the exercises, one module per lesson: change a hint, a verdict or a check here
    answer         a student's answer: called safely, copied to built-in types, compared
    verdict        Correct, Not yet, Not attempted, and how they are displayed
    extras         lessons that need an extra of the package
    mail           mail that the student has not seen, for the checks
    cluster        a simulated cluster, and a record of a real run, for the lesson on workers that die
    spark_cluster  Spark on this machine: a session, and a small cluster whose workers can be killed
    toy_rdd        an RDD in plain Python, for the checks of the lesson on Spark
    pipeline       your_task, show_run, terminal: lessons 08 to 10 run one pipeline of the student's own tasks
    luigi_tasks    runs a student's Luigi tasks inside a check
    widgets/       pictures that move, for the lessons
    folders        load, workspace: the modules and folders that a lesson writes
    surroundings   keeps a check silent and independent of the time zone
    machine        checks whether a computer is ready for the lessons
    handout        copies the lessons into a student's folder
    plugin         the entry point for pytest

What never runs there: `authoring/` builds the notebooks from `notebooks/source` and checks them; `grading/` is for
instructors. The text of a lesson and its solutions are in `notebooks/source` only. After a change there, or to a title
or a hint, run `python -m enronlib build`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from enronlib.classroom.aggregates import real_corpus
    from enronlib.classroom.folders import load, workspace
    from enronlib.classroom.opening import first_look
    from enronlib.classroom.session import check, hint, predict, progress, yours

__all__ = ["check", "first_look", "hint", "load", "predict", "progress", "real_corpus", "workspace", "yours"]

_HOMES = {"first_look": "opening", "load": "folders", "real_corpus": "aggregates", "workspace": "folders"}


def __getattr__(name: str) -> Any:
    """Import one of these names on first use: every command and every run of pytest imports this package."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'session')}"), name)
