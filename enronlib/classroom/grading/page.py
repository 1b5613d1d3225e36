"""The instructor's page about a class: one HTML file that needs nothing else, and links to the feedback."""

import os
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from enronlib.classroom.grading.formatting import printable
from enronlib.classroom.grading.lessons import Lesson
from enronlib.classroom.grading.likeness import find_alike
from enronlib.classroom.grading.marks import ClassMarks, Marks
from enronlib.classroom.verdict import Status, Verdict
from enronlib.files import write_bytes

__all__ = ["html_page", "write_page"]

BINS = 10
WRONG = 3  # wrong answers shown for each exercise
STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --good: #009e73; --bad: #e69f00; --none: #8886;
  --blue: #0072b2; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; } nav a { margin-right: 1.2rem; }
a { color: color-mix(in srgb, var(--blue) 70%, CanvasText); }
table { border-collapse: collapse; width: 100%; } th { font-weight: 600; }
td:first-child { min-width: 9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.tiles { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.2rem 0; }
.tiles div { background: var(--soft); border-radius: .5rem; padding: .6rem 1.1rem; }
.tiles b { display: block; font-size: 1.6rem; line-height: 1.2; }
.bar { display: flex; width: 8rem; height: .8rem; margin-top: .4rem; border-radius: .2rem; overflow: hidden; }
.bar i { display: block; height: 100%; }
svg { max-width: 100%; } svg text { fill: currentColor; font-size: 12px; } svg rect { fill: var(--blue); }
.quiet { opacity: .7; } code { overflow-wrap: anywhere; } ul { margin: 0; padding-left: 1.1rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(24rem, 1fr)); gap: 1rem; }
.cards article { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem 1rem; overflow: hidden; }
.cards h3 { margin: 0; } .cards img { max-width: 100%; background: white; }
pre { background: var(--soft); padding: .6rem; border-radius: .3rem; white-space: pre-wrap; overflow-wrap: anywhere;
  font-size: .85rem; }
"""


def write_page(marks: ClassMarks, path: Path, files: Mapping[str, Sequence[Path]], others: Iterable[Path] = ()) -> Path:
    """Write the page with links to each student's `files` (feedback, notebooks) and to `others`; return its path."""
    return write_bytes(path, _class_page(marks, path, files, others).encode("utf-8", "replace"))


