"""VMAF and XPSNR by FFmpeg's filters: those of PyAV's FFmpeg, else of the `ffmpeg` command.

Builds differ in their filters; where neither has one, the error says so in one line. Pictures are compared as 4:2:0 video, which
both metrics are made for; a picture is a film of one frame.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from simnet.errors import InputError
from simnet.quality import PSNR_CAP_DB

Score = Callable[[np.ndarray, np.ndarray], float]
_SECONDS = 60
"""Limit on one call of the command."""


def open_xpsnr() -> Score:
    """Return the XPSNR (Helmrich et al., ICASSP 2020) of luma in dB, at most `PSNR_CAP_DB`; InputError without the filter."""
    if _of_pyav("xpsnr"):
        return lambda picture, original: _capped(_filtered("xpsnr", "", picture, original)["lavfi.xpsnr.xpsnr.y"])
    command = _command("xpsnr")
    return lambda picture, original: _capped(_printed(command, "xpsnr", picture, original))


def open_vmaf() -> Score:
    """Return VMAF (0 to 100) with the filter's default model; InputError without the filter."""
    if _of_pyav("libvmaf"):
        return _vmaf_of_pyav
    command = _command("libvmaf")

    def score(picture: np.ndarray, original: np.ndarray) -> float:
        with _log_file() as log:
            _called(command, f"libvmaf=log_fmt=json:log_path={log.name}", picture, original, log.parent)
            return _pooled(log)

    return score


def _vmaf_of_pyav(picture: np.ndarray, original: np.ndarray) -> float:
    with _log_file() as log:
        # The filter writes its log when its graph is freed; the path has no character that its options would read.
        _filtered("libvmaf", f"log_fmt=json:log_path={log}", picture, original)
        return _pooled(log)


@contextmanager
def _log_file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="simnet-vmaf-") as folder:
        yield Path(folder) / "vmaf.json"


def _pooled(log: Path) -> float:
    return float(json.loads(log.read_text(encoding="utf-8"))["pooled_metrics"]["vmaf"]["mean"])


def _capped(text: str) -> float:
    value = float(text)
    return PSNR_CAP_DB if math.isinf(value) else min(value, PSNR_CAP_DB)


@lru_cache(maxsize=4)
def _of_pyav(name: str) -> bool:
    from av.filter import filters_available

    return name in filters_available


def _filtered(name: str, options: str, picture: np.ndarray, original: np.ndarray) -> dict[str, str]:
    """Return the metadata of the frame that a filter of two pictures gives."""
    import av
    from av.filter import Graph

    graph: Any = Graph()
    height, width = picture.shape[:2]
    shape = {"width": width, "height": height, "format": av.VideoFormat("yuv420p"), "time_base": Fraction(1, 25)}
    sources = [graph.add_buffer(**shape) for _ in range(2)]
    compare, sink = graph.add(name, options or None), graph.add("buffersink")
    for number, source in enumerate(sources):
        source.link_to(compare, 0, number)
    compare.link_to(sink)
    graph.configure()
    for source, pixels in zip(sources, (picture, original), strict=True):
        frame: Any = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        source.push(frame)
        source.push(None)
    return dict(sink.pull().metadata)


def _command(name: str) -> str:
    """Return the path of an `ffmpeg` command that has a filter; InputError if there is none."""
    path = shutil.which("ffmpeg")
    if path is not None and name in _filters(path):
        return path
    whose = f"the command {path} has" if path else "there is no command ffmpeg that has"
    metric = name.removeprefix("lib")
    raise InputError(
        f"metric {metric}: PyAV's FFmpeg has no filter {name}, and {whose} none; expected an FFmpeg built with it"
        if path
        else f"metric {metric}: PyAV's FFmpeg has no filter {name}, and {whose} it; expected one in PATH"
    )


@lru_cache(maxsize=4)
def _filters(path: str) -> frozenset[str]:
    try:
        said = subprocess.run(
            [path, "-hide_banner", "-filters"], capture_output=True, text=True, check=False, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return frozenset()
    return frozenset(parts[1] for line in said.stdout.splitlines() if len(parts := line.split()) > 2)


def _printed(command: str, name: str, picture: np.ndarray, original: np.ndarray) -> str:
    with tempfile.TemporaryDirectory(prefix=f"simnet-{name}-") as folder:
        said = _called(command, name, picture, original, Path(folder))
    found = re.search(r"XPSNR +y: *([0-9.]+|inf)", said, re.IGNORECASE)
    if found is None:
        raise InputError(f"metric {name}: {command} printed no result; expected a line that begins with XPSNR")
    return found[1]


def _called(command: str, graph: str, picture: np.ndarray, original: np.ndarray, folder: Path) -> str:
    """Call the command in a folder on two files of pixels, and return what it says."""
    height, width = picture.shape[:2]
    arguments = [command, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "info"]
    for name, pixels in (("picture", picture), ("original", original)):
        (folder / f"{name}.rgb").write_bytes(np.ascontiguousarray(pixels).tobytes())
        arguments += [
            "-f",
            "rawvideo",
            "-pixel_format",
            "rgb24",
            "-video_size",
            f"{width}x{height}",
            "-i",
            f"{name}.rgb",
        ]
    both = "[0:v]format=yuv420p[a];[1:v]format=yuv420p[b];[a][b]"
    try:
        done = subprocess.run(
            [*arguments, "-lavfi", both + graph, "-f", "null", "-"],
            cwd=folder, capture_output=True, text=True, errors="replace", check=False, timeout=_SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"{command}: {error}; expected an ffmpeg that runs") from error
    if done.returncode:
        last = " ".join(done.stderr.split())[-200:]
        raise InputError(f"{command}: exit status {done.returncode} ({last}); expected an ffmpeg that runs {graph}")
    return done.stderr
