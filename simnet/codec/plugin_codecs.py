"""Codecs of other packages (`simnet.plugins`), with the same interfaces as simnet's own codecs.

A plug-in's entry point names a module, an instance, or a class that is instantiated without arguments. It is either a family as
defined in `registry`, or a `PlainCodec`: two functions between pictures and payloads. For a `PlainCodec`, simnet adds headers,
checksums, sequence numbers and announcements, and every frame is a key frame. In both cases simnet checks every returned value,
and an invalid value is reported as an error of the package.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from pydantic import ValidationError

from simnet import codec_names, codec_options, constructor_options
from simnet.code_files import CodeFile
from simnet.codec.bitstream import framing
from simnet.codec.bitstream.padding import check_size
from simnet.codec.model import file_digest, refuse
from simnet.errors import BitstreamError, ModelError, PluginError
from simnet.plugins import Plugin, blamed
from simnet.records import Announcement, Decoded, SideInformation
from simnet.serial_imports import imported

TIMES_NS = (5_000_000, 5_000_000)
"""Default declared virtual coding times of a frame for plain codecs."""
_PROBE = (64, 64)
PLAIN = ("encode", "decode")
NETWORK_MODULE = "simnet.codec.torch_module"
"""Module that makes codecs of networks; it needs torch."""
FAMILY = ("open_encoder", "open_decoder", "declared_times")


class PlainCodec(Protocol):
    """Minimal interface of a custom codec; several threads can call it at the same time.

    Optional attributes: `times_ns`, the (encode, decode) times of a 256 x 128 frame, and `takes_side`, true if `decode` uses side
    pictures; without `takes_side`, `side` is always empty.
    """

    def encode(self, image: np.ndarray, quality: float) -> bytes:
        """Encode read-only uint8 H x W x 3 RGB to at least one byte; `quality` is in [0, 1], the rate grows with it."""
        ...

    def decode(self, payload: bytes, width: int, height: int, side: Sequence[np.ndarray]) -> np.ndarray:
        """Decode to uint8 height x width x 3; `side` holds pictures of any size, or none. Any exception rejects the payload."""
        ...


@lru_cache(maxsize=32)
def family(plugin: Plugin | CodeFile, source: str = "", options: str = "", model: str | None = None) -> Family:
    """Import a plug-in or a file of code; PluginError if a required attribute of a codec is missing.

    Args:
        plugin: Where the class is.
        source: Digest of the source, so that an edited file is another family.
        options: Options as text, `{key: value}`, or empty.
        model: File of weights that the class is made with.
    """
    del source
    given = codec_names.options_of(options)
    return of(plugin.load(), plugin.name + options, str(plugin), plugin.identity, given, model)


def of(
    codec: Any,
    name: str,
    who: str,
    identity: Callable[[], str],
    options: Mapping[str, Any] | None = None,
    model: str | None = None,
) -> Family:
    """Wrap `codec`, a plug-in's object, as a family.

    `who` names it in errors, `identity` returns its source's digest. A class is made with `options`, and with `model` if it
    takes one.
    """
    kind = codec
    codec = _made(kind, options or {}, model, who)
    digest = identity if model is None else lambda: _with_model(identity(), model)
    if is_network(codec):
        with blamed(who, "its network cannot be used"):
            own = None if constructor_options.takes_model(kind) else model
            return Family(
                _PlainFamily(imported(NETWORK_MODULE).NetworkCodec(codec, who, own), who, digest, model), name, who
            )
    if model is not None and not constructor_options.takes_model(kind):
        raise ModelError(f"{who}: takes no model; found model {model}")
    if all(callable(getattr(codec, part, None)) for part in FAMILY):
        return Family(codec, name, who)
    if all(callable(getattr(codec, part, None)) for part in PLAIN):
        return Family(_PlainFamily(codec, who, digest, model), name, who)
    raise PluginError(
        f"{who}: found {codec!r:.60}; expected {' and '.join(PLAIN)}, or {', '.join(FAMILY)}, or a network with compress "
        "and decompress"
    )


def _made(kind: Any, options: Mapping[str, Any], model: str | None, who: str) -> Any:
    """Return the object that a class makes with options; an object is returned as it is."""
    try:
        given = constructor_options.validated(kind, options, who)
    except ValidationError as error:
        fault = codec_options.faults(error, constructor_options.names(kind))[0][1]
        raise PluginError(f"{who}: {fault}") from None
    if not inspect.isclass(kind):
        return kind
    if model is not None and constructor_options.takes_model(kind):
        given[constructor_options.MODEL] = model
    with blamed(who, "cannot be made without arguments" if not given else "cannot be made with these options"):
        return kind(**given)


def _with_model(source: str, model: str) -> str:
    return hashlib.sha256(f"{source}\0{file_digest(Path(model))}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Family:
    """Family of a plug-in whose returned values are checked; see `registry`."""

    inner: Any
    name: str
    who: str

    @property
    def takes_side(self) -> bool:
        """Whether its decoders use side information."""
        return bool(getattr(self.inner, "takes_side", False))

    @property
    def refers(self) -> bool:
        """Whether its frames can refer to earlier frames: true for a family unless it sets `refers = False`."""
        return bool(getattr(self.inner, "refers", True))

    def identity(self, model: str | None) -> tuple[str, ...]:
        """Return the digests of the files that `model` names, if the family takes models."""
        if isinstance(self.inner, _PlainFamily):
            return () if self.inner.model is None else (self.inner.identity(),)
        if model is None:
            return ()
        announced = self.open_encoder(self.name, *_PROBE, model).announcement
        return model, announced.checkpoint_digest, announced.tables_digest

    def open_encoder(self, name: str, width: int, height: int, model: str | None = None) -> PluginEncoder:
        """See `registry`."""
        with blamed(self.who, "its encoder cannot be opened"):
            encoder = self.inner.open_encoder(name, width, height, model)
            announced = encoder.announcement
        if not isinstance(announced, Announcement) or (announced.codec, announced.width, announced.height) != (
            name,
            width,
            height,
        ):
            raise PluginError(f"{self.who}: announces {announced!r:.80}; expected {name}, {width} x {height}")
        return PluginEncoder(encoder, self.who)

    def open_decoder(self, announcement: Announcement) -> PluginDecoder:
        """See `registry`."""
        with blamed(self.who, "its decoder cannot be opened"):
            return PluginDecoder(self.inner.open_decoder(announcement), announcement, self.who)

    def declared_times(self, name: str, model: str | None = None) -> tuple[int, int]:
        """See `registry`."""
        with blamed(self.who, "its coding times cannot be told"):
            times = self.inner.declared_times(name, model)
        if not (isinstance(times, tuple) and [type(each) for each in times] == [int, int] and min(times) >= 0):
            raise PluginError(f"{self.who}: declares coding times {times!r:.60}; expected (encode ns, decode ns)")
        return times


def is_network(found: Any) -> bool:
    """Return whether an object is a network with CompressAI's interface; torch is not imported to find out."""
    is_module = any(
        (kind.__module__, kind.__name__) == ("torch.nn.modules.module", "Module") for kind in type(found).__mro__
    )
    return is_module and all(callable(getattr(found, part, None)) for part in ("compress", "decompress"))


