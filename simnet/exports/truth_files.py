"""Export of a rendered world's truth: originals, boxes in COCO's form, depth and poses, as a data set of its own."""

from __future__ import annotations

import csv
import json
import shutil
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from simnet.errors import InputError
from simnet.exports.export import Export
from simnet.output_files import make_folder, whole, writing
from simnet.records import SECOND_NS
from simnet.runfolder.folder_names import stream_folder
from simnet.tracks import poses

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from simnet.exports.export import FinishedRun, FrameDecision
    from simnet.records import Scenario
    from simnet.records.view_truth import ViewTruth

FOLDER = "truth"
CATEGORIES = {"car": 1, "drone": 2}
"""Kinds of objects and their numbers in COCO's form."""
DEPTH_STEPS = 256
"""Steps of a metre in pictures of depth, as KITTI has them; 0 is the sky, or farther than 255 m."""
_POSES = ("stream", "sequence", "time_s", "x_m", "y_m", "z_m", "yaw_deg", "pitch_deg", "field_of_view_deg")


class TruthFiles(Export):
    """Writes each captured frame's original, depth, boxes and pose."""

    def __init__(
        self,
        folder: Path,
        scenario: Scenario,
        frame: Callable[[str, int], np.ndarray],
        truth: Callable[[str, int], ViewTruth | None],
    ) -> None:
        """Begin; InputError if the world is not a rendered one."""
        if scenario.world.kind != "rendered":
            raise InputError(
                f"--export truth: a world of {scenario.world.kind} does not know it; expected a rendered world"
            )
        self._folder, self._cameras, self._frame, self._truth = folder / FOLDER, scenario.cameras, frame, truth
        self._count = self._boxes = 0
        make_folder(self._folder)
        with writing(self._folder):
            self._aside = {
                name: (self._folder / f".{name}.part").open("w+", encoding="utf-8") for name in ("images", "boxes")
            }
            self._poses = (self._folder / ".poses.part").open("w+", newline="", encoding="utf-8")
        self._rows = csv.writer(self._poses, lineterminator="\n")

    def decided(self, decision: FrameDecision) -> None:
        """See `Export`."""
        camera, t_ns = self._cameras[decision.stream], decision.capture_ns
        truth = self._truth(camera.name, t_ns)
        assert truth is not None, "a rendered world knows it"
        name = f"{stream_folder(camera.name)}/{decision.sequence:06d}.png"
        depth = np.where(np.isfinite(truth.depth_m), truth.depth_m * DEPTH_STEPS + 0.5, 0)
        self._write(f"images/{name}", self._frame(camera.name, t_ns))
        self._write(f"depth/{name}", np.where(depth < 2**16, depth, 0).astype(np.uint16))
        self._count += 1
        image = {"id": self._count, "file_name": f"images/{name}", "width": camera.width, "height": camera.height}
        self._put("images", image | {"stream": camera.name, "sequence": decision.sequence, "capture_ns": t_ns})
        for each in truth.objects:
            self._boxes += 1
            left, top, width, height = each.box_px
            box = {"id": self._boxes, "image_id": self._count, "category_id": CATEGORIES[each.kind], "iscrowd": 0}
            box |= {"bbox": [left, top, width, height], "area": width * height, "object": each.number}
            self._put(
                "boxes",
                box
                | {"depth_m": round(each.depth_m, 3), "visible": round(each.visible, 4), "position_m": each.position_m},
            )
        true_ns = t_ns - camera.clock_ns
        pose = poses.camera_pose(camera, true_ns)
        place = (*pose.position_m, pose.yaw_deg, pose.pitch_deg, camera.field_of_view_deg)
        with writing(self._folder):
            self._rows.writerow(
                (camera.name, decision.sequence, t_ns / SECOND_NS, *(round(value, 6) for value in place))
            )

    def finish(self, ended: FinishedRun) -> None:
        """See `Export`."""
        del ended
        with whole(self._folder / "coco.json") as aside, aside.open("w", encoding="utf-8") as out:
            out.write('{"images": [')
            self._move("images", out)
            out.write('],\n"annotations": [')
            self._move("boxes", out)
            categories = [{"id": number, "name": kind} for kind, number in CATEGORIES.items()]
            out.write(f'],\n"categories": {json.dumps(categories)}}}\n')
        with whole(self._folder / "poses.csv") as aside, aside.open("w", newline="", encoding="utf-8") as out:
            csv.writer(out, lineterminator="\n").writerow(_POSES)
            self._poses.seek(0)
            shutil.copyfileobj(self._poses, out)
        self._close()

    def abandon(self) -> None:
        """See `Export`."""
        self._close()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def paths(self) -> tuple[Path, ...]:
        """See `Export`."""
        return (self._folder / "coco.json", self._folder / "poses.csv")

    def _write(self, name: str, pixels: np.ndarray) -> None:
        path = self._folder / name
        make_folder(path.parent)
        import cv2

        shown = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
        with writing(path):
            path.write_bytes(cv2.imencode(".png", shown)[1].tobytes())

    def _put(self, what: str, record: dict[str, Any]) -> None:
        with writing(self._folder):
            self._aside[what].write(json.dumps(record) + "\n")

    def _move(self, what: str, out: IO[str]) -> None:
        file = self._aside[what]
        file.seek(0)
        for number, line in enumerate(file):
            out.write(("," if number else "") + "\n" + line.rstrip("\n"))

    def _close(self) -> None:
        for file in (*self._aside.values(), self._poses):
            file.close()
        for part in self._folder.glob(".*.part"):
            part.unlink(missing_ok=True)
