"""Published rate-distortion points for KITTI Stereo, drawn beside measured ones; the data file names its sources."""

from __future__ import annotations

import csv
from importlib import resources

FILE = "published_kitti_stereo.csv"
DATA = "kitti-stereo:"
"""Prefix of the names of data sets whose pictures these points are for."""
TITLES = {
    "atn": "ATN (WACV 2023)",
    "ndic_bls17": "NDIC, bls17 (DCC 2022)",
    "ndic_bmshj18": "NDIC, bmshj18 (DCC 2022)",
    "dsin": "DSIN (ECCV 2020)",
    "bpg": "BPG",
}

Curves = dict[str, dict[str, list[tuple[float, float]]]]


def curves() -> Curves:
    """Return metric (`psnr_db`, `ms_ssim`) -> codec's title -> (bpp, value), sorted by rate."""
    text = resources.files("simnet.report").joinpath(FILE).read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    found: Curves = {}
    for row in rows:
        points = [
            (float(column.removeprefix("bpp_")), float(value))
            for column, value in row.items()
            if column.startswith("bpp_") and value
        ]
        found.setdefault(row["metric"], {})[TITLES[row["codec"]]] = points
    return found
