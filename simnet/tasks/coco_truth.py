"""True boxes from a file in COCO's form: those of a frame by its stream and number, or by the order of the pictures.

An image may say its `stream` and `sequence`, as `simnet run --export truth` writes them; the others are one camera's, in the
order of their file names. Boxes are of the image's own size, and are scaled to the camera's.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from simnet import input_files
from simnet.errors import InputError
from simnet.tasks.true_boxes import LEAST_PX, LEAST_VISIBLE, TrueBoxes

_EXPECTED = "annotations in COCO's form: images, annotations, categories"


class CocoTruth:
    """Boxes of a file, by frame and by the picture's name."""

    def __init__(self, path: Path) -> None:
        """Read the file; InputError if it is not in COCO's form."""
        self._path = path
        try:
            read = json.loads(input_files.read_text(path, input_files.JSON_BYTES, _EXPECTED))
            self._kinds = {int(each["id"]): str(each["name"]) for each in read["categories"]}
            images = {int(each["id"]): (str(each["file_name"]), each) for each in read["images"]}
            boxes: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
            for each in read["annotations"]:
                left, top, width, height = map(float, each["bbox"])
                hidden = bool(each.get("iscrowd")) or float(each.get("visible", 1.0)) < LEAST_VISIBLE
                kind = self._kinds[int(each["category_id"])]
                boxes[int(each["image_id"])].append(((left, top, width, height), kind, hidden))
            self._sizes = {key: (float(each["width"]), float(each["height"])) for key, (_, each) in images.items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:80]}"
            raise InputError(f"{path}: cannot be read ({reason}); expected {_EXPECTED}") from error
        self._boxes = boxes
        self._by_frame = {
            (str(each["stream"]), int(each["sequence"])): key
            for key, (_, each) in images.items()
            if "stream" in each and "sequence" in each
        }
        self._by_stem = {PurePosixPath(name).stem: key for key, (name, _) in images.items()}
        self._ordered = sorted(images, key=lambda key: images[key][0])

    @property
    def kinds(self) -> set[str]:
        """Names of the categories."""
        return set(self._kinds.values())

    def of_frame(self, camera: str, sequence: int, size: tuple[int, int]) -> TrueBoxes | None:
        """Return the boxes of a camera's frame of `size` (width, height); None if the file has no such picture."""
        if self._by_frame:
            return self._scaled(self._by_frame.get((camera, sequence)), size)
        return self._scaled(self._ordered[sequence] if sequence < len(self._ordered) else None, size)

    def of_picture(self, stem: str, size: tuple[int, int]) -> TrueBoxes | None:
        """Return the boxes of the picture whose file has this name, without its ending; None if the file does not list it."""
        return self._scaled(self._by_stem.get(stem), size)

    def _scaled(self, image: int | None, size: tuple[int, int]) -> TrueBoxes | None:
        if image is None:
            return None
        own = self._boxes.get(image, [])
        ratio = np.array([size[0] / self._sizes[image][0], size[1] / self._sizes[image][1]] * 2)
        places = np.array([place for place, _, _ in own], np.float64).reshape(-1, 4) * ratio
        hidden = np.array([each for _, _, each in own], bool).reshape(-1)
        small = places[:, 2:].min(axis=1, initial=np.inf) < LEAST_PX
        return TrueBoxes(places, tuple(kind for _, kind, _ in own), hidden | small)
