"""Fixtures of the browser tests."""

from support.live_records import beginning, ending, scenario
