"""Export of a rendered world's truth as a data set in COCO's form."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from simnet.errors import InputError
from simnet.exports import FinishedRun, FrameDecision, open_exports
from simnet.records import Outcome, WorldConfig
from simnet.records.view_truth import SeenObject, ViewTruth
from support.run_folders import platoon

CAR = SeenObject("car", 7, (1.0, 2.0, 8.0, 4.0), 12.5, 0.75, (30.0, -2.0, 0.7))


def truth(camera: str, t_ns: int) -> ViewTruth:
    depth = np.full((128, 256), np.inf, np.float32)
    depth[64:] = 10 + t_ns / 1e9
    return ViewTruth(depth, (CAR,) if camera == "leader/front" else ())


def test_truth_is_written_as_a_data_set(tmp_path: Path) -> None:
    scenario = platoon()
    frame = np.full((128, 256, 3), (200, 100, 50), np.uint8)
    with open_exports(("truth",), tmp_path, scenario, lambda *_: frame, truth) as files:
        for sequence, outcome in enumerate((Outcome.DECODED, Outcome.LOST)):
            files.decided(FrameDecision("leader/front", sequence, sequence * 10**9, outcome, None, 0))
        files.decided(FrameDecision("drone/down", 0, 0, Outcome.LATE, None, 0))
        files.finish(FinishedRun("run", "", (), (), ()))
        assert all(path.is_file() for path in files.paths)
    out = tmp_path / "truth"
    found = json.loads((out / "coco.json").read_text())
    frames = [("leader/front", 0), ("leader/front", 1), ("drone/down", 0)]
    assert [(each["stream"], each["sequence"]) for each in found["images"]] == frames
    (first, _) = found["annotations"]
    assert (first["image_id"], first["category_id"], first["bbox"], first["visible"]) == (1, 1, [1, 2, 8, 4], 0.75)
    picture = cv2.imread(str(out / found["images"][1]["file_name"]))
    assert picture is not None
    assert tuple(picture[0, 0]) == (50, 100, 200)
    depth = cv2.imread(str(out / "depth" / "leader~front" / "000001.png"), cv2.IMREAD_UNCHANGED)
    assert depth is not None
    assert (depth[0, 0], depth[100, 0]) == (0, 11 * 256)
    with (out / "poses.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["x_m"]) for row in rows] == [0, 10, 30]
    assert not list(out.glob(".*"))


def test_truth_of_a_run_that_fails_is_removed(tmp_path: Path) -> None:
    with open_exports(("truth",), tmp_path, platoon(), lambda *_: np.zeros((128, 256, 3), np.uint8), truth) as files:
        files.decided(FrameDecision("leader/front", 0, 0, Outcome.DECODED, None, 0))
    assert not (tmp_path / "truth").exists()


def test_truth_of_recorded_pictures_is_refused(tmp_path: Path) -> None:
    recorded = replace(platoon(), world=WorldConfig("pairs"))
    with pytest.raises(
        InputError, match=r"--export truth: a world of pairs does not know it; expected a rendered world"
    ):
        open_exports(("truth",), tmp_path, recorded, lambda *_: np.zeros((128, 256, 3), np.uint8), truth)
