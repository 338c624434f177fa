"""Fixtures of the sweep tests."""

from support.swept_scenario import scenario
