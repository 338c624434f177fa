"""The page of an evaluation shows every curve, every difference, every example and where its decoder looked, and invents none."""

import base64
import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simnet.errors import InputError
from simnet.report import (
    attention,
    evaluation_gallery,
    evaluation_page,
    published_points,
)
from simnet.report.evaluation_examples import (
    DecoderExplanation,
    EvaluatedPicture,
    EvaluationExample,
    ExampleDecoding,
)


def _points(gain_db: float) -> list[dict[str, float]]:
    return [
        {"quality": q, "bpp": 0.05 + q, "psnr_db": 26 + gain_db + 8 * q, "ms_ssim": 0.9 + 0.09 * q}
        for q in (1.0, 0.0, 0.5)
    ]


def _delta(value: float | None, low: float = 27.0, high: float = 33.0, share: float = 1.0, reason: str = "") -> dict:
    if value is None:
        return {"value": None, "low": None, "high": None, "share": None, "reason": reason}
    return {"value": value, "low": low, "high": high, "share": share, "reason": ""}


def _deltas(psnr: float | None, ms_ssim: float | None, db: float | None) -> dict[str, dict]:
    return {
        "bd_rate_psnr": _delta(psnr, share=0.62),
        "bd_rate_ms_ssim": _delta(ms_ssim, 0.91, 0.98, reason="no overlap: here and there"),
        "bd_psnr": _delta(db, 0.05, 0.4),
    }


def _picture(seed: int, height: int = 16, width: int = 32) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)


def _scored(seed: int) -> EvaluatedPicture:
    return EvaluatedPicture(_picture(seed), 31.25, 0.9711)


def _explained(offset: int) -> DecoderExplanation:
    matches = np.zeros((4, 8, 2, 4), np.float32)
    matches[..., 1] = 3.25 + offset
    matches[..., 2] = 7.5
    matches[..., 3] = (0.5, 0.25)
    return DecoderExplanation(
        "atn", offset, 0.15, 4, matches, np.full((4, 8), 0.75), _scored(5), _scored(6), _scored(7)
    )


@pytest.fixture
def example() -> EvaluationExample:
    shown = [ExampleDecoding("atn", _scored(3), 0.3, 0.151, k) for k in (0, 3)] + [
        ExampleDecoding("jpeg", _scored(4), 0.1, 0.149, None)
    ]
    return EvaluationExample(
        "000012, left view", _picture(1), {0: _picture(2), 3: _picture(8)}, shown, [_explained(0), _explained(3)]
    )


@pytest.fixture
def result(example: EvaluationExample) -> evaluation_page.EvaluationResult:
    row = {"pictures": 21, "gain_ms_ssim": 0.01, "bd_rate": {"psnr": -30.0, "ms_ssim": None}, "points": []}
    return {
        "data": "pairs:/data/<b>street</b>",
        "names": ["pairs:/data/<b>street</b>"],
        "anchor": "factorized",
        "anchors": ["factorized"],
        "points": {"atn": _points(1.0), "factorized": _points(0.0), "jpeg": _points(-4.0)},
        "comparisons": {
            "factorized": {
                "atn": _deltas(-14.24, -9.9, 1.0),
                "factorized": _deltas(0.0, 0.0, 0.0),
                "jpeg": _deltas(61.2, None, -2.0),
            }
        },
        "pictures": 24,
        "controls": {"atn": {"none": _points(-0.2), "unrelated": _points(-0.3)}},
        "side_information": {"atn": {"with": _deltas(-30.0, -20.0, 1.5), "unrelated": _deltas(0.5, 0.2, -0.05)}},
        "unrelated": "pictures of another drive",
        "offsets": {
            "atn": [row | {"offset": 0, "gain_db": 2.0, "kept": 1.0}, row | {"offset": 3, "gain_db": 1.5, "kept": 0.75}]
        },
        "scores": [{"codec": "atn", "picture": "000012", "psnr_db": 31.5}, {"codec": "jpeg", "picture": "7", "psnr_db": 30.0}],
        "examples": [example],
    }  # fmt: skip


