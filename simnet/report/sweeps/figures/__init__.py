"""Figures of a sweep's page as plain Plotly dicts.

    PageView ──▶ curves, time_figures, side_gain_figures ──▶ Figure ──▶ page (plot, CSV download)

`meta.columns` of each trace names its x, its y and the values of `customdata`, so that the page can export them as CSV. A trace
with `meta.skip` only decorates another trace.
"""
