"""Resolver of a stream's codec: its name, its options at the place of each, and the files of code and weights.

Options are checked by the class that takes them: simnet's own (`codec_options`), a plug-in's, or one in a file of the user's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from simnet import code_files, codec_names, codec_options, constructor_options, plugins, shipped
from simnet.errors import SimnetError
from simnet.scenario.resolve import file_lookup
from simnet.suggestions import near

if TYPE_CHECKING:
    from pathlib import Path as FilePath

    from simnet.scenario.document import Path
    from simnet.scenario.explain import Problems
    from simnet.scenario.schema.codec_schema import CodecSpec

_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class ResolvedCodec:
    """Names of a codec and its model, as records have them."""

    name: str
    model: str | None


def resolve(codec: CodecSpec, path: Path, problems: Problems, file: FilePath) -> ResolvedCodec | None:
    """Return the codec at `path`; None if something is wrong with it, which is added to `problems`."""
    written = codec.name or ""
    values = problems.locations.values
    at_name = (*path, "name") if (*path, "name") in values else path
    fuse = codec.side is not None or written.endswith(codec_names.FUSE)
    bare = codec_names.bare(written)
    before = len(problems.found)
    try:
        options = codec_names.options_of(written) | codec.options
        code = code_files.parse(bare)
        if code is None:
            _check_own(bare, options, at_name, path, problems)
        else:
            code = _located(code, at_name, problems, file)
            bare = f"{code.path}:{code.target}"
            _check_class(code, options, at_name, path, problems)
    except SimnetError as error:
        problems.at_value(at_name, str(error))
        return None
    if code is None:
        _check_model(bare, codec, path, problems)
    if len(problems.found) > before:
        return None
    model = _model(codec) if code is None else _weights(codec, path, problems, file)
    return ResolvedCodec(codec_names.joined(bare, options, fuse=fuse), model)


def _check_own(bare: str, options: dict[str, Any], at_name: Path, path: Path, problems: Problems) -> None:
    """Report a name that no package has, and options that the codec does not take."""
    known = codec_names.names()
    if bare == codec_names.RECORDED:
        return
    plain, plus, stage = bare.partition("+")
    if plus and plain in known:
        problems.at_value(
            at_name, f"{bare}: unknown stage {plus}{stage}; expected {plain} or {plain}{codec_names.FUSE}"
        )
        return
    if bare not in known and (codec := shipped.codec_of(bare)):
        problems.at_value(at_name, f"{bare}: is a model; expected codec: {{name: {codec}, model: {bare}}}")
        return
    if _NAME.fullmatch(bare) and bare not in known:
        problems.at_value(at_name, f"{bare}: unknown codec{near(bare, known)}; expected one of {', '.join(known)}")
        return
    if not options:
        return
    plugin = plugins.find(plugins.CODECS, bare, codec_names.own())
    if plugin is not None:
        _check_class(plugin, options, at_name, path, problems)
    elif bare not in codec_options.OPTIONS:
        problems.at_value((*path, "options"), f"codec {bare} takes no options; expected none")
    else:
        try:
            codec_options.given(options, bare)
        except ValidationError as error:
            _report(error, list(codec_options.OPTIONS[bare].model_fields), at_name, path, problems)


def _check_class(
    where: code_files.CodeFile | plugins.Plugin, options: dict[str, Any], at_name: Path, path: Path, problems: Problems
) -> None:
    kind = where.load()
    try:
        constructor_options.validated(kind, options, str(where))
    except ValidationError as error:
        _report(error, constructor_options.names(kind), at_name, path, problems)


def _report(error: ValidationError, known: list[str], at_name: Path, path: Path, problems: Problems) -> None:
    for key, text in codec_options.faults(error, known):
        here = (*path, "options", key)
        if here in problems.locations.values:
            problems.at_value(here, text)
        else:
            problems.at_value(at_name, text)


def _check_model(bare: str, codec: CodecSpec, path: Path, problems: Problems) -> None:
    """Report a shipped model that is for another codec; folders are looked into when they are opened."""
    found = shipped.codec_of(codec.model) if codec.model and bare in codec_names.LEARNED else None
    if found not in (None, bare):
        expected = shipped.expected_for(bare)
        problems.at_value((*path, "model"), f"{codec.model}: is for codec {found}; expected {expected}")


def _located(code: code_files.CodeFile, at_name: Path, problems: Problems, file: FilePath) -> code_files.CodeFile:
    """Return the file of code that is meant: relative to the scenario's folder, or in an override to the current one."""
    found = file_lookup.find(str(code.path), file, problems.locations.of_value(at_name))
    return code_files.CodeFile(found or code.path, code.target)


def _weights(codec: CodecSpec, path: Path, problems: Problems, file: FilePath) -> str | None:
    if codec.model is None:
        return None
    here = (*path, "model")
    found = file_lookup.find(codec.model, file, problems.locations.of_value(here))
    if found is None:
        problems.at_value(here, f"no file {codec.model!r}; expected a file of weights")
    return str(found or codec.model)


def _model(codec: CodecSpec) -> str | None:
    return ":".join(str(part) for part in (codec.model, codec.quality, codec.weights) if part is not None) or None
