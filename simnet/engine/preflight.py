"""What is looked at before a run begins, so that whoever gave something wrong is told at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simnet.errors import InputError, PictureError

if TYPE_CHECKING:
    from pathlib import Path

    from simnet.records import Scenario


def make_folder(out: Path) -> None:
    """Make the folder of a run; InputError where it cannot be made or holds something."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        occupied = any(out.iterdir())
    except OSError as error:
        raise InputError(
            f"{out}: cannot be made ({error.strerror}); expected a folder to write the run into"
        ) from error
    if occupied:
        raise InputError(f"{out}: not empty; expected a new folder for the run")


def ready(scenario: Scenario) -> Scenario:
    """Return the scenario as it can be run: its codecs are there, and it ends no later than its recorded world.

    Raises:
        ModelError, InputError: See `check_codecs` and `check_frames`.
    """
    check_codecs(scenario)
    clipped = clip(scenario)
    check_frames(clipped)
    return clipped


def refuse_hosts(asked: object) -> None:
    """Raise InputError where anything was asked for that a run of recorded sizes has no use for: hosts, pictures, a pace."""
    if asked:
        raise InputError(
            "recorded sizes need no hosts and show no pictures; expected a plain run, without --hosts or --live"
        )


def check_codecs(scenario: Scenario) -> None:
    """Raise ModelError or InputError where a stream names a codec, a model, rows or a rate control that there are not."""
    from simnet import codec
    from simnet.nodes import plugin_rate

    cameras = scenario.cameras
    for stream in scenario.streams:
        codec.check(stream, cameras[stream.name])
        plugin_rate.check(stream.rate.kind)


def check_frames(scenario: Scenario) -> None:
    """Raise PictureError where nothing is captured within the duration."""
    from simnet.nodes.schedule import Schedule

    cameras, duration_ns = scenario.cameras, scenario.duration_ns
    if not any(Schedule.of(cameras[stream.name], duration_ns).count for stream in scenario.streams):
        raise PictureError(
            f"{scenario.world.path or scenario.world.kind}: holds no frame for any stream within the duration; "
            "expected a frame after the offset and every camera's phase"
        )


def clip(scenario: Scenario) -> Scenario:
    """Return the scenario, ending no later than its recorded world."""
    from simnet import world

    length_ns = world.length_ns(scenario.world, scenario.cameras)
    if length_ns is None or length_ns >= scenario.duration_ns:
        return scenario
    return replace(scenario, duration_ns=length_ns)
