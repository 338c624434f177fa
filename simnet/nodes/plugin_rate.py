"""Rate controls of other packages (`simnet.plugins`), with the same rules as the built-in ones.

The entry point of a plug-in names a module, an instance, or a class without constructor arguments, that has

    start(stream) -> state                                    before the first frame
    step(stream, state, sent, feedback) -> (state, quality)   before each frame; quality in [0, 1]

`stream` is the `RateSetup` of the stream, `sent` are the frames whose encoding ended since the last step, `feedback` are the
reports of the receiver since then. The state must be plain data that JSON can represent, and is stored as JSON, so a camera whose
process has died continues on any host as if nothing had happened.
"""

from __future__ import annotations

import inspect
import json
import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from simnet import plugins
from simnet.errors import PluginError
from simnet.plugins import blamed
from simnet.records.congestion_config import CONGESTION_CONTROLS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.nodes.rate_state import RateSetup, RateState
    from simnet.records.grants import Feedback

BUILT_IN = ("fixed", "target", "adaptive", "allotted", *CONGESTION_CONTROLS)
"""Kinds of rate control in simnet itself; no other package may use these names."""


@dataclass(frozen=True, slots=True)
class SentFrame:
    """An encoded frame: its quality, and its size on the link with the overhead of its packets."""

    quality: float
    link_bytes: int
    is_typical: bool
    """False for a key frame in a stream with predicted frames, which are much smaller."""


@dataclass(frozen=True, slots=True)
class PluginRateControl:
    """A rate control of a plug-in, with its answers checked; errors name it as `label`."""

    inner: Any
    label: str

    def start(self, setup: RateSetup) -> str:
        """Return the state before the first frame, as JSON."""
        with blamed(self.label, "its start failed"):
            return self._text(self.inner.start(setup))

    def step(
        self, setup: RateSetup, state: str, sent: Sequence[SentFrame], feedback: Sequence[Feedback]
    ) -> tuple[str, float]:
        """Return the next state as JSON, and the quality of the next frame."""
        with blamed(self.label, "its step failed"):
            answer = self.inner.step(setup, json.loads(state), tuple(sent), tuple(feedback))
        if not isinstance(answer, tuple) or len(cast("tuple[Any, ...]", answer)) != 2:
            raise PluginError(f"{self.label}: its step returned {answer!r:.60}; expected (state, quality)")
        next_state, quality = cast("tuple[Any, Any]", answer)
        is_number = isinstance(quality, (int, float)) and not isinstance(quality, bool) and math.isfinite(quality)
        if not is_number or not 0 <= quality <= 1:
            raise PluginError(f"{self.label}: its step returned quality {quality!r:.40}; expected a number from 0 to 1")
        return self._text(next_state), float(quality)

    def _text(self, state: Any) -> str:
        try:
            text = json.dumps(state)
            is_plain = json.loads(text) == state
        except (TypeError, ValueError, RecursionError):
            text, is_plain = "", False
        if not is_plain:
            raise PluginError(
                f"{self.label}: its state is {state!r:.80}; expected maps with text keys, lists, numbers and text"
            )
        return text


def wrap(control: Any, label: str) -> PluginRateControl:
    """Return the object of a plug-in with checks around it.

    Raises:
        PluginError: It has no `start` or `step`, or its class cannot be instantiated.
    """
    if inspect.isclass(control):
        with blamed(label, "cannot be made without arguments"):
            control = control()
    if not all(callable(getattr(control, part, None)) for part in ("start", "step")):
        raise PluginError(f"{label}: found {control!r:.60}; expected start and step")
    return PluginRateControl(control, label)


@lru_cache(maxsize=32)
def find(kind: str) -> PluginRateControl:
    """Import the rate control called `kind`.

    Raises:
        PluginError: No plug-in has that name, or it is not a rate control.
    """
    plugin = plugins.find(plugins.RATES, kind, BUILT_IN)
    if plugin is None:
        names = ", ".join(each.name for each in plugins.installed(plugins.RATES)) or "none installed"
        raise PluginError(f"rate control {kind}: unknown; expected one of an installed package ({names})")
    return wrap(plugin.load(), str(plugin))


def check(kind: str) -> None:
    """Raise PluginError unless `kind` is built in or a plug-in that works."""
    if kind not in BUILT_IN:
        find(kind)


def step(setup: RateSetup, state: RateState, sent: Sequence[SentFrame], feedback: Sequence[Feedback]) -> RateState:
    """Return the state with the quality of the next frame; the plug-in does not see key frame requests."""
    reports = [report for report in feedback if report.undecodable is None]
    plugin_state, quality = find(setup.config.kind).step(setup, state.plugin_state, sent, reports)
    return replace(state, plugin_state=plugin_state, quality=quality)
