"""The page of an evaluation: rate-distortion curves, BD-rates and example pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from simnet.errors import InputError
from simnet.report.figures.rate_distortion import Points, curves
from simnet.report.page import render
from simnet.report.pictures import ERROR_FACTOR, Picture, data_uri, error_map, pixels
from simnet.report.tables import Table
from simnet.report.text import MISSING, few_pictures, number, signed


class Result(TypedDict):
    """What an evaluation measured. Rates are in bits per pixel from real bytes, BD-rates in percent of the anchor's rate."""

    data: str
    anchor: str
    points: Mapping[str, Points]
    """By codec, each point with `quality`, `bpp`, `psnr_db`, `ms_ssim`."""
    bd_rate: Mapping[str, Mapping[str, float | None]]
    """By codec, with `psnr` and `ms_ssim`; None where curves do not overlap."""
    pictures: int
    controls: NotRequired[Mapping[str, Mapping[str, Points]]]
    """By codec, the same bitstreams decoded with side information `none` and `unrelated`."""
    examples: NotRequired[Sequence[Mapping[str, Any]]]
    """Each with its `name`, `original` and a picture a codec; pictures are PNG files as bytes."""


def write(result: Result, out_dir: Path) -> Path:
    """Write `out_dir/evaluation.html`, one page that needs no network, and return its path.

    Raises:
        InputError: An example picture is not a PNG.
    """
    controls = result.get("controls") or {}
    page = render(
        "evaluation.html",
        title=result["data"],
        anchor=result["anchor"],
        pictures=result["pictures"],
        error_factor=ERROR_FACTOR,
        few=few_pictures(result["pictures"]),
        bd_rate=_bd_rate(result),
        points=_points(result),
        examples=[_example(example) for example in result.get("examples") or ()],
        figures={"curves": curves(result["points"], controls, result["pictures"])},
    )
    path = out_dir / "evaluation.html"
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); expected a folder to write to") from error
    return path


def _bd_rate(result: Result) -> Table:
    rows: list[tuple[str, ...]] = []
    for codec in result["points"]:
        own = result["bd_rate"].get(codec, {})
        cells = (
            ("anchor", "anchor")
            if codec == result["anchor"]
            else (_percent(own.get("psnr")), _percent(own.get("ms_ssim")))
        )
        rows.append((codec, *cells))
    return Table(
        caption="BD-rate",
        columns=("codec", "by PSNR", "by MS-SSIM"),
        rows=rows,
        note=f"Mean change in rate at equal quality against {result['anchor']}: below zero needs fewer bits. "
        f"{MISSING} where the curves share no range of quality.",
    )


def _percent(value: float | None) -> str:
    return MISSING if value is None else f"{signed(value)} %"


def _points(result: Result) -> Table:
    rows = [
        (name, number(point.get("quality"), 2), number(point["bpp"], 4), *_quality(point))
        for name, points in _every(result)
        for point in sorted(points, key=lambda point: point["bpp"])
    ]
    return Table(caption="Points", columns=("codec", "quality", "bpp", "PSNR dB", "MS-SSIM"), rows=rows)


def _quality(point: Mapping[str, float]) -> tuple[str, str]:
    return number(point.get("psnr_db"), 2), number(point.get("ms_ssim"), 4)


def _every(result: Result) -> Iterator[tuple[str, Points]]:
    yield from result["points"].items()
    for codec, kinds in (result.get("controls") or {}).items():
        for kind, points in kinds.items():
            yield f"{codec}, side information {kind}", points


def _example(example: Mapping[str, Any]) -> dict[str, Any]:
    name = str(example["name"])
    original = pixels(example["original"], f"{name}, original")
    shown = [Picture("original", data_uri(example["original"]), "as captured", f"{name}, original")]
    errors: list[Picture] = []
    for codec, content in example.items():
        if codec in ("name", "original"):
            continue
        decoded = pixels(content, f"{name}, {codec}")
        shown.append(Picture(codec, data_uri(content), "decoded", f"{name}, decoded by {codec}"))
        error = data_uri(error_map(original, decoded)) if decoded.shape == original.shape else None
        errors.append(
            Picture(f"{codec}, error x {ERROR_FACTOR}", error, "|original - decoded|", f"{name}, error of {codec}")
        )
    height, width = original.shape[:2]
    return {"name": name, "pictures": shown, "errors": errors, "width": width, "height": height}
