"""Figures of a report as plain Plotly dicts: data and layout, written by hand.

    RunFolder or EvaluationResult ──▶ one module a subject ──▶ Figure(data, layout, alt, note) ──▶ page_template

Rules: no module imports plotly (its import is slow, and dicts do not need it; a test checks them with `plotly.graph_objects`).
Colours of text and grid follow the reader's light or dark scheme, so they are set in the page.
"""
