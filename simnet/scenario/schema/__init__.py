"""Schema of a scenario file: what may be written, what it means, and its default.

    scenario_schema ──▶ world, path, link, media, codec, rate, transport, expect ──▶ fields: quantities, shorthands, choices

Rules: a class ends in `Spec`, refuses unknown keys, and has a docstring and an example for each key: the JSON Schema and the
reference are made from them. Numbers are kept in base units. A model checks what one mapping says; what refers to other parts
of the file is checked in `resolve`.
"""
