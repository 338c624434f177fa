"""Worlds of recorded pictures and films."""
