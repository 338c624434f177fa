"""Catalogue of the shipped scenarios.

    scenarios/*.yaml ──▶ shipped_scenarios: name, purpose, file

Rules: a scenario's name is that of its file; its purpose is the first comment line. Nothing here reads more of a file.
"""
