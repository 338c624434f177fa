"""Tasks in an evaluation: figures of pictures, of all pictures together, and how they are described."""

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from simnet.errors import InputError
from simnet.learn.evaluation.evaluation_rows import PictureScore, curve
from simnet.learn.evaluation.evaluation_tasks import EvaluationTasks
from simnet.report import evaluation_verdict
from support.bright_detector import bright_detector


@pytest.fixture(scope="module")
def wall() -> np.ndarray:
    coarse = np.random.default_rng(4).integers(0, 256, (24, 32, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (128, 96), interpolation=cv2.INTER_CUBIC), np.uint8)


def test_points_have_means_and_pooled_figures(wall: np.ndarray, tmp_path: Path) -> None:
    tasks = EvaluationTasks(["stereo_depth", "matching", "detection"], bright_detector(tmp_path))
    scores = []
    for number, shown in enumerate((wall, cv2.GaussianBlur(wall, (0, 0), 4), np.full_like(wall, 128))):
        figures, kept = tasks.measure(np.asarray(shown, np.uint8), wall, wall, str(number), "left")
        scores.append(
            PictureScore("jpeg", "", "d", str(number), "left", 0.5, "none", 0, 100, 9, 30.0, 0.9, "", figures, kept)
        )
    (point,) = curve(scores)
    assert point["matching_found"] == pytest.approx(np.mean([score.more["matching_found"] for score in scores]))
    assert scores[0].more["matching_found"] == 100
    assert math.isnan(scores[2].more["matching_error_px"])
    assert not math.isnan(point["matching_error_px"])
    assert point["detection_map50_original"] == pytest.approx(100)
    assert "kept" not in scores[0].plain()
    words = tasks.described([metric.plain() for metric in tasks.compared], {"jpeg": [point]})
    assert {each["key"] for each in words if each.get("compared", True)} >= {
        "stereo_depth_bad",
        "matching_found",
        "detection_found",
    }
    assert {each["task"] for each in words if "task" in each} == {"stereo_depth", "matching", "detection"}
    assert not any("true" in each["key"] for each in words)  # no depth is known here


@pytest.mark.parametrize(
    ("kinds", "detector", "fault"),
    [
        (["depth"], None, r"--tasks depth: unknown; expected of detection, matching, stereo_depth"),
        (["matching", "matching"], None, r"--tasks matching,matching: names a task twice"),
        (["matching"], Path("x.onnx"), r"--detector and --truth: no task of detection"),
        (["detection"], Path("none.onnx"), r"none.onnx: cannot be read"),
    ],
)
def test_wrong_tasks_are_one_line(kinds: list[str], detector: Path | None, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        EvaluationTasks(kinds, detector)


def test_verdict_tells_bits_for_equal_results() -> None:
    def difference(value: float | None, reason: str = "") -> dict:
        return {"value": value, "low": 0.0, "high": 1.0, "share": 1.0, "reason": reason}

    own = {"bd_rate_psnr": difference(-3.0), "bd_psnr": difference(None), "bd_rate_matching_found": difference(-20.0)}
    result = {
        "anchors": ["hevc-intra"],
        "points": {"atn": [], "hevc-intra": []},
        "comparisons": {"hevc-intra": {"atn": own, "hevc-intra": own}},
        "pictures": 50,
        "metrics": [{"key": "matching_found", "title": "matching: features found again", "task": "matching"}],
    }
    said = evaluation_verdict.sentences(result)  # pyright: ignore[reportArgumentType]
    assert any(
        "matching: features found again: atn needs 20.0 % fewer bits than hevc-intra for equal results" in s
        for s in said
    )