def _plots(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="plots">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return {plot["id"]: plot for plot in json.loads(found[1])}


def _page(result: evaluation_page.EvaluationResult, folder: Path, **options: bool) -> str:
    return evaluation_page.write(result, folder, **options).read_text(encoding="utf-8")


def test_curves_hold_the_points_in_order_of_rate(result: evaluation_page.EvaluationResult, tmp_path: Path) -> None:
    plots = _plots(_page(result, tmp_path / "new"))
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


def test_published_points_appear_only_with_their_data(result: evaluation_page.EvaluationResult, tmp_path: Path) -> None:
    def names(page: str) -> set[str]:
        return {trace["name"] for trace in _plots(page)["plot-curve-ms-ssim"]["data"] if "published" in trace["name"]}

    assert names(_page(result, tmp_path)) == set()
    assert "ATN (WACV 2023), published, KITTI Stereo: other pictures" in names(
        _page(result, tmp_path, asked_published=True)
    )
    result["names"] = ["kitti-stereo:/data/kitti"]
    assert names(_page(result, tmp_path)) == {
        f"{title}, published"
        for title in ("ATN (WACV 2023)", "NDIC, bls17 (DCC 2022)", "NDIC, bmshj18 (DCC 2022)", "DSIN (ECCV 2020)")
    }
    assert "sums of log-likelihoods, not bytes;" in _page(result, tmp_path)
    result["names"] = ["kitti-stereo:/data/kitti", "pairs:/data/other"]
    assert names(_page(result, tmp_path)) == set()


def test_unpublished_figures_are_omitted() -> None:
    curves = published_points.curves()
    assert curves["ms_ssim"]["ATN (WACV 2023)"] == [(0.05, 0.9413), (0.1, 0.9563), (0.2, 0.9703), (0.3, 0.9771)]
    assert curves["psnr_db"]["BPG"] == [(0.2, 25.4), (0.3, 27.1)]


def test_differences_have_an_interval_or_a_reason(result: evaluation_page.EvaluationResult, tmp_path: Path) -> None:
    page = _page(result, tmp_path)
    cells = re.findall(r'<th scope="row">([^<]+)</th><td>([^<]*)</td><td>([^<]*)</td><td>([^<]*)</td>', page)
    assert cells[:3] == [
        ("atn", "-14.2 %", "27.00 to 33.00 dB (62 %)", "-9.9 %"),
        ("factorized (anchor)", "-", "-", "-"),
        ("jpeg", "+61.2 %", "27.00 to 33.00 dB (62 %)", "-"),
    ]
    assert "jpeg: no BD-rate, MS-SSIM, no overlap: here and there." in page
    assert "24 pictures" in page
    assert "small sample" in page


def test_interval_of_the_bootstrap_is_in_table_and_verdict(
    result: evaluation_page.EvaluationResult, tmp_path: Path
) -> None:
    deltas = result["comparisons"]["factorized"]
    deltas["atn"]["bd_rate_psnr"] |= {"interval_low": -20.0, "interval_high": -9.04}
    deltas["jpeg"]["bd_rate_psnr"] |= {"interval_low": -1.0, "interval_high": 99.0}
    result |= {
        "bootstrap": {"replicates": 400, "drives": 3, "pairs": 24},
        "rates": [0.05, 0.4],
        "psnr_rates": [0.4, 1.0],
    }
    result["complexity"] = {
        "atn": {
            "parameters": 2_440_000,
            "encode_kmac": 7.13,
            "decode_kmac": 29.6,
            "encode_ms": 47.3,
            "decode_ms": 138.0,
        },
        "jpeg": {"parameters": None, "encode_kmac": None, "decode_kmac": None, "encode_ms": 0.3, "decode_ms": 0.2},
    }
    page = _page(result, tmp_path)
    assert "-14.2 % (-20.0 to -9.0)" in page
    assert "(BD-PSNR: 0.4 to 1 bpp)" in page
    assert "400 bootstrap replicates over 3 drives and their pictures (24 pairs)" in page
    assert (
        "atn needs 14.2 % fewer bits than factorized at equal PSNR (95 % interval 9.0 to 20.0 %), over 0.05 to 0.4 bpp."
        in page
    )
    assert "No difference in bits is sure between jpeg and factorized" in page
    assert '<th scope="row">atn</th><td>2.44 M</td><td>7.1</td><td>29.6</td>' in page
    kept = evaluation_page.read(tmp_path)
    assert kept["points"]["atn"] == result["points"]["atn"]
    assert "scores" not in kept
    (tmp_path / "evaluation.json").write_text("[1]")
    with pytest.raises(InputError, match="expected what simnet evaluate --out writes"):
        evaluation_page.read(tmp_path)


def test_several_anchors_give_a_matrix(result: evaluation_page.EvaluationResult, tmp_path: Path) -> None:
    result["anchors"] = ["factorized", "jpeg"]
    result["comparisons"] = {**result["comparisons"], "jpeg": dict.fromkeys(result["points"], _deltas(-7.0, -8.0, 0.9))}
    page = _page(result, tmp_path)
    assert '<caption>BD-rate, PSNR, row against column</caption>' in page  # fmt: skip
    assert '<th scope="row">atn</th><td>-14.2 %</td><td>-7.0 %</td></tr>' in page


def test_side_information_and_offsets_are_tables_and_curves(
    result: evaluation_page.EvaluationResult, tmp_path: Path
) -> None:
    page = _page(result, tmp_path)
    assert "Unrelated: pictures of another drive." in page
    assert '<th scope="row">atn</th><td>3</td><td>21</td><td>+1.50</td><td>75 %</td>' in page
    gain = _plots(page)["plot-offset-gain"]["data"][0]
    assert (gain["x"], gain["y"]) == ([0, 3], [2.0, 1.5])


def test_examples_show_errors_and_captions(result: evaluation_page.EvaluationResult, tmp_path: Path) -> None:
    page = _page(result, tmp_path)
    alts = re.findall(r'<img src="data:image/webp;base64,[^"]+" alt="([^"]+)"', page)
    assert [alt.partition(":")[0] for alt in alts[6:]] == [
        "000012, left view, original",
        "000012, left view, side picture, same time",
        "000012, left view, side picture, 3 frames later",
        "000012, left view, decoded by atn, side picture",
        "000012, left view, error of atn, side picture",
        "000012, left view, decoded by atn, side picture 3 frames later",
        "000012, left view, error of atn, side picture 3 frames later",
        "000012, left view, decoded by jpeg",
        "000012, left view, error of jpeg",
    ]
    assert "0.151 bpp, PSNR 31.25 dB, MS-SSIM 0.9711" in page
    assert "common information alone" in alts[1]
    assert "private information alone" in alts[2]
    assert "<b>street</b>" not in page


def test_matches_are_data_for_the_script(result: evaluation_page.EvaluationResult, tmp_path: Path) -> None:
    page = _page(result, tmp_path)
    found = re.search(r'<script type="application/json" id="attention">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    (example,) = json.loads(found[1])
    assert example["size"] == [32, 16]
    assert example["sides"] == {"0": [32, 16], "3": [32, 16]}
    assert [entry["offset"] for entry in example["entries"]] == ["0", "3"]
    entry = example["entries"][1]
    assert (entry["patch"], entry["match"], entry["rows"], entry["columns"], entry["most"]) == (8, 4, 2, 4, 8)
    matches = np.frombuffer(base64.b64decode(entry["matches"]), "<i2").reshape(2, 4, 8, 4)
    # Four cells of 4 pixels make one patch of 8, each cell with a quarter of its attention.
    assert matches[0, 0, 0].tolist() == [0, 25, 30, 1250]
    assert matches[0, 0, 4].tolist() == [0, 25, 30, 625]
    assert base64.b64decode(entry["trust"]) == bytes([191]) * 8


def test_patches_at_the_edge_hold_fewer_cells() -> None:
    matches = np.ones((3, 3, 1, 4), np.float32)
    pooled, trust = attention.pooled(matches, np.ones((3, 3)), 2)
    assert pooled.shape == (2, 2, 4, 4)
    assert pooled[1, 1, :, 3].tolist() == [1, 0, 0, 0]
    assert pooled[0, 0, :, 3].sum() == pytest.approx(1)
    assert trust.tolist() == [[1, 1], [1, 1]]
    assert attention.joined_cells(4, 94, 311) == 4


def test_scores_are_listed_per_picture(result: evaluation_page.EvaluationResult, tmp_path: Path) -> None:
    _page(result, tmp_path)
    with (tmp_path / "pictures.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {"codec": "atn", "picture": "000012", "psnr_db": "31.5"}
    assert len(rows) == 2


def test_evaluation_without_controls_or_examples_has_a_page(
    result: evaluation_page.EvaluationResult, tmp_path: Path
) -> None:
    for key in ("controls", "side_information", "offsets", "scores", "examples"):
        del result[key]
    page = _page(result, tmp_path)
    assert "<img" not in page
    assert 'id="attention"' not in page
    assert len(_plots(page)["plot-curve-psnr-db"]["data"]) == 3
    assert not (tmp_path / "pictures.csv").exists()


def test_excess_pictures_are_shrunk_then_omitted(example: EvaluationExample, monkeypatch: pytest.MonkeyPatch) -> None:
    assert evaluation_gallery.gallery([example] * 2).note == ""
    one = evaluation_gallery._bytes(evaluation_gallery._example(0, example, evaluation_gallery._lossy))
    assert one < evaluation_gallery._bytes(evaluation_gallery._example(0, example, evaluation_gallery._lossless))
    monkeypatch.setattr(evaluation_gallery, "BUDGET", 2 * one)
    shown = evaluation_gallery.gallery([example] * 3)
    assert len(shown.examples) == len(shown.attention) == 2
    assert shown.note == "Pictures are stored as WebP at quality 90. Examples that did not fit: 1."


def test_uncreatable_folder_is_one_line(result: evaluation_page.EvaluationResult, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file: cannot be made"):
        evaluation_page.write(result, tmp_path / "file")


def test_used_evaluation_folder_is_refused_before_measuring(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    evaluation_page.prepare(tmp_path)
    (tmp_path / "evaluation.html").touch()
    with pytest.raises(InputError, match=r"holds an evaluation already \(evaluation.html\); expected another folder"):
        evaluation_page.prepare(tmp_path)
