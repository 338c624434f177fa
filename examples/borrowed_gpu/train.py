"""Train the backbone and fusion together for some minutes on a GPU; on a CPU it does the same slowly, to be tried.

    python train.py [--seconds 540] [--out state]

A step is one CUDA graph. Half of its loss is that of crops coded alone; the other half that of pictures of a scene, whose
distortion is mostly that of the picture fused with one or two aligned side views. The learning rate falls linearly after a
plateau. `state` gets the averaged weights in parts below 16 MiB, every `--save-s` seconds; `unpack.py` puts them together.
If `state` has parts already, training goes on from them, with a new schedule.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import drawing
import numpy as np
import torch
from drawing import CROP, HEIGHT, WIDTH
from flat_muon import Flat, Optimizer
from pools import Pools, picture
from torch import Tensor, nn
from torch.nn import functional

from simnet.codec.learned import lowres_networks, lowres_parts
from simnet.codec.learned.alignment import CANDIDATES
from simnet.codec.learned.lowres_networks import Lowres, LowresNumbers
from simnet.codec.learned.lowres_parts import knot_shares
from simnet.codec.learned.renderer_fusion import RendererFuse, RendererFuseNumbers

LAMBDA_LOW, LAMBDA_HIGH = 8e-5, 0.1
FUSED = 0.6
"""Share of the distortion of pictures with side views that is measured after fusion."""
PART = 15 << 20
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
HAS_HALF = DEVICE == "cuda" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
HALF = torch.bfloat16 if HAS_HALF else torch.float32
"""Without instructions for bfloat16 a processor takes twenty times as long in it."""


class Both(nn.Module):
    """Backbone and fusion."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone, self.fuse = Lowres(LowresNumbers()), RendererFuse(RendererFuseNumbers())


class _Depthwise(torch.autograd.Function):
    """Depthwise 3 x 3 convolution; the gradient of its weight is nine products, since the library's own is slow."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return functional.conv2d(x, weight, bias, padding=1, groups=x.shape[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        x, weight = ctx.saved_tensors
        g = gradients[0].contiguous(memory_format=torch.channels_last)
        g_x = functional.conv2d(g, weight.flip(2, 3), None, padding=1, groups=x.shape[1])
        rows, columns = x.shape[2:]
        wide = functional.pad(x, (1, 1, 1, 1))
        moved = [wide[:, :, dy : dy + rows, dx : dx + columns] for dy in range(3) for dx in range(3)]
        g_weight = torch.stack([(g * each).sum((0, 2, 3), dtype=torch.float32) for each in moved], 1)
        g_bias = g.sum((0, 2, 3), dtype=torch.float32).to(weight.dtype) if ctx.needs_input_grad[2] else None
        return g_x, g_weight.reshape(weight.shape).to(weight.dtype), g_bias


def adapted(module: nn.Module) -> nn.Module:
    """Replace the depthwise convolutions' forward."""

    def forward(self: nn.Conv2d, x: Tensor) -> Tensor:
        half = [None if each is None else each.to(HALF) for each in (x, self.weight, self.bias)]
        return _Depthwise.apply(half[0].contiguous(memory_format=torch.channels_last), *half[1:])

    for each in module.modules():
        if isinstance(each, nn.Conv2d) and each.groups > 1:
            each.forward = forward.__get__(each)
    return module


