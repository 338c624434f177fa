"""Fixtures of the tests of tasks."""

from support.tiny_runs import pictures, run, tiny
