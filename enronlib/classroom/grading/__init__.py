"""Grading: submissions in, marks out, on `pytest --nbval`."""