def kept(make: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Make a constant tensor once for its arguments: a captured graph cannot copy from the host."""
    made: dict[tuple[int, ...], Tensor] = {}

    def get(*key: int, **more: Tensor) -> Tensor:
        if key not in made:
            made[key] = make(*key, **more).to(DEVICE)
        return made[key]

    return get


def half_precision() -> torch.autocast:
    """bfloat16 where it is safe and the device has it; weights are converted anew every time, as captured graphs need."""
    return torch.autocast(DEVICE, torch.bfloat16, enabled=HAS_HALF, cache_enabled=False)


def weighted(bits: Tensor, errors: Tensor, quality: Tensor, pixels: int) -> Tensor:
    """Loss of pictures' bits (B,) and squared errors (B,) in [0, 1] at qualities (B,): each lambda weighs about the same."""
    lambdas = LAMBDA_LOW * (LAMBDA_HIGH / LAMBDA_LOW) ** quality
    return (lambdas**-0.4 * (bits / pixels + lambdas * errors * 255**2)).mean()


def error(a: Tensor, b: Tensor) -> Tensor:
    """Mean squared error of each picture (B,)."""
    return (a.float() - b).square().mean((1, 2, 3))


class Step:
    """One step of training, on examples drawn from the pools; `totals` sums losses, the gain (dB) of fusion and steps."""

    def __init__(self, both: Both, pools: Pools, crops: int, pairs: int) -> None:
        self.both, self.pools, self.n_crops, self.n_pairs = both, pools, crops, pairs
        self.optimizer = Optimizer(Flat(both))
        self.totals = torch.zeros(4, device=DEVICE)

    def fused_error(self, chosen: Tensor, x: Tensor, coded: tuple[Tensor, Tensor, Tensor], sides: int) -> Tensor:
        """Squared errors of pictures fused with so many side views; `coded` is x_hat, features and quality."""
        aligned = self.pools.pairs[chosen, 1 : 1 + sides * CANDIDATES].reshape(-1, HEIGHT, WIDTH, 3)
        with half_precision():
            return error(self.both.fuse(coded[0], picture(aligned), coded[1], knot_shares(coded[2]))[0], x)

    def alone(self) -> Tensor:
        """Loss of crops."""
        x = picture(self.pools.crops[torch.randint(len(self.pools.crops), (self.n_crops,), device=DEVICE)])
        quality = torch.rand(self.n_crops, device=DEVICE)
        with half_precision():
            e = self.both.backbone.estimate(x, quality)
        return weighted(e.bits_y + e.bits_z, error(e.x_hat, x), quality, CROP * CROP)

    def together(self) -> tuple[Tensor, Tensor]:
        """Loss of pictures with side views, one for half of them and two for the others, and the gain of fusion."""
        chosen = torch.randint(len(self.pools.pairs), (self.n_pairs,), device=DEVICE)
        x, quality = picture(self.pools.pairs[chosen, 0]), self.pools.quality[chosen]
        with half_precision():
            e = self.both.backbone.estimate(x, quality)
        parts = slice(0, self.n_pairs // 2), slice(self.n_pairs // 2, None)
        fused = torch.cat(
            [
                self.fused_error(chosen[part], x[part], (e.x_hat[part], e.features[part], quality[part]), sides)
                for sides, part in enumerate(parts, start=1)
            ]
        )
        own = error(e.x_hat, x)
        mixed = (1 - FUSED) * own + FUSED * fused
        gain = (10 * torch.log10(own.detach() / fused.detach())).mean()
        return weighted(e.bits_y + e.bits_z, mixed, quality, HEIGHT * WIDTH), gain

    def __call__(self) -> None:
        """Draw, go forward and backward, and move the weights."""
        alone, (together, gain) = self.alone(), self.together()
        (alone + together).backward()
        self.optimizer.step()
        self.totals += torch.stack([alone.detach(), together.detach(), gain, torch.ones_like(gain)])


def captured(step: Step) -> Callable[[], None]:
    """The step as a CUDA graph; on a CPU the step itself."""
    if DEVICE == "cpu":
        return step
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(4):  # with a learning rate of zero
            step()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    step.optimizer.restart()
    step.totals.zero_()
    return graph.replay


def save(module: nn.Module, out: Path) -> None:
    """Write the weights in parts below 16 MiB; each is replaced whole."""
    parts: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, value in module.state_dict().items():
        if size + value.nbytes > PART:
            parts.append({})
            size = 0
        parts[-1][name] = value.detach().cpu()
        size += value.nbytes
    for number, part in enumerate(parts):
        aside = out / f"part_{number}.tmp"
        torch.save(part, aside)
        aside.replace(out / f"part_{number}.pt")


def weights(here: Path, out: Path) -> dict[str, Tensor] | None:
    """Weights to go on from: of `out`, else of the pack; None where there are none."""
    files = sorted(out.glob("part_*.pt")) or [file for file in [here / "start.pt"] if file.exists()]
    found = [torch.load(file, map_location="cpu", weights_only=True) for file in files]
    return {name: value.float() for part in found for name, value in part.items()} or None


def start(both: Both, state: dict[str, Tensor] | None, groups: drawing.Groups) -> None:
    """Load weights, or begin as the transform coder of the pictures' Karhunen-Loeve basis."""
    if state:
        both.load_state_dict(state)
        return
    rng = np.random.default_rng(0)
    cells = np.stack([drawing.crop(groups, rng) for _ in range(160)]).reshape(160, CROP // 16, 16, CROP // 16, 16, 3)
    rows = cells.transpose(0, 1, 3, 5, 2, 4).reshape(-1, 768).astype(np.float64) / 127.5 - 1
    mean = rows.reshape(-1, 3, 256).mean((0, 2))
    values, vectors = np.linalg.eigh(np.cov(rows - mean.repeat(256), rowvar=False))
    order = np.argsort(values)[::-1][: both.backbone.numbers.latent]
    basis = torch.from_numpy(vectors[:, order].T.copy()).float().reshape(-1, 3, 16, 16)
    spread = torch.from_numpy(np.sqrt(np.maximum(values[order], 0))).float()
    both.backbone.start(basis, spread, torch.from_numpy(mean).float())


def train(step: Step, average: Both, a: argparse.Namespace) -> int:
    """Train for `a.seconds`; return the number of steps."""
    optimizer, go, pools = step.optimizer, captured(step), step.pools
    began = saved = told = time.monotonic()
    count = before = 0
    share = 0.0
    while share < 1:
        share = (time.monotonic() - began) / a.seconds
        slope = min(1.0, max(0.004, (1 - share) / (1 - a.plateau)))
        optimizer.rate.fill_(a.rate * min(1.0, share / 0.02) * slope)
        optimizer.decay.fill_(max(0.001, 1 / (2 + count / 2)))
        go()
        count += 1
        pools.refill(2)
        now = time.monotonic()
        if now - told > a.tell_s:
            alone, together, gain, steps = step.totals.tolist()
            step.totals.zero_()
            rate = (count - before) / (now - told)
            losses = f"loss {alone / steps:.4f} alone, {together / steps:.4f} with sides, gain {gain / steps:.3f} dB"
            print(f"{share:4.0%} {count} steps, {rate:.1f} a second, {losses}, made {pools.made}", flush=True)
            told, before = now, count
            optimizer.flat.copy_average(average)
        if now - saved > a.save_s:
            optimizer.flat.copy_average(average)
            save(average, a.out)
            saved = now
    optimizer.flat.copy_average(average)
    save(average, a.out)
    return count


def main() -> None:
    """Train, and write what `unpack.py` reads."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=540.0)
    parser.add_argument("--out", type=Path, default=here / "state")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--plateau", type=float, default=0.2, help="share of the time before the learning rate falls")
    parser.add_argument("--crops", type=int, default=48, help="crops a step")
    parser.add_argument("--pairs", type=int, default=24, help="pictures with side views a step")
    parser.add_argument("--pool", type=int, default=8192, help="crops kept on the device; half as many pairs")
    parser.add_argument("--workers", type=int, default=max(2, (os.cpu_count() or 2) - 1))
    parser.add_argument("--save-s", type=float, default=60.0)
    parser.add_argument("--tell-s", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    groups = drawing.load(here / "pictures")
    pools = Pools(groups, a.workers, a.seed)
    torch.manual_seed(a.seed)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.benchmark = True
    lowres_networks.masks, lowres_parts.stretch = kept(lowres_networks.masks), kept(lowres_parts.stretch)
    average = Both()
    start(average, weights(here, a.out), groups)
    both = Both()
    both.load_state_dict(average.state_dict())
    adapted(average.to(DEVICE).eval().requires_grad_(False))
    both = adapted(both.to(DEVICE).train())

    def code(x: Tensor, quality: Tensor) -> Tensor:
        with half_precision():
            return average.backbone.estimate(x, quality).x_hat

    pools.place(a.pool, a.pool // 2, DEVICE, code)
    pools.fill(min(a.pool, 2048), min(a.pool // 2, 768))
    steps = train(Step(both, pools, a.crops, a.pairs), average, a)
    (a.out / "training.json").write_text(json.dumps({"steps": steps, "seconds": a.seconds, "rate": a.rate}))
    print(f"{steps} steps on {DEVICE}; state in {a.out}")


if __name__ == "__main__":
    main()
