"""Schema of which pictures a run compares with their originals."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field

from simnet import units
from simnet.scenario.schema import fields as f
from simnet.scenario.schema.fields import Spec

SHORT = r"every [1-9][0-9]{0,5}"
"""The short form: `every 5`."""


class ScoreSpec(Spec):
    """Which pictures are compared with their originals: PSNR and MS-SSIM cost as much as a fast codec."""

    every: Annotated[f.Count, Field(ge=1, le=999_999)] = Field(default=1, examples=[5])
    """Each so many-th frame of a stream, from the first; the rows of the others have no scores."""


def expand_score(value: Any) -> Any:
    """Return the mapping that `every 5` stands for."""
    if isinstance(value, dict):
        return value
    if not (isinstance(value, str) and re.fullmatch(SHORT, value)):
        raise ValueError(f"{units.shorten(value)} is no choice of pictures; expected 'every 5'")
    return {"every": int(value.removeprefix("every "))}
