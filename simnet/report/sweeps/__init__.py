"""Tables, curves, verdicts and the page of sweeps, made from sweep folders without running anything.

    folders ──▶ comparison_grid ──▶ samples ──▶ views ──▶ figures, sweep_tables, verdict ──▶ sweep_page
                curves, cases,      one pass    one case and stream each:
                x axis              over cells  points by curve and setting, samples by seed

Rules: cells are read once, one after the other. Nothing is extrapolated beyond the measured points or over gaps. Every mean over
seeds carries its interval, and a page lists missing cells.
"""
