"""Quality of what the receiver displays: the newest picture that came in time, compared with what there is to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.runfolder.kept_picture_files import PictureKind, write_picture
from simnet.runfolder.sweep_records import DisplayedPicture

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from simnet.engine.cached.cached_pixels import Pixels
    from simnet.records import Row


def displayed(rows: Sequence[Row], pixels: Pixels, out: Path) -> list[DisplayedPicture]:
    """Return what is displayed when each frame is due, in the order of the rows.

    Of each stream's middle frame the original and the displayed picture are kept in the run's folder `out`.
    """
    streams: dict[str, list[Row]] = {}
    for row in rows:
        streams.setdefault(row.stream, []).append(row)
    found: dict[tuple[str, int], DisplayedPicture] = {}
    for stream, own in streams.items():
        own.sort(key=lambda row: row.sequence)
        kept = own[len(own) // 2]
        latest: str | None = None
        for row in own:
            if row.outcome.in_time and row.psnr_db is not None and row.ms_ssim is not None:
                latest = row.picture_digest
                quality = row.psnr_db, row.ms_ssim
            else:
                quality = pixels.displayed(stream, row.capture_ns, latest)
            found[stream, row.sequence] = DisplayedPicture(stream, row.sequence, *quality)
            if row is kept:
                _keep(out, row, pixels, latest)
    return [found[row.stream, row.sequence] for row in rows]


def _keep(out: Path, row: Row, pixels: Pixels, latest: str | None) -> None:
    """Keep the original and what the receiver displays in its place; nothing in place of grey."""
    original = pixels.original(row.stream, row.capture_ns)
    write_picture(out, row.stream, row.sequence, PictureKind.ORIGINAL, original)
    if latest is not None:
        write_picture(out, row.stream, row.sequence, PictureKind.DISPLAYED, pixels.picture(latest))
