"""Names of simnet's own codecs, by the module that implements them, and the form of names; no codec is imported for them.

hevc     hevc{preset: fast}     hevc{preset: fast}+fuse     /home/me/mine.py:Codec{levels: 8}
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from math import isfinite
from typing import Any, cast

from simnet import plugins
from simnet.errors import ModelError

FAMILIES = {
    "simnet.codec.learned.learned_codec": ("factorized",),
    "simnet.codec.learned.lowres_codec": ("atn", "lowres", "ndic"),
    "simnet.codec.dsin.dsin_codec": ("dsin",),
    "simnet.codec.still.pillow_codecs": ("jpeg", "jpeg2000", "webp", "avif"),
    "simnet.codec.published.published_codec": ("atn-paper", "ndic-bls17", "ndic-bmshj18", "bls17", "bmshj18"),
    "simnet.codec.video.video_codec": ("h264", "hevc", "av1"),
    "simnet.codec.still.hevc_intra": ("hevc-intra",),
    "simnet.codec.compressai.compressai_models": ("compressai",),
}
LEARNED = frozenset(("factorized", "atn", "lowres", "ndic"))
"""Codecs whose models are shipped."""
FUSE = "+fuse"
"""End of the names of codecs with the stand-alone side-information stage behind them."""
SLICED = frozenset(("jpeg", "jpeg2000", "webp", "avif", "hevc-intra", "factorized", "lowres", "atn", "ndic"))
"""Codecs that code each picture alone, at any size, so that frames can be sliced."""
RECORDED = "recorded"
"""Codec that draws frame sizes without coding pictures."""


def own() -> frozenset[str]:
    """Return the names that other packages cannot use."""
    return frozenset((RECORDED, *(name for family in FAMILIES.values() for name in family)))


def names() -> list[str]:
    """Return all codec names that a scenario can use, those of other packages included."""
    return plugins.names(plugins.CODECS, [name for family in FAMILIES.values() for name in family])


_FORM = re.compile(r"(?P<bare>[^{]*)(?P<options>\{.*\})?(?P<fuse>\+fuse)?", re.DOTALL)
_WORD = re.compile(r"[A-Za-z][\w.-]*")
_SPECIAL = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))
"""Words that YAML takes for something else than text."""


def bare(name: str) -> str:
    """Return a codec's name without options and without the stage behind it."""
    return name.removesuffix(FUSE).partition("{")[0]


def check_sliced(name: str) -> None:
    """Raise ModelError if a codec's frames cannot be sliced."""
    if bare(name) not in SLICED:
        expected = ", ".join(sorted(SLICED))
        raise ModelError(
            f"codec {shown(name)!r:.80}: its frames cannot be sliced; expected slices: 1, or one of {expected}"
        )


def options_of(name: str) -> dict[str, Any]:
    """Return the options that a codec's name holds.

    Raises:
        ModelError: They are no mapping of names to plain values.
    """
    found = _FORM.fullmatch(name)
    text = found["options"] if found else None
    if text is None:
        if "{" in name:
            raise ModelError(f"codec {name!r:.80}: options without an end; expected NAME{{key: value}}")
        return {}
    import yaml

    try:
        read = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        read = None
    options = cast("dict[Any, Any]", read)
    if not isinstance(read, dict) or not all(isinstance(key, str) and _is_plain(options[key]) for key in options):
        raise ModelError(
            f"codec {name!r:.80}: options that cannot be read; expected NAME{{key: value}}, of plain values"
        )
    return options


def joined(plain: str, options: Mapping[str, Any] | None = None, *, fuse: bool = False) -> str:
    """Return a codec's name with its options in the one form that equal options have."""
    text = ", ".join(f"{key}: {_written(value)}" for key, value in sorted((options or {}).items()))
    return f"{plain}{{{text}}}{FUSE * fuse}" if text else f"{plain}{FUSE * fuse}"


def canonical(name: str) -> str:
    """Return a name that a user typed in its one form."""
    return joined(bare(name), options_of(name), fuse=name.endswith(FUSE))


def shown(name: str) -> str:
    """Return a name without the folder of its file: the same on every machine."""
    plain = bare(name)
    return plain.rpartition("/")[2] + name[len(plain) :]


def _is_plain(value: object) -> bool:
    """Return whether a value is text, a number, a truth value, or a list of these; a stranger's name may nest more."""
    if isinstance(value, list):
        return all(not isinstance(each, list) and _is_plain(each) for each in cast("list[object]", value))
    return isinstance(value, str | bool | int) or (isinstance(value, float) and isfinite(value))


def _written(value: Any) -> str:
    if isinstance(value, str) and _WORD.fullmatch(value) and value.lower() not in _SPECIAL:
        return value
    return json.dumps(value, sort_keys=True)


def partition_model(text: str) -> tuple[str, str, str]:
    """Return name, `=` and model of `NAME=MODEL`; an `=` in options is none."""
    end = text.find("}") + 1
    name, equals, model = text[end:].partition("=")
    return text[:end] + name, equals, model


def split(text: str) -> list[str]:
    """Return the codecs of `A,B`; a comma in options or in brackets divides nothing."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "{[") - (letter in "}]")
        if letter == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]
