"""What a sweep's page makes of a folder."""

from pathlib import Path
from typing import Any

from simnet import report
from simnet.report.sweeps import samples, sweep_tables, verdict, views
from simnet.report.sweeps.comparison_grid import ComparedFolder, grid
from simnet.report.sweeps.views import PageView
from simnet.runfolder import sweep_reader
from support.pages import Page


def every_view(folder: Path) -> list[PageView]:
    return views.views(samples.read(grid([ComparedFolder("", sweep_reader.read(folder), str(folder))])))


def first_view(folder: Path) -> PageView:
    return every_view(folder)[0]


def said(folder: Path) -> str:
    return " ".join(verdict.verdict(first_view(folder)))


def page_of(folder: Path) -> Any:
    return Page(report.write(folder))


def needed_cell(folder: Path, curve: str, level: str) -> str:
    table = next(each for each in sweep_tables.needed(first_view(folder)) if "PSNR" in each.caption)
    cell = dict(zip(table.columns, next(row for row in table.rows if row[0] == curve), strict=True))[level]
    assert isinstance(cell, str)
    return cell.replace("\N{NARROW NO-BREAK SPACE}", " ")
