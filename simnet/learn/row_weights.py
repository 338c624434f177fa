"""Networks of a shipped or trained model that stand behind a low-resolution backbone, read back from its weights."""

from __future__ import annotations

from simnet.codec import model
from simnet.codec.learned import row_matching
from simnet.codec.learned.lowres_networks import Lowres
from simnet.codec.learned.renderer_fusion import RendererFuse, RendererFuseNumbers
from simnet.codec.learned.row_networks import RowMatching, RowNumbers
from simnet.learn.fuse_stage import start_fuse


def fusion_of(name: str, backbone: Lowres) -> RendererFuse:
    """The fusion network of a model; ModelError or InputError if it has none."""
    numbers = model.load(name).manifest.get("numbers", {}).get("fuse", {})
    network = RendererFuse(RendererFuseNumbers(**{"renderer": backbone.numbers.renderer, **numbers}))
    start_fuse(network, name)
    return network.eval()


def rows_of(name: str) -> RowMatching | None:
    """The network of matches along rows of a model; None if it has none."""
    from safetensors import safe_open

    chosen = model.load(name)
    if not row_matching.is_in(chosen):
        return None
    network, prefix = RowMatching(RowNumbers(**chosen.manifest["numbers"]["rows"])), f"{row_matching.GRAPH}."
    with safe_open(chosen.folder / model.WEIGHTS, framework="pt") as file:
        names = [key for key in file.keys() if key.startswith(prefix)]  # noqa: SIM118  # not a mapping
        state = {key.removeprefix(prefix): file.get_tensor(key).float() for key in names}
    network.load_state_dict(state)
    return network.eval()