def html_page(title: str, *parts: str) -> str:
    """Return a whole page: everything it needs is in it, and scripts of any kind are forbidden."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n<style>{STYLE}</style>\n'
        f"<body>\n<h1>{escape(title)}</h1>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _class_page(marks: ClassMarks, path: Path, files: Mapping[str, Sequence[Path]], others: Iterable[Path]) -> str:
    graded = [row for row in marks.rows if row.was_graded]
    look = [row for row in marks.rows if row.look]
    links = " ".join(f'<a href="{_href(other, path)}">{escape(other.stem)}</a>' for other in others)
    return html_page(
        "The class",
        f'<p class="quiet">{escape(", ".join(marks.lessons))}</p>',
        '<nav><a href="#look">To look at</a><a href="#exercises">Exercises</a><a href="#alike">Likeness</a>'
        f'<a href="#students">Students</a>{links}</nav>',
        _tiles(marks, graded, look),
        _histogram([row.points for row in graded], marks.points),
        '<h2 id="look">To look at</h2>',
        _to_look_at(look, path, files),
        '<h2 id="exercises">Exercises</h2>',
        '<p class="quiet">Of those graded: correct (green), not yet (orange), not attempted (grey).</p>',
        *(_exercises(lesson, graded) for lesson in marks.lessons.values() if lesson.points),
        '<h2 id="alike">Likeness between answers</h2>',
        _alike(marks),
        '<h2 id="students">Students</h2>',
        _table(
            ("student", "points", "status"),
            ((_student(row, path, files), _points(row), escape(row.status)) for row in marks.rows),
        ),
        *(f'<p class="quiet">Note: {escape(printable(note))}</p>' for note in marks.notes),
    )


def _to_look_at(rows: Sequence[Marks], path: Path, files: Mapping[str, Sequence[Path]]) -> str:
    if not rows:
        return "<p>Nobody: all marks stand.</p>"
    return _table(("student", "points", "why"), ((_student(row, path, files), _points(row), _why(row)) for row in rows))


def _tiles(marks: ClassMarks, graded: Sequence[Marks], look: Sequence[Marks]) -> str:
    points = [row.points for row in graded]
    tiles = {"students": f"{len(marks.rows)}", "graded": f"{len(graded)}", "to look at": f"{len(look)}"}
    if points:
        tiles |= {
            f"mean of {marks.points} points": f"{statistics.fmean(points):.1f}",
            "median": f"{statistics.median(points):g}",
        }
    others = Counter(row.status for row in marks.rows if not row.was_graded)
    tiles |= {status: f"{count}" for status, count in others.items()}
    return f'<div class="tiles">{"".join(f"<div><b>{value}</b>{name}</div>" for name, value in tiles.items())}</div>'


def _histogram(points: Sequence[float], most: float) -> str:
    """Return how many students have how many points, in ten steps, as a picture."""
    if not points or not most:
        return ""
    counts = Counter(min(int(BINS * each / most), BINS - 1) for each in points)
    highest = max(counts.values())
    bars = []
    for step in range(BINS):
        count, x = counts[step], 40 + 56 * step
        height = 120 * count / highest
        bars.append(f'<rect x="{x}" y="{140 - height:.1f}" width="52" height="{height:.1f}" rx="2"/>')
        if count:
            bars.append(f'<text x="{x + 26}" y="{134 - height:.1f}" text-anchor="middle">{count}</text>')
        bars.append(f'<text x="{x}" y="156" text-anchor="middle">{most * step / BINS:g}</text>')
    label = f'<text x="600" y="156" text-anchor="middle">{most:g}</text><text x="320" y="176">points</text>'
    title = "<title>How many students have how many points</title>"
    return f'<svg viewBox="0 0 640 184" width="640" role="img">{title}{"".join(bars)}{label}</svg>'


def _exercises(lesson: Lesson, graded: Sequence[Marks]) -> str:
    rows = []
    for name, points in lesson.exercises.items():
        verdicts = [verdict for row in graded for verdict in row.verdicts if verdict.exercise == name]
        if points and verdicts:
            title = escape(lesson.titles.get(name, ""))
            count = Counter(verdict.status for verdict in verdicts)
            rate = f"{count[Status.CORRECT] / len(verdicts):.0%}"
            rows.append((f"{title} <code>{escape(name)}</code>", rate, _bar(count), _wrong(verdicts)))
    table = _table(("exercise", "correct", "", "what several got wrong"), rows, numbers=(1,))
    return f"<h3>{escape(lesson.name)}</h3>{table}"


def _bar(count: Counter[Status]) -> str:
    colours = {Status.CORRECT: "good", Status.NOT_YET: "bad", Status.NOT_ATTEMPTED: "none"}
    parts = (
        f'<i title="{status}: {count[status]}" style="width: {100 * count[status] / count.total():.1f}%; '
        f'background: var(--{colour})"></i>'
        for status, colour in colours.items()
    )
    return f'<span class="bar">{"".join(parts)}</span>'


def _wrong(verdicts: Sequence[Verdict]) -> str:
    """Return the commonest messages to those who got it wrong, with how many got each."""
    said = Counter(verdict.message.partition("\n")[0] for verdict in verdicts if verdict.status is Status.NOT_YET)
    top = sorted(said.items(), key=lambda pair: (-pair[1], pair[0]))[:WRONG]
    items = (f"<li>{escape(printable(text))} <b>×{times}</b></li>" for text, times in top if times > 1)
    listed = "".join(items)
    return f"<ul>{listed}</ul>" if listed else ""


def _alike(marks: ClassMarks) -> str:
    pairs = find_alike(marks)
    if not pairs:
        return "<p>No two students have answers that are alike beyond what the lesson shows.</p>"
    rows = (
        (
            f"{escape(pair.one)} and {escape(pair.other)}",
            ", ".join(f"<code>{escape(name)}</code> {likeness:.0%}" for name, likeness in pair.exercises.items()),
        )
        for pair in pairs
    )
    why = (
        "The share of the code in common, whatever names and texts are in it. What the lesson shows and what a third "
        "of the class wrote is left out. A reason to ask, not a proof."
    )
    return f'<p class="quiet">{why}</p>{_table(("students", "answers"), rows, numbers=())}'


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = (1,)) -> str:
    def line(tag: str, cells: Sequence[str]) -> Iterator[str]:
        for at, cell in enumerate(cells):
            yield f"<{tag}{' class=number' if at in numbers else ''}>{cell}</{tag}>"

    body = "".join(f"<tr>{''.join(line('td', row))}</tr>\n" for row in rows)
    return f"<table><thead><tr>{''.join(line('th', heads))}</tr></thead><tbody>\n{body}</tbody></table>"


def _student(row: Marks, path: Path, files: Mapping[str, Sequence[Path]]) -> str:
    """Return the name, linked to the feedback, and links to the notebooks."""
    name = escape(printable(row.student))
    books = [each for each in files.get(row.student, ()) if each.suffix == ".ipynb"]
    page = next((each for each in files.get(row.student, ()) if each.suffix != ".ipynb"), None)
    shown = f'<a href="{_href(page, path)}">{name}</a>' if page else name
    return " ".join(
        [shown, *(f'<a class="quiet" href="{_href(each, path)}">{escape(each.stem[:2])}</a>' for each in books)]
    )


def _points(row: Marks) -> str:
    return f"{row.points:g}" if row.was_graded else ""


def _why(row: Marks) -> str:
    return f"<ul>{''.join(f'<li>{escape(printable(reason))}</li>' for reason in row.look)}</ul>"


def _href(target: Path, page: Path) -> str:
    """Return the address of a file as seen from the page."""
    return escape(quote(Path(os.path.relpath(target.absolute(), page.absolute().parent)).as_posix()))
