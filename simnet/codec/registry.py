"""Registry of codecs: opens an encoder or decoder by codec name.

A codec name is `name`, `name{option: value}` or either with `+fuse` behind it; `name` may be `FILE.py:CLASS`
(`code_files`). In `name+fuse` the stand-alone side-information stage processes the pictures that codec
`name` decodes; a model of codec `fuse` belongs to that stage, any other model belongs to the plain codec. Codecs are grouped in
families. A family is a module that is imported when one of its codecs is opened; other packages add families through
`plugin_codecs`. A family provides

    open_encoder(name, width, height, model) -> protocols.Encoder
    open_decoder(announcement) -> protocols.Decoder
    declared_times(name, model) -> (encode ns, decode ns) of a 256 x 128 frame
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from simnet import code_files, codec_names, codec_options, plugins, shipped
from simnet.code_files import CodeFile
from simnet.codec import permitted_models, replaced
from simnet.codec.bitstream import announcements
from simnet.codec_names import FAMILIES, FUSE, RECORDED, names
from simnet.errors import ModelError
from simnet.records import Announcement
from simnet.serial_imports import imported
from simnet.suggestions import near

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.codec.protocols import Decoder, Encoder
    from simnet.plugins import Plugin
    from simnet.records import CameraConfig, StreamConfig

OWN_SIDE = frozenset(("atn", "ndic", "dsin", "atn-paper", "ndic-bls17", "ndic-bmshj18"))
"""Codecs whose decoders use side information themselves."""
RECORDED_MODULE = "simnet.codec.recorded_sizes"
PLUGIN_MODULES = ("simnet.codec.plugin_codecs", "simnet.codec.torch_module")
"""Modules that open codecs of other packages and of files; the second those that are networks."""
OWN = frozenset((RECORDED, *(name for members in FAMILIES.values() for name in members)))
"""Codec names that plug-ins cannot use."""
STAGE = "fuse"
"""Name of the side-information stage's shipped model, and the codec in that model's manifest."""
STAGE_MODULE = "simnet.codec.learned.side_fusion"
SLICES_MODULE = "simnet.codec.sliced.slice_codecs"


def known(name: str, model: str | None = None) -> str:
    """Return `name`; raise ModelError with the list of codecs if it is unknown. Code of a file is made with `model`."""
    _family(name, model)
    return name


def takes_side(name: str, model: str | None = None) -> bool:
    """Return whether the decoder of a codec uses side information."""
    if name.endswith(FUSE) or codec_names.bare(name) in OWN_SIDE:
        return True
    return plugin_of(name) is not None and _family(name, model).takes_side


def open_encoder(name: str, width: int, height: int, model: str | None = None, slices: int = 1) -> Encoder:
    """Open an encoder (`protocols.Encoder`) of width x height; `model` is a folder of `models/` (default: the codec's).

    With `slices` above 1 its frames are sliced. Raises ModelError if the codec cannot be sliced.
    """
    plain = name.removesuffix(FUSE)
    own, stage = parted(name, model)
    if slices > 1:
        codec_names.check_sliced(name)
        encoder: Encoder = imported(SLICES_MODULE).sliced_encoder(plain, width, height, own, slices)
    else:
        encoder = _family(name, own).open_encoder(plain, width, height, own)
    if name != plain:
        # The camera sends the plain codec's bytes; `+fuse` changes only the decoder.
        announced = f"{encoder.announcement.model}{FUSE}{stage}"
        encoder.announcement = dataclasses.replace(encoder.announcement, codec=name, model=announced)
    return encoder


def open_decoder(announcement: Announcement, models: Sequence[str] | None = None, concealment: str = "side") -> Decoder:
    """Open a decoder (`protocols.Decoder`) for an announced stream; ModelError if its digests are not known here.

    Args:
        announcement: What the stream says about itself.
        models: Models that it may name besides the shipped ones. None: any, for an announcement of one's own encoder;
            naming a model opens files, or, for CompressAI's zoo, the network.
        concealment: What missing slices of a sliced stream are filled from: `none`, `previous` or `side`.

    Raises:
        ModelError: Codec, model or digests are not known here, or the model may not be used.
        BitstreamError: A field of the announcement is one that no stream has.
    """
    announcements.check(announcement)
    if code_files.parse(codec_names.bare(announcement.codec)) is not None:
        return _code_decoder(announcement, models)
    if models is not None:
        announcement = permitted_models.permitted(announcement, models)
    plain = announcement.codec.removesuffix(FUSE)
    if announcement.slices > 1:
        codec_names.check_sliced(announcement.codec)
        return imported(SLICES_MODULE).sliced_decoder(announcement, concealment)
    if announcement.codec == plain:
        return _family(plain).open_decoder(announcement)
    own, _, stage = announcement.model.partition(FUSE)
    decoder = _family(plain).open_decoder(dataclasses.replace(announcement, codec=plain, model=own))
    return imported(STAGE_MODULE).FusingDecoder(decoder, announcement, stage)


def _code_decoder(announcement: Announcement, models: Sequence[str] | None) -> Decoder:
    """Open a decoder of code; whose stream it is does not choose the file of weights: `models` does, if it is given."""
    name = announcement.codec
    own, _, stage = announcement.model.partition(FUSE)
    if models is not None:
        chosen, stage = parted(name, models[0] if models else None)
        own = chosen or ""
    plain = name.removesuffix(FUSE)
    decoder = _family(name, own or None).open_decoder(dataclasses.replace(announcement, codec=plain, model=own))
    return decoder if plain == name else imported(STAGE_MODULE).FusingDecoder(decoder, announcement, stage)


def check(stream: StreamConfig, camera: CameraConfig) -> None:
    """Raise ModelError or InputError if a stream names a codec, a model or recorded rows that do not exist."""
    from simnet.codec import recorded_sizes

    if stream.codec == recorded_sizes.NAME:
        announcements.check_name("model", stream.model or "")
        fixed = stream.rate.quality if stream.rate.kind == "fixed" else None
        recorded_sizes.check(stream.name, stream.model, camera.width, camera.height, fixed)
    else:
        declared_times(stream.codec, stream.model)


def check_model(name: str) -> None:
    """Raise ModelError if there is no model of this name, or its files do not match their digests."""
    from simnet.codec import model as models

    models.load(name)


def declared_times(name: str, model: str | None = None) -> tuple[int, int]:
    """Declared virtual coding times of one frame: encode, decode (ns)."""
    own, stage = parted(name, model)
    times = _family(name, own).declared_times(name.removesuffix(FUSE), own)
    if not stage:
        return times
    from simnet.codec import model as models

    return times[0], times[1] + models.load(stage).times[1]


def parted(name: str, model: str | None) -> tuple[str | None, str]:
    """Return the plain codec's model and the side-information stage's model (empty without that stage)."""
    if model is not None:
        announcements.check_name("model", model)
    if not name.endswith(FUSE):
        return model, ""
    if codec_names.bare(name) in OWN_SIDE:
        raise ModelError(f"codec {name}: uses side information by itself; expected it without +fuse")
    from simnet.codec import model as models

    is_stage = model is not None and models.is_model(model) and models.load(model).codec == STAGE
    return (None, str(model)) if is_stage else (model, STAGE)


def _family(name: str, model: str | None = None) -> Any:
    if plugin_of(name) is not None:
        return plugin_family(name, model)
    module = family_of(name)
    check_options(name)
    return imported(module)


def plugin_family(name: str, model: str | None = None) -> Any:
    """Return the family of a codec of another package or of a file of code; the latter is made with `model`."""
    from simnet.codec import plugin_codecs

    plugin = plugin_of(name)
    if plugin is None:
        raise ModelError(f"codec {name}: none of another package")
    options = codec_names.options_of(name)
    text = codec_names.joined("", options)
    return plugin_codecs.family(plugin, plugin.identity(), text, model if isinstance(plugin, CodeFile) else None)


def check_options(name: str) -> None:
    """Raise ModelError if one of simnet's own codecs does not take the options in its name."""
    options, bare = codec_names.options_of(name), codec_names.bare(name)
    if not options:
        return
    if bare not in codec_options.OPTIONS:
        hint = f", or {bare}={options['model']} for a model" if "model" in options else ""
        raise ModelError(f"codec {bare}: takes no options; expected the name alone{hint}")
    try:
        codec_options.given(options, bare)
    except ValidationError as error:
        known = list(codec_options.OPTIONS[bare].model_fields)
        raise ModelError(f"codec {bare}: {codec_options.faults(error, known)[0][1]}") from None


def modules_of(name: str) -> tuple[str, ...]:
    """Return the names of the simnet modules that implement a codec: its family, and the `+fuse` stage.

    These are importable module names. Raises ModelError like `known`.
    """
    if name == RECORDED:
        return (RECORDED_MODULE,)
    families = PLUGIN_MODULES if plugin_of(name) is not None else (family_of(name),)
    return (*families, STAGE_MODULE) if name.endswith(FUSE) else families


def plugin_of(name: str) -> Plugin | CodeFile | None:
    """Return a codec's plug-in or its file of code; None for simnet's own and unknown codecs.

    PluginError if its name is already in use.
    """
    bare = codec_names.bare(name)
    return code_files.parse(bare) or plugins.find(plugins.CODECS, bare, OWN)


def family_of(name: str) -> str:
    """Return the module of a codec's family; ModelError lists the codecs."""
    announcements.check_name("codec", name)
    for module, members in FAMILIES.items():
        if codec_names.bare(name) in members:
            return module
    replaced.refuse("codec", codec_names.bare(name))
    if codec := shipped.codec_of(name):
        raise ModelError(
            f"{name}: is a model; expected codec {codec}={name}, or in a scenario {{name: {codec}, model: {name}}}"
        )
    raise ModelError(f"{name}: unknown codec{near(name, names())}; expected one of {', '.join(names())}")
