"""Detection: boxes out of outputs, what is found of what is there, files of truth, and detectors' files."""

import json
from pathlib import Path

import numpy as np
import pytest

from simnet.errors import InputError
from simnet.records.view_truth import SeenObject, ViewTruth
from simnet.tasks import boxes_out, detector_file
from simnet.tasks.average_precision import DetectedFrame, average_precision
from simnet.tasks.boxes_out import Boxes
from simnet.tasks.camera_view import View
from simnet.tasks.coco_truth import CocoTruth
from simnet.tasks.detection import Detection
from simnet.tasks.detector import Detector
from simnet.tasks.true_boxes import TrueBoxes
from support.bright_detector import bright_detector

SIZE = (64, 32)


def boxes(*rows: tuple[float, ...]) -> Boxes:
    table = np.array(rows, np.float64).reshape(-1, 6)
    return Boxes(table[:, :4], table[:, 4], table[:, 5].astype(int))


def true(*places: tuple[float, ...], ignored: bool = False) -> TrueBoxes:
    table = np.array(places, np.float64).reshape(-1, 4)
    return TrueBoxes(table, ("car",) * len(table), np.full(len(table), ignored))


@pytest.mark.parametrize(
    ("form", "output"),
    [
        ("yolov8", np.array([[[16], [8], [8], [4], [0.1], [0.9]]])),
        ("yolov5", np.array([[[16, 8, 8, 4, 0.9, 0.1, 1.0]]])),
        ("ssd", np.array([[[[0, 1, 0.9, 12 / 64, 6 / 32, 20 / 64, 10 / 32], [-1, 0, 0, 0, 0, 0, 0]]]])),
        ("boxes", np.array([[12, 6, 20, 10, 0.9, 1]])),
    ],
)
def test_every_form_of_output_gives_the_same_box(form: str, output: np.ndarray) -> None:
    found = boxes_out.read(output, form, 2, SIZE)
    assert found.places_px == pytest.approx(np.array([[12, 6, 8, 4]]))
    assert found.scores == pytest.approx([0.9])
    assert list(found.classes) == [1]
    with pytest.raises(ValueError, match="its output is 1 x 2 x 3; expected"):
        boxes_out.read(np.zeros((1, 2, 3)), form, 2, SIZE)


def test_best_of_boxes_that_overlap_stays() -> None:
    found = boxes((0, 0, 10, 10, 0.5, 0), (1, 0, 10, 10, 0.9, 0), (0, 0, 10, 10, 0.4, 1), (30, 0, 5, 5, 0.01, 0))
    assert list(boxes_out.kept(found, 0.05, 0.5).scores) == [0.9, 0.4]
    assert len(boxes_out.kept(found, 0.0, None).scores) == 4


def test_average_precision_of_perfect_missed_and_false_boxes() -> None:
    place = (4.0, 4.0, 10.0, 8.0)
    sure, wrong = boxes((*place, 0.9, 0)), boxes((*place, 0.9, 0), (40, 4, 10, 8, 0.95, 0))
    assert average_precision([DetectedFrame(true(place), sure)], ["car"]) == pytest.approx((100, 100))
    assert average_precision([DetectedFrame(true(place), None)], ["car"]) == (0, 0)
    two = [DetectedFrame(true(place), sure), DetectedFrame(true(place), None)]
    assert average_precision(two, ["car"]) == pytest.approx((50, 50), abs=2)
    assert average_precision([DetectedFrame(true(place), wrong)], ["car"]) == pytest.approx((50, 50))
    assert average_precision([DetectedFrame(true(place, ignored=True), sure)], ["car"]) is None
    loose = boxes((4, 4, 10, 11, 0.9, 0))
    assert average_precision([DetectedFrame(true(place), loose)], ["car"]) == pytest.approx((50, 100))


def test_boxes_are_of_the_pictures_own_size(tmp_path: Path) -> None:
    picture = np.full((64, 128, 3), 204, np.uint8)
    found = Detector(detector_file.read(str(bright_detector(tmp_path)))).detect(picture)
    assert found.scores == pytest.approx([0.8], abs=1e-5)
    assert found.places_px == pytest.approx(np.array([[44, 22, 40, 20]]))
    tall = Detector(detector_file.read(str(bright_detector(tmp_path, resize="letterbox"))))
    assert tall.detect(np.full((64, 64, 3), 204, np.uint8)).places_px == pytest.approx(np.array([[12, 22, 40, 20]]))


