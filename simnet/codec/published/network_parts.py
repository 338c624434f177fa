"""Network parts of all published networks. The number of channels is called N, as in the papers.

analysis    conv GDN conv GDN ... conv              picture -> latent
synthesis   deconv IGDN deconv IGDN ... deconv      latent -> picture, in stages, so that attention can be inserted between them
hyper       the scale hyperprior's two stacks       latent <-> its own latent z
Prior       one learned density per channel (Balle et al., ICLR 2018, appendix 6.1)
CrossAttention  features of X fetch patches from features of Y (ATN, section 3.2)
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from simnet.codec.bitstream.entropy_library import part
from simnet.codec.published.published_kinds import (
    EMBEDDED,
    FILTERS,
    GRID,
    HEADS,
)
from simnet.errors import ModelError

INIT_SCALE = 10
DROPOUT = 0.1


def gdn(channels: int, *, inverse: bool = False) -> nn.Module:
    """Generalised divisive normalisation from CompressAI, or its inverse."""
    return part("layers.gdn").GDN(channels, inverse=inverse)


def analysis(channels: int, kernels: Sequence[int], strides: Sequence[int]) -> nn.Sequential:
    """(B, 3, H, W) in [0, 1] -> latent (B, N, h, w); a GDN after every convolution but the last."""
    stages = []
    for i, (kernel, stride) in enumerate(zip(kernels, strides, strict=True)):
        conv = nn.Conv2d(channels if i else 3, channels, kernel, stride=stride, padding=kernel // 2)
        stage = OrderedDict[str, nn.Module](conv=conv)
        if i < len(kernels) - 1:
            stage["gdn"] = gdn(channels)
        stages.append(nn.Sequential(stage))
    return nn.Sequential(*stages)


def synthesis(inputs: Sequence[int], channels: int, kernels: Sequence[int], strides: Sequence[int]) -> nn.ModuleList:
    """Stages that mirror `analysis`, with `inputs` input channels each; the last one outputs (B, 3, H, W), not clipped."""
    stages = nn.ModuleList()
    for i, (taken, kernel, stride) in enumerate(zip(inputs, reversed(kernels), reversed(strides), strict=True)):
        last = i == len(inputs) - 1
        deconv = nn.ConvTranspose2d(
            taken, 3 if last else channels, kernel, stride=stride, padding=kernel // 2, output_padding=stride - 1
        )
        stage = OrderedDict[str, nn.Module](deconv=deconv)
        if not last:
            stage["igdn"] = gdn(channels, inverse=True)
        stages.append(nn.Sequential(stage))
    return stages


def hyper_analysis(channels: int) -> nn.Sequential:
    """|latent| (B, N, h, w) -> z (B, N, h/4, w/4). As published, the first ReLU has no effect: its input is an absolute value."""
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            relu_h1=nn.ReLU(),
            conv_h1=nn.Conv2d(channels, channels, 3, padding=1),
            conv_h2=nn.Conv2d(channels, channels, 5, stride=2, padding=2),
            relu_h2=nn.ReLU(),
            conv_h3=nn.Conv2d(channels, channels, 5, stride=2, padding=2, bias=False),
        )
    )


def hyper_synthesis(channels: int) -> nn.Sequential:
    """Map z (B, N, h/4, w/4) to the latent's scales (B, N, h, w), not bounded and without a final exponential."""
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            conv_h4=nn.ConvTranspose2d(channels, channels, 5, stride=2, padding=2, output_padding=1),
            relu_h4=nn.ReLU(),
            conv_h5=nn.ConvTranspose2d(channels, channels, 5, stride=2, padding=2, output_padding=1),
            relu_h5=nn.ReLU(),
            conv_h6=nn.ConvTranspose2d(channels, channels, 3, padding=1),
        )
    )


