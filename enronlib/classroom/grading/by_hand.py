"""All answers to one question on a page, side by side, for an instructor who marks them by hand."""

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from enronlib.classroom.grading.formatting import printable
from enronlib.classroom.grading.marks import ClassMarks, Marks
from enronlib.classroom.grading.page import html_page
from enronlib.classroom.grading.returned import answer_outputs
from enronlib.files import write_bytes

__all__ = ["write_answer_pages"]

MOST_TEXT = 2_000  # characters of an output that are shown


def write_answer_pages(
    marks: ClassMarks, exercises: Iterable[str], decisions: Path, notebooks: Mapping[str, Path]
) -> list[Path]:
    """Write a page for each exercise that somebody answered, beside the CSV of decisions; return the pages.

    `notebooks` are the folders of the executed notebooks, from which pictures and other outputs are taken.
    """
    written = []
    for exercise in dict.fromkeys(exercises):
        rows = [row for row in marks.rows if exercise in row.answers]
        if rows:
            cards = "".join(_card(row, exercise, notebooks.get(row.student)) for row in rows)
            intro = f"<p>Points and comments go into <code>{escape(decisions.name)}</code>.</p>"
            page = html_page(f"{exercise}: {len(rows)} answers", intro, f'<div class="cards">{cards}</div>')
            path = decisions.with_name(f"{decisions.stem}_{exercise}.html")
            written.append(write_bytes(path, page.encode("utf-8", "replace")))
    return written


def _card(row: Marks, exercise: str, folder: Path | None) -> str:
    verdict = next(each for each in row.verdicts if each.exercise == exercise)
    comment = row.decisions[exercise].comment if exercise in row.decisions else ""
    outputs = answer_outputs(folder, exercise) if folder and folder.is_dir() else []
    return (
        f"<article><h3>{escape(printable(row.student))}</h3>"
        f"<p>{row.earned[exercise]:g} of {verdict.points} points"
        f"{': ' + escape(printable(comment)) if comment else ''}</p>"
        f"{''.join(_shown(outputs))}<pre>{escape(row.answers[exercise])}</pre></article>\n"
    )


def _shown(outputs: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield pictures as pictures and all else as text: HTML by students is not trusted."""
    for output in outputs:
        data = output.get("data", {})
        if "image/png" in data:
            yield f'<img alt="" src="data:image/png;base64,{escape("".join(data["image/png"]).strip())}">'
        else:
            text = "".join(output.get("text", data.get("text/plain", output.get("evalue", ""))))
            yield f"<pre>{escape(text[:MOST_TEXT])}</pre>" if text else ""
