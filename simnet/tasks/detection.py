"""Task of detection: what a detector finds in decoded pictures of what there is.

    decoded picture ──▶ detector ──▶ boxes ──┐
    true boxes ──────────────────────────────┴──▶ found and false of a frame; average precision of a stream

True boxes are those of a rendered world, or of a file in COCO's form; without either, what the detector finds in the originals.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simnet.errors import InputError
from simnet.records.task_config import TaskFigure
from simnet.tasks import boxes_out, detector_file
from simnet.tasks.average_precision import DetectedFrame, average_precision
from simnet.tasks.boxes_out import Boxes
from simnet.tasks.coco_truth import CocoTruth
from simnet.tasks.detector import Detector
from simnet.tasks.true_boxes import TrueBoxes, boxes_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simnet.tasks.camera_view import View

OVERLAP = 0.5
"""Intersection over union from which a box has found an object."""


class Detection:
    """Objects found in decoded pictures by one detector."""

    needs_partner = False

    def __init__(
        self, detector: str = detector_file.SHIPPED, truth: str | None = None, confidence: float | None = None
    ) -> None:
        """Open a detector, by its path or name, and a file of true boxes.

        Raises:
            InputError: A file has a fault, or the two have no class in common.
        """
        self._detector = Detector(detector_file.read(detector))
        self._truth = None if truth is None else CocoTruth(Path(truth))
        self._confidence = self._detector.spec.confidence if confidence is None else confidence
        self.classes = [name for name in self._detector.spec.classes if name]
        self.wants_truth = truth is None
        if self._truth is not None and not self._truth.kinds & set(self.classes):
            raise InputError(
                f"{truth}: has {', '.join(sorted(self._truth.kinds)) or 'no categories'}; expected one of the detector's "
                f"classes: {', '.join(self.classes)}"
            )

    @property
    def figures(self) -> Sequence[TaskFigure]:
        """See `Task`."""
        return (
            TaskFigure("found", "Objects found", "%", 1, missed=0.0),
            TaskFigure("false", "False alarms of a frame", "", 2, higher_is_better=False),
        )

    @property
    def pooled_figures(self) -> Sequence[TaskFigure]:
        """See `PoolingTask`."""
        return (
            TaskFigure("map", "Average precision", "%", 1, missed=0.0),
            TaskFigure("map50", "Average precision at half overlap", "%", 1, missed=0.0),
            TaskFigure("map50_original", "Average precision at half overlap, originals", "%", 1),
        )

    def measure(self, view: View, other: View | None) -> Mapping[str, float]:
        """See `Task`."""
        return self.figures_of(self.kept(view, other))

    def kept(self, view: View, other: View | None) -> tuple[DetectedFrame, Boxes]:
        """See `PoolingTask`: what is found in the decoded picture, and in the original."""
        del other
        original = self._named(self._detector.detect(view.original))
        found = original if view.decoded is view.original else self._named(self._detector.detect(view.decoded))
        return DetectedFrame(self._true(view, original), found), original

    def missed(self, view: View) -> tuple[DetectedFrame, Boxes]:
        """See `PoolingTask`: nothing is found in a frame that is not there in time."""
        original = self._named(self._detector.detect(view.original))
        return DetectedFrame(self._true(view, original), None), original

    def figures_of(self, kept: tuple[DetectedFrame, Boxes]) -> Mapping[str, float]:
        """See `PoolingTask`."""
        frame, _ = kept
        counted = ~frame.truth.ignored & np.isin(frame.truth.kinds or np.zeros(0, str), self.classes)
        if frame.found is None:
            return {"found": 0.0} if counted.any() else {}
        sure = frame.found.chosen(frame.found.scores >= self._confidence)
        hits, excused = _matched(sure, frame.truth, self.classes)
        made = {"false": float(len(sure.scores) - len(hits) - excused)}
        return made | ({"found": 100.0 * len([h for h in hits if counted[h]]) / counted.sum()} if counted.any() else {})

    def pool(self, kept: Sequence[tuple[DetectedFrame, Boxes]]) -> Mapping[str, float]:
        """See `PoolingTask`."""
        found = average_precision([frame for frame, _ in kept], self.classes)
        whole = average_precision([DetectedFrame(frame.truth, original) for frame, original in kept], self.classes)
        if found is None or whole is None:
            return {}
        return {"map": found[0], "map50": found[1], "map50_original": whole[1]}

    def _named(self, found: Boxes) -> Boxes:
        """Return boxes of classes that have a name, with numbers among those."""
        names = self._detector.spec.classes
        numbers = np.array([self.classes.index(name) if name else -1 for name in names])
        own = numbers[found.classes]
        return Boxes(found.places_px[own >= 0], found.scores[own >= 0], own[own >= 0])

    def _true(self, view: View, original: Boxes) -> TrueBoxes:
        if view.truth is not None:
            return boxes_of(view.truth)
        if self._truth is not None:
            size = view.original.shape[1], view.original.shape[0]
            found = (
                self._truth.of_picture(view.name, size)
                if view.name
                else self._truth.of_frame(view.camera, view.sequence, size)
            )
            if found is None:
                which = view.name or f"frame {view.sequence} of {view.camera}"
                raise InputError(f"task detection: its file of true boxes has no picture for {which}; expected one")
            return found
        sure = original.chosen(original.scores >= self._confidence)
        return TrueBoxes(sure.places_px, tuple(self.classes[n] for n in sure.classes), np.zeros(len(sure.scores), bool))


def _matched(found: Boxes, truth: TrueBoxes, classes: Sequence[str]) -> tuple[list[int], int]:
    """Return which true boxes were found, and how many boxes lie on what may be found or not."""
    hits: list[int] = []
    excused = 0
    shares = boxes_out.overlaps(found.places_px, truth.boxes_px)
    kinds = np.array([classes.index(kind) if kind in classes else -1 for kind in truth.kinds], np.int64)
    for index, number in enumerate(found.classes):
        own = np.where(kinds == number, shares[index], 0.0)
        free = own.copy()
        free[hits] = 0.0
        free[truth.ignored] = 0.0
        if len(free) and free.max() >= OVERLAP:
            hits.append(int(free.argmax()))
        elif len(own) and (own[truth.ignored] > 0).any() and own[truth.ignored].max() >= OVERLAP / 2:
            excused += 1
    return hits, excused
