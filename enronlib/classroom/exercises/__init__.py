"""The exercises, one module per lesson: `lesson_02_parse` holds the exercises whose names begin with `parse.`.

Change a check, its hints or its known wrong answers here, then run `python -m enronlib build`. For a new lesson, copy
`template`.
"""
