"""The pictures that a run's folder keeps: PNG files, named by stream, sequence number and kind."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from PIL import Image

from simnet.output_files import make_folder, whole
from simnet.runfolder.folder_names import PICTURES, stream_folder

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np


class PictureKind(StrEnum):
    """What a kept picture shows."""

    ORIGINAL = "original"
    DECODED = "decoded"
    ALONE = "alone"
    """The same bitstream decoded without side information."""
    DISPLAYED = "shown"
    """What the receiver displayed when the frame was due."""


def picture_file(run: Path, stream: str, sequence: int, kind: PictureKind) -> Path:
    """Return where a run's folder keeps this picture."""
    return run / PICTURES / stream_folder(stream) / f"{sequence}_{kind}.png"


def write_picture(run: Path, stream: str, sequence: int, kind: PictureKind, picture: np.ndarray) -> None:
    """Keep a picture (uint8, H x W x 3, RGB) in a run's folder.

    Raises:
        OutputError: It cannot be written.
    """
    file = picture_file(run, stream, sequence, kind)
    make_folder(file.parent)
    with whole(file) as aside:
        Image.fromarray(picture).save(aside, "png", compress_level=3)


def kept_sequences(run: Path, stream: str) -> list[int]:
    """Return the sequence numbers of the frames whose original is kept, ascending."""
    end = f"_{PictureKind.ORIGINAL}.png"
    names = [file.name.removesuffix(end) for file in (run / PICTURES / stream_folder(stream)).glob(f"*{end}")]
    return sorted(int(name) for name in names if name.isdecimal())


def kept_files(run: Path, stream: str, sequence: int) -> dict[PictureKind, Path]:
    """Return the kept pictures of one frame by kind."""
    files = {kind: picture_file(run, stream, sequence, kind) for kind in PictureKind}
    return {kind: file for kind, file in files.items() if file.is_file()}