def test_frame_is_held_against_the_world(tmp_path: Path) -> None:
    task = Detection(str(bright_detector(tmp_path)))
    car = SeenObject("car", 1, (22, 11, 20, 10), 9.0, 1.0, (0, 0, 0))
    far = SeenObject("car", 2, (2, 2, 6, 6), 90.0, 0.9, (0, 0, 0))
    light, dark = np.full((32, 64, 3), 204, np.uint8), np.full((32, 64, 3), 60, np.uint8)
    truth = ViewTruth(np.ones((32, 64), np.float32), (car, far))
    good, poor = (task.kept(View("a", shown, light, truth=truth), None) for shown in (light, dark))
    missed = task.missed(View("a", light, light, truth=truth))
    assert task.figures_of(good) == {"found": 50.0, "false": 0.0}
    assert task.figures_of(poor) == {"found": 0.0, "false": 0.0}  # found, but not surely
    assert task.figures_of(missed) == {"found": 0.0}
    pooled = task.pool([good, missed])
    assert pooled["map50_original"] == pytest.approx(50, abs=1)
    assert pooled["map50"] < pooled["map50_original"]


def test_originals_are_the_truth_where_nothing_else_is(tmp_path: Path) -> None:
    task = Detection(str(bright_detector(tmp_path)))
    light = np.full((32, 64, 3), 204, np.uint8)
    assert task.measure(View("a", light, light), None) == {"found": 100.0, "false": 0.0}
    assert task.pool([task.kept(View("a", light, light), None)])["map"] == pytest.approx(100)


def test_truth_of_a_file_is_found_by_frame_order_and_name(tmp_path: Path) -> None:
    images = [{"id": n, "file_name": f"{n}.png", "width": 128, "height": 64} for n in (2, 1)]
    box = {"image_id": 2, "category_id": 5, "bbox": [44, 22, 40, 20]}
    whole = {"images": images, "annotations": [box], "categories": [{"id": 5, "name": "car"}]}
    file = tmp_path / "truth.json"
    file.write_text(json.dumps(whole))
    found = CocoTruth(file)
    second = found.of_frame("a", 1, SIZE)
    assert second is not None
    assert second.boxes_px.tolist() == [[22, 11, 20, 10]]
    assert found.of_picture("1", SIZE) is not None
    assert found.of_frame("a", 2, SIZE) is None
    task = Detection(str(bright_detector(tmp_path)), truth=str(file))
    light = np.full((32, 64, 3), 204, np.uint8)
    assert task.measure(View("a", light, light, sequence=1), None)["found"] == 100
    with pytest.raises(InputError, match="has no picture for frame 7 of a"):
        task.measure(View("a", light, light, sequence=7), None)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"output": "centernet"}, r"bright.yaml: output: Input should be 'yolov8', 'yolov5', 'ssd' or 'boxes'"),
        ({"classes": []}, r"bright.yaml: classes: List should have at least 1 item"),
        ({"extra": 1}, r"bright.yaml: extra: Extra inputs are not permitted; expected keys of size"),
        ({"scale": [0, 1, 1]}, r"bright.yaml: scale: 0; expected numbers that one can divide by"),
        (
            {"output": "ssd"},
            r"bright.onnx: not a detector as bright.yaml says \(its output is 1 x 5 x 1; expected 1 x 1 x N x 7",
        ),
        ({"classes": ["car", "van"]}, r"its output is 1 x 5 x 1; expected 1 x 6 x N"),
    ],
)
def test_wrong_detector_is_one_line(tmp_path: Path, said: dict[str, object], fault: str) -> None:
    path = bright_detector(tmp_path, "bright", **said)
    with pytest.raises(InputError, match=fault) as caught:
        Detector(detector_file.read(str(path)))
    assert "\n" not in str(caught.value)


def test_files_that_are_no_detector_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none.onnx: cannot be read"):
        detector_file.read(str(tmp_path / "none.onnx"))
    path = bright_detector(tmp_path)
    path.write_bytes(b"no graph")
    with pytest.raises(InputError, match=r"bright.onnx: not a detector"):
        Detector(detector_file.read(str(path)))
    path.with_suffix(".yaml").write_text("[1")
    with pytest.raises(InputError, match=r"bright.yaml: no YAML"):
        detector_file.read(str(path))
    (tmp_path / "truth.json").write_text('{"images": 3}')
    with pytest.raises(InputError, match=r"truth.json: cannot be read .*expected annotations in COCO's form"):
        CocoTruth(tmp_path / "truth.json")
    (tmp_path / "truth.json").write_text('{"images": [], "annotations": [], "categories": [{"id": 1, "name": "cat"}]}')
    bright_detector(tmp_path)
    with pytest.raises(InputError, match=r"truth.json: has cat; expected one of the detector's classes: car"):
        Detection(str(path), truth=str(tmp_path / "truth.json"))


def test_shipped_detector_loads_and_repeats() -> None:
    found = Detection()
    assert found.classes == ["car"]
    decoded, original = (np.random.default_rng(seed).integers(0, 256, (64, 200, 3), np.uint8) for seed in (1, 2))
    view = View("a", decoded, original)
    assert set(found.measure(view, None)) <= {"found", "false"}
    assert found.measure(view, None) == found.measure(view, None)
