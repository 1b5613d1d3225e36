"""The commands `submit` and `grade`."""

import argparse
import sys
from pathlib import Path

from enronlib.classroom.grading import CELL_SECONDS


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add both commands to the command line of `python -m enronlib`."""
    command = commands.add_parser(
        "submit",
        help="pack your notebooks and results into assignment04_LastFirst.zip",
        description="Pack your notebooks and results into assignment04_LastFirst.zip, and say what is still unsolved.",
    )
    command.add_argument("name", nargs="+", metavar='"First Last"', help="your name, in quotes")
    command.add_argument("--folder", type=Path, default=Path(), metavar="DIR", help="your lessons (default: here)")
    command.set_defaults(command=submit)

    command = commands.add_parser(
        "grade",
        help="grade submissions: zips, folders or notebooks",
        description="Grade submissions (zips, folders, notebooks, or folders of them). None of them is changed.",
    )
    command.add_argument(
        "submissions",
        nargs="+",
        type=Path,
        metavar="SUBMISSION",
        help="a zip, a folder, a notebook, or a folder of them",
    )
    command.add_argument("--csv", type=Path, metavar="FILE", help="write a row for every student")
    command.add_argument(
        "--feedback", type=Path, metavar="DIR", help="write a page for every student, beside it one on the class"
    )
    command.add_argument("--roster", type=Path, metavar="FILE", help="CSV of the names: every student gets a row")
    command.add_argument("--lessons", metavar="02,08", help="grade these (default: those that somebody began)")
    command.add_argument("--jobs", type=_number, metavar="N", help="submissions at a time (default: half the cores)")
    command.add_argument("--corpus-seed", type=int, metavar="N", help="let the checks use other mail, made from N")
    command.add_argument(
        "--cell-seconds",
        type=_number,
        default=CELL_SECONDS,
        metavar="N",
        help="most time a cell (default: %(default)s)",
    )
    command.add_argument(
        "--minutes", type=_number, default=10, metavar="N", help="most time a submission (default: 10)"
    )
    command.add_argument("--resume", action="store_true", help="with --csv: do not grade again what did not change")
    command.set_defaults(command=grade)


def submit(options: argparse.Namespace) -> int:
    """Write the student's zip."""
    from enronlib import UserError
    from enronlib.classroom.grading.names import split_name
    from enronlib.classroom.grading.submit import submit  # costly: --help should not wait for it

    if len(options.name) > 1:
        raise UserError(f'put the name in quotes:  submit "{" ".join(options.name)}"')
    handed = submit(options.folder, options.name[0])
    last, first = split_name(options.name[0])
    print(f"as: last name {last}, first name {first}" if first else f"as: one name only, {last}")
    for warning in handed.warnings:
        print(f"note: {warning}")
    print(f"{handed.path.name}: {len(handed.files)} files. Hand in this one file.")
    return 0


def grade(options: argparse.Namespace) -> int:
    """Grade a class; return 0 also where submissions cannot be read: each has its row."""
    from enronlib import UserError
    from enronlib.classroom.grading import grade as grading
    from enronlib.classroom.grading import report
    from enronlib.classroom.grading.sandbox import Limits

    report.check_outputs(options.csv, options.feedback)
    if options.resume and not options.csv:
        raise UserError("--resume needs --csv FILE: what was graded is kept beside that file")
    try:
        marks = grading.grade(
            options.submissions,
            roster=options.roster,
            jobs=options.jobs,
            seed=options.corpus_seed,
            limits=Limits(cell=options.cell_seconds, submission=60 * options.minutes),
            kept=options.csv.with_suffix(".resume.jsonl") if options.csv else None,
            anew=not options.resume,
            wanted=options.lessons.split(",") if options.lessons else None,
        )
    except grading.Stopped as stopped:
        kept = f"{stopped} are graded and kept. Go on with the same command and --resume"
        raise KeyboardInterrupt(kept if options.csv else "nothing was kept, as there is no --csv") from None
    except KeyboardInterrupt:
        raise KeyboardInterrupt("grading had not begun") from None
    print(report.table(marks, options.csv))
    if options.csv:
        written, earlier = report.write_csv(marks, options.csv)
        print(f"{written} (what it held before: {earlier.name})" if earlier else written)
    if options.feedback:
        pages = report.write_feedback(marks, options.feedback)
        about_class = report.write_class_page(marks, options.feedback)
        print(f"{options.feedback}: {len(pages)} pages; beside it, for you alone: {about_class.name}")
    for note in marks.notes:
        print(f"note: {note}", file=sys.stderr)
    return 0


def _number(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return number
