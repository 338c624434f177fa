"""A network of a few hundred weights, trained as the stages train theirs."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from simnet.learn import losses
from simnet.learn.recipe import Recipe
from simnet.learn.trainer import Trainer
from simnet.learn.training_journal import Validation


class Tiny(nn.Module):
    """An autoencoder with noise for quantisation, a convolution that is never used, and a prior of sorts."""

    def __init__(self) -> None:
        super().__init__()
        self.analysis = nn.Conv2d(3, 6, 4, stride=4)
        self.synthesis = nn.ConvTranspose2d(6, 3, 4, stride=4)
        self.unused = nn.Conv2d(3, 3, 1)
        self.prior = nn.Conv2d(6, 6, 1, groups=6)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = self.analysis(x).float()
        noisy = y + (torch.rand_like(y) - 0.5) * 0.1 if self.training else y
        return self.synthesis(noisy), self.prior(noisy).float().abs().mean(dim=(1, 2, 3))


def recipe(**changes: object) -> Recipe:
    values = {
        "model": "tiny",
        "stage": "backbone",
        "data": ["rendered:street"],
        "validation": ["rendered:street"],
        "steps": 20,
        "batch": 4,
        "warm_up": 4,
        "learning_rate": 1e-2,
        "device": "cpu",
    }
    return Recipe.model_validate(values | changes)


def pictures(count: int, seed: tuple[int, int]) -> Tensor:
    coarse = torch.from_numpy(np.random.default_rng(seed).random((count, 3, 4, 4), np.float32))
    return nn.functional.interpolate(coarse, (16, 16), mode="bilinear")


def train(chosen: Recipe, folder: Path, *, stop: int | None = None, every: int = 5, **options: object) -> Trainer[Tiny]:
    """Train or resume; at step `stop` it is as if the power failed right after a checkpoint and some steps more."""
    torch.manual_seed(chosen.seed)
    trainer = Trainer(Tiny(), chosen, folder, **options)  # type: ignore[arg-type]
    trainer.resume()
    held_out = pictures(8, (chosen.seed, 10**6)).to(trainer.device)

    def loss(step: int) -> Tensor:
        if stop == step:
            trainer.save()
        if stop is not None and step == stop + 3:
            raise MemoryError
        (x,) = trainer.share(pictures(chosen.batch, (chosen.seed, step)))
        with trainer.autocast():
            x_hat, rate = trainer.network(x)
        distance = losses.distortion(chosen.distortion, x_hat, x)
        trainer.note(bpp=rate.mean(), distortion=distance.mean())
        return (0.1 * rate + distance).mean()

    @torch.no_grad()
    def validate(network: Tiny) -> Validation:
        x_hat, _ = network(held_out)
        found = losses.distortion(chosen.distortion, x_hat, held_out).mean().item()
        picture = (x_hat[0].clamp(0, 1) * 255).to(torch.uint8).permute(1, 2, 0).cpu().numpy()
        return Validation(f"{found:.9f}", {"distortion": found}, {"first": picture}, found)

    trainer.run(loss, validate, every)
    return trainer
