"""Fixtures of the dashboard tests."""

from support.live_records import beginning, ending, hear, scenario
