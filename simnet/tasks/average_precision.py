"""Average precision of detections over many pictures, by pycocotools."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from simnet.tasks.boxes_out import Boxes
    from simnet.tasks.true_boxes import TrueBoxes


@dataclass(frozen=True, slots=True, eq=False)
class DetectedFrame:
    """What a detector found in a frame, and what is there; both in numbers of the same classes."""

    truth: TrueBoxes
    found: Boxes | None
    """None: the frame was not there in time."""


def average_precision(frames: Sequence[DetectedFrame], classes: Sequence[str]) -> tuple[float, float] | None:
    """Return COCO's average precision in percent, over overlaps of 0.5 to 0.95, and at 0.5; None if nothing is there to find.

    A frame that was not there in time has no detections, so all that is in it is missed. What may be found or not counts as
    COCO's crowds do.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    numbers = {name: number for number, name in enumerate(classes, start=1)}
    truths: list[dict[str, Any]] = []
    for image, frame in enumerate(frames, start=1):
        rows = zip(frame.truth.boxes_px.tolist(), frame.truth.kinds, frame.truth.ignored.tolist(), strict=True)
        for place, kind, ignored in rows:
            if kind in numbers:
                truths.append(
                    {"id": len(truths) + 1, "image_id": image, "category_id": numbers[kind], "bbox": place}
                    | {"area": place[2] * place[3], "iscrowd": int(ignored)}
                )
    if not any(not each["iscrowd"] for each in truths):
        return None
    found = [
        {"image_id": image, "category_id": int(number) + 1, "bbox": place, "score": score}
        for image, frame in enumerate(frames, start=1)
        if frame.found is not None
        for place, score, number in zip(
            frame.found.places_px.tolist(), frame.found.scores.tolist(), frame.found.classes.tolist(), strict=True
        )
    ]
    if not found:
        return 0.0, 0.0
    # The library tells what it does on standard output.
    with contextlib.redirect_stdout(io.StringIO()):
        known: Any = COCO()
        known.dataset = {
            "info": {},
            "images": [{"id": image} for image in range(1, len(frames) + 1)],
            "annotations": truths,
            "categories": [{"id": number, "name": name} for name, number in numbers.items()],
        }
        known.createIndex()
        measured = COCOeval(known, known.loadRes(found), "bbox")
        measured.evaluate()
        measured.accumulate()
    # Overlap, recall, class, area (all), most detections (100).
    precision = np.asarray(measured.eval["precision"])[:, :, :, 0, 2]
    return _mean(precision), _mean(precision[0])


def _mean(precision: np.ndarray) -> float:
    known = precision[precision > -1]
    return 100.0 * float(known.mean()) if known.size else 0.0
