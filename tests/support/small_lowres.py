"""A small untrained low-resolution backbone, and its export."""

from functools import cache
from pathlib import Path

import torch

from simnet.codec.learned.lowres_networks import Lowres, LowresNumbers
from simnet.learn import lowres_export

NUMBERS = LowresNumbers(latent=32, encoder=16, hyper=8, context=16, body=16, renderer=48)


@cache
def network(seed: int = 0) -> Lowres:
    """A transform coder of a basis of waves, whose networks do a little something; not to be changed."""
    torch.manual_seed(seed)
    made = Lowres(NUMBERS)
    waves = torch.cos((torch.arange(16) + 0.5)[None] * torch.arange(4)[:, None] * torch.pi / 16)
    flat = torch.einsum("ay,bx->abyx", waves, waves).reshape(16, 1, 16, 16)
    colours = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0]])
    basis = torch.cat([flat * colour[None, :, None, None] for colour in colours])
    basis = basis / basis.square().sum((1, 2, 3), keepdim=True).sqrt()
    made.start(basis, torch.linspace(5, 0.5, 32), torch.zeros(3))
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if name.startswith(("ey.", "m.", "lrp.", "he.")) or name.endswith(("b.weight", "f2.weight")):
                parameter.add_(torch.randn_like(parameter) * 0.05)
            elif name.startswith(("cdf.", "a1.", "a2.")):
                parameter.copy_(torch.randn_like(parameter) * (0.05 if name.startswith("a2.") else 0.5))
            elif name.startswith(("cb.1", "cb.2", "cb.3")):
                parameter.copy_(torch.randn_like(parameter))
    return made.eval()


def export(folder: Path, seed: int = 0) -> str:
    """Write the model folder, and return its name."""
    facts = {"encode_ns": 1, "decode_ns": 1, "numbers": {"lowres": vars(NUMBERS)}}
    lowres_export.write(folder, "lowres", network(seed), facts, "card\n")
    return str(folder)
