"""Checkpoints of others: where their weights lie in the file, and the prefixes that training libraries put before names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

PLACES = ("model_state_dict", "state_dict", "model", "net", "network", "ema")
"""Keys below which a training script may store weights."""
WRAPPERS = ("module.", "_orig_mod.", "model.", "net.", "network.")
"""Prefixes of DataParallel, of torch.compile, and of a module that holds the network."""


def weights_in(content: object) -> dict[str, Any]:
    """Return the entries of a checkpoint by their bare names; empty if there are none."""
    if not isinstance(content, Mapping):
        return {}
    found = cast("Mapping[Any, Any]", content)
    for place in PLACES:
        if isinstance(found.get(place), Mapping) and found[place]:
            found = found[place]
            break
    if not all(isinstance(name, str) for name in found):
        return {}
    return bare(cast("Mapping[str, Any]", found))


def bare(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries without the prefixes of wrappers that all of them have."""
    while state:
        wrapper = next((each for each in WRAPPERS if all(name.startswith(each) for name in state)), None)
        if wrapper is None:
            break
        state = {name.removeprefix(wrapper): value for name, value in state.items()}
    return dict(state)
