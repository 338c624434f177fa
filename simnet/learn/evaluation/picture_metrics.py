"""Metrics of decoded pictures besides PSNR and MS-SSIM: simnet's own by name, and those of other packages.

    [project.entry-points."simnet.metrics"]
    gmsd = "my_package.metrics:Gmsd"

A plug-in's entry point names a function or a class that is instantiated without arguments: `metric(picture, original) -> float`
of two uint8 H x W x 3 pictures. Optional attributes: `title`, `unit`, `digits`, and `higher_is_better`, true by default.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from simnet import plugins
from simnet.errors import InputError, PluginError
from simnet.learn.evaluation import ffmpeg_metrics, perceptual_distance
from simnet.plugins import Plugin, blamed

Score = Callable[[np.ndarray, np.ndarray], float]
"""Function of a decoded picture and its original."""


@dataclass(frozen=True, slots=True, eq=False)
class PictureMetric:
    """One metric; `key` names its column."""

    key: str
    title: str
    unit: str
    digits: int
    higher_is_better: bool
    score: Score

    def __call__(self, picture: np.ndarray, original: np.ndarray) -> float:
        """Return the score of a decoded picture; both are uint8 H x W x 3."""
        return self.score(picture, original)

    def plain(self) -> dict[str, Any]:
        """Return all but the function, as JSON takes it."""
        return {name: getattr(self, name) for name in ("key", "title", "unit", "digits", "higher_is_better")}


STANDARD = (
    PictureMetric("psnr_db", "PSNR", "dB", 2, True, lambda picture, original: math.nan),
    PictureMetric("ms_ssim", "MS-SSIM", "", 4, True, lambda picture, original: math.nan),
)
"""Metrics that every evaluation has; `simnet.quality` computes them."""
ALWAYS = ("psnr", "ms-ssim")
OWN = ("lpips", "vmaf", "xpsnr")
_KEY = re.compile(r"[a-z][a-z0-9_]{0,30}")
_TAKEN = (
    "psnr_db",
    "ms_ssim",
    "bpp",
    "quality",
    "codec",
    "model",
    "data",
    "picture",
    "coded",
    "way",
    "offset",
    "drive",
)


def names() -> list[str]:
    """Return the names that `--metrics` takes."""
    return [*ALWAYS, *plugins.names(plugins.METRICS, OWN)]


def open_metrics(wanted: Sequence[str], lpips_weights: Path | None = None) -> list[PictureMetric]:
    """Return the metrics of these names; PSNR and MS-SSIM are always measured, and are not among them.

    Raises:
        InputError: A name is unknown or named twice, or what a metric needs is not here.
        PluginError: A plug-in has a fault.
    """
    text = ",".join(wanted)
    if len(set(wanted)) < len(wanted):
        raise InputError(f"--metrics {text}: names a metric twice")
    if lpips_weights is not None and "lpips" not in wanted:
        wanted = [*wanted, "lpips"]
    return [_opened(name, text, lpips_weights) for name in wanted if name not in ALWAYS]


def _opened(name: str, text: str, weights: Path | None) -> PictureMetric:
    if (plugin := plugins.find(plugins.METRICS, name, (*ALWAYS, *OWN))) is not None:
        return of_plugin(plugin.load(), plugin)
    if name == "xpsnr":
        return PictureMetric("xpsnr_db", "XPSNR", "dB", 2, True, ffmpeg_metrics.open_xpsnr())
    if name == "vmaf":
        return PictureMetric("vmaf", "VMAF", "", 2, True, ffmpeg_metrics.open_vmaf())
    if name == "lpips":
        return PictureMetric("lpips", "LPIPS", "", 4, False, perceptual_distance.open_lpips(weights))
    raise InputError(f"--metrics {text}: {name or 'an empty name'}: unknown metric; expected of {', '.join(names())}")


def of_plugin(found: Any, plugin: Plugin) -> PictureMetric:
    """Return a plug-in's object as a metric whose scores are checked; PluginError if it is none."""
    who = str(plugin)
    if inspect.isclass(found):
        with blamed(who, "cannot be made without arguments"):
            found = found()
    if not callable(found):
        raise PluginError(f"{who}: found {found!r:.60}; expected a function of a picture and its original")
    key = plugin.name.replace("-", "_").lower()
    if not _KEY.fullmatch(key) or key in _TAKEN:
        raise PluginError(f"{who}: its name cannot be a column; expected letters, digits and - that no column has")
    digits = getattr(found, "digits", 4)
    if type(digits) is not int or not 0 <= digits <= 12:
        raise PluginError(f"{who}: digits {digits!r:.40}; expected a whole number from 0 to 12")

    def score(picture: np.ndarray, original: np.ndarray) -> float:
        with blamed(who, "scoring failed"):
            value = float(cast("Any", found(picture, original)))
        if not math.isfinite(value):
            raise PluginError(f"{who}: scored {value}; expected a finite number")
        return value

    title, unit = (str(getattr(found, name, default)) for name, default in (("title", plugin.name), ("unit", "")))
    return PictureMetric(key, title, unit, digits, bool(getattr(found, "higher_is_better", True)), score)
