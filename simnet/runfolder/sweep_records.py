"""Records of a sweep's folder: a point of its grid, and a picture that a receiver displayed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a sweep's grid, as `asked/<point>.json` holds it."""

    point: str
    """Names it: a digest of what was asked."""
    cell: str
    """The cell that answers it: a digest of everything that its rows depend on."""
    scenario: str
    codec: str
    """An item of `--codec`; empty where the scenario's own codecs are kept."""
    seed: int
    settings: tuple[tuple[str, str], ...]
    """Keys of the scenario and their values, as they were typed."""
    failed: str | None = None
    """Why it has no cell, in one line; None where it has one or has not been run."""

    @property
    def label(self) -> str:
        """Name it for people."""
        said = [self.scenario, self.codec, f"seed {self.seed}", *(f"{key}={value}" for key, value in self.settings)]
        return ", ".join(part for part in said if part)


@dataclass(frozen=True, slots=True)
class DisplayedPicture:
    """Quality of what a receiver displays when a frame is due (capture and deadline), against that frame.

    It displays the frame's own picture if that came in time, else the latest earlier one that did, else mid-grey.
    """

    stream: str
    sequence: int
    psnr_db: float
    ms_ssim: float
