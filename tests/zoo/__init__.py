"""Odd submissions, made by code: one small lesson, and what students do to their copies of it."""
