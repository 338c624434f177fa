"""Bounds of fields of records that cross the wire: whoever decodes a message compares values with them before use.

Values beyond a bound are no measurement of a run: 2**62 ns are 146 years, 2**40 bytes a terabyte.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

LONGEST_NS: Final = 2**62
LONGEST_TEXT: Final = 4096

Nanoseconds = Annotated[int, Meta(ge=0, le=LONGEST_NS)]
"""A virtual time, or a length of time."""
Count = Annotated[int, Meta(ge=0, le=2**40)]
"""Frames, packets or bytes."""
FrameNumber = Annotated[int, Meta(ge=0, le=2**40)]
"""A frame's number within its stream."""
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
"""A quality; not a number is none."""
Name = Annotated[str, Meta(max_length=LONGEST_TEXT)]
"""A stream, a sensor, a node or a host."""
