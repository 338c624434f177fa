"""Fixtures of the engine tests."""

from support.tiny_runs import pictures, run, tiny
