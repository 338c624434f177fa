"""Pictures that a decoder is handed, and those that it returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class SideInformation:
    """A picture already at the decoder (uint8, H x W x 3, RGB), with its source and age."""

    picture: npt.NDArray[np.uint8]
    source: str
    age_ns: int


@dataclass(frozen=True, slots=True)
class Decoded:
    """Pictures decoded from one bitstream (uint8, H x W x 3, RGB each).

    `alone` is the same bitstream decoded without side information; it is `picture` itself if no side information was used.
    """

    picture: npt.NDArray[np.uint8]
    alone: npt.NDArray[np.uint8]
