"""CompressAI image models as codecs without side information, with weights from its zoo or from a file.

A model is written `ARCHITECTURE:QUALITY` (weights from CompressAI's zoo, over the network, then from torch's cache) or
`ARCHITECTURE:QUALITY:FILE`. With this codec a run imports torch. Each model has one rate, so the requested quality has no
effect. CompressAI derives its tables from floating-point networks. The tables' digest is announced and checked, but both sides
compute the *indexes* of hyperpriors and context models in floating point, so different machines may disagree. The autoregressive
models (mbt2018, cheng2020) take seconds per frame. simnet's own codecs have neither limitation.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from simnet import library_threads
from simnet.codec import checkpoint_names
from simnet.codec.bitstream import framing
from simnet.codec.bitstream.entropy_library import architectures
from simnet.codec.bitstream.padding import check_size, padded, to_picture
from simnet.errors import BitstreamError, ModelError
from simnet.records import Announcement, Decoded, SideInformation

TIMES_NS = (100_000_000, 150_000_000)
"""Declared virtual coding times of a 256 x 128 frame: encode, decode."""
STRIDE = 64
WORD = 4
"""Word size in bytes of CompressAI's coder, which reads and writes whole words."""
LARGEST_QUANTILE = 1 << 14
"""Largest magnitude of a symbol that a prior's table includes."""
ROOM = 16
"""Padding bytes after a payload per symbol: twice the size of a 16-bit symbol with a large escape."""
ESCAPES = 16
"""Padding bytes after a payload per payload byte: four bits can announce an escape of fifteen times four bits."""
LENGTH = struct.Struct(">I")
"""Length prefix of every string but the last."""


def open_encoder(name: str, width: int, height: int, model: str | None = None) -> ZooEncoder:
    """See `registry`."""
    return ZooEncoder(name, opened(model), width, height)


def open_decoder(announcement: Announcement) -> ZooDecoder:
    """See `registry`."""
    return ZooDecoder(announcement, opened(announcement.model))


def declared_times(name: str, model: str | None = None) -> tuple[int, int]:
    """See `registry`."""
    del name
    file = split(model)[2]
    if file is not None and not Path(file).is_file():
        raise ModelError(f"{file}: no such file; expected a file of CompressAI weights")
    return TIMES_NS


@dataclass(frozen=True, eq=False)
class Zoo:
    """Loaded network: `strings` is its number of strings per picture, `shrinks` the downscaling of its coarsest latent."""

    spec: str
    network: Any
    checkpoint_digest: str
    tables_digest: str
    strings: int
    shrinks: int


def split(spec: str | None) -> tuple[str, int, str | None]:
    """Split a model into architecture, quality and file; ModelError states the expected form."""
    architecture, _, rest = (spec or "").partition(":")
    quality, _, file = rest.partition(":")
    known = [name for name in architectures().cfgs if name in architectures().model_architectures]
    if architecture not in known or not quality.isdecimal() or int(quality) not in architectures().cfgs[architecture]:
        raise ModelError(
            f"codec compressai: model {spec or 'missing'}; expected ARCHITECTURE:QUALITY or ARCHITECTURE:QUALITY:FILE, "
            f"such as bmshj2018-hyperprior:3 (architectures: {', '.join(known)})"
        )
    return architecture, int(quality), file or None


@lru_cache(maxsize=8)
def opened(spec: str | None) -> Zoo:
    """Load the network of a model with weights and tables; all streams of the process share it."""
    # It says what is missing where CompressAI is not installed; then torch may be missing too.
    architecture, quality, file = split(spec)
    import torch

    state = fetched(architecture, quality) if file is None else read(file)
    library_threads.limit_torch()
    kind = architectures().model_architectures[architecture]
    try:
        network = kind(*architectures().cfgs[architecture][quality])
        expected = network.state_dict()
        learned = {key: value for key, value in state.items() if key in expected and not is_table(key)}
        if missing := [key for key in expected if key not in learned and not is_table(key)]:
            raise ModelError(
                f"{file or spec}: no entry {missing[0]}; expected weights of {architecture}, quality {quality}"
            )
        check_learned(learned, file or str(spec))
        # The models' own loading method requires the tables in the file too; ours are built below.
        torch.nn.Module.load_state_dict(network, learned, strict=False)
    except (RuntimeError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:160]
        raise ModelError(f"{file or spec}: not weights of {architecture}, quality {quality}: {reason}") from error
    network.eval().update(force=True)
    tables = {key: value for key, value in network.state_dict().items() if is_table(key)}
    hyper = architecture.startswith("bmshj2018-factorized")
    return Zoo(spec or "", network, digest(learned), digest(tables), 1 if hyper else 2, 16 if hyper else STRIDE)


def check_learned(learned: dict[str, Any], where: str) -> None:
    """Raise ModelError if weights are not finite, or quantiles so far apart that tables of their symbols would be huge."""
    for key, value in learned.items():
        numbers = value.detach().numpy()
        if numbers.dtype.kind == "f" and not np.isfinite(numbers).all():
            raise ModelError(f"{where}: {key} holds numbers that are not finite")
        if key.endswith("quantiles") and np.abs(numbers).max(initial=0) > LARGEST_QUANTILE:
            raise ModelError(
                f"{where}: {key} reaches beyond {LARGEST_QUANTILE}; expected the symbols of a trained prior"
            )


def is_table(key: str) -> bool:
    """Whether an entry is computed from the others by `update()`."""
    return key.endswith(("_quantized_cdf", "_cdf_length", "_offset", "scale_table"))


