"""The exercises, one module per lesson: `lesson_02_parse` holds the exercises whose names begin with `parse.`."""