class PluginEncoder:
    """Encoder of a plug-in whose output is checked. See `protocols.Encoder`."""

    def __init__(self, inner: Any, who: str) -> None:
        self.announcement: Announcement = inner.announcement
        self._inner, self._who = inner, who

    def encode(self, image: np.ndarray, quality: float, *, key: bool = False) -> bytes:
        """See `protocols.Encoder`."""
        with blamed(self._who, "encoding failed"):
            data = self._inner.encode(image, quality, key=key)
        if not isinstance(data, bytes) or len(data) <= framing.HEADER.size:
            raise PluginError(f"{self._who}: encoded to {data!r:.40}; expected bytes, a header and a payload")
        return data


class PluginDecoder:
    """Decoder of a plug-in whose output is checked. See `protocols.Decoder`."""

    def __init__(self, inner: Any, announcement: Announcement, who: str) -> None:
        self.announcement, self._inner, self._who = announcement, inner, who

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        """See `protocols.Decoder`."""
        with blamed(self._who, "decoding failed"):
            decoded = self._inner.decode(data, side)
        if not isinstance(decoded, Decoded):
            raise PluginError(f"{self._who}: decoded to a {type(decoded).__name__}; expected a simnet.records.Decoded")
        for picture in (decoded.picture, decoded.alone):
            _check_picture(picture, self.announcement, self._who)
        return decoded


