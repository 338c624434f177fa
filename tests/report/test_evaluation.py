"""The page of an evaluation shows every curve, every BD-rate and every example, and invents none."""

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from simnet.errors import InputError
from simnet.report import evaluation


def _points(gain_db: float) -> list[dict[str, float]]:
    return [
        {"quality": q, "bpp": 0.05 + q, "psnr_db": 26 + gain_db + 8 * q, "ms_ssim": 0.9 + 0.09 * q}
        for q in (1.0, 0.0, 0.5)
    ]


def _png(seed: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (16, 32, 3), dtype=np.uint8)).save(out, "png")
    return out.getvalue()


@pytest.fixture
def result() -> evaluation.Result:
    return {
        "data": "pairs:/data/<b>street</b>",
        "anchor": "factorized",
        "points": {"atn": _points(1.0), "factorized": _points(0.0), "jpeg": _points(-4.0)},
        "bd_rate": {
            "atn": {"psnr": -14.234, "ms_ssim": -9.9},
            "factorized": {"psnr": 0.0, "ms_ssim": 0.0},
            "jpeg": {"psnr": 61.2, "ms_ssim": None},
        },
        "pictures": 24,
        "controls": {"atn": {"none": _points(-0.2), "unrelated": _points(-0.3)}},
        "examples": [{"name": "000012", "original": _png(1), "atn": _png(2), "factorized": _png(3)}],
    }  # fmt: skip


def _plots(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="plots">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return {plot["id"]: plot for plot in json.loads(found[1])}


def test_curves_hold_the_points_in_order_of_rate(result: evaluation.Result, tmp_path: Path) -> None:
    plots = _plots(evaluation.write(result, tmp_path / "new").read_text(encoding="utf-8"))
    traces = {trace["name"]: trace for trace in plots["plot-curve-psnr-db"]["data"]}
    assert set(traces) == {
        "atn",
        "factorized",
        "jpeg",
        "atn without side information",
        "atn with unrelated side information",
    }
    assert traces["atn"]["x"] == [0.05, 0.55, 1.05]
    assert traces["atn"]["y"] == [27.0, 31.0, 35.0]
    assert len(plots["plot-curve-ms-ssim"]["data"]) == 5


def test_bd_rates_are_said_with_their_sign_and_missing_ones_are_missing(
    result: evaluation.Result, tmp_path: Path
) -> None:
    page = evaluation.write(result, tmp_path).read_text(encoding="utf-8")
    rows = re.findall(r'<th scope="row">(\w+)</th><td>([^<]*)</td><td>([^<]*)</td></tr>', page)
    assert rows[:3] == [("atn", "-14.23 %", "-9.90 %"), ("factorized", "anchor", "anchor"), ("jpeg", "+61.20 %", "-")]
    assert "24 pictures" in page
    assert "small sample" in page


def test_examples_come_with_their_errors_and_words(result: evaluation.Result, tmp_path: Path) -> None:
    page = evaluation.write(result, tmp_path).read_text(encoding="utf-8")
    assert re.findall(r'<img src="data:image/png;base64,[^"]+" alt="([^"]+)"', page) == [
        "000012, original", "000012, decoded by atn", "000012, decoded by factorized",
        "000012, error of atn", "000012, error of factorized",
    ]  # fmt: skip
    assert "<b>street</b>" not in page


def test_an_evaluation_without_controls_or_examples_has_a_page(result: evaluation.Result, tmp_path: Path) -> None:
    del result["controls"], result["examples"]
    result["points"] = {**result["points"], "webp": []}
    page = evaluation.write(result, tmp_path).read_text(encoding="utf-8")
    assert "<img" not in page
    assert len(_plots(page)["plot-curve-psnr-db"]["data"]) == 4


def test_what_is_no_picture_is_one_clear_line(result: evaluation.Result, tmp_path: Path) -> None:
    result["examples"] = [{"name": "000012", "original": _png(1), "atn": b"no picture"}]
    with pytest.raises(InputError, match="000012, atn: cannot be read as a picture; expected a PNG"):
        evaluation.write(result, tmp_path)
