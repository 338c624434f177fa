"""Stage `published`: trains the networks of the NDIC and ATN papers as their authors do.

    loss = bpp_x + alpha bpp_y + beta bpp_w + lambda 255^2 (D_x + alpha D_y)

Mital, Ozyilkan, Garjani, Gunduz (DCC 2022, WACV 2023): whole pictures of 128 x 256, one pair at a time, both flipped half of
the time; Adam with AMSGrad; the learning rate falls to a tenth after ten epochs without improvement; the best epoch's weights are
kept. Only the recipe can deviate from this.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from simnet.codec.bitstream.padding import to_picture
from simnet.codec.published import entries, published_kinds
from simnet.codec.published.authors_checkpoint import STATE
from simnet.codec.published.entries import Numbers
from simnet.codec.published.published_kinds import ATTENTIONS, GRID
from simnet.codec.published.published_networks import Output, PublishedNetwork
from simnet.learn import (
    losses,
    model_export,
    pair_data,
    picture_protocols,
)
from simnet.learn.backbone_stage import to_tensor
from simnet.learn.checkpoints import save
from simnet.learn.recipe import PublishedOptions, Recipe
from simnet.learn.trainer import Trainer
from simnet.learn.training_journal import Validation
from simnet.output_files import make_folder, write_whole, writing

BEST = "best.pt"
"""File of the best weights in the authors' format, in the training folder; `simnet import` accepts it."""
CARD = """# {codec}

The published network, trained anew.

- **Training**: as in the NDIC and ATN papers: {steps} steps of {batch} pairs of 128 x 256, distortion {distortion}, seed {seed};
  weights of the epoch with the least validation loss. The recipe is in `manifest.yaml`.
- **Training data**: {data}
- **Validation data** (selected on): {validation}
- **Use**: under the terms of the training data.
- **Rate**: fixed. The quality knob changes nothing.
"""
AT_ONCE = 4
"""Batch size of a validation, in pairs."""


def build(chosen: PublishedOptions) -> PublishedNetwork:
    """Build the recipe's network with random weights; its attention is for pictures of 128 x 256."""
    kind = published_kinds.find(chosen.codec)
    first = picture_protocols.HEIGHT * picture_protocols.WIDTH // (8 * GRID) ** 2
    patches = tuple(first * 4**k for k in range(ATTENTIONS)) if kind.attention else ()
    return PublishedNetwork(kind, Numbers(chosen.filters, patches))


def terms(output: Output, x: Tensor, y: Tensor, chosen: PublishedOptions, kind: str) -> dict[str, Tensor]:
    """The loss and its parts (scalars) by name: `loss`, `bpp` (of the bits that are sent) and `distortion` (of x)."""
    rate, distance = output.bpp, losses.distortion(kind, output.x_hat, x).mean()
    rates, distances = rate, distance
    if output.y_hat is not None:
        rates = rates + chosen.alpha * output.rate("y", "z_y") + chosen.beta * output.rate("w")
        distances = distances + chosen.alpha * losses.distortion(kind, output.y_hat, y).mean()
    return {"loss": rates + chosen.weight * losses.SCALE * distances, "bpp": rate, "distortion": distance}


class Pairs:
    """All pairs of several sources as one data set; each epoch visits every pair once, in a new order."""

    def __init__(self, sources: Sequence[pair_data.PairSource], seed: int) -> None:
        self.places = [(source, index) for source in sources for index in range(len(source.pairs))]
        self.seed = seed

    def batch(self, step: int, size: int) -> tuple[Tensor, Tensor]:
        """The examples of one step: x and y (B, 3, 128, 256)."""
        rng = np.random.default_rng((self.seed, step))
        pairs = []
        for position in range(step * size, (step + 1) * size):
            epoch, place = divmod(position, len(self.places))
            order = np.random.default_rng((self.seed, epoch, len(self.places))).permutation(len(self.places))
            turn = -1 if rng.random() < 0.5 else 1
            pairs.append([picture[:, ::turn] for picture in self[int(order[place])]])
        return to_tensor([x for x, _ in pairs]), to_tensor([y for _, y in pairs])

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int) -> pair_data.Pair:
        """Return a pair as it is coded; data without a protocol are cropped and resized to its size."""
        source, place = self.places[index]
        first, second = (
            pair_data.centre(each, picture_protocols.HEIGHT, picture_protocols.WIDTH) for each in source.pairs[place]
        )
        return first, second


