"""What pictures depend on besides what a scenario says: this package's code, the libraries at work, the processor."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import simnet
from simnet.codec import identity
from simnet.engine.timing import processor

OWN = ("engine/cached",)
"""How keys are made and entries written."""
WORLD = ("pixels.py", "plugins.py", "seeds.py", "tracks/poses.py", "tracks/timed_trajectory.py", "world")
CODEC = ("codec", "pixels.py", "plugins.py", "shipped.py")
QUALITY = ("quality.py",)
"""The sources that frames, bitstreams and pictures, and scores come from."""


def key(*parts: object) -> str:
    """Return the digest of some parts, as the name of an entry."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


@cache
def of_frames() -> str:
    """Return what rendered frames depend on."""
    return key(*_place(WORLD), *identity.versions(("numpy", "opencv-python-headless", "panda3d", "pillow")))


@cache
def of_codecs() -> str:
    """Return what bitstreams and pictures depend on beside `codec_identity`: vector instructions round in their own ways."""
    return key(*_place(CODEC), *identity.versions(("numpy", "opencv-python-headless", "pillow")))


@cache
def of_scores() -> str:
    """Return what scores depend on."""
    return key(*_place(QUALITY), *identity.versions(("numpy", "opencv-python-headless")))


@cache
def _place(parts: tuple[str, ...]) -> tuple[str, ...]:
    return processor.processor(), *(_source_digest(part) for part in (*OWN, *parts))


@cache
def _source_digest(part: str) -> str:
    """Return the digest of a module's or a package's source."""
    root = Path(simnet.__file__).parent
    place = root / part
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place]
    return key(*(f"{file.relative_to(root)} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files))
