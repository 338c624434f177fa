"""Options of a class that a codec's name stands for: what its constructor takes, checked by its annotations.

A plain class, a dataclass or a pydantic model: each option is an argument of the constructor. One without annotation takes
anything.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from simnet.errors import PluginError

MODEL = "model"
"""Argument that takes the path of the codec's file of weights; it is no option."""


def names(kind: Any) -> list[str]:
    """Return the options of a class; an object has none."""
    return [each.name for each in _parameters(kind)] if inspect.isclass(kind) else []


def takes_model(kind: Any) -> bool:
    """Return whether a class takes a file of weights as an argument."""
    return inspect.isclass(kind) and MODEL in _signature(kind).parameters


def validated(kind: Any, options: Mapping[str, Any], who: str) -> dict[str, Any]:
    """Return the options as the class's annotations have them.

    Raises:
        ValidationError: One is unknown, missing or of another type (pydantic's error, with the option's name in `loc`).
        PluginError: The class cannot take options at all.
    """
    if not inspect.isclass(kind):
        if options:
            raise PluginError(f"{who}: an object that is made already takes no options; expected a class")
        return {}
    if issubclass(kind, BaseModel):
        made = kind.model_validate(dict(options))
        return {name: getattr(made, name) for name in options}
    try:
        hints = get_type_hints(kind.__init__)
    except Exception as error:  # an annotation may name anything
        raise PluginError(f"{who}: annotations that cannot be read ({error}); expected names that exist") from error
    fields: dict[str, Any] = {}
    for each in _parameters(kind):
        required = each.default is inspect.Parameter.empty
        fields[each.name] = (hints.get(each.name, Any), ... if required else each.default)
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, protected_namespaces=())
    try:
        model = create_model("Options", __config__=config, **fields)
    except Exception as error:
        raise PluginError(
            f"{who}: arguments that cannot be options ({type(error).__name__}: {error!s:.120})"
        ) from error
    checked = model.model_validate(dict(options))
    return {name: getattr(checked, name) for name in options}


def _signature(kind: type) -> inspect.Signature:
    try:
        return inspect.signature(kind)
    except (TypeError, ValueError):
        return inspect.Signature()


def _parameters(kind: type) -> list[inspect.Parameter]:
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [each for each in _signature(kind).parameters.values() if each.kind in kinds and each.name != MODEL]


__all__ = ["MODEL", "ValidationError", "names", "takes_model", "validated"]
