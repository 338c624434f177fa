"""Passage of a packet over one link: the result that every link reports for every packet."""

from __future__ import annotations

from collections.abc import Callable

Passage = tuple[int, bool, int]
"""(when it arrived or is known to be lost, whether it arrived, time in the queue), times in ns."""

OnPassages = Callable[[int, list[Passage]], None]
"""Receives the index of the first packet whose passage is known, and the passages from there on."""
