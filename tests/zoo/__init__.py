"""Odd submissions, made by code: one small lesson, and what students have been seen to do to a notebook."""
