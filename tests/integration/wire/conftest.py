"""Fixtures of this folder."""

from support.tiny_runs import pictures, run, tiny
