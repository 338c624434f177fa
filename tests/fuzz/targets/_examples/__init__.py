"""Readers that are broken in one way each, and one that is not: they prove the harness."""
