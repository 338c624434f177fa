"""Coding of the evaluation's pictures with one codec: real bytes, decoded pictures, scores."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simnet import codec, quality
from simnet.codec.bitstream import framing
from simnet.errors import PictureError
from simnet.learn.evaluation.evaluation_options import CodecChoice
from simnet.learn.evaluation.evaluation_pairs import EvaluationTask
from simnet.learn.evaluation.evaluation_rows import PictureScore, Way
from simnet.learn.evaluation.evaluation_tasks import EvaluationTasks
from simnet.learn.evaluation.picture_metrics import PictureMetric
from simnet.records import Decoded, SideInformation

if TYPE_CHECKING:
    from simnet.codec.protocols import Decoder, Encoder


@dataclass(frozen=True, slots=True)
class Setting:
    """One point of a codec's curve: a model (None: the codec's default) and a requested quality."""

    model: str | None
    quality: float


class PictureCoder:
    """One codec, opened once for each model and picture size; every thread has its own encoders and decoders."""

    def __init__(
        self,
        spec: CodecChoice,
        qualities: Sequence[float],
        first: np.ndarray,
        metrics: Sequence[PictureMetric] = (),
        tasks: EvaluationTasks | None = None,
    ) -> None:
        """Open the codec; `first` (uint8 H x W x 3) is coded to find out whether the codec has more than one rate.

        `metrics` score every decoded picture, besides PSNR and MS-SSIM, and `tasks` are done with it.
        """
        self.spec, self._metrics, self._tasks = spec, metrics, tasks
        self._threads = threading.local()
        self.fixed = {model: self._has_one_rate(model, qualities, first) for model in spec.models}
        self.settings = [
            Setting(model, q) for model in spec.models for q in qualities[: 1 if self.fixed[model] else None]
        ]

    def encode(self, setting: Setting, picture: np.ndarray) -> bytes:
        """Encode one frame that refers to no other frame."""
        return self._opened(setting.model, picture)[0].encode(picture, setting.quality, key=True)

    def decoder(self, setting: Setting, picture: np.ndarray) -> Decoder:
        """Return this thread's decoder for pictures of that size."""
        return self._opened(setting.model, picture)[1]

    def decode(self, setting: Setting, picture: np.ndarray, data: bytes, side: np.ndarray) -> Decoded:
        """Decode `data`, a bitstream of a picture of `picture`'s size, with one side picture."""
        return self.decoder(setting, picture).decode(data, [SideInformation(side, "side", 0)])

    def scores(self, task: EvaluationTask, first_offset: int) -> Iterator[PictureScore]:
        """Encode one picture at every setting, decode it in every way, and score each."""
        picture = task.original.read()
        if min(picture.shape[:2]) < quality.WINDOW:
            size = f"{picture.shape[1]} x {picture.shape[0]}"
            raise PictureError(
                f"{task.data}: picture {task.name} is {size}; MS-SSIM needs {quality.WINDOW} pixels a side"
            )
        original = quality.Original(picture)
        sides = {offset: side.read() for offset, side in task.sides.items()}
        unrelated = task.unrelated.read() if task.unrelated else None
        for setting in self.settings:
            data = self.encode(setting, picture)
            decoded = self.decode(setting, picture, data, sides[first_offset])

            def score(
                shown: np.ndarray, way: Way, offset: int = 0, setting: Setting = setting, size: int = len(data)
            ) -> PictureScore:
                place = (task.data, task.name, task.coded)
                figures = (original.psnr(shown), original.ms_ssim(shown))
                more = {metric.key: metric(shown, picture) for metric in self._metrics}
                kept = {}
                if self._tasks is not None:
                    stem = Path(task.name).name
                    done, kept = self._tasks.measure(shown, picture, sides[first_offset], stem, task.coded)
                    more |= done
                coded = (setting.quality, way, offset, size, picture.shape[0] * picture.shape[1])
                return PictureScore(
                    self.spec.label, setting.model or "", *place, *coded, *figures, task.drive, more, kept
                )

            yield score(decoded.alone, "none")
            if decoded.picture is decoded.alone:
                continue
            yield score(decoded.picture, "with", first_offset)
            for offset, side in sides.items():
                if offset != first_offset:
                    yield score(self.decode(setting, picture, data, side).picture, "with", offset)
            if unrelated is not None:
                yield score(self.decode(setting, picture, data, unrelated).picture, "unrelated")

    def _opened(self, model: str | None, picture: np.ndarray) -> tuple[Encoder, Decoder]:
        opened: dict[tuple, tuple[Encoder, Decoder]] = self._threads.__dict__.setdefault("opened", {})
        key = (model, *picture.shape[:2])
        if key not in opened:
            encoder = codec.open_encoder(self.spec.name, picture.shape[1], picture.shape[0], model)
            opened[key] = encoder, codec.open_decoder(encoder.announcement)
        return opened[key]

    def _has_one_rate(self, model: str | None, qualities: Sequence[float], picture: np.ndarray) -> bool:
        """Whether the requested quality has no effect, as in most published networks."""
        ends = {framing.payload(self.encode(Setting(model, q), picture)) for q in (qualities[0], qualities[-1])}
        return len(ends) == 1
