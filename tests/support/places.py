"""Folders that tests read from or write to."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The repository."""
SHARED = ROOT.parent / "shared"
"""Reference data that some machines have beside the repository."""
SCREENSHOTS = ROOT / "runs" / "screenshots"
