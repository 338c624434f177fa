"""Schema of a scenario file: valid keys and values, their meaning, and their defaults.

    scenario_schema ──▶ world, path, link, media, codec, rate, transport, expect ──▶ fields: quantities, shorthands, choices

Rules: a class name ends in `Spec`; a class refuses unknown keys and has a docstring and an example for each key, because the JSON
Schema and the reference are made from them. Numbers are kept in base units. A model checks a single mapping; `resolve` checks
references to other parts of the file.
"""
