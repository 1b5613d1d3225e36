"""The commands `submit` and `grade`."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from enronlib import UserError
from enronlib.classroom.grading import CELL_SECONDS

if TYPE_CHECKING:
    from enronlib.classroom.grading.decisions import Row
    from enronlib.classroom.grading.marks import ClassMarks
    from enronlib.classroom.grading.roster import Roster

__all__ = ["add_commands", "positive"]


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add both commands to the command line of `python -m enronlib`."""
    command = commands.add_parser(
        "submit",
        help="pack your notebooks and results into assignment04_LastFirst.zip",
        description="Pack your notebooks and results into assignment04_LastFirst.zip, and list what is still unsolved.",
    )
    command.add_argument("name", nargs="+", metavar='"First Last"', help="your name, in quotes")
    command.add_argument("--folder", type=Path, default=Path(), metavar="DIR", help="your lessons (default: here)")
    command.set_defaults(command=_submit)

    command = commands.add_parser(
        "grade",
        help="grade submissions: zips, folders or notebooks",
        description="Grade submissions (zips, folders, notebooks, or folders of them). None of them is changed.",
    )
    add = command.add_argument
    add(
        "submissions",
        nargs="+",
        type=Path,
        metavar="SUBMISSION",
        help="a zip, a folder, a notebook, or a folder of them",
    )
    add("--csv", type=Path, metavar="FILE", help="write one row per student")
    add("--feedback", type=Path, metavar="DIR", help="write one page per student, and beside DIR one about the class")
    add("--roster", type=Path, metavar="FILE", help="CSV of names: every student on it gets a row")
    add("--lessons", metavar="02,08", help="lessons to grade (default: those that somebody started)")
    add("--jobs", type=positive, metavar="N", help="submissions to grade in parallel (default: half the cores)")
    add("--corpus-seed", type=int, metavar="N", help="run the checks on other mail, generated from this seed")
    add("--cell-seconds", type=positive, default=CELL_SECONDS, metavar="N", help="time limit for a cell (default: 60)")
    add("--minutes", type=positive, default=10, metavar="N", help="time limit for a submission (default: 10)")
    add("--decisions", type=Path, metavar="FILE", help="CSV of your decisions; open questions are added to it")
    add("--by-hand", default="chart.own", metavar="NAMES", help="exercises that you mark by hand (default: chart.own)")
    add("--late-penalty", type=percent, default=0, metavar="PERCENT", help="points lost per day late, of all points")
    add("--export", choices=("moodle", "canvas", "blackboard"), help="with --csv: write what this system imports, too")
    add("--column", metavar="NAME", help="with --export: the gradebook's column of this assignment")
    add(
        "--notebooks",
        type=Path,
        metavar="DIR",
        help="return the notebooks, executed, with the verdicts in place",
    )
    add("--page", type=Path, metavar="FILE", help="write a page about the class, for a browser: class.html")
    add("--resume", action="store_true", help="with --csv: skip submissions that were graded and have not changed")
    command.set_defaults(command=_grade)


def _submit(options: argparse.Namespace) -> int:
    """Write the student's zip."""
    from enronlib.classroom.grading.names import split_name
    from enronlib.classroom.grading.submit import pack_submission  # slow, and --help must not wait

    if len(options.name) > 1:
        raise UserError(f'put the name in quotes:  submit "{" ".join(options.name)}"')
    packed = pack_submission(options.folder, options.name[0])
    last, first = split_name(options.name[0])
    print(f"your name: last name {last}, first name {first}" if first else f"your name: {last}, without a first name")
    for warning in packed.warnings:
        print(f"note: {warning}")
    print(f"{packed.path.name}: {len(packed.files)} files. Hand in this one file.")
    return 0


def _grade(options: argparse.Namespace) -> int:
    """Grade a class; return 0 even if submissions cannot be read: each has its row."""
    from enronlib.classroom.grading import decisions

    roster, decided = _check(options)
    marks = _run(options, roster)
    undecided = 0
    by_hand = [*options.by_hand.split(","), *(name for each in marks.lessons.values() for name in each.by_hand)]
    if options.decisions:
        before, marks = marks, decisions.apply(marks, decided, options.late_penalty)
        undecided = decisions.write_decisions(options.decisions, before, marks, decided, by_hand)
    _write(marks, options, by_hand)
    if undecided:
        print(f"{options.decisions}: rows to fill in: {undecided}; then run the same command with --resume")
    for note in marks.notes:
        print(f"note: {note}", file=sys.stderr)
    return 0


