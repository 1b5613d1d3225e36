"""The exercises, one module a lesson, each module called as the first part of its exercises' names."""
