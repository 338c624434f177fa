"""All five published networks, built from the same parts.

    x --analysis.x--> latent --round--> x_tilde --+----------------> synthesis.x --> x_hat
                                                  |                      ^
    y --analysis.w--> w, common information ------+--+            attention (atn-paper, after stages 1 to 3)
                                                     |                   |
    y --analysis.y--> latent, never sent ------------+-------------> synthesis.y --> y_hat

`bls17` and `bmshj18` are the first line only. Side information affects only the reconstruction: rates are those of x.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from simnet.codec.bitstream.entropy_library import part
from simnet.codec.published import network_parts
from simnet.codec.published.entries import Numbers
from simnet.codec.published.published_kinds import PublishedKind

SMALLEST_SCALE = 0.11
NOISE = 0.001**0.5
"""Standard deviation of the noise that training adds to the common information."""


@dataclass(frozen=True, eq=False)
class Output:
    """Output of a network for x (and y). Pictures are (B, 3, H, W), not clipped; `y_hat` is None without side information.

    `latent_x` is x's latent before rounding. `likelihoods` by name: `x` and, with a hyperprior, `z_x` are sent; `y`,
    `z_y` and `w` are used only by the published training loss.
    """

    x_hat: Tensor
    y_hat: Tensor | None
    latent_x: Tensor
    likelihoods: dict[str, Tensor]

    def rate(self, *names: str) -> Tensor:
        """Estimated bits per pixel of x for these likelihoods."""
        batch, _, height, width = self.x_hat.shape
        bits = torch.stack(
            [-torch.log2(self.likelihoods[name]).sum() for name in names if name in self.likelihoods]
        ).sum()
        return bits / (batch * height * width)

    @property
    def bpp(self) -> Tensor:
        """Estimated bits per pixel of everything that is sent."""
        return self.rate("x", "z_x")


class PublishedNetwork(nn.Module):
    """A published network of any number of filters; rounds in evaluation mode, adds uniform noise in training mode."""

    def __init__(self, kind: PublishedKind, numbers: Numbers) -> None:
        super().__init__()
        self.kind, self.numbers = kind, numbers
        n, stages = numbers.channels, len(kind.kernels)
        first = 2 * n if kind.side else n
        inputs = {"x": (first, *[2 * n if kind.attention else n] * (stages - 1)), "y": (first, *[n] * (stages - 1))}
        self.analysis = nn.ModuleDict(
            {name: network_parts.analysis(n, kind.kernels, kind.strides) for name in kind.latents}
        )
        self.synthesis = nn.ModuleDict(
            {name: network_parts.synthesis(inputs[name], n, kind.kernels, kind.strides) for name in kind.pictures}
        )
        self.prior = nn.ModuleDict({name: network_parts.Prior(n) for name in kind.latents})
        hyper = kind.pictures if kind.hyper else ()
        self.hyper_analysis = nn.ModuleDict({name: network_parts.hyper_analysis(n) for name in hyper})
        self.hyper_synthesis = nn.ModuleDict({name: network_parts.hyper_synthesis(n) for name in hyper})
        self.gaussian = part("entropy_models").GaussianConditional(None, scale_bound=SMALLEST_SCALE)
        self.attention = nn.ModuleList(network_parts.CrossAttention(patch) for patch in numbers.patches)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Output:
        """Code pictures x and y (B, 3, H, W) in [0, 1], sides multiples of `kind.stride`; without y, no side information."""
        latent, likelihoods = self.analysis["x"](x), {}
        sent = self.quantised(latent)
        likelihoods |= self._likelihoods("x", latent, sent)
        if y is None or not self.kind.side:
            return Output(self.decode(sent), None, latent, likelihoods)
        own, common = self.side(y)
        if self.training:
            common = common + NOISE * torch.randn_like(common)
        likelihoods |= self._likelihoods("y", own, own) | {"w": self.prior["w"](common)}
        return Output(*self.decode_both(sent, own, common), latent, likelihoods)

    def quantised(self, latent: Tensor) -> Tensor:
        """Quantise a latent: rounded without an offset, or with uniform noise while training."""
        return latent + torch.rand_like(latent) - 0.5 if self.training else torch.round(latent)

    def side(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """Side picture's own latent and the common information w, (B, N, h, w) each; neither is quantised."""
        return self.analysis["y"](y), self.analysis["w"](y)

    def scales(self, z: Tensor, picture: str = "x") -> Tensor:
        """Standard deviations (B, N, h, w) of a latent, unbounded, from the quantised latent of the hyperprior."""
        return self.hyper_synthesis[picture](z)

    def decode(self, sent: Tensor, own: Tensor | None = None, common: Tensor | None = None) -> Tensor:
        """Decode x_hat from a quantised latent (B, N, h, w), the side picture's own latent and w.

        If they are omitted, w and the output of attention are zero.
        """
        if not self.kind.side:
            return self._walk(sent, None)[0]
        common = torch.zeros_like(sent) if common is None else common
        y = torch.cat([own, common], dim=1) if own is not None and self.kind.attention else None
        return self._walk(torch.cat([sent, common], dim=1), y)[0]

    def decode_both(self, sent: Tensor, own: Tensor, common: Tensor) -> tuple[Tensor, Tensor]:
        """Decode both x_hat and y_hat."""
        x_hat, y_hat, _ = self._walk(torch.cat([sent, common], dim=1), torch.cat([own, common], dim=1))
        assert y_hat is not None
        return x_hat, y_hat

    def looks(self, sent: Tensor, own: Tensor, common: Tensor) -> Tensor:
        """Attention weights, coarsest scale first: (B, attentions, cells of X, cells of Y)."""
        return torch.stack(
            self._walk(torch.cat([sent, common], 1), torch.cat([own, common], 1), looking=True)[2], dim=1
        )

    def _walk(
        self, x: Tensor, y: Tensor | None, *, looking: bool = False
    ) -> tuple[Tensor, Tensor | None, list[Tensor]]:
        """Run both syntheses in parallel, stage by stage; attention passes features from y to x."""
        looks = []
        for i in range(len(self.kind.kernels)):
            x = self._stages("x")[i](x)
            y = self._stages("y")[i](y) if y is not None else None
            if i < len(self.attention):
                attention = cast("network_parts.CrossAttention", self.attention[i])
                if looking and y is not None:
                    looks.append(attention.looks(x, y))
                fetched = torch.zeros_like(x) if y is None else attention(x, y)
                x = torch.cat([x, fetched], dim=1)
        return x, y, looks

    def _stages(self, picture: str) -> nn.ModuleList:
        return cast("nn.ModuleList", self.synthesis[picture])

    def _likelihoods(self, picture: str, latent: Tensor, sent: Tensor) -> dict[str, Tensor]:
        """Likelihoods of one picture's latent, and of the hyperprior's latent if there is one. Only x is rounded."""
        if not self.kind.hyper:
            return {picture: self.prior[picture](sent)}
        z = self.hyper_analysis[picture](torch.abs(latent))
        z = self.quantised(z) if picture == "x" else z
        mass = self.gaussian._likelihood(sent, self.scales(z, picture))
        return {picture: self.gaussian.likelihood_lower_bound(mass), f"z_{picture}": self.prior[picture](z)}
