"""The glossary has every new word of the lessons, and no other."""

import re
from pathlib import Path

import pytest

from enronlib.classroom.authoring.sources import LessonSource, read_sources

SOURCES = read_sources(Path(__file__).parent.parent)
LESSONS = [source for name, source in SOURCES.items() if name[:2].isdigit()]
ENTRY = re.compile(r"^### (?P<word>.+)\n\n(?P<meaning>.+)\n\nLessons? (?P<lessons>.+)$")
LINK = re.compile(r"\[([^\]]+)\]\(glossary\.ipynb#([^)]+)\)")

every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=[each.name for each in LESSONS])


def text_cells(source: LessonSource) -> list[str]:
    """Return the texts of a lesson, cell by cell."""
    return [cell.source for cell in source.cells if cell.cell_type == "markdown"]


def entries() -> list[re.Match[str]]:
    """Return the entries of the glossary, in order."""
    _, *cells = text_cells(SOURCES["glossary"])
    found = [ENTRY.match(cell) for cell in cells]
    assert None not in found, "an entry is a heading, one line of explanation, and one with its lessons"
    return [entry for entry in found if entry]


def new_words(lesson: LessonSource) -> list[str]:
    """Return the words that a lesson lists as new."""
    lists = [cell for cell in text_cells(lesson) if cell.startswith("## New words")]
    return [word for word, _ in LINK.findall("".join(lists))]


@every_lesson
def test_a_lesson_lists_its_new_words_once(lesson: LessonSource) -> None:
    assert new_words(lesson)
    assert len(set(new_words(lesson))) == len(new_words(lesson))


@every_lesson
def test_every_link_to_the_glossary_leads_to_an_entry(lesson: LessonSource) -> None:
    anchors = {anchor for _, anchor in LINK.findall("\n".join(text_cells(lesson)))}
    assert anchors <= {entry["word"].replace(" ", "-") for entry in entries()}  # as JupyterLab names its headings


@every_lesson
def test_every_new_word_has_an_entry(lesson: LessonSource) -> None:
    assert set(new_words(lesson)) <= {entry["word"] for entry in entries()}


def test_every_entry_leads_back_to_the_lessons_that_list_it() -> None:
    for entry in entries():
        linked = re.findall(r"\]\((\w+)\.ipynb\)", entry["lessons"])
        assert linked == [lesson.name for lesson in LESSONS if entry["word"] in new_words(lesson)], entry["word"]


def test_entries_are_in_the_order_of_the_alphabet_each_once() -> None:
    words = [entry["word"].casefold() for entry in entries()]
    assert words == sorted(set(words))


def test_an_entry_is_one_or_two_sentences() -> None:
    for entry in entries():
        assert re.fullmatch(r"[^.]+\.( [^.]+\.)?", re.sub(r"`[^`]*`", "", entry["meaning"])), entry["word"]
