"""What several test files share: scenarios, folders, checkpoints, fixtures.

Tests import it as `support`; a room's `conftest.py` names the fixtures that its tests use.
"""