class Prior(nn.Module):
    """Factorised prior: CompressAI's density, with the authors' computation of likelihoods."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.density = part("entropy_models").EntropyBottleneck(channels, init_scale=INIT_SCALE, filters=FILTERS)

    def logits(self, values: Tensor) -> Tensor:
        """Logits of the cumulative distribution at values (N, 1, n)."""
        return self.density._logits_cumulative(values, stop_gradient=False)

    def forward(self, latent: Tensor) -> Tensor:
        """Likelihoods of unit intervals around a latent (B, N, h, w), at least 1e-9.

        The authors take the difference of two sigmoids in their *right* tail, near 1 (with the opposite sign of what Balle et al.
        describe). In float32 a likelihood below 2**-24 becomes zero and counts as 1e-9, 29.9 bits. Their published rates use
        this computation, so it is kept; the integer tables are built from the density itself (`prior_tables`).
        """
        batch, channels = latent.shape[:2]
        values = latent.transpose(0, 1).reshape(channels, 1, -1)
        lower, upper = self.logits(values - 0.5), self.logits(values + 0.5)
        sign = torch.sign(lower + upper)
        mass = torch.abs(torch.sigmoid(sign * upper) - torch.sigmoid(sign * lower))
        bounded = self.density.likelihood_lower_bound(mass)
        return bounded.reshape(channels, batch, *latent.shape[2:]).transpose(0, 1)


class CrossAttention(nn.Module):
    """Cross-attention of X to Y. A token is one channel's patch on a GRID x GRID grid; tokens of X attend to all tokens of Y.

    All channels are treated alike.

    x --patches, embed_x, norm, Q--+
                                   softmax(Q K' / 16) V --to_out, unpack--> features fetched from y for x
    y --patches, embed_y, norm, K, V
    """

    def __init__(self, patch: int) -> None:
        super().__init__()
        inner = HEADS * EMBEDDED
        self.embed_x, self.embed_y = nn.Linear(patch, EMBEDDED), nn.Linear(patch, EMBEDDED)
        self.norm = nn.LayerNorm(EMBEDDED)
        # Every checkpoint contains K and V of x and Q of y, but nothing uses them.
        self.to_qkv_x = nn.Linear(EMBEDDED, 3 * inner, bias=False)
        self.to_qkv_y = nn.Linear(EMBEDDED, 3 * inner, bias=False)
        self.to_out, self.dropout = nn.Linear(inner, EMBEDDED), nn.Dropout(DROPOUT)
        self.unpack = nn.Linear(EMBEDDED, patch)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Features of X and Y (B, N, h, w) -> features that X fetches from Y (B, N, h, w)."""
        query, key, value = self._heads(x, y)
        fetched = functional.scaled_dot_product_attention(query, key, value)
        joined = fetched.transpose(1, 2).flatten(2)
        return self._picture(self.unpack(self.dropout(self.to_out(joined))), x.shape)

    def looks(self, x: Tensor, y: Tensor) -> Tensor:
        """Attention from X's grid cells (B, cells, cells of Y's grid), averaged over heads and channels of X."""
        query, key, _ = self._heads(x, y)
        weights = torch.softmax(query @ key.transpose(-1, -2) * EMBEDDED**-0.5, dim=-1)
        batch, cells = len(x), GRID**2
        return weights.reshape(batch, HEADS, -1, cells, x.shape[1], cells).sum(dim=4).mean(dim=(1, 2))

    def _heads(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries of X, keys and values of Y, (B, heads, tokens, EMBEDDED) each."""
        inner = HEADS * EMBEDDED
        from_x, from_y = self.norm(self.embed_x(self._tokens(x))), self.norm(self.embed_y(self._tokens(y)))
        query = functional.linear(from_x, self.to_qkv_x.weight[:inner])
        key, value = functional.linear(from_y, self.to_qkv_y.weight[inner:]).chunk(2, dim=-1)
        query, key, value = (each.unflatten(-1, (HEADS, EMBEDDED)).transpose(1, 2) for each in (query, key, value))
        return query, key, value

    def _tokens(self, features: Tensor) -> Tensor:
        """Split (B, N, h, w) into tokens (B, N * GRID * GRID, patch)."""
        batch, channels, height, width = features.shape
        if height % GRID or width % GRID or height * width != self.embed_x.in_features * GRID**2:
            raise ModelError(
                f"features of {width} x {height}: expected {self.embed_x.in_features * GRID**2} in all and sides that are "
                f"multiples of {GRID}; the weights of cross-attention are tied to one number of pixels"
            )
        cut = features.reshape(batch, channels, GRID, height // GRID, GRID, width // GRID)
        return cut.permute(0, 1, 2, 4, 3, 5).reshape(batch, channels * GRID**2, -1)

    @staticmethod
    def _picture(tokens: Tensor, shape: torch.Size) -> Tensor:
        """Inverse of `_tokens`."""
        batch, channels, height, width = shape
        cut = tokens.reshape(batch, channels, GRID, GRID, height // GRID, width // GRID)
        return cut.permute(0, 1, 2, 4, 3, 5).reshape(shape)
