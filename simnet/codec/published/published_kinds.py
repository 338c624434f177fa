"""Parameters of the five published networks.

bls17         Balle, Laparra, Simoncelli, ICLR 2017: factorised prior
bmshj18       Balle, Minnen, Singh, Hwang, Johnston, ICLR 2018: scale hyperprior
ndic-bls17    Mital, Ozyilkan, Garjani, Gunduz, DCC 2022: common information of the side picture is concatenated to the latent
ndic-bmshj18  the same with the scale hyperprior
atn-paper     the same authors, WACV 2023: ndic-bls17 with cross-attention between the two decoders
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from simnet.errors import ModelError

GRID = 4
"""Cross-attention divides every feature map into GRID x GRID patches, whatever the picture's size."""
ATTENTIONS = 3
EMBEDDED = 256
HEADS = 8
FILTERS = (3, 3, 3)
"""Layer widths in the factorised prior's cumulative."""


@dataclass(frozen=True)
class PublishedKind:
    """Parameters of one network: its transforms and its parts."""

    name: str
    authors: str
    """The authors' name of the network in their configuration files."""
    kernels: tuple[int, ...] = (5, 5, 5, 5)
    strides: tuple[int, ...] = (2, 2, 2, 2)
    side: bool = False
    hyper: bool = False
    attention: bool = False

    @property
    def latent_stride(self) -> int:
        """Ratio of the picture's size to the latent's size."""
        return math.prod(self.strides)

    @property
    def stride(self) -> int:
        """Multiple to which pictures are padded, so that latent, hyperprior latent and patches have integer sizes."""
        return self.latent_stride * (4 if self.hyper else 2 if self.attention else 1)

    @property
    def pictures(self) -> tuple[str, ...]:
        """Names of the coded picture, and of the side picture if there is one, in the parts."""
        return ("x", "y") if self.side else ("x",)

    @property
    def latents(self) -> tuple[str, ...]:
        """Names of the computed latents: of x, y's own, and w, the common information (from y)."""
        return ("x", "y", "w") if self.side else ("x",)


KINDS = {
    kind.name: kind
    for kind in (
        PublishedKind("atn-paper", "cross_attention", side=True, attention=True),
        PublishedKind("ndic-bls17", "ndic_bls17", side=True),
        PublishedKind("ndic-bmshj18", "ndic_bmshj18", side=True, hyper=True),
        PublishedKind("bls17", "bls17", (9, 5, 5), (4, 2, 2)),
        PublishedKind("bmshj18", "bmshj18", hyper=True),
    )
}


def find(name: str) -> PublishedKind:
    """Return the kind of that name, ours or the authors'; ModelError if it does not exist."""
    for kind in KINDS.values():
        if name in (kind.name, kind.authors):
            return kind
    raise ModelError(f"{name}: no published network; expected one of {', '.join(KINDS)}")
