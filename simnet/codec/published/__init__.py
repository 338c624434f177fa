"""Networks of the NDIC and ATN papers, as published by their authors, with real bitstreams.

    published_kinds      the five networks as numbers                     no torch
    entries              names and shapes of a checkpoint                 no torch
    network_parts        analysis, synthesis, hyperprior, attention       torch
    authors_checkpoint   reads the authors' files safely                  torch
    authors_checkpoint   files of the authors, read safely                torch
    model_writer         writes a model folder from a checkpoint          torch
    prior_tables         builds integer tables of the priors              torch
    priors               reads these tables; the range coder              no torch
    published_codec      encoders and decoders                            no torch

simnet ships no weights of these networks: a user imports a checkpoint with `simnet import`. A simulation runs only
`published_codec`, which never imports torch.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simnet.codec.published.published_networks import PublishedNetwork


def load_checkpoint(path: str | Path, kind: str | None = None) -> PublishedNetwork:
    """Load the network of a checkpoint in the authors' format (a torch file with `model_state_dict`), in evaluation mode.

    `kind` is a key of `published_kinds.KINDS` or the authors' own name of the network; by default it is read from the entries.
    The number of filters is derived from the shapes. Called with x and, if the kind uses side information, y (float32
    (B, 3, H, W) in [0, 1]), the network returns an `Output` with `x_hat`, `y_hat`, `latent_x`, `likelihoods` and `bpp`.

    Raises:
        ModelError: The file is not such a checkpoint, or not of that kind. No code in the file is ever executed.
    """
    from simnet.codec.published import authors_checkpoint

    return authors_checkpoint.load(Path(path), kind)


__all__ = ["load_checkpoint"]