def _check_picture(picture: Any, announcement: Announcement, who: str) -> None:
    expected = (announcement.height, announcement.width, 3)
    found = (
        f"{' x '.join(map(str, picture.shape))} {picture.dtype}" if isinstance(picture, np.ndarray) else repr(picture)
    )
    if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8 or picture.shape != expected:
        raise PluginError(f"{who}: decoded to {found:.60}; expected uint8 {' x '.join(map(str, expected))}")


@dataclass(frozen=True, slots=True)
class _PlainFamily:
    """Family made from a plain codec."""

    codec: Any
    who: str
    identity: Callable[[], str]
    model: str | None = None
    """File of weights that the codec was made with."""
    refers = False

    @property
    def takes_side(self) -> bool:
        return bool(getattr(self.codec, "takes_side", False))

    def open_encoder(self, name: str, width: int, height: int, model: str | None) -> _PlainEncoder:
        self._check(name, model)
        announced = Announcement(name, self.model or "", self.identity(), "", width, height)
        return _PlainEncoder(self.codec, self.who, announced)

    def open_decoder(self, announcement: Announcement) -> _PlainDecoder:
        own = self.identity()
        if announcement.checkpoint_digest != own:
            raise ModelError(
                f"{self.who}: the stream's source is {announcement.checkpoint_digest}; this machine has {own}"
            )
        return _PlainDecoder(self.codec, self.who, announcement)

    def declared_times(self, name: str, model: str | None) -> tuple[int, int]:
        self._check(name, model)
        return getattr(self.codec, "times_ns", TIMES_NS)

    def _check(self, name: str, model: str | None) -> None:
        if model != self.model:
            refuse(name, model)


class _PlainEncoder:
    def __init__(self, codec: Any, who: str, announcement: Announcement) -> None:
        self.announcement, self._codec, self._who, self._sequence = announcement, codec, who, 0

    def encode(self, image: np.ndarray, quality: float, *, key: bool = False) -> bytes:
        del key
        check_size(image, self.announcement)
        header = framing.Header(self._sequence, framing.quality_step(quality), key=True)
        # Encode at the header's rounded quality, so that the header describes the frame exactly.
        payload = self._codec.encode(image, header.quality / framing.QUALITY_STEPS)
        if not isinstance(payload, bytes) or not payload:
            raise PluginError(f"{self._who}: encoded to {payload!r:.40}; expected bytes, at least one")
        self._sequence += 1
        return framing.pack(header, payload, self.announcement)


class _PlainDecoder:
    def __init__(self, codec: Any, who: str, announcement: Announcement) -> None:
        self._codec, self._who, self._announcement = codec, who, announcement

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        framing.verify(data, self._announcement)
        alone = self._picture(framing.payload(data), ())
        if not side or not getattr(self._codec, "takes_side", False):
            return Decoded(alone, alone)
        return Decoded(self._picture(framing.payload(data), [each.picture for each in side]), alone)

    def _picture(self, payload: bytes, side: Sequence[np.ndarray]) -> np.ndarray:
        try:
            picture = self._codec.decode(payload, self._announcement.width, self._announcement.height, side)
        except Exception as error:
            reason = " ".join(str(error).split())[:300]
            raise BitstreamError(f"{self._who}: refuses the payload ({type(error).__name__}: {reason})") from error
        _check_picture(picture, self._announcement, self._who)
        return np.ascontiguousarray(picture)
