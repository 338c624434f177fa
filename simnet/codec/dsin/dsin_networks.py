"""DSIN's networks: the autoencoder with importance map and learned centres, and the side-information network.

    x --encoder--> z (33 channels at 1/8) --importance mask--> --nearest centre--> q --decoder--> x_dec
    x_dec, y_syn (patches of Y, found by `patch_finder`) --side network--> x_si

The autoencoder follows Mentzer et al. (CVPR 2018), on which DSIN builds.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

STRIDE = 8


@dataclass(frozen=True)
class DsinNumbers:
    """Channels at 1/2 and 1/4, groups of three residual blocks, latent channels at 1/8, centres, channels of the side network."""

    first: int = 64
    wide: int = 128
    groups: int = 5
    latent: int = 32
    centres: int = 6
    side: int = 32
    context: int = 24


class ResidualBlock(nn.Module):
    """x + two 3x3 convolutions with batch norm, ReLU between them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (B, C, H, W)."""
        return x + self.body(x)


class Trunk(nn.Module):
    """`groups` groups of three residual blocks, each with a skip connection; one more block, and an outer skip connection."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.groups = nn.ModuleList(nn.Sequential(*(ResidualBlock(channels) for _ in range(3))) for _ in range(groups))
        self.last = ResidualBlock(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (B, C, H, W)."""
        inner = x
        for group in self.groups:
            inner = inner + group(inner)
        return x + self.last(inner)


def down(inputs: int, outputs: int) -> nn.Sequential:
    """Convolution 5x5, stride 2, batch norm, ReLU."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 5, 2, 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


def up(inputs: int, outputs: int) -> nn.Sequential:
    """Transposed convolution 5x5, stride 2, batch norm, ReLU."""
    convolution = nn.ConvTranspose2d(inputs, outputs, 5, 2, 2, output_padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


class EncoderNetwork(nn.Module):
    """Picture -> masked latent; channel 0 of 33 is the importance map."""

    def __init__(self, n: DsinNumbers) -> None:
        super().__init__()
        self.latent = n.latent
        self.body = nn.Sequential(down(3, n.first), down(n.first, n.wide), Trunk(n.wide, n.groups))
        self.out = nn.Conv2d(n.wide, n.latent + 1, 5, 2, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """X (B, 3, H, W) in [0, 1] -> masked latent and mask (B, 32, H/8, W/8): clip(32 * sigmoid(z_0) - c, 0, 1)."""
        z = self.out(self.body(4 * x - 2))
        importance = self.latent * torch.sigmoid(z[:, :1])
        mask = (importance - torch.arange(self.latent, device=z.device).view(1, -1, 1, 1)).clamp(0, 1)
        return z[:, 1:] * mask, mask


class DecoderNetwork(nn.Module):
    """Quantised latent -> picture; mirrors the encoder."""

    def __init__(self, n: DsinNumbers) -> None:
        super().__init__()
        self.body = nn.Sequential(up(n.latent, n.wide), Trunk(n.wide, n.groups), up(n.wide, n.first))
        self.out = nn.ConvTranspose2d(n.first, 3, 5, 2, 2, output_padding=1)

    def forward(self, q: Tensor) -> Tensor:
        """Q (B, 32, H/8, W/8) -> x_dec (B, 3, H, W), not clipped."""
        return (self.out(self.body(q)) + 2) / 4


class SideNetwork(nn.Module):
    """Nine dilated convolutions over decoded X and synthesised Y; initialised as the identity on X."""

    DILATIONS = (1, 2, 4, 8, 16, 32, 64, 128, 1)

    def __init__(self, n: DsinNumbers) -> None:
        super().__init__()
        inputs = (6, *(n.side,) * (len(self.DILATIONS) - 1))
        self.layers = nn.ModuleList(
            nn.Conv2d(channels, n.side, 3, padding=dilation, dilation=dilation)
            for channels, dilation in zip(inputs, self.DILATIONS, strict=True)
        )
        self.out = nn.Conv2d(n.side, 3, 1)
        for layer in (*self.layers, self.out):
            identity_start(layer)  # type: ignore[arg-type]  # a list of convolutions

    def forward(self, x_dec: Tensor, y_syn: Tensor) -> Tensor:
        """x_dec and y_syn (B, 3, H, W) in [0, 1] -> x_si (B, 3, H, W), not clipped."""
        inner = torch.cat([x_dec, y_syn], dim=1)
        for layer in self.layers:
            inner = functional.leaky_relu(layer(inner), 0.2)
        return self.out(inner)


@torch.no_grad()
def identity_start(layer: nn.Conv2d) -> None:
    """Initialise a layer to pass channel i to channel i, with a little noise."""
    nn.init.normal_(layer.weight, std=0.01)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]  # the bias exists: Conv2d's default
    middle = layer.kernel_size[0] // 2
    for i in range(min(layer.in_channels, layer.out_channels)):
        layer.weight[i, i, middle, middle] += 1.0


class Quantiser(nn.Module):
    """Quantiser with six learned centres; forward nearest centre, backward soft assignment, sigma 1 (straight through)."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.empty(count).uniform_(-2, 2).sort().values)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Z of any shape -> quantised values, int64 symbols, of the same shape."""
        distance = (z[..., None] - self.centres) ** 2
        symbols = distance.argmin(dim=-1)
        soft = (torch.softmax(-distance, dim=-1) * self.centres).sum(dim=-1)
        hard = self.centres[symbols]
        return soft + (hard - soft).detach(), symbols


class Dsin(nn.Module):
    """All trained parts of DSIN."""

    def __init__(self, numbers: DsinNumbers | None = None) -> None:
        super().__init__()
        from simnet.codec.dsin.context_network import ContextNetwork

        n = numbers or DsinNumbers()
        self.numbers = n
        self.encoder, self.decoder = EncoderNetwork(n), DecoderNetwork(n)
        self.quantiser = Quantiser(n.centres)
        self.context = ContextNetwork(n.context, n.centres)
        self.side = SideNetwork(n)
        # Statistics of the training pictures, set by training; the finder normalises pictures by them.
        self.register_buffer("mean", torch.full((3,), 0.4))
        self.register_buffer("deviation", torch.full((3,), 0.25))

    def code(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """X (B, 3, H, W) -> x_dec (not clipped), bits of every symbol and the mask (B, 32, H/8, W/8)."""
        z, mask = self.encoder(x)
        q, symbols = self.quantiser(z)
        logits = self.context(q.detach() if not self.training else q)
        bits = functional.cross_entropy(logits, symbols, reduction="none") / 0.6931471805599453
        return self.decoder(q), bits, mask
