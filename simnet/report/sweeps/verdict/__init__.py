"""Verdict of a sweep in words: findings from the measured points, their confidence, and their limits.

PageView ──▶ bandwidth or quality verdict, deadline verdict, caveats ──▶ sentences
"""

from __future__ import annotations

from simnet.report.sweeps.comparison_grid import BANDWIDTH
from simnet.report.sweeps.verdict import (
    bandwidth_verdict,
    caveats,
    deadline_verdict,
    quality_verdict,
    task_verdict,
)
from simnet.report.sweeps.views import PageView


def verdict(view: PageView) -> list[str]:
    """Return the sentences that the points of this view support, the most important first."""
    if not view.measured:
        return ["No cell of this choice has been run: nothing can be said."]
    if not any(spot.mean(view.quality[0]) for spots in view.curves.values() for spot in spots):
        return [
            "No picture was scored, so there is no quality to compare.",
            *deadline_verdict.sentences(view),
            *caveats.sentences(view),
        ]
    found = (
        bandwidth_verdict.sentences(view)
        if view.axis.kind == BANDWIDTH and view.has_scale
        else quality_verdict.sentences(view)
    )
    found += task_verdict.sentences(view)
    return [*found, *deadline_verdict.sentences(view), *caveats.side_information(view), *caveats.sentences(view)]
