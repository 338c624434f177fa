"""Stage `fuse`: trains the side-information network that stands behind other codecs' decoders, on what they decode.

A share of the examples has an unrelated side picture, so the decoder learns to ignore useless side information.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from simnet.codec import model
from simnet.codec.bitstream.padding import to_picture
from simnet.codec.learned.alignment import CANDIDATES
from simnet.codec.learned.fuse_networks import Fuse, FuseNumbers
from simnet.errors import InputError
from simnet.learn import decoder_examples, losses, pair_data
from simnet.learn.backbone_stage import to_tensor
from simnet.learn.recipe import Recipe
from simnet.learn.trainer import Trainer
from simnet.learn.training_journal import Validation


@torch.no_grad()
def start_fuse(network: Fuse, name: str) -> None:
    """Load the weights of a model's fusion stage; residual blocks that the model lacks keep their neutral initial values."""
    from safetensors import safe_open

    earlier = model.load(name)
    with safe_open(earlier.folder / model.WEIGHTS, framework="pt") as file:
        state = {
            key.removeprefix("fuse."): file.get_tensor(key)
            for key in file.keys()  # noqa: SIM118  # not a mapping
            if key.startswith("fuse.")
        }
    if not state:
        raise InputError(f"model {name}: has no fusion stage to start from")
    network.load_state_dict(state, strict=False)


def psnr(error: Tensor) -> float:
    """Mean PSNR (dB) of squared errors (B, 3, H, W)."""
    return (-10 * torch.log10(error.mean(dim=(1, 2, 3)))).mean().item()


def train(recipe: Recipe, folder: Path) -> Fuse:
    """Train or resume; return the averaged fusion network."""
    torch.manual_seed(recipe.seed)
    if not recipe.codecs:
        raise InputError(f"{recipe.model}: codecs: missing; expected the codecs whose pictures are fused")
    code = decoder_examples.codec_coder(recipe.codecs, np.random.default_rng(recipe.seed))
    network = Fuse(FuseNumbers()).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub
    if recipe.start:
        start_fuse(network, recipe.start)
    trainer = Trainer(network, recipe, folder)
    trainer.resume()
    if trainer.step >= recipe.steps:
        return trainer.averaged

    def prepared(names: tuple[str, ...], count: int, drop: float, seed: int) -> list[decoder_examples.DecoderExample]:
        sources = [pair_data.load(name, rendered_pairs=recipe.rendered_pairs, seed=seed) for name in names]
        return decoder_examples.prepare(code, sources, count, drop, seed)

    held_out = prepared(recipe.validation, 32, 0.0, recipe.seed + 1)
    training = prepared(recipe.data, recipe.examples, recipe.drop_side, recipe.seed)

    def loss(step: int) -> Tensor:
        rng = np.random.default_rng((recipe.seed, step))
        x, decoded, aligned = trainer.share(*decoder_examples.batch(training, recipe.batch, recipe.crop, rng))
        with trainer.autocast():
            picture = network(decoded, aligned)[0]
        # Relative to the first decoding, so that low qualities do not dominate.
        start, end = (losses.distortion(recipe.distortion, each, x) for each in (decoded, picture))
        trainer.note(distortion=end.mean())
        return (end / (start + 1e-5)).mean()

    trainer.run(loss, lambda averaged: validate(averaged, held_out), every=500)
    return trainer.averaged


@torch.no_grad()
def validate(network: nn.Module, held_out: list[decoder_examples.DecoderExample]) -> Validation:
    """PSNR without side information, with it, and with an unrelated side picture."""
    device = next(network.parameters()).device
    x, decoded = (to_tensor([getattr(e, part) for e in held_out]).to(device) for part in ("original", "decoded"))
    aligned = to_tensor([candidate for e in held_out for candidate in e.aligned[:CANDIDATES]]).to(device)
    unrelated = aligned.roll(len(held_out) // 2 * CANDIDATES, dims=0)
    return compared(x, decoded, network(decoded, aligned)[0], network(decoded, unrelated)[0])


def compared(x: Tensor, alone: Tensor, joined: Tensor, unrelated: Tensor) -> Validation:
    """Compare x (B, 3, H, W) with its decodings without side information, with it, and with unrelated pictures."""
    clipped = [each.float().clamp(0, 1) for each in (alone, joined, unrelated)]
    before, after, control = (psnr((each - x) ** 2) for each in clipped)
    return Validation(
        f"alone {before:.2f} dB  with side information {after:.2f} dB  with an unrelated one {control:.2f} dB",
        {"psnr_alone": before, "psnr_side": after, "psnr_unrelated": control},
        {
            name: to_picture(each[:1].cpu().numpy(), *x.shape[-2:])
            for name, each in zip(("alone", "side", "original"), (*clipped[:2], x), strict=True)
        },
    )
