"""Quality of what the receiver displays: the newest picture that came in time, compared with what there is to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.records import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from simnet.engine.cached.cached_pixels import Pixels
    from simnet.records import Row

    Displayed = dict[tuple[str, int], tuple[float, float]]

_IN_TIME = (Outcome.DECODED, Outcome.ALONE)


def displayed(rows: list[Row], pixels: Pixels, pictures: Path) -> Displayed:
    """Return PSNR (dB) and MS-SSIM of what is displayed when each frame is due, by stream and sequence.

    Of each stream's middle frame the original and the displayed picture are written below `pictures`.
    """
    streams: dict[str, list[Row]] = {}
    for row in rows:
        streams.setdefault(row.stream, []).append(row)
    found: Displayed = {}
    for stream, own in streams.items():
        own.sort(key=lambda row: row.sequence)
        kept = own[len(own) // 2]
        latest: str | None = None
        for row in own:
            if row.outcome in _IN_TIME and row.psnr_db is not None and row.ms_ssim is not None:
                latest = row.picture_digest
                found[stream, row.sequence] = row.psnr_db, row.ms_ssim
            else:
                found[stream, row.sequence] = pixels.shown(stream, row.capture_ns, latest)
            if row is kept:
                _keep(pictures, row, pixels, latest)
    return found


def _keep(pictures: Path, row: Row, pixels: Pixels, latest: str | None) -> None:
    """Write the original and what the receiver shows in its place; nothing where it shows grey."""
    from PIL import Image

    to = pictures / row.stream.replace("/", "~")
    to.mkdir(parents=True, exist_ok=True)
    seen = {"original": pixels.original(row.stream, row.capture_ns)}
    if latest is not None:
        seen["shown"] = pixels.picture(latest)
    for kind, picture in seen.items():
        Image.fromarray(picture).save(to / f"{row.sequence}_{kind}.png", compress_level=3)
