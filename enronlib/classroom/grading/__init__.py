"""Grading: submissions in, marks out, on `pytest --nbval`."""

CELL_SECONDS = 60  # the most a cell may take, the same for a student's own run and for grading
