"""Entries of the authors' checkpoints: name, shape, and the parameter of our network that each fills.

For example, `deconv2_cor.weight` is the second stage of y's synthesis, `synthesis.y.1.deconv.weight` in `published_networks`.
Two layouts differ from CompressAI, whose parts we use: `gamma` of a GDN is (from, to), the transpose of CompressAI's, and the
prior's `factors` are one entry for all its layers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from simnet.codec.published.published_kinds import (
    ATTENTIONS,
    EMBEDDED,
    FILTERS,
    GRID,
    HEADS,
    KINDS,
    PublishedKind,
)
from simnet.errors import ModelError

SUFFIX = {"x": "", "y": "_cor", "w": "_w"}
PRIORS = {
    "ndic-bls17": {"x": "entropy_bottleneck_hx", "y": "entropy_bottleneck_hy", "w": "entropy_bottleneck"},
    "ndic-bmshj18": {
        "x": "entropy_bottleneck_sigma_x",
        "y": "entropy_bottleneck_sigma_y",
        "w": "entropy_bottleneck_common_info",
    },
}
PRIORS["atn-paper"] = PRIORS["ndic-bls17"]
HYPER = {"bmshj18": {"x": ""}, "ndic-bmshj18": {"x": "_primary_image", "y": "_cor_image"}}
ATTENTION = {
    "to_patch_embedding_x.1": "embed_x",
    "to_patch_embedding_y.1": "embed_y",
    "unpack_embedding_y.0": "unpack",
    "norm": "norm",
    "attn.to_qkv_x": "to_qkv_x",
    "attn.to_qkv_y": "to_qkv_y",
    "attn.to_out.0": "to_out",
}
MOST_FILTERS = 1024
"""Upper limit of the number of filters; with more, the GDNs alone would fill the memory."""

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Numbers:
    """Numbers derived from a checkpoint's shapes: filters of every layer, values per patch of each attention (or none)."""

    channels: int
    patches: tuple[int, ...] = ()


@dataclass(frozen=True)
class Entry:
    """Entry of a checkpoint: its shape there, and the parameters of `PublishedNetwork` that it fills.

    An entry for several parameters is unstacked along the first axis; `transposed` first swaps the entry's two axes.
    """

    shape: Shape
    parameters: tuple[str, ...]
    transposed: bool = False


def entries(kind: PublishedKind, numbers: Numbers) -> dict[str, Entry]:
    """Return all entries of a checkpoint of that kind, by name."""
    return dict(_transforms(kind, numbers)) | dict(_priors(kind, numbers)) | dict(_attention(kind, numbers))


def read_numbers(kind: PublishedKind, shapes: Mapping[str, Shape]) -> Numbers:
    """Derive filters and patch sizes from the entries' shapes; ModelError if that is impossible."""
    channels = _first(kind, shapes, "conv1.weight", 4)
    if not 0 < channels <= MOST_FILTERS:
        raise ModelError(f"entry conv1.weight: {channels} filters; expected 1 to {MOST_FILTERS}")
    if not kind.attention:
        return Numbers(channels)
    names = [f"ca{k}.unpack_embedding_y.0.bias" for k in range(1, ATTENTIONS + 1)]
    patches = tuple(_first(kind, shapes, name, 1) for name in names)
    if patches[0] < 1 or patches != tuple(patches[0] * 4**k for k in range(ATTENTIONS)):
        raise ModelError(
            f"entries {', '.join(names)}: patches of {patches} values; expected each four times the one before"
        )
    return Numbers(channels, patches)


def told_kind(shapes: Mapping[str, Shape]) -> PublishedKind:
    """Detect the kind from the names of the entries; ModelError if no kind matches."""
    for kind in KINDS.values():
        patches = (1, 4, 16) if kind.attention else ()
        if set(entries(kind, Numbers(1, patches))) == set(shapes):
            return kind
    raise ModelError(
        f"its {len(shapes)} entries are of no published network; --as one of {', '.join(KINDS)} says what differs"
    )


def renamed(name: str) -> str:
    """Return the current name of an entry: the first released weights call the common information z instead of w."""
    return re.sub(r"^((?:conv|gdn)\d)_z\.", r"\1_w.", name)


def area(numbers: Numbers) -> int:
    """Return the number of pixels of the padded pictures that a checkpoint's attention requires."""
    return numbers.patches[0] * GRID**2 * 8**2


