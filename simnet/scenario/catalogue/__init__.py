"""Catalogue of the shipped scenarios.

    scenarios/*.yaml ──▶ shipped_scenarios: name, purpose, file

Rules: a scenario's name is its file name; its purpose is the first comment line. This package reads nothing else in a file.
"""
