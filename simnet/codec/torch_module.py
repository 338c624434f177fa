"""Codec made of a network with CompressAI's interface: a `torch.nn.Module` with `compress` and `decompress`.

    compress(x)                 -> {"strings": lists of byte strings, "shape": of the latent}
    decompress(strings, shape)  -> {"x_hat": float32 (1, 3, H, W)}

`x` is float32 (1, 3, H, W) in [0, 1].
If `compress` takes an argument `quality`, it gets the frame's, from 0 to 1; else the network has one rate.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgpack
import numpy as np

from simnet.codec import checkpoint_names
from simnet.codec.bitstream.padding import padded, to_picture
from simnet.errors import ModelError, PluginError

STRIDE = 64
"""Pictures are padded to multiples of this, unless the network says otherwise by `downsampling_factor`."""
TIMES_NS = (100_000_000, 150_000_000)


class NetworkCodec:
    """`plugin_codecs.PlainCodec` of a network."""

    def __init__(self, network: Any, who: str, model: str | None) -> None:
        """Load the weights in the file `model`, if there is one, and make the network's tables."""
        if model is not None:
            load_weights(network, Path(model), who)
        network.eval()
        if callable(getattr(network, "update", None)):
            network.update()
        self.times_ns = getattr(network, "times_ns", TIMES_NS)
        self._network, self._who = network, who
        self._stride = int(getattr(network, "downsampling_factor", STRIDE))
        self._takes_quality = "quality" in inspect.signature(network.compress).parameters

    def encode(self, image: np.ndarray, quality: float) -> bytes:
        """See `PlainCodec`."""
        import torch

        more = {"quality": quality} if self._takes_quality else {}
        with torch.inference_mode():
            made = self._network.compress(torch.from_numpy(padded(image, self._stride)), **more)
        if not isinstance(made, Mapping) or not {"strings", "shape"} <= set(made):
            raise PluginError(f"{self._who}: compress gave {made!r:.40}; expected a mapping with strings and shape")
        strings = [[bytes(part) for part in group] for group in made["strings"]]
        return bytes(msgpack.packb([strings, [int(side) for side in made["shape"]]]) or b"")

    def decode(self, payload: bytes, width: int, height: int, side: Sequence[np.ndarray]) -> np.ndarray:
        """See `PlainCodec`."""
        import torch

        del side
        strings, shape = msgpack.unpackb(payload)
        with torch.inference_mode():
            made = self._network.decompress(strings, tuple(shape))
        found = made["x_hat"] if isinstance(made, Mapping) else made
        return to_picture(found.float().numpy(), height, width)


def load_weights(network: Any, file: Path, who: str) -> None:
    """Load a file of weights into a network.

    Raises:
        ModelError: It is none, or of another network.
    """
    import torch

    try:
        found = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ModelError(f"{file}: {error.strerror}; expected a file of weights") from error
    except Exception as error:  # torch raises almost any exception for a damaged file
        raise ModelError(f"{file}: not a file of weights that torch reads safely (weights only)") from error
    try:
        network.load_state_dict(checkpoint_names.weights_in(found))
    except (RuntimeError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:160]
        raise ModelError(f"{file}: not weights of {who} ({reason}); expected those of its network") from error
