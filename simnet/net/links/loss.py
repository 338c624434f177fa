"""Loss on the air: an endless sequence of booleans, one for each packet that left the transmitter."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

from simnet.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from simnet.records import LossConfig

BLOCK = 256
"""Number of draws per call of the generator; the sequence is the same as with single draws."""


def losses(config: LossConfig, link: str, generator: np.random.Generator) -> Iterator[bool]:
    """Return the losses of `link`: True for a lost packet.

    Raises:
        InputError: The model is unknown, or its numbers are out of range.
    """
    _check(config, link)
    if config.is_lossless:
        return repeat(False)
    if config.model == "independent":
        return _independent(config.mean, generator)
    if config.model == "gilbert-elliott":
        return _gilbert_elliott(config.mean, config.burst, generator)
    raise InputError(f"link {link!r}: loss model {config.model!r} is not built; expected a branch for it in losses")


def _independent(mean: float, generator: np.random.Generator) -> Iterator[bool]:
    while True:
        yield from (generator.random(BLOCK) < mean).tolist()


def _gilbert_elliott(mean: float, burst: float, generator: np.random.Generator) -> Iterator[bool]:
    """Return losses of Gilbert's chain (Bell System Technical Journal 39, 1960): the bad state loses every packet.

              p_gb = mean / (burst (1 - mean))
        good ---------------------------------> bad      stationary loss p_gb / (p_gb + p_bg) = mean
             <---------------------------------          stay in bad: geometric, mean 1 / p_bg = burst
                       p_bg = 1 / burst

    The first state is drawn from the stationary distribution, so that the mean holds from the start.
    """
    bad_to_good = 1 / burst
    good_to_bad = mean / (burst * (1 - mean))
    bad = bool(generator.random() < mean)
    while True:
        for draw in generator.random(BLOCK).tolist():
            yield bad
            bad = draw >= bad_to_good if bad else draw < good_to_bad


def _check(config: LossConfig, link: str) -> None:
    model, mean, burst = config.model, config.mean, config.burst
    if model not in {"none", "independent", "gilbert-elliott"}:
        raise InputError(f"link {link!r}: loss model {model!r}; expected none, independent or gilbert-elliott")
    if not 0 <= mean <= 1:
        raise InputError(f"link {link!r}: mean loss is {mean}; expected 0 to 1")
    if model != "gilbert-elliott":
        return
    if not burst >= 1:
        raise InputError(f"link {link!r}: mean loss burst is {burst} packets; expected at least 1")
    most = burst / (1 + burst)
    if mean > most:  # two bursts are at least one good packet apart
        raise InputError(
            f"link {link!r}: mean loss is {mean} in bursts of {burst} packets; expected a mean of at most {most:.4g}"
        )
