"""Sentences on the gain of side information, the sample size, and missing cells."""

from __future__ import annotations

from simnet.report.formatting import FEW
from simnet.report.mean_interval import Mean, mean
from simnet.report.sweeps.sweep_formatting import counted, listed, signed
from simnet.report.sweeps.views import PageView


def side_information(view: PageView) -> list[str]:
    """Return sentences on each curve's gain of side information over all settings."""
    said = []
    for curve in view.measured:
        by_seed: dict[int, list[float]] = {}
        for spot in view.curves[curve]:
            for sample in spot.samples:
                if (gain := sample.values["side_gain_db"]) is not None:
                    by_seed.setdefault(sample.seed, []).append(gain)
        found = mean(sum(own) / len(own) for own in by_seed.values())
        if found:
            said.append(_worth(curve, found))
    if not said:
        return ["No frame was decoded with side information."]
    return [
        f"Side information is worth {'; '.join(said)}: of the frames that used it, against the same bitstream without."
    ]


def _worth(curve: str, found: Mean) -> str:
    if found.low is None or found.high is None:
        return f"{signed(found.value, 2)} dB to {curve} (one seed)"
    interval = f"95 % interval {signed(found.low, 2)} to {signed(found.high, 2)} dB over {found.count} seeds"
    if found.low <= 0 <= found.high:
        return f"nothing to {curve} that the seeds show ({interval})"
    return f"{signed(found.value, 2)} dB to {curve} ({interval})"


def sentences(view: PageView) -> list[str]:
    """Return remarks on small samples and missing cells."""
    spots = [spot for own in view.curves.values() for spot in own]
    failed = sum(spot.failed for spot in spots)
    missing, asked = sum(spot.missing for spot in spots), sum(spot.asked for spot in spots)
    said = []
    if len(view.seeds) == 1:
        said.append("One seed: nothing here has an interval, and another seed may say something else.")
    elif len(view.seeds) < 5:
        said.append(f"A small sample: {len(view.seeds)} seeds, so intervals are wide.")
    fewest = min((sample.values["frames"] or 0 for spot in spots for sample in spot.samples), default=0)
    if fewest < FEW:
        said.append(f"Some cells have as few as {counted(int(fewest), 'frame')}: take their figures as anecdotes.")
    if failed or missing:
        rest = [f"{failed} failed"] * bool(failed) + [f"{missing} not run"] * bool(missing)
        said.append(f"Of {counted(asked, 'cell')} {failed + missing} are not there ({listed(rest)}): curves have gaps.")
    return said
