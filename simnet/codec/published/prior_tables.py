"""Integer tables of the published priors: built once from the densities in double precision, stored with the model.

These priors count a likelihood below 1e-9 as 1e-9. One row of 16 bits is too coarse for that, and the priors do not model the
coder's own escape code. Each density therefore gets two rows. The first row holds the likely symbols and an escape. The second
row codes the escaped symbols, each with the prior's probability, the lower bound included. Real bytes then match the published
estimate for all values of the latents.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch

from simnet.codec.bitstream import entropy_tables, fixed_point
from simnet.codec.published import priors, scale_tables
from simnet.codec.published.network_parts import Prior
from simnet.codec.published.published_networks import PublishedNetwork

REACH = 2048
"""Symbols beyond this magnitude use the coder's own escape."""
LIKELY = 2.0**-entropy_tables.PRECISION
BOUND = 1e-9
BEYOND = 64
"""Number of symbols at the lower bound that a second row includes, in either direction."""


@torch.no_grad()
def arrays(network: PublishedNetwork) -> dict[str, np.ndarray]:
    """Integers that both ends of a stream must share, in the format of `priors.read`."""
    masses = [*density(cast("Prior", network.prior["x"]))]
    made: dict[str, np.ndarray] = {}
    if network.kind.hyper:
        masses += [gaussian(scale) for scale in scale_tables.scales()]
        made |= hyper_arrays(network)
    pairs = [split(mass) for mass in masses]
    rows = [
        np.append(priors.CERTAIN, 1 << entropy_tables.PRECISION),
        *(first for first, _, _, _ in pairs),
        *(p[2] for p in pairs),
    ]
    return made | {
        "cdf": np.concatenate([row[:-1] for row in rows]).astype(np.uint16),
        "lengths": np.array([len(row) for row in rows], np.int32),
        "firsts": np.array([0, *(pair[1] for pair in pairs), *(pair[3] for pair in pairs)], np.int32),
    }


@torch.no_grad()
def density(prior: Prior) -> np.ndarray:
    """Probabilities (N, 2 * REACH + 1) of the symbols from -REACH to REACH under a learned prior."""
    channels = prior.density.channels
    double = Prior(channels).double()
    double.load_state_dict(prior.state_dict())
    edges = torch.arange(-REACH, REACH + 2, dtype=torch.float64) - 0.5
    logits = double.logits(edges.expand(channels, 1, -1))[:, 0]
    lower, upper = logits[:, :-1], logits[:, 1:]
    # Computed in the left tail, where a difference of sigmoids keeps its precision.
    sign = -torch.sign(lower + upper)
    return torch.abs(torch.sigmoid(sign * upper) - torch.sigmoid(sign * lower)).numpy()


def gaussian(scale: float) -> np.ndarray:
    """Probabilities (2 * REACH + 1,) of the symbols from -REACH to REACH under a zero-mean Gaussian."""
    distance = torch.arange(-REACH, REACH + 1, dtype=torch.float64).abs()
    inner, outer = ((distance + edge) / (scale * 2**0.5) for edge in (-0.5, 0.5))
    return ((torch.special.erfc(inner) - torch.special.erfc(outer)) / 2).numpy()


def split(mass: np.ndarray) -> tuple[np.ndarray, int, np.ndarray, int]:
    """Build two rows of cumulative counts, with each row's first symbol, from probabilities (2 * REACH + 1,).

    The first row is: escape, likely symbols. The second: all symbols around them; likely ones get almost no probability.
    """
    first, last = _span(mass >= LIKELY, int(np.argmax(mass)))
    escape = max(LIKELY, 1.0 - float(mass[first : last + 1].sum()))
    likely = entropy_tables.quantised(np.concatenate([[escape], mass[first : last + 1]]))
    start, end = _span(mass >= BOUND, int(np.argmax(mass)))
    start, end = max(0, start - BEYOND), min(len(mass) - 1, end + BEYOND)
    others = np.maximum(mass, BOUND)
    others[first : last + 1] = 0.0
    return likely, first - REACH, entropy_tables.quantised(others[start : end + 1] / escape), start - REACH


def hyper_arrays(network: PublishedNetwork) -> dict[str, np.ndarray]:
    """Fixed-point hyper-synthesis of x, and the scales at which the rows change."""
    made = {"thresholds": priors.scale_thresholds()}
    for k in priors.LAYERS:
        layer = network.hyper_synthesis["x"].get_submodule(f"conv_h{k}")
        for name, value in layer.state_dict().items():
            made[f"h{k}.{name}"] = fixed_point.fixed(value.numpy()).astype(np.int32)
    return made


def _span(among: np.ndarray, otherwise: int) -> tuple[int, int]:
    """Return the first and last index where `among` is true, or a default single index if it is never true."""
    places = np.flatnonzero(among)
    return (int(places[0]), int(places[-1])) if len(places) else (otherwise, otherwise)
