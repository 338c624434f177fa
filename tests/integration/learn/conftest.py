"""Fixtures of the learning tests."""

from support.drives import drive, save_drive
