"""Figures and tables for a paper, as files: what the pages show, without a page around it.

    run, sweep, evaluation ──▶ collected ──▶ Publication ──▶ matplotlib_figures ──▶ figures/*.svg, *.pdf, *.png
                                                        └──▶ table_files ────────▶ tables/*.tex, *.csv

Rules: figures and tables are the pages' own (`report.figures`, `report.run_tables`), so that a paper and a page cannot differ.
matplotlib is imported when a figure is drawn, never before.
"""
