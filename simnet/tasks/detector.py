"""A detector of objects that runs on the processor: picture in, boxes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simnet import library_threads
from simnet.codec.learned import inference
from simnet.errors import InputError
from simnet.tasks import boxes_out

if TYPE_CHECKING:
    from simnet.tasks.boxes_out import Boxes
    from simnet.tasks.detector_file import DetectorFile

GREY = 114
"""Of the bars beside a picture that keeps its shape."""


class Detector:
    """One graph, run by OpenVINO with one thread: the same boxes on every machine of a kind. One thread may call it."""

    def __init__(self, file: DetectorFile) -> None:
        """Compile the graph, and run it once; InputError if it does not take or give what the file beside it says."""
        self.spec, self._path = file.spec, file.path
        width, height = file.spec.size
        shape = [1, 3, height, width] if file.spec.layout == "NCHW" else [1, height, width, 3]
        try:
            core = inference.opened_core()
            # From memory: a graph that names files beside it is refused.
            graph = core.read_model(file.graph, b"")
            graph.reshape({graph.inputs[0]: shape})
            settings = {**library_threads.openvino_settings(), "INFERENCE_PRECISION_HINT": "f32"}
            self._request: Any = core.compile_model(graph, "CPU", settings).create_infer_request()
            self.detect(np.full((height, width, 3), GREY, np.uint8))
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            reason = " ".join(str(error).split())[-160:]
            raise InputError(
                f"{file.path}: not a detector as {file.path.with_suffix('.yaml').name} says ({reason}); expected an ONNX graph "
                f"of one input {' x '.join(map(str, shape))}"
            ) from error

    def detect(self, picture: np.ndarray) -> Boxes:
        """Return the boxes in a picture, uint8 H x W x 3, in its own pixels."""
        spec = self.spec
        fitted, ratio, corner = _fitted(picture, spec.size, keeps=spec.resize == "letterbox")
        values = (fitted.astype(np.float32) - np.array(spec.mean, np.float32)) / np.array(spec.scale, np.float32)
        if spec.colour == "BGR":
            values = values[..., ::-1]
        tensor = values.transpose(2, 0, 1)[None] if spec.layout == "NCHW" else values[None]
        with library_threads.elsewhere():
            output = self._request.infer([np.ascontiguousarray(tensor)])[0].copy()
        found = boxes_out.read(output, spec.output, len(spec.classes), spec.size)
        finite = np.isfinite(found.places_px).all(axis=1) & np.isfinite(found.scores)
        finite &= (found.classes >= 0) & (found.classes < len(spec.classes))
        found = boxes_out.kept(found.chosen(finite), spec.score, spec.nms)
        places = found.places_px.copy()
        places[:, :2] -= corner
        places /= np.array([*ratio, *ratio])
        low = np.clip(places[:, :2], 0, picture.shape[1::-1])
        high = np.clip(places[:, :2] + places[:, 2:], 0, picture.shape[1::-1])
        return boxes_out.Boxes(np.concatenate([low, high - low], axis=1), found.scores, found.classes)


def _fitted(
    picture: np.ndarray, size: tuple[int, int], *, keeps: bool
) -> tuple[np.ndarray, tuple[float, float], tuple[float, float]]:
    """Return the picture at the input's size, the ratio in x and y, and where its corner is."""
    import cv2

    width, height = size
    have_height, have_width = picture.shape[:2]
    if not keeps:
        fitted = (
            picture if (have_width, have_height) == size else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        )
        return np.asarray(fitted), (width / have_width, height / have_height), (0.0, 0.0)
    ratio = min(width / have_width, height / have_height)
    wide, high = max(1, round(have_width * ratio)), max(1, round(have_height * ratio))
    left, top = (width - wide) // 2, (height - high) // 2
    fitted = np.full((height, width, 3), GREY, np.uint8)
    fitted[top : top + high, left : left + wide] = cv2.resize(picture, (wide, high), interpolation=cv2.INTER_AREA)
    return fitted, (wide / have_width, high / have_height), (float(left), float(top))