def _check(options: argparse.Namespace) -> "tuple[Roster | None, list[Row]]":
    """Return the roster and the decisions so far. Raise UserError for what would fail after hours of grading."""
    from enronlib.classroom.grading import decisions, export, report
    from enronlib.classroom.grading.lessons import find_lessons
    from enronlib.classroom.grading.roster import read_roster

    report.check_outputs(
        {"csv": options.csv, "page": options.page, "decisions": options.decisions},
        {"feedback": options.feedback, "notebooks": options.notebooks},
    )
    for option in ("resume", "export"):
        if getattr(options, option) and not options.csv:
            raise UserError(f"--{option} needs --csv FILE: it writes beside that file")
    for path in options.submissions:
        if options.notebooks and options.notebooks.resolve().is_relative_to(path.resolve()):
            raise UserError(f"{options.notebooks} is among the submissions: name a folder elsewhere for --notebooks")
    roster = read_roster(options.roster) if options.roster else None
    if options.export:
        export.check_export(options.export, roster, options.column)
    known = {name: points for lesson in find_lessons().values() for name, points in lesson.exercises.items()}
    return roster, decisions.read_decisions(options.decisions, known) if options.decisions else []


def _run(options: argparse.Namespace, roster: "Roster | None") -> "ClassMarks":
    from enronlib.classroom.grading import grade
    from enronlib.classroom.grading.supervisor import Limits

    try:
        return grade.grade_class(
            options.submissions,
            roster=roster,
            jobs=options.jobs,
            seed=options.corpus_seed,
            limits=Limits(cell=options.cell_seconds, submission=60 * options.minutes),
            journal=options.csv.with_suffix(".resume.jsonl") if options.csv else None,
            resume=options.resume,
            notebooks=options.notebooks,
            wanted=options.lessons.split(",") if options.lessons else None,
        )
    except grade.Stopped as stopped:
        saved = f"{stopped} submissions are graded and saved; to continue, add --resume to the same command"
        raise KeyboardInterrupt(saved if options.csv else "nothing was saved, because there is no --csv") from None
    except KeyboardInterrupt:
        raise KeyboardInterrupt("grading had not started") from None


def _write(marks: "ClassMarks", options: argparse.Namespace, by_hand: list[str]) -> None:
    """Show the table, and write the files that the options ask for."""
    from enronlib.classroom.grading import page, report, returned
    from enronlib.classroom.grading.by_hand import write_answer_pages

    print(report.table(marks, options.csv))
    if options.csv:
        written, earlier = report.write_csv(marks, options.csv)
        print(f"{written} (previous version: {earlier.name})" if earlier else written)
    files: dict[str, list[Path]] = {row.student: [] for row in marks.rows}
    if options.feedback:
        for student, feedback in zip(files, report.write_feedback(marks, options.feedback), strict=True):
            files[student].append(feedback)
        about_class = report.write_class_page(marks, options.feedback)
        print(f"{options.feedback}: {len(files)} pages for students; for you only: {about_class.name}")
    if options.notebooks:
        for student, books in returned.complete(marks, options.notebooks).items():
            files[student] += books
        print(f"{options.notebooks}: the executed notebooks, a folder for each student")
    pages: list[Path] = []
    if options.decisions:
        folders = returned.returned_folders(options.notebooks, list(files)) if options.notebooks else {}
        pages = write_answer_pages(marks, by_hand, options.decisions, folders)
        print(*(f"{each}: the answers to mark by hand" for each in pages), sep="\n", end="\n" if pages else "")
    if options.page:
        print(page.write_page(marks, options.page, files, pages))
    if options.export:
        _export(marks, options, files)


def _export(marks: "ClassMarks", options: argparse.Namespace, files: "dict[str, list[Path]]") -> None:
    """Write what the course system imports beside the CSV: the marks, and the feedback if there is some."""
    from enronlib.classroom.grading import export

    path = options.csv.with_name(f"{options.csv.stem}_{options.export}.csv")
    marks.notes.extend(export.write_marks(marks, options.export, path, options.column))
    print(path)
    if any(files.values()) and options.export != "blackboard":
        path = path.with_name(f"{path.stem}_feedback.zip")
        print(f"{path}: feedback for {export.write_feedback_zip(marks, options.export, files, path)} students")


def percent(text: str) -> float:
    """Return the number in `10` or `10%`, from 0 to 100; argparse reports the error otherwise."""
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        number = -1
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not a percentage")
    return number


def positive(text: str) -> int:
    """Return the number that an option's text gives, 1 or more; argparse reports the error otherwise."""
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return number