def train(recipe: Recipe, folder: Path) -> PublishedNetwork:
    """Train or resume; return the best network of all epochs, and write it to the folder in the authors' format."""
    chosen = recipe.published
    assert chosen is not None
    torch.manual_seed(recipe.seed)
    trainer = Trainer(build(chosen), recipe, folder, keep="best", factors=())
    trainer.resume()
    if trainer.step < recipe.steps:
        pairs, held_out = (
            Pairs(
                [pair_data.load(name, rendered_pairs=recipe.rendered_pairs, seed=seed) for name in names], recipe.seed
            )
            for names, seed in ((recipe.data, recipe.seed), (recipe.validation, recipe.seed + 1))
        )

        def loss(step: int) -> Tensor:
            x, y = trainer.share(*pairs.batch(step, recipe.batch))
            found = terms(trainer.network(x, y), x, y, chosen, recipe.distortion)
            value = found.pop("loss")
            trainer.note(**found)
            return value

        trainer.network.train()
        trainer.run(loss, lambda network: validate(network, held_out, recipe), max(1, round(len(pairs) / recipe.batch)))
    best: PublishedNetwork = trainer.averaged
    save(folder / BEST, {STATE: authors_state(best)})
    return best


@torch.no_grad()
def validate(network: PublishedNetwork, held_out: Pairs, recipe: Recipe) -> Validation:
    """Compute means over all pairs; PSNR is measured before clipping, as in the papers."""
    chosen, device = recipe.published, next(network.parameters()).device
    assert chosen is not None
    sums: dict[str, float] = dict.fromkeys(("loss", "bpp", "psnr", "ms_ssim"), 0.0)
    first: Output | None = None
    for start in range(0, len(held_out), AT_ONCE):
        pairs = [held_out[i] for i in range(start, min(start + AT_ONCE, len(held_out)))]
        x, y = (to_tensor(list(pictures)).to(device) for pictures in zip(*pairs, strict=True))
        output = network(x, y)
        first = first or output
        found = terms(output, x, y, chosen, recipe.distortion)
        sums["loss"] += found["loss"].item() * len(x)
        sums["bpp"] += found["bpp"].item() * len(x)
        sums["psnr"] += -10 * torch.log10(losses.distortion("mse", output.x_hat, x)).sum().item()
        sums["ms_ssim"] += (1 - losses.distortion("ms-ssim", output.x_hat, x)).sum().item()
    figures = {name: value / len(held_out) for name, value in sums.items()}
    pictures = {"original": held_out[0][0]}
    if first is not None:
        pictures["decoded"] = to_picture(
            first.x_hat[:1].cpu().numpy(), picture_protocols.HEIGHT, picture_protocols.WIDTH
        )
    text = "loss {loss:.4f}  {bpp:.3f} bpp {psnr:.2f} dB  MS-SSIM {ms_ssim:.4f}".format(**figures)
    return Validation(text, figures, pictures, figures["loss"])


def authors_state(network: PublishedNetwork) -> dict[str, Tensor]:
    """The weights under the names and shapes of the authors' checkpoints."""
    named = dict(network.named_parameters())
    state = {}
    for name, entry in entries.entries(network.kind, network.numbers).items():
        values = [named[each].detach().cpu() for each in entry.parameters]
        value = torch.stack(values) if len(values) > 1 else values[0]
        state[name] = (value.t() if entry.transposed else value).clone()
    return state


def write(recipe: Recipe, folder: Path, exported: Path, validation: list[str]) -> None:
    """Export the best weights in the training folder to the model folder `exported`, as `simnet import` does.

    `validation` is the newest line of the log, for the manifest.
    """
    from simnet.codec.published import model_writer

    with writing(folder), tempfile.TemporaryDirectory(dir=folder) as aside:
        made = model_writer.import_checkpoint(folder / BEST, None, Path(aside) / "model")
        make_folder(exported)
        for file in made.folder.iterdir():
            with writing(exported / file.name):
                os.replace(file, exported / file.name)
    facts = {
        "recipe": recipe.model_dump(mode="json"),
        "trained_on": time.strftime("%Y-%m-%d"),
        "validation": validation,
    }
    model_export.add_to_manifest(exported, **facts)
    values = {"codec": recipe.codec_name, "data": ", ".join(recipe.data), "validation": ", ".join(recipe.validation)}
    write_whole(exported / "card.md", CARD.format(**recipe.model_dump() | values).encode())