def digest(entries: dict[str, Any]) -> str:
    """Hexadecimal digest of tensors by name."""
    total = hashlib.sha256()
    for key in sorted(entries):
        total.update(key.encode())
        total.update(entries[key].contiguous().numpy().tobytes())
    return total.hexdigest()[:16]


def fetched(architecture: str, quality: int) -> dict[str, Any]:
    """Download the zoo's weights."""
    import torch

    addresses = architectures().model_urls.get(architecture, {}).get("mse", {})
    if quality not in addresses:
        raise ModelError(
            f"codec compressai: the zoo has no {architecture} of quality {quality}; expected weights: FILE"
        )
    try:
        state = torch.hub.load_state_dict_from_url(
            addresses[quality], progress=False, weights_only=True, check_hash=True
        )
    except (OSError, RuntimeError) as error:
        raise ModelError(
            f"codec compressai: {addresses[quality]} cannot be fetched ({error}); expected a connection, or weights: FILE"
        ) from error
    return renamed(state)


def read(file: str) -> dict[str, Any]:
    """Read the weights in a file, with safe unpickling."""
    import torch

    if Path(file).exists() and not Path(file).is_file():
        raise ModelError(f"{file}: not a regular file; expected a file of CompressAI weights")

    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ModelError(f"{file}: {error.strerror}; expected a file of CompressAI weights") from error
    except Exception as error:  # torch raises almost any exception for a damaged file
        raise ModelError(f"{file}: not a file of weights that torch reads safely (weights only)") from error
    state = checkpoint_names.weights_in(state)
    if not state or not all(hasattr(value, "numpy") for value in state.values()):
        raise ModelError(f"{file}: holds no state dict; expected CompressAI weights")
    return renamed(state)


def renamed(state: dict[str, Any]) -> dict[str, Any]:
    """Rename entries of older releases to the current names."""
    from simnet.codec.bitstream.entropy_library import part

    return part("zoo.pretrained").load_pretrained(state)


def roomy(data: bytes, symbols: int) -> bytes:
    """Append zeros to a payload, because CompressAI's decoder does not check where it ends.

    Without the zeros, a crafted payload with a valid CRC and fewer than `symbols` symbols makes the decoder read out of bounds or
    crash the process.
    """
    return data + bytes(ROOM * symbols + ESCAPES * len(data))


def announce(name: str, zoo: Zoo, width: int, height: int) -> Announcement:
    """Return a stream's announcement."""
    return Announcement(name, zoo.spec, zoo.checkpoint_digest, zoo.tables_digest, width, height)


class ZooEncoder:
    """Encoder of one stream; see `protocols.Encoder`."""

    def __init__(self, name: str, zoo: Zoo, width: int, height: int) -> None:
        self.announcement = announce(name, zoo, width, height)
        self._zoo, self._sequence = zoo, 0

    def encode(self, image: np.ndarray, quality: float, *, key: bool = False) -> bytes:
        """Encode each frame alone, at the model's own rate: `key` and `quality` have no effect."""
        import torch

        del key
        check_size(image, self.announcement)
        header = framing.Header(self._sequence, framing.quality_step(quality), key=True)
        with torch.no_grad():
            strings = [
                part[0] for part in self._zoo.network.compress(torch.from_numpy(padded(image, STRIDE)))["strings"]
            ]
        self._sequence += 1
        payload = b"".join(LENGTH.pack(len(string)) + string for string in strings[:-1]) + strings[-1]
        return framing.pack(header, payload, self.announcement)


class ZooDecoder:
    """Decoder of one stream; see `protocols.Decoder`. It ignores side information."""

    def __init__(self, announcement: Announcement, zoo: Zoo) -> None:
        own = announce(announcement.codec, zoo, announcement.width, announcement.height)
        if (own.checkpoint_digest, own.tables_digest) != (announcement.checkpoint_digest, announcement.tables_digest):
            raise ModelError(
                f"stream of model {announcement.model}: checkpoint {announcement.checkpoint_digest}, tables "
                f"{announcement.tables_digest}; this machine has {own.checkpoint_digest}, {own.tables_digest}"
            )
        self.announcement, self._zoo = announcement, zoo

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        """See `protocols.Decoder`."""
        import torch

        del side
        framing.verify(data, self.announcement)
        height, width = self.announcement.height, self.announcement.width
        shape = [-(-side // STRIDE) * STRIDE // self._zoo.shrinks for side in (height, width)]
        # No model has more than two latent values per pixel.
        symbols = 2 * (-(-height // STRIDE) * -(-width // STRIDE)) * STRIDE**2
        strings = [[roomy(string, symbols)] for string in self._strings(framing.payload(data))]
        with torch.no_grad():
            decoded = self._zoo.network.decompress(strings, shape)["x_hat"].numpy()
        picture = to_picture(decoded, height, width)
        return Decoded(picture, picture)

    def _strings(self, payload: bytes) -> list[bytes]:
        strings = []
        for _ in range(self._zoo.strings - 1):
            if len(payload) < LENGTH.size:
                raise BitstreamError("payload ends within a length")
            (length,) = LENGTH.unpack_from(payload)
            strings.append(payload[LENGTH.size : LENGTH.size + length])
            payload = payload[LENGTH.size + length :]
        strings.append(payload)
        if bad := [len(string) for string in strings if not string or len(string) % WORD]:
            raise BitstreamError(f"payload with a part of {bad[0]} bytes: expected a positive multiple of {WORD}")
        return strings
