"""What a checkpoint of the authors holds: the name and shape of every entry, and the parameter of ours that it fills.

`deconv2_cor.weight` is the second stage of y's synthesis, `synthesis.y.1.deconv.weight` in `networks`. Two things are laid out
otherwise than in CompressAI, whose parts we use: `gamma` of a GDN is (from, to), the transpose of CompressAI's, and the prior's
`factors` are one entry for all its layers.
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
"""A checkpoint that claims more is not believed: its GDNs alone would fill the memory."""

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Numbers:
    """What is read off a checkpoint's shapes: filters of every layer, and values in a patch of each attention (or none)."""

    channels: int
    patches: tuple[int, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One entry of a checkpoint: its shape there, and the parameters of `networks.PublishedNetwork` that it fills.

    More than one parameter are unstacked along the first axis; `transposed` swaps the entry's two axes first.
    """

    shape: Shape
    parameters: tuple[str, ...]
    transposed: bool = False


def entries(kind: PublishedKind, numbers: Numbers) -> dict[str, Entry]:
    """Every entry of a checkpoint of that kind, by name."""
    return dict(_transforms(kind, numbers)) | dict(_priors(kind, numbers)) | dict(_attention(kind, numbers))


def read_numbers(kind: PublishedKind, shapes: Mapping[str, Shape]) -> Numbers:
    """Filters and patches of a checkpoint with entries of these shapes; ModelError if they cannot be told."""
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
    """The kind whose entries these are, by their names; ModelError if it is none."""
    for kind in KINDS.values():
        patches = (1, 4, 16) if kind.attention else ()
        if set(entries(kind, Numbers(1, patches))) == set(shapes):
            return kind
    raise ModelError(
        f"its {len(shapes)} entries are of no published network; --as one of {', '.join(KINDS)} says what differs"
    )


def renamed(name: str) -> str:
    """The present name of an entry: the first released weights call the common information z instead of w."""
    return re.sub(r"^((?:conv|gdn)\d)_z\.", r"\1_w.", name)


def area(numbers: Numbers) -> int:
    """Pixels of the padded pictures that the attention of a checkpoint is for."""
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