def _first(kind: PublishedKind, shapes: Mapping[str, Shape], name: str, rank: int) -> int:
    if name not in shapes:
        raise ModelError(f"not a checkpoint of {kind.name}: entry {name} is missing")
    if len(shapes[name]) != rank:
        raise ModelError(f"entry {name}: shape {list(shapes[name])}; expected {rank} axes")
    return shapes[name][0]


def _transforms(kind: PublishedKind, numbers: Numbers) -> Iterator[tuple[str, Entry]]:
    n, last = numbers.channels, len(kind.kernels) - 1
    for latent in kind.latents:
        for i, k in enumerate(kind.kernels):
            ours, suffix = f"analysis.{latent}.{i}", SUFFIX[latent]
            yield from _layer(f"conv{i + 1}{suffix}", f"{ours}.conv", (n, n if i else 3, k, k), n)
            if i < last:
                yield from _gdn(f"gdn{i + 1}{suffix}", f"{ours}.gdn", n)
    # bls17 numbers its inverse GDNs from 2.
    first = 2 if len(kind.kernels) == 3 else 1
    for picture in kind.pictures:
        for i, k in enumerate(reversed(kind.kernels)):
            ours, suffix, out = f"synthesis.{picture}.{i}", SUFFIX[picture], 3 if i == last else n
            twice = (kind.side and i == 0) or (kind.attention and picture == "x")
            yield from _layer(f"deconv{i + 1}{suffix}", f"{ours}.deconv", (2 * n if twice else n, out, k, k), out)
            if i < last:
                yield from _gdn(f"igdn{i + first}{suffix}", f"{ours}.igdn", n)


def _priors(kind: PublishedKind, numbers: Numbers) -> Iterator[tuple[str, Entry]]:
    n, widths = numbers.channels, (1, *FILTERS, 1)
    for latent, theirs in PRIORS.get(kind.name, {"x": "entropy_bottleneck"}).items():
        ours = f"prior.{latent}.density"
        for i in range(len(FILTERS) + 1):
            yield f"{theirs}.matrix{i}", Entry((n, widths[i + 1], widths[i]), (f"{ours}.matrices.{i}",))
            yield f"{theirs}.bias{i}", Entry((n, widths[i + 1], 1), (f"{ours}.biases.{i}",))
        factors = tuple(f"{ours}.factors.{i}" for i in range(len(FILTERS)))
        yield f"{theirs}.factors", Entry((len(FILTERS), n, FILTERS[0], 1), factors)
    for picture, suffix in HYPER.get(kind.name, {}).items():
        for i, (part, k) in enumerate((("ha", 3), ("ha", 5), ("ha", 5), ("hs", 5), ("hs", 5), ("hs", 3)), start=1):
            ours = f"hyper_{'analysis' if part == 'ha' else 'synthesis'}.{picture}.conv_h{i}"
            yield from _layer(f"{part}{suffix}.conv_h{i}", ours, (n, n, k, k), 0 if i == 3 else n)


def _attention(kind: PublishedKind, numbers: Numbers) -> Iterator[tuple[str, Entry]]:
    inner = HEADS * EMBEDDED
    for k, patch in enumerate(numbers.patches if kind.attention else ()):
        shapes = {
            "embed_x": (EMBEDDED, patch),
            "embed_y": (EMBEDDED, patch),
            "unpack": (patch, EMBEDDED),
            "norm": (EMBEDDED,),
            "to_qkv_x": (3 * inner, EMBEDDED),
            "to_qkv_y": (3 * inner, EMBEDDED),
            "to_out": (EMBEDDED, inner),
        }
        for theirs, ours in ATTENTION.items():
            bias = 0 if "qkv" in ours else shapes[ours][0]
            yield from _layer(f"ca{k + 1}.{theirs}", f"attention.{k}.{ours}", shapes[ours], bias)


def _layer(theirs: str, ours: str, weight: Shape, bias: int) -> Iterator[tuple[str, Entry]]:
    yield f"{theirs}.weight", Entry(weight, (f"{ours}.weight",))
    if bias:
        yield f"{theirs}.bias", Entry((bias,), (f"{ours}.bias",))


def _gdn(theirs: str, ours: str, n: int) -> Iterator[tuple[str, Entry]]:
    yield f"{theirs}.gamma", Entry((n, n), (f"{ours}.gamma",), transposed=True)
    yield f"{theirs}.beta", Entry((n,), (f"{ours}.beta",))
