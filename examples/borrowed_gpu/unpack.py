"""Put together what `train.py` left in `state`, and write the models `lowres` and `atn` from it.

    python unpack.py STATE CHECKPOINT [--models FOLDER]

CHECKPOINT is what `pack.py --start` takes. With `--models`, FOLDER gets `lowres` and `atn`, which encode and decode at once.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from simnet.codec import model
from simnet.codec.learned.lowres_networks import Lowres, LowresNumbers
from simnet.codec.learned.renderer_fusion import RendererFuse, RendererFuseNumbers
from simnet.learn import lowres_export, renderer_export

DECLARED_NS = {"lowres": (15_000_000, 20_000_000), "atn": (15_000_000, 30_000_000)}
"""Coding times that runs assume; of a slow core."""


def main() -> None:
    """Write the checkpoint, and the models."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("state", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--models", type=Path)
    a = parser.parse_args()
    parts = [torch.load(file, map_location="cpu", weights_only=True) for file in sorted(a.state.glob("part_*.pt"))]
    if not parts:
        sys.exit(f"{a.state}: no part_*.pt; expected what train.py wrote")
    state = {name: value for part in parts for name, value in part.items()}
    torch.save(state, a.checkpoint)
    if not a.models:
        return
    backbone, fuse = Lowres(LowresNumbers()), RendererFuse(RendererFuseNumbers())
    for network, front in ((backbone, "backbone."), (fuse, "fuse.")):
        network.load_state_dict(
            {name.removeprefix(front): value for name, value in state.items() if name.startswith(front)}
        )
    numbers = {"lowres": vars(backbone.numbers)}
    facts = {
        name: {"encode_ns": encode, "decode_ns": decode, "numbers": numbers, "trained_with": "examples/borrowed_gpu"}
        for name, (encode, decode) in DECLARED_NS.items()
    }
    facts["atn"]["numbers"] = {**numbers, "fuse": vars(fuse.numbers)}
    card = "# {}\n\nTrained with `examples/borrowed_gpu`; not measured. Its licence is that of its pictures.\n"
    lowres_export.write(a.models / "lowres", "lowres", backbone, facts["lowres"], card.format("lowres"))
    chosen = model.load(str(a.models / "lowres"))
    renderer_export.write(a.models / "atn", "atn", fuse, chosen, facts["atn"], card.format("atn"))
    print(f"{a.models}: lowres, atn")


if __name__ == "__main__":
    main()
