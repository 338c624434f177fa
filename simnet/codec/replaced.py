"""Names of earlier codecs and models, and what took their places."""

from simnet.errors import ModelError

SUCCESSORS = {"checkerboard": "lowres"}
"""`checkerboard`, progressive transforms with a context model of six passes, needed 30 % more bytes than `lowres`."""


def refuse(kind: str, name: str) -> None:
    """Raise ModelError if a codec, model or recipe of this name was replaced."""
    if name in SUCCESSORS:
        raise ModelError(f"{kind} {name}: {SUCCESSORS[name]} took its place; use {kind} {SUCCESSORS[name]}")
